/* SPDX-License-Identifier: MIT
 *
 * idmap_ranges.c - ranges that the configuration gives to domains: by name for rid
 * and rfc2307, by SID for autorid.
 */
#include <trustlogon/name.h>

#include "idmap.h"

/* The domain a line means. DNS names are tried on all domains first: a domain of a
 * trusted forest may have the flat name of one of the own forest. */
const struct tl_idmap_domain *tl_idmap_domain_named(const struct tl_idmap *map,
                                                    const char *name)
{
    for (size_t i = 0; i < map->num_known; i++) {
        if (tl_dns_equal(map->known[i].domain.dns, name))
            return &map->known[i].domain;
    }
    for (size_t i = 0; i < map->num_known; i++) {
        if (tl_name_equal(map->known[i].domain.flat, name))
            return &map->known[i].domain;
    }
    return NULL;
}

/* A domain that is not known (yet) leaves its range unused. */
int tli_idmap_fill_named(struct tl_idmap *map, const struct tl_rid_ranges *ranges)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < ranges->count; i++) {
        const struct tl_rid_range *range = &ranges->range[i];
        const struct tl_idmap_domain *domain = tl_idmap_domain_named(map, range->domain);
        bool twice = false;

        if (domain == NULL)
            continue;
        /* By its DNS and by its flat name: the first line counts. */
        for (size_t k = 0; k < map->num_ranges; k++)
            twice = twice || tl_sid_equal(&map->ranges[k].domain, &domain->sid);
        if (!twice)
            ret = tli_idmap_add_range(map, &domain->sid, 0, range->low, range->high);
    }
    return ret;
}

/*
 * Samba: ID = low + range number * rangesize + RID % rangesize, the range being that
 * of the domain with the index RID / rangesize [idmap_autorid(8)]. The numbers fit:
 * tl_idmap_conflict() has checked them.
 */
int tli_idmap_fill_autorid(struct tl_idmap *map, const struct tl_config *config)
{
    const struct tl_autorid_domains *domains = config->autorid_domains;
    uint32_t size = config->autorid_rangesize;
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < domains->count; i++) {
        const struct tl_autorid_domain *domain = &domains->domain[i];
        uint32_t first = domain->index * size, last = size - 1;
        uint32_t low = config->autorid_range.low + domain->range * size;

        if (domain->reserved)
            continue;
        if (last > UINT32_MAX - first) /* the last piece of all RIDs is shorter */
            last = UINT32_MAX - first;
        ret = tli_idmap_add_range(map, &domain->sid, first, low, low + last);
    }
    return ret;
}
