/* SPDX-License-Identifier: MIT
 *
 * trustlogon/idmap.h - security identifiers to user and group ids and back.
 *
 * The table is one of ranges, each the ids of a run of RIDs of one domain; uids and
 * gids are counted alike, and a SID has the same id as either. With
 * rfc2307 the ids are in the directories instead.
 *
 * sss: the numbers of SSSD's ad provider with its defaults. The ids between
 *   idmap_range_min and idmap_range_max are cut into slices; murmurhash3 of the
 *   domain's SID picks one, and ten further ones for RIDs beyond its size. Where
 *   two domains hash to one slice SSSD moves the one it met later, so its
 *   numbers depend on a machine's history. Here the own domain keeps its slice, then
 *   the own forest's, then the one that the workstation's directory has known for longer
 * (the TDO's whenCreated, the time of its record in a forest trust; unknown is latest, a
 * TDO before a record), and the other has no ids there: a domain that is added to a
 * trusted forest, with any SID, takes none away. Two of one age both have none. SIDs with
 * a RID beyond the eleven slices have no id (SSSD takes a free slice when it meets one).
 * So the numbers are a function of the table's input, and nothing is stored. rid: ID =
 * RID + LOW of the domain's range in rid_ranges, as Samba's idmap_rid with base_rid 0.
 * autorid: as Samba's. Which range a domain has is the history of one machine's
 *   autorid.tdb, so it is given in autorid_domains.
 * rfc2307: uidNumber and gidNumber. A domain's directory may give out the ids of the
 *   domain's range in rfc2307_ranges and no others: tl_idmap_admit().
 *
 * Pure.
 */
#ifndef TRUSTLOGON_IDMAP_H
#define TRUSTLOGON_IDMAP_H

#include <trustlogon/config.h>
#include <trustlogon/topology.h>

struct tl_idmap;
struct tl_idmap_range {
    struct tl_sid domain;
    uint32_t first_rid; /* has the id `min` */
    uint32_t min, max;  /* both given out */
};

/* A domain by its SID; it may be known from the verified PAC of a user alone. */
struct tl_idmap_domain {
    struct tl_sid sid;
    const char *dns;  /* lower case */
    const char *flat; /* NULL: not known */
};

/* Options that are valid one by one may contradict each other: NULL, or a constant
 * "[identity] idmap_range_max: ...". tl_config_load() checks this; tl_idmap_new() checks
 * it again, for options that tl_config_set() has changed since. */
TL_PUBLIC const char *tl_idmap_conflict(const struct tl_config *config);
/* All ids that the configuration can give out, for any set of known domains: at most
 * `max` spans, which may then hold ids between ranges, too. Returns how many. */
TL_PUBLIC size_t tl_idmap_spans(const struct tl_config *config, struct tl_id_span *spans,
                                size_t max);
/*
 * Domains come from the topology: those of the own forest, and those of TDOs
 * that the workstation's domain or its forest root holds, with the domains
 * their forest information lists. `topo` and `also` may be NULL. -EINVAL with
 * *error (child of ctx) where the configuration contradicts itself.
 */
TL_PUBLIC int tl_idmap_new(TALLOC_CTX *ctx, const struct tl_config *config,
                           const char *own_domain, const struct tl_topology *topo,
                           const struct tl_idmap_domain *also, struct tl_idmap **map,
                           char **error);
/* 0; -ENOENT where the SID has no id, *why a constant phrase (why may be NULL). */
TL_PUBLIC int tl_idmap_to_id(const struct tl_idmap *map, const struct tl_sid *sid,
                             uint32_t *id, const char **why);
/* 0; -ENOENT for an id that no SID has here. */
TL_PUBLIC int tl_idmap_to_sid(const struct tl_idmap *map, uint32_t id,
                              struct tl_sid *sid);
/*
 * rfc2307: may the directory of the SID's domain give it this id? 0; -ENOENT with
 * *why, a constant phrase.
 */
TL_PUBLIC int tl_idmap_admit(const struct tl_idmap *map, const struct tl_sid *sid,
                             uint32_t id, const char **why);
/* The domain in whose range the id is; NULL if it is in no range, or in that of a domain
 * which only autorid_domains names. */
TL_PUBLIC const struct tl_idmap_domain *tl_idmap_domain_of_id(const struct tl_idmap *map,
                                                              uint32_t id);
/* The ranges in use, sorted by id, none overlapping. */
TL_PUBLIC const struct tl_idmap_range *tl_idmap_ranges(const struct tl_idmap *map,
                                                       size_t *count);
/* sss: slices that a domain would have if another one did not keep them. */
TL_PUBLIC const struct tl_idmap_range *tl_idmap_lost(const struct tl_idmap *map,
                                                     size_t *count);
/* The domain that a line of rid_ranges or rfc2307_ranges means, or NULL. */
TL_PUBLIC const struct tl_idmap_domain *tl_idmap_domain_named(const struct tl_idmap *map,
                                                              const char *name);
/* The domain with this SID, or NULL. */
TL_PUBLIC const struct tl_idmap_domain *tl_idmap_domain(const struct tl_idmap *map,
                                                        const struct tl_sid *sid);

#endif
