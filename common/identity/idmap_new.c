/* SPDX-License-Identifier: MIT
 *
 * idmap_new.c - a table of ranges made from configuration and topology: first its
 * domains, then their ranges by the configured kind.
 */
#include <errno.h>
#include <stdlib.h>

#include "idmap.h"

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
    const char *conflict = tl_idmap_conflict(config);
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
    ret = tli_idmap_add_domains(map, own_domain, topo, also);
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
