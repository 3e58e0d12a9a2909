/* SPDX-License-Identifier: MIT
 *
 * known_domain.c - which domain a typed name means, DNS or flat.
 *
 * The own forest first (its names win over what a trust claims, LSAD 3.1.4.7.16.1),
 * then the partners of the own side's trusts, then the domains that forest trusts
 * list [DRSR 5.64.2 IsDomainDnsNameInTrustedForest, IsDomainNetbiosNameInTrustedForest],
 * last the holders of trusts that were read on the user's side.
 */
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

static bool find_own(const struct tl_topology *topo, const struct tl_workstation *ws,
                     const char *typed, struct tli_known *known)
{
    const struct tl_domain *own = tl_topology_domain(topo, typed);

    known->own_forest = true;
    if (own != NULL) {
        known->dns = own->dns;
        known->flat = own->flat;
        known->by_flat = !tli_same_domain(own->dns, typed);
        return true;
    }
    /* The workstation knows its own domain without any snapshot. */
    if (tli_same_domain(ws->domain, typed) || tli_same_domain(ws->realm, typed)) {
        own = tl_topology_domain(topo, ws->domain);
        known->dns = ws->domain;
        known->flat = own != NULL ? own->flat : NULL;
        return true;
    }
    known->own_forest = false;
    return false;
}

/* Between two trusts that both fit: the workstation's own domain's before the forest
 * root's, then by name, so that the order in the snapshot decides nothing. */
static bool better(const struct tl_topology *topo, const struct tl_tdo *a,
                   const struct tl_tdo *b)
{
    bool a_near = tli_same_domain(a->holder, topo->domain);

    if (b == NULL)
        return true;
    if (tli_dns_shaped(a->partner) != tli_dns_shaped(b->partner))
        return tli_dns_shaped(a->partner);
    if (a_near != tli_same_domain(b->holder, topo->domain))
        return a_near;
    return tli_ascii_order(a->partner, b->partner) < 0;
}

static const struct tl_tdo *find_partner(const struct tl_topology *topo,
                                         const char *typed, bool by_flat)
{
    const struct tl_tdo *best = NULL;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];
        bool fits = by_flat ? tli_same_flat(tdo->flat, typed)
                            : tli_same_domain(tdo->partner, typed);

        if (fits && tli_tdo_is_own_side(topo, tdo) && better(topo, tdo, best))
            best = tdo;
    }
    return best;
}

static bool record_fits(const struct tl_ft_record *rec, const char *dns, const char *flat,
                        const struct tl_sid *sid)
{
    if (rec->type != TL_FT_DOMAIN || rec->name == NULL)
        return false;
    return (dns != NULL && tli_same_domain(rec->name, dns)) ||
           (flat != NULL && tli_same_flat(rec->flat, flat)) ||
           (sid != NULL && rec->has_sid && tl_sid_equal(&rec->sid, sid));
}

/* A domain record of the own side's forest trusts, by exactly one of three keys. */
static const struct tl_ft_record *find_record(const struct tl_topology *topo,
                                              const char *dns, const char *flat,
                                              const struct tl_sid *sid,
                                              const struct tl_tdo **tdo_out)
{
    const struct tl_ft_record *found = NULL;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (tdo->forest_info == NULL || !tli_tdo_routes_names(tdo) ||
            !tli_tdo_is_own_side(topo, tdo) ||
            (found != NULL && !better(topo, tdo, *tdo_out)))
            continue;
        for (size_t r = 0; r < tdo->forest_info->count; r++)
            if (record_fits(&tdo->forest_info->records[r], dns, flat, sid)) {
                found = &tdo->forest_info->records[r];
                *tdo_out = tdo;
                break;
            }
    }
    return found;
}

/*
 * The DNS name behind a TDO that was made with the NetBIOS name, from anything else
 * known about the same domain: a domain record, or another TDO with the same flat
 * name or SID.
 */
static const char *dns_behind(const struct tl_topology *topo, const struct tl_tdo *wrong)
{
    const struct tl_sid *sid = wrong->has_sid ? &wrong->sid : NULL;
    const struct tl_ft_record *rec;
    const struct tl_tdo *via = NULL, *best = NULL;

    rec = find_record(topo, NULL, wrong->flat, NULL, &via);
    if (rec == NULL && sid != NULL)
        rec = find_record(topo, NULL, NULL, sid, &via);
    if (rec != NULL && tli_dns_shaped(rec->name))
        return rec->name;
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (!tli_dns_shaped(tdo->partner))
            continue;
        if (!tli_same_flat(tdo->flat, wrong->flat) &&
            !(sid != NULL && tdo->has_sid && tl_sid_equal(&tdo->sid, sid)))
            continue;
        if (better(topo, tdo, best))
            best = tdo;
    }
    return best != NULL ? best->partner : NULL;
}

static bool find_trusted(const struct tl_topology *topo, const char *typed,
                         struct tli_known *known)
{
    const struct tl_tdo *tdo = find_partner(topo, typed, false);

    /* "CONTOSO" typed, and the TDO is called CONTOSO: a flat name in the wrong place. */
    known->by_flat = tdo == NULL || (!tli_dns_shaped(typed) && tdo->flat != NULL &&
                                     tli_same_flat(tdo->flat, typed));
    if (tdo == NULL)
        tdo = find_partner(topo, typed, true);
    if (tdo == NULL)
        return false;
    known->tdo = tdo;
    known->flat = tdo->flat;
    known->dns = tli_dns_shaped(tdo->partner) ? tdo->partner : dns_behind(topo, tdo);
    return true;
}

static bool find_listed(const struct tl_topology *topo, const char *typed,
                        struct tli_known *known)
{
    const struct tl_ft_record *rec = find_record(topo, typed, NULL, NULL, &known->tdo);

    known->by_flat = rec == NULL;
    if (rec == NULL)
        rec = find_record(topo, NULL, typed, NULL, &known->tdo);
    if (rec == NULL)
        return false;
    known->record = rec;
    known->dns = rec->name;
    known->flat = rec->flat;
    return true;
}

bool tli_known_find(const struct tl_topology *topo, const struct tl_workstation *ws,
                    const char *typed, struct tli_known *known)
{
    *known = (struct tli_known){0};
    if (find_own(topo, ws, typed, known))
        return true;
    if (topo == NULL)
        return false;
    if (find_trusted(topo, typed, known) || find_listed(topo, typed, known))
        return true;
    *known = (struct tli_known){0};
    for (size_t i = 0; i < topo->num_trusts; i++)
        if (tli_same_domain(topo->trusts[i].holder, typed)) {
            known->dns = topo->trusts[i].holder;
            return true;
        }
    return false;
}

bool tl_known_domain(const struct tl_topology *topo, const struct tl_workstation *ws,
                     const char *name, struct tl_known_domain *domain)
{
    const struct tl_sid *sid = NULL;
    const struct tl_domain *own;
    struct tli_known known;

    *domain = (struct tl_known_domain){0};
    if (topo == NULL || !tli_known_find(topo, ws, name, &known) || known.dns == NULL)
        return false;
    own = known.own_forest ? tl_topology_domain(topo, known.dns) : NULL;
    if (own != NULL && own->has_sid)
        sid = &own->sid;
    else if (known.record != NULL && known.record->has_sid &&
             !tli_domain_sid_disabled(known.record))
        sid = &known.record->sid;
    else if (known.record == NULL && known.tdo != NULL && known.tdo->has_sid)
        sid = &known.tdo->sid;
    if (sid == NULL)
        return false;
    *domain = (struct tl_known_domain){.dns = known.dns, .flat = known.flat, .sid = *sid};
    domain->other_organization =
        known.tdo != NULL && (known.tdo->attributes & TL_TRUST_CROSS_ORGANIZATION) != 0;
    return true;
}
