/* SPDX-License-Identifier: MIT
 *
 * idmap_sss.c - the slices that libsss_idmap gives each domain.
 *
 * The library is asked for one slice at a time with no domain added to it, so that it
 * returns the plain hash and never moves a domain aside; which of two domains keeps a
 * slice is decided here, independent of their order.
 */
#include "idmap.h"

#include <errno.h>
#include <sss_idmap.h>
#include <stdlib.h>

/* ldap_idmap_helper_table_size: slices for RIDs beyond the first. */
#define FURTHER_SLICES 10

/* A slice that a domain would have: RIDs from first_rid on get the ids min to max. */
struct slice {
    const struct tli_idmap_known *known;
    uint32_t first_rid, min, max;
};

static void *pool_alloc(size_t size, void *pool)
{
    return talloc_size(pool, size);
}

static void pool_free(void *memory, void *pool)
{
    talloc_free(memory);
}

/*
 * Which of two claims keeps a slice: below 0 the first. A further slice, for RIDs that
 * few domains reach, never displaces a first one; the own forest comes before any trust,
 * and of trusts the older.
 */
static int compare_claims(const struct slice *x, const struct slice *y)
{
    const bool further[] = {x->first_rid != 0, y->first_rid != 0};
    const enum tli_idmap_rank a = x->known->rank, b = y->known->rank;

    if (further[0] != further[1])
        return further[0] ? 1 : -1;
    if (a != b && (a <= TL_RANK_FOREST || b <= TL_RANK_FOREST))
        return a > b ? 1 : -1;
    if (x->known->since != y->known->since)
        return x->known->since > y->known->since ? 1 : -1;
    return (a > b) - (a < b);
}

/* 0; -ENOMEM; -ERANGE where the RIDs end. */
static int ask(struct sss_idmap_ctx *sss, const struct tli_idmap_known *known,
               uint64_t first_rid, struct slice *slice)
{
    char name[TL_SID_STRING_MAX + 16], sid[TL_SID_STRING_MAX];
    struct sss_idmap_range range = {0};
    enum idmap_error_code code;

    if (first_rid > UINT32_MAX)
        return -ERANGE;
    tl_sid_format(&known->domain.sid, sid);
    if (first_rid == 0)
        snprintf(name, sizeof(name), "%s", sid);
    else
        snprintf(name, sizeof(name), "%s-%lu", sid, (unsigned long)first_rid);
    code = sss_idmap_calculate_range(sss, name, NULL, &range);
    if (code == IDMAP_OUT_OF_MEMORY)
        return -ENOMEM;
    if (code != IDMAP_SUCCESS)
        return -ERANGE;
    *slice = (struct slice){.known = known,
                            .first_rid = (uint32_t)first_rid,
                            .min = range.min,
                            .max = range.max};
    return 0;
}

static int by_id_and_claim(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;

    if (x->min != y->min)
        return x->min > y->min ? 1 : -1;
    return compare_claims(x, y);
}

static int lose(struct tl_idmap *map, const struct slice *s)
{
    struct tl_idmap_range *grown =
        talloc_realloc(map, map->lost, struct tl_idmap_range, map->num_lost + 1);

    if (grown == NULL)
        return -ENOMEM;
    map->lost = grown;
    map->lost[map->num_lost++] = (struct tl_idmap_range){.domain = s->known->domain.sid,
                                                         .first_rid = s->first_rid,
                                                         .min = s->min,
                                                         .max = s->max};
    return 0;
}

/* Slices are sorted: the first of those with one `min` keeps it, unless the
 * second has as good a claim. */
static int keep(struct tl_idmap *map, const struct slice *slices, size_t count)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < count; i++) {
        const struct slice *s = &slices[i];
        bool first = i == 0 || slices[i - 1].min != s->min;
        bool shared = i + 1 < count && slices[i + 1].min == s->min &&
                      compare_claims(s, &slices[i + 1]) == 0;

        if (first && !shared)
            ret = tli_idmap_add_range(map, &s->known->domain.sid, s->first_rid, s->min,
                                      s->max);
        else
            ret = lose(map, s);
    }
    return ret;
}

int tli_idmap_fill_sss(struct tl_idmap *map, const struct tl_config *config)
{
    TALLOC_CTX *pool = talloc_new(map);
    struct sss_idmap_ctx *sss = NULL;
    struct slice *slices;
    size_t count = 0;
    int ret = -ENOMEM;

    slices = talloc_array(pool, struct slice, map->num_known * (FURTHER_SLICES + 1) + 1);
    if (slices == NULL || sss_idmap_init(pool_alloc, pool, pool_free, &sss) != 0)
        goto cleanup;
    /* -EINVAL cannot occur: tl_idmap_conflict() has checked the three. */
    if (sss_idmap_ctx_set_lower(sss, config->idmap_range_min) != 0 ||
        sss_idmap_ctx_set_upper(sss, config->idmap_range_max) != 0 ||
        sss_idmap_ctx_set_rangesize(sss, config->idmap_range_size) != 0)
        goto cleanup;
    ret = 0;
    for (size_t i = 0; ret == 0 && i < map->num_known; i++) {
        for (uint64_t k = 0; ret == 0 && k <= FURTHER_SLICES; k++) {
            ret = ask(sss, &map->known[i], k * config->idmap_range_size, &slices[count]);
            count += ret == 0;
        }
        if (ret == -ERANGE)
            ret = 0;
    }
    if (ret == 0) {
        qsort(slices, count, sizeof(slices[0]), by_id_and_claim);
        ret = keep(map, slices, count);
    }

cleanup:
    if (sss != NULL)
        sss_idmap_free(sss);
    talloc_free(pool);
    return ret;
}
