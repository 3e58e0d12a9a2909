/* SPDX-License-Identifier: MIT
 *
 * idmap_sss.c - the slices that libsss_idmap gives each domain.
 *
 * The library is asked for one slice at a time with no domain added to it, so
 * that it tells the plain hash and never moves one aside; who keeps a slice
 * that two domains hash to is decided here, whatever order they are found in.
 */
#include "identity/idmap.h"

#include <errno.h>
#include <sss_idmap.h>
#include <stdlib.h>

/* ldap_idmap_helper_table_size: slices for RIDs beyond the first. */
#define FURTHER_SLICES 10

struct slice {
    const struct tl_idmap_known *known;
    uint32_t first_rid, min, max;
    int weight; /* the smaller one keeps the slice */
};

static void *pool_alloc(size_t size, void *pool)
{
    return talloc_size(pool, size);
}

static void pool_free(void *memory, void *pool)
{
    talloc_free(memory);
}

/* A slice on a RID that few domains reach never takes one from a domain's first. */
static int weight_of(enum tl_idmap_rank rank, uint32_t first_rid)
{
    return first_rid == 0 ? (int)rank : (int)rank + TL_RANK_COUNT;
}

/* 0; -ENOMEM; -ERANGE where the RIDs end. */
static int ask(struct sss_idmap_ctx *sss, const struct tl_idmap_known *known,
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
                            .max = range.max,
                            .weight = weight_of(known->rank, (uint32_t)first_rid)};
    return 0;
}

static int by_id_and_weight(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;

    if (x->min != y->min)
        return x->min > y->min ? 1 : -1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

/* Slices are sorted: the first of those with one `min` keeps it, unless the
 * second has as good a claim. */
static int keep(struct tl_idmap *map, const struct slice *slices, size_t count)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < count; i++) {
        const struct slice *s = &slices[i];

        if (i > 0 && slices[i - 1].min == s->min)
            continue;
        if (i + 1 < count && slices[i + 1].min == s->min &&
            slices[i + 1].weight == s->weight)
            continue;
        ret =
            tl_idmap_add_range(map, &s->known->domain.sid, s->first_rid, s->min, s->max);
    }
    return ret;
}

int tl_idmap_fill_sss(struct tl_idmap *map, const struct tl_config *config)
{
    TALLOC_CTX *pool = talloc_new(map);
    struct sss_idmap_ctx *sss = NULL;
    struct slice *slices;
    size_t count = 0;
    int ret = -ENOMEM;

    slices = talloc_array(pool, struct slice, map->num_known * (FURTHER_SLICES + 1) + 1);
    if (slices == NULL || sss_idmap_init(pool_alloc, pool, pool_free, &sss) != 0)
        goto cleanup;
    /* -EINVAL cannot be: tl_config_conflict() has looked at the three. */
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
        qsort(slices, count, sizeof(slices[0]), by_id_and_weight);
        ret = keep(map, slices, count);
    }

cleanup:
    if (sss != NULL)
        sss_idmap_free(sss);
    talloc_free(pool);
    return ret;
}
