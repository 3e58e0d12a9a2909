/* SPDX-License-Identifier: MIT
 *
 * domains.c - what the trusts of the machine's own side say about a domain that may be
 * asked. Pure.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

/* Stands for a topology that is NULL. */
static const struct tl_topology nothing;

static bool own_side(const struct tl_topology *topo, const struct tl_tdo *tdo)
{
    return tl_dns_equal(tdo->holder, topo->domain) ||
           tl_dns_equal(tdo->holder, topo->forest);
}

/* Its users may log on here at all. */
static bool trusted(const struct tl_tdo *tdo)
{
    return (tdo->direction & TL_TRUST_OUTBOUND) != 0;
}

/* The other side gives tickets to accounts of domains that it trusts: our inbound side.
 */
static bool two_way(const struct tl_tdo *tdo)
{
    return (tdo->direction & TL_TRUST_INBOUND) != 0;
}

static bool find_own(const struct tl_topology *topo, const struct tl_workstation *ws,
                     const char *dns, struct tl_lookup_domain *domain)
{
    for (size_t i = 0; i < topo->num_domains; i++) {
        const struct tl_domain *own = &topo->domains[i];

        if (!tl_dns_equal(own->dns, dns))
            continue;
        *domain = (struct tl_lookup_domain){.dns = own->dns,
                                            .flat = own->flat,
                                            .has_sid = own->has_sid,
                                            .sid = own->sid,
                                            .two_way = true,
                                            .own_forest = true,
                                            .own = tl_dns_equal(dns, ws->domain)};
        return true;
    }
    return false;
}

static bool find_partner(const struct tl_topology *topo, const char *dns,
                         struct tl_lookup_domain *domain)
{
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (!own_side(topo, tdo) || !tl_dns_equal(tdo->partner, dns) || !trusted(tdo))
            continue;
        *domain = (struct tl_lookup_domain){.dns = tdo->partner,
                                            .flat = tdo->flat,
                                            .has_sid = tdo->has_sid,
                                            .sid = tdo->sid,
                                            .two_way = two_way(tdo)};
        return true;
    }
    return false;
}

/* A domain whose SID the forest trust information disables is left out, as it is at a
 * logon. */
static bool usable(const struct tl_ft_record *rec)
{
    return rec->type == TL_FT_DOMAIN && rec->name != NULL &&
           (rec->flags & (TL_FT_SID_DISABLED_ADMIN | TL_FT_SID_DISABLED_CONFLICT)) == 0;
}

static bool find_listed(const struct tl_topology *topo, const char *dns,
                        struct tl_lookup_domain *domain)
{
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];
        const struct tl_forest_info *info = tdo->forest_info;

        if (!own_side(topo, tdo) || !tl_tdo_is_forest(tdo) || !trusted(tdo))
            continue;
        for (size_t k = 0; info != NULL && k < info->count; k++) {
            const struct tl_ft_record *rec = &info->records[k];

            if (!usable(rec) || !tl_dns_equal(rec->name, dns))
                continue;
            *domain = (struct tl_lookup_domain){.dns = rec->name,
                                                .flat = rec->flat,
                                                .has_sid = rec->has_sid,
                                                .sid = rec->sid,
                                                .two_way = two_way(tdo)};
            return true;
        }
    }
    return false;
}

static int add(struct tl_lookup_plan *plan, const struct tl_lookup_domain *domain)
{
    struct tl_lookup_domain *grown, copy = *domain;

    for (size_t i = 0; i < plan->num_domains; i++)
        if (tl_dns_equal(plan->domains[i].dns, domain->dns))
            return 0;
    grown = talloc_realloc(plan, plan->domains, struct tl_lookup_domain,
                           plan->num_domains + 1);
    if (grown == NULL)
        return -ENOMEM;
    plan->domains = grown;
    copy.dns = tl_dns_of(plan, domain->dns);
    copy.flat = domain->flat != NULL ? talloc_strdup(plan, domain->flat) : NULL;
    if (copy.dns == NULL || (domain->flat != NULL && copy.flat == NULL))
        return -ENOMEM;
    grown[plan->num_domains++] = copy;
    return 0;
}

int tli_lookup_add_domain(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const char *dns)
{
    struct tl_lookup_domain domain;

    if (topo == NULL)
        topo = &nothing;
    if (!find_own(topo, ws, dns, &domain) && !find_partner(topo, dns, &domain) &&
        !find_listed(topo, dns, &domain))
        return 0;
    return add(plan, &domain);
}

int tli_lookup_add_forest(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const struct tl_tdo *tdo)
{
    const struct tl_forest_info *info = tdo != NULL ? tdo->forest_info : NULL;
    int ret =
        tli_lookup_add_domain(plan, ws, topo, tdo != NULL ? tdo->partner : ws->domain);

    if (topo == NULL)
        topo = &nothing;
    for (size_t i = 0; ret == 0 && tdo == NULL && i < topo->num_domains; i++)
        ret = tli_lookup_add_domain(plan, ws, topo, topo->domains[i].dns);
    for (size_t i = 0; ret == 0 && info != NULL && i < info->count; i++)
        if (usable(&info->records[i]))
            ret = tli_lookup_add_domain(plan, ws, topo, info->records[i].name);
    return ret;
}

const struct tl_lookup_domain *
tli_lookup_domain(TALLOC_CTX *ctx, const struct tl_machine *machine, const char *dns)
{
    struct tl_lookup_plan *plan = talloc_zero(ctx, struct tl_lookup_plan);

    if (plan == NULL ||
        tli_lookup_add_domain(plan, machine->workstation, machine->topology, dns) != 0 ||
        plan->num_domains == 0) {
        talloc_free(plan);
        return NULL;
    }
    return &plan->domains[0];
}

struct tl_lookup_domain tli_lookup_known(const struct tl_known_domain *known,
                                         const struct tl_workstation *ws)
{
    return (struct tl_lookup_domain){.dns = known->dns,
                                     .flat = known->flat,
                                     .has_sid = true,
                                     .sid = known->sid,
                                     .own = tl_dns_equal(known->dns, ws->domain)};
}
