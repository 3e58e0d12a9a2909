/* SPDX-License-Identifier: MIT
 *
 * idmap.h - the table behind trustlogon/idmap.h, and the functions that fill it.
 */
#ifndef TL_IDENTITY_IDMAP_H
#define TL_IDENTITY_IDMAP_H

#include <trustlogon/idmap.h>

/* The precedence of a domain in the table, by the source that names it. */
enum tli_idmap_rank {
    TL_RANK_OWN,    /* the workstation's domain */
    TL_RANK_FOREST, /* a domain of its forest */
    TL_RANK_TRUST,  /* a TDO of the own side */
    TL_RANK_LISTED, /* the forest information of such a TDO */
    TL_RANK_COUNT
};

struct tli_idmap_known {
    struct tl_idmap_domain domain;
    enum tli_idmap_rank rank;
    int64_t since; /* when the own side learned of it, seconds since 1970 */
};
#define TL_SINCE_UNKNOWN INT64_MAX

struct tl_idmap {
    enum tl_idmap_kind kind;
    size_t num_known;
    struct tli_idmap_known *known;
    size_t num_ranges;
    struct tl_idmap_range *ranges; /* sorted by min */
    size_t num_lost;
    struct tl_idmap_range *lost; /* slices that another domain keeps */
};

/* idmap.c: a known domain by its SID, or NULL; one more range, 0 or -ENOMEM. */
struct tli_idmap_known *tli_idmap_find(const struct tl_idmap *map,
                                       const struct tl_sid *sid);
int tli_idmap_add_range(struct tl_idmap *map, const struct tl_sid *domain,
                        uint32_t first_rid, uint32_t min, uint32_t max);
/* idmap_domains.c: all domains of the topology (NULL: none) that have a SID, and `also`
 * (NULL: none). 0 or -ENOMEM. */
int tli_idmap_add_domains(struct tl_idmap *map, const char *own_domain,
                          const struct tl_topology *topo,
                          const struct tl_idmap_domain *also);
/* idmap_ranges.c: ranges as configured. */
int tli_idmap_fill_named(struct tl_idmap *map, const struct tl_rid_ranges *ranges);
int tli_idmap_fill_autorid(struct tl_idmap *map, const struct tl_config *config);
/* idmap_sss.c: slices by libsss_idmap. */
int tli_idmap_fill_sss(struct tl_idmap *map, const struct tl_config *config);

#endif
