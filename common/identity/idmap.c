/* SPDX-License-Identifier: MIT
 *
 * idmap.c - the table of ranges: the domains in it, and looking things up.
 */
#include "idmap.h"

#define FILETIME_UNIX_EPOCH 116444736000000000ULL /* 1970 in 100 ns since 1601 */
#define FILETIME_SECOND 10000000ULL

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/name.h>

static struct tli_idmap_known *find_known(const struct tl_idmap *map,
                                          const struct tl_sid *sid)
{
    for (size_t i = 0; i < map->num_known; i++)
        if (tl_sid_equal(&map->known[i].domain.sid, sid))
            return &map->known[i];
    return NULL;
}

static int set_names(struct tl_idmap *map, struct tl_idmap_domain *domain,
                     const char *dns, const char *flat)
{
    domain->dns = tl_fold(map, dns);
    domain->flat = flat != NULL ? talloc_strdup(map, flat) : NULL;
    return domain->dns == NULL || (flat != NULL && domain->flat == NULL) ? -ENOMEM : 0;
}

/* Who tells of a domain decides its names: the own side's directory before what a trusted
 * forest says, and of two forests that list one SID the one that did so first. */
static int add_domain(struct tl_idmap *map, enum tli_idmap_rank rank, int64_t since,
                      const struct tl_sid *sid, const char *dns, const char *flat)
{
    struct tli_idmap_known *grown, *there = find_known(map, sid);
    struct tl_idmap_domain domain = {.sid = *sid};

    if (dns == NULL)
        return 0;
    if (there != NULL && (there->rank != rank || there->since <= since)) {
        there->since = since < there->since ? since : there->since;
        return 0;
    }
    if (there != NULL) {
        there->since = since;
        return set_names(map, &there->domain, dns, flat);
    }
    grown = talloc_realloc(map, map->known, struct tli_idmap_known, map->num_known + 1);
    if (grown == NULL)
        return -ENOMEM;
    map->known = grown;
    if (set_names(map, &domain, dns, flat) != 0)
        return -ENOMEM;
    map->known[map->num_known++] =
        (struct tli_idmap_known){.domain = domain, .rank = rank, .since = since};
    return 0;
}

static bool same_dns(const char *a, const char *b)
{
    return a != NULL && b != NULL && tl_dns_compare(a, b) == TL_DNS_EQUAL;
}

static int add_forest(struct tl_idmap *map, const char *own_domain,
                      const struct tl_topology *topo, enum tli_idmap_rank rank)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < topo->num_domains; i++) {
        const struct tl_domain *domain = &topo->domains[i];

        if (domain->has_sid && same_dns(domain->dns, own_domain) == (rank == TL_RANK_OWN))
            ret = add_domain(map, rank, 0, &domain->sid, domain->dns, domain->flat);
    }
    return ret;
}

/* Of a trust, and of a record in it, which our own side's DC dated when it took it over
 * [ADTS 6.1.6.9.3]: the other side cannot make its domains older than they are. */
static int64_t since_of(const struct tl_tdo *tdo, const struct tl_ft_record *rec)
{
    int64_t trust = tdo->created != 0 ? tdo->created : TL_SINCE_UNKNOWN, record;

    if (rec == NULL)
        return trust;
    if (rec->time <= FILETIME_UNIX_EPOCH || tdo->created == 0)
        return TL_SINCE_UNKNOWN;
    record = (int64_t)((rec->time - FILETIME_UNIX_EPOCH) / FILETIME_SECOND);
    return record > trust ? record : trust;
}

static int add_listed(struct tl_idmap *map, const struct tl_tdo *tdo)
{
    const struct tl_forest_info *info = tl_tdo_is_forest(tdo) ? tdo->forest_info : NULL;
    int ret = 0;

    for (size_t i = 0; ret == 0 && info != NULL && i < info->count; i++) {
        const struct tl_ft_record *rec = &info->records[i];

        if (rec->type == TL_FT_DOMAIN && rec->has_sid)
            ret = add_domain(map, TL_RANK_LISTED, since_of(tdo, rec), &rec->sid,
                             rec->name, rec->flat);
    }
    return ret;
}

/* Only what the own side's directory holds is believed: the other side could
 * list any SID, and choose one whose slice is somebody else's. */
static int add_trusts(struct tl_idmap *map, const char *own_domain,
                      const struct tl_topology *topo, enum tli_idmap_rank rank)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (!same_dns(tdo->holder, own_domain) && !same_dns(tdo->holder, topo->forest))
            continue;
        if (rank == TL_RANK_LISTED)
            ret = add_listed(map, tdo);
        else if (tdo->has_sid)
            ret = add_domain(map, rank, since_of(tdo, NULL), &tdo->sid, tdo->partner,
                             tdo->flat);
    }
    return ret;
}

static int add_domains(struct tl_idmap *map, const char *own_domain,
                       const struct tl_topology *topo, const struct tl_idmap_domain *also)
{
    int ret = 0;

    if (topo != NULL) {
        ret = add_forest(map, own_domain, topo, TL_RANK_OWN);
        if (ret == 0)
            ret = add_forest(map, own_domain, topo, TL_RANK_FOREST);
        if (ret == 0)
            ret = add_trusts(map, own_domain, topo, TL_RANK_TRUST);
        if (ret == 0)
            ret = add_trusts(map, own_domain, topo, TL_RANK_LISTED);
    }
    if (ret == 0 && also != NULL)
        ret = add_domain(map,
                         same_dns(also->dns, own_domain) ? TL_RANK_OWN : TL_RANK_LISTED,
                         TL_SINCE_UNKNOWN, &also->sid, also->dns, also->flat);
    return ret;
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

static int by_min(const void *a, const void *b)
{
    const struct tl_idmap_range *x = a, *y = b;

    return (x->min > y->min) - (x->min < y->min);
}

static int fill(struct tl_idmap *map, const struct tl_config *config)
{
    switch (map->kind) {
    case TL_IDMAP_RID:
        return tli_idmap_fill_named(map, config->rid_ranges);
    case TL_IDMAP_RFC2307:
        return tli_idmap_fill_named(map, config->rfc2307_ranges);
    case TL_IDMAP_AUTORID:
        return tli_idmap_fill_autorid(map, config);
    default:
        return tli_idmap_fill_sss(map, config);
    }
}

int tl_idmap_new(TALLOC_CTX *ctx, const struct tl_config *config, const char *own_domain,
                 const struct tl_topology *topo, const struct tl_idmap_domain *also,
                 struct tl_idmap **result, char **error)
{
    const char *conflict = tl_config_conflict(config);
    struct tl_idmap *map;
    int ret;

    *result = NULL;
    *error = NULL;
    if (conflict != NULL) {
        *error = talloc_strdup(ctx, conflict);
        return *error != NULL ? -EINVAL : -ENOMEM;
    }
    map = talloc_zero(ctx, struct tl_idmap);
    if (map == NULL)
        return -ENOMEM;
    map->kind = config->idmap;
    ret = add_domains(map, own_domain, topo, also);
    if (ret == 0)
        ret = fill(map, config);
    if (ret != 0) {
        talloc_free(map);
        return ret;
    }
    if (map->num_ranges > 0)
        qsort(map->ranges, map->num_ranges, sizeof(map->ranges[0]), by_min);
    *result = map;
    return 0;
}

/* Why a SID of a domain with this one, or of none, is in no range of the table. */
static const char *no_range(const struct tl_idmap *map, const struct tl_sid *domain)
{
    /* This table goes by SIDs: whether the domain is known makes no difference. */
    if (map->kind == TL_IDMAP_AUTORID)
        return "its domain has no range in autorid_domains, or none for so large a RID";
    if (tl_idmap_domain(map, domain) == NULL)
        return "it belongs to no domain that is known here";
    switch (map->kind) {
    case TL_IDMAP_RID:
        return "its domain has no range in rid_ranges, or too short a one";
    case TL_IDMAP_RFC2307:
        return "its domain has no range in rfc2307_ranges";
    default:
        return "its RID is beyond its domain's slices";
    }
}

/* Why a SID that is of no domain of the table has no id. */
static const char *no_domain(const struct tl_sid *sid)
{
    return tl_sid_well_known(sid) != NULL
               ? "it is a well-known SID: it has no id, and access rules can name it"
               : "it belongs to no domain that is known here";
}

/* Whether the id would be of a slice that another domain keeps. */
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
        reason = "its id stands in the directory";
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
        reason =
            "its ids are those of another domain, which was known here before its own";
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
    reason = "ids do not come from a directory here";
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
    const struct tli_idmap_known *known = find_known(map, sid);

    return known != NULL ? &known->domain : NULL;
}
