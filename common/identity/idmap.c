/* SPDX-License-Identifier: MIT
 *
 * idmap.c - the table of ranges: what it holds, and how SIDs and ids are found in it.
 */
#include <errno.h>
#include <string.h>

#include "idmap.h"

struct tli_idmap_known *tli_idmap_find(const struct tl_idmap *map,
                                       const struct tl_sid *sid)
{
    for (size_t i = 0; i < map->num_known; i++)
        if (tl_sid_equal(&map->known[i].domain.sid, sid))
            return &map->known[i];
    return NULL;
}

int tli_idmap_add_range(struct tl_idmap *map, const struct tl_sid *domain,
                        uint32_t first_rid, uint32_t min, uint32_t max)
{
    struct tl_idmap_range *grown =
        talloc_realloc(map, map->ranges, struct tl_idmap_range, map->num_ranges + 1);

    if (grown == NULL)
        return -ENOMEM;
    map->ranges = grown;
    map->ranges[map->num_ranges++] = (struct tl_idmap_range){
        .domain = *domain, .first_rid = first_rid, .min = min, .max = max};
    return 0;
}

/* Why no range of the table holds a SID of a domain with this SID, or of no domain. */
static const char *no_range(const struct tl_idmap *map, const struct tl_sid *domain)
{
    /* This table goes by SIDs: whether the domain is known makes no difference. */
    if (map->kind == TL_IDMAP_AUTORID)
        return "its domain has no range in autorid_domains, or none for a RID this large";
    if (tl_idmap_domain(map, domain) == NULL)
        return "it is not in a domain that this machine knows";
    switch (map->kind) {
    case TL_IDMAP_RID:
        return "its domain has no range in rid_ranges, or one that is too short";
    case TL_IDMAP_RFC2307:
        return "its domain has no range in rfc2307_ranges";
    default:
        return "its RID is beyond its domain's slices";
    }
}

/* Why a SID outside the table's domains has no id. */
static const char *no_domain(const struct tl_sid *sid)
{
    return tl_sid_well_known(sid) != NULL
               ? "it is a well-known SID, which has no id; access rules can name it"
               : "it is not in a domain that this machine knows";
}

/* Whether the id would lie in a slice that another domain keeps. */
static bool is_lost(const struct tl_idmap *map, const struct tl_sid *domain, uint32_t rid)
{
    for (size_t i = 0; i < map->num_lost; i++) {
        const struct tl_idmap_range *lost = &map->lost[i];

        if (tl_sid_equal(&lost->domain, domain) && rid >= lost->first_rid &&
            rid - lost->first_rid <= lost->max - lost->min)
            return true;
    }
    return false;
}

/* The ranges are sorted by id, not by SID: all are looked at, and there are few. A domain
 * may have several, for RIDs beyond the first. */
int tl_idmap_to_id(const struct tl_idmap *map, const struct tl_sid *sid, uint32_t *id,
                   const char **why)
{
    const char *reason = no_domain(sid);
    struct tl_sid domain;
    uint32_t rid;

    *id = 0;
    if (why != NULL)
        *why = NULL;
    if (tl_sid_split(sid, &domain, &rid) != 0)
        goto none;
    if (map->kind == TL_IDMAP_RFC2307) {
        reason = "its id is in the directory";
        goto none;
    }
    for (size_t i = 0; i < map->num_ranges; i++) {
        const struct tl_idmap_range *range = &map->ranges[i];

        if (rid < range->first_rid || rid - range->first_rid > range->max - range->min)
            continue;
        if (tl_sid_equal(&range->domain, &domain)) {
            *id = range->min + (rid - range->first_rid);
            return 0;
        }
    }
    if (is_lost(map, &domain, rid))
        reason = "its ids belong to another domain, which this machine knew first";
    else if (tl_sid_well_known(sid) == NULL)
        reason = no_range(map, &domain);
none:
    if (why != NULL)
        *why = reason;
    return -ENOENT;
}

static const struct tl_idmap_range *range_of(const struct tl_idmap *map, uint32_t id)
{
    size_t low = 0, high = map->num_ranges;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tl_idmap_range *range = &map->ranges[middle];

        if (id < range->min)
            high = middle;
        else if (id > range->max)
            low = middle + 1;
        else
            return range;
    }
    return NULL;
}

int tl_idmap_to_sid(const struct tl_idmap *map, uint32_t id, struct tl_sid *sid)
{
    const struct tl_idmap_range *range = range_of(map, id);

    memset(sid, 0, sizeof(*sid));
    if (range == NULL || map->kind == TL_IDMAP_RFC2307)
        return -ENOENT;
    return tl_sid_append(&range->domain, range->first_rid + (id - range->min), sid) == 0
               ? 0
               : -ENOENT;
}

int tl_idmap_admit(const struct tl_idmap *map, const struct tl_sid *sid, uint32_t id,
                   const char **why)
{
    const struct tl_idmap_range *range = range_of(map, id);
    const char *reason = no_domain(sid);
    struct tl_sid domain;
    uint32_t rid;

    *why = NULL;
    if (tl_sid_split(sid, &domain, &rid) != 0)
        goto none;
    reason = "this machine does not take ids from a directory";
    if (map->kind != TL_IDMAP_RFC2307)
        goto none;
    if (range != NULL && tl_sid_equal(&range->domain, &domain))
        return 0;
    reason = no_range(map, &domain);
    for (size_t i = 0; i < map->num_ranges; i++)
        if (tl_sid_equal(&map->ranges[i].domain, &domain))
            reason = "the id is outside its domain's range in rfc2307_ranges";
none:
    *why = reason;
    return -ENOENT;
}

const struct tl_idmap_domain *tl_idmap_domain_of_id(const struct tl_idmap *map,
                                                    uint32_t id)
{
    const struct tl_idmap_range *range = range_of(map, id);

    return range != NULL ? tl_idmap_domain(map, &range->domain) : NULL;
}

const struct tl_idmap_range *tl_idmap_ranges(const struct tl_idmap *map, size_t *count)
{
    *count = map->num_ranges;
    return map->ranges;
}

const struct tl_idmap_range *tl_idmap_lost(const struct tl_idmap *map, size_t *count)
{
    *count = map->num_lost;
    return map->lost;
}

const struct tl_idmap_domain *tl_idmap_domain(const struct tl_idmap *map,
                                              const struct tl_sid *sid)
{
    const struct tli_idmap_known *known = tli_idmap_find(map, sid);

    return known != NULL ? &known->domain : NULL;
}
