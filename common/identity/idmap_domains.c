/* SPDX-License-Identifier: MIT
 *
 * idmap_domains.c - the domains that the table of ranges knows, with their rank and age.
 */
#include <errno.h>

#include <trustlogon/name.h>

#include "idmap.h"

#define FILETIME_UNIX_EPOCH 116444736000000000ULL /* 1970 in 100 ns since 1601 */
#define FILETIME_SECOND 10000000ULL

static int set_names(struct tl_idmap *map, struct tl_idmap_domain *domain,
                     const char *dns, const char *flat)
{
    domain->dns = tl_fold(map, dns);
    domain->flat = flat != NULL ? talloc_strdup(map, flat) : NULL;
    return domain->dns == NULL || (flat != NULL && domain->flat == NULL) ? -ENOMEM : 0;
}

/* The source with the highest precedence decides the names of a domain: the own side's
 * directory before what a trusted forest lists, and of two forests that list one SID the
 * one that listed it first. */
static int add_domain(struct tl_idmap *map, enum tli_idmap_rank rank, int64_t since,
                      const struct tl_sid *sid, const char *dns, const char *flat)
{
    struct tli_idmap_known *grown, *there = tli_idmap_find(map, sid);
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

static int add_forest(struct tl_idmap *map, const char *own_domain,
                      const struct tl_topology *topo, enum tli_idmap_rank rank)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < topo->num_domains; i++) {
        const struct tl_domain *domain = &topo->domains[i];

        if (domain->has_sid &&
            tl_dns_equal(domain->dns, own_domain) == (rank == TL_RANK_OWN))
            ret = add_domain(map, rank, 0, &domain->sid, domain->dns, domain->flat);
    }
    return ret;
}

/* The age of a trust, or of a record in it, which the own side's DC dated when it
 * accepted it [ADTS 6.1.6.9.3]: the other side cannot make its domains older than they
 * are. */
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

/* Only what the own side's directory holds is used: the other side could list any SID,
 * and choose one whose slice belongs to another domain. */
static int add_trusts(struct tl_idmap *map, const char *own_domain,
                      const struct tl_topology *topo, enum tli_idmap_rank rank)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (!tl_dns_equal(tdo->holder, own_domain) &&
            !tl_dns_equal(tdo->holder, topo->forest))
            continue;
        if (rank == TL_RANK_LISTED)
            ret = add_listed(map, tdo);
        else if (tdo->has_sid)
            ret = add_domain(map, rank, since_of(tdo, NULL), &tdo->sid, tdo->partner,
                             tdo->flat);
    }
    return ret;
}

int tli_idmap_add_domains(struct tl_idmap *map, const char *own_domain,
                          const struct tl_topology *topo,
                          const struct tl_idmap_domain *also)
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
        ret = add_domain(
            map, tl_dns_equal(also->dns, own_domain) ? TL_RANK_OWN : TL_RANK_LISTED,
            TL_SINCE_UNKNOWN, &also->sid, also->dns, also->flat);
    return ret;
}
