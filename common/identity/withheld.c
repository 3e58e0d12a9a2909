/* SPDX-License-Identifier: MIT
 *
 * withheld.c - ids of a domain that are not given out: lent by subuid(5), or another
 * domain's. Pure.
 */
#include <errno.h>
#include <stdlib.h>

#include <trustlogon/identity.h>

/* The array that grows while runs of ids are found. */
struct list {
    TALLOC_CTX *ctx;
    struct tl_withheld_ids *ids;
    size_t count;
};

static int add(struct list *list, const struct tl_idmap_range *range, uint32_t low,
               uint32_t high, char *why)
{
    struct tl_withheld_ids *grown = talloc_realloc(
        list->ctx, list->ids, struct tl_withheld_ids, (unsigned int)list->count + 1);

    if (grown == NULL || why == NULL)
        return -ENOMEM;
    list->ids = grown;
    grown[list->count++] = (struct tl_withheld_ids){
        .domain = range->domain, .low = low, .high = high, .why = why};
    return 0;
}

static int add_lent(struct list *list, const struct tl_idmap *map,
                    const struct tl_local_ids *local, bool of_groups)
{
    size_t num_ranges, num_lent;
    const struct tl_idmap_range *ranges = tl_idmap_ranges(map, &num_ranges);
    const struct tl_subids *lent = tl_local_subids(local, of_groups, &num_lent);
    int ret = 0;

    for (size_t i = 0; i < num_ranges; i++) {
        for (size_t k = 0; ret == 0 && k < num_lent; k++) {
            uint32_t low = ranges[i].min > lent[k].first ? ranges[i].min : lent[k].first;
            uint32_t high = ranges[i].max < lent[k].last ? ranges[i].max : lent[k].last;

            if (low <= high)
                ret = add(list, &ranges[i], low, high,
                          talloc_asprintf(list->ctx, "%s reserves them for %s",
                                          of_groups ? "/etc/subgid" : "/etc/subuid",
                                          lent[k].owner));
        }
    }
    return ret;
}

/* The domain that keeps the slice; NULL: no domain does, since several have the same
 * claim. */
static const char *keeper(const struct tl_idmap *map, uint32_t id)
{
    const struct tl_idmap_domain *domain = tl_idmap_domain_of_id(map, id);

    return domain != NULL ? domain->dns : NULL;
}

/* The further slices are not reported: few RIDs are in them. */
static int add_lost(struct list *list, const struct tl_idmap *map)
{
    size_t count;
    const struct tl_idmap_range *lost = tl_idmap_lost(map, &count);
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < count; i++) {
        const char *who = keeper(map, lost[i].min);

        if (lost[i].first_rid == 0)
            ret = add(list, &lost[i], lost[i].min, lost[i].max,
                      talloc_asprintf(list->ctx, "they belong to %s",
                                      who != NULL ? who : "another domain as well"));
    }
    return ret;
}

static int by_low(const void *a, const void *b)
{
    const struct tl_withheld_ids *x = a, *y = b;

    return (x->low > y->low) - (x->low < y->low);
}

int tl_withheld_ids(TALLOC_CTX *ctx, const struct tl_idmap *map,
                    const struct tl_local_ids *local, struct tl_withheld_ids **ids,
                    size_t *count)
{
    struct list list = {.ctx = talloc_new(ctx)};
    int ret = list.ctx != NULL ? add_lost(&list, map) : -ENOMEM;

    *ids = NULL;
    *count = 0;
    if (ret == 0)
        ret = add_lent(&list, map, local, false);
    if (ret == 0)
        ret = add_lent(&list, map, local, true);
    if (ret != 0) {
        talloc_free(list.ctx);
        return ret;
    }
    if (list.count > 0)
        qsort(list.ids, list.count, sizeof(*list.ids), by_low);
    *ids = list.ids;
    *count = list.count;
    return 0;
}
