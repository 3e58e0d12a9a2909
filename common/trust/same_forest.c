/* SPDX-License-Identifier: MIT
 *
 * same_forest.c - which domains are of one forest by the own side's directory, and so
 * through which a user may come.
 *
 * Names alone prove nothing: dmz.fabrikam.test may be a forest of its own, trusted like
 * any other, and a forest may list a domain of another. So a domain with a trust of its
 * own belongs to that trust before it belongs to a forest that lists it, and to none if
 * two forests list it.
 */
#include "internal.h"

bool tl_forest_has_domain(const struct tl_tdo *tdo, const char *dns)
{
    const struct tl_forest_info *info = tdo->forest_info;
    bool listed = tli_same_domain(tdo->partner, dns);

    if (!tli_tdo_routes_names(tdo))
        return listed;
    if (info == NULL) /* the partner's name stands for the table, as in forest_match.c */
        return listed ||
               (tdo->forest_info_error == NULL && tli_dns_within(dns, tdo->partner));
    for (size_t i = 0; i < info->count; i++) {
        const struct tl_ft_record *rec = &info->records[i];

        if (rec->name == NULL)
            continue;
        if ((rec->type == TL_FT_TLN_EX || tli_domain_sid_disabled(rec)) &&
            tli_dns_within(dns, rec->name))
            return false;
        listed = listed || (rec->type == TL_FT_DOMAIN && tli_same_domain(rec->name, dns));
    }
    return listed;
}

bool tl_forest_has_sid(const struct tl_tdo *tdo, const struct tl_sid *domain)
{
    const struct tl_forest_info *info = tdo->forest_info;

    for (size_t i = 0; info != NULL && i < info->count; i++) {
        const struct tl_ft_record *rec = &info->records[i];

        if (rec->type == TL_FT_DOMAIN && rec->has_sid && tl_sid_equal(&rec->sid, domain))
            return !tli_domain_sid_disabled(rec);
    }
    return tdo->has_sid && tl_sid_equal(&tdo->sid, domain);
}

static bool is_own(const struct tl_topology *topo, const char *dns)
{
    for (size_t i = 0; i < topo->num_domains; i++)
        if (tli_same_domain(topo->domains[i].dns, dns))
            return true;
    return tli_same_domain(topo->domain, dns) || tli_same_domain(topo->forest, dns);
}

/* A trust of our side over which users come. */
static bool counts(const struct tl_topology *topo, const struct tl_tdo *tdo)
{
    return tli_tdo_is_own_side(topo, tdo) && (tdo->direction & TL_TRUST_OUTBOUND) != 0;
}

/* Is the domain of that trust's forest, and of no other trust's? */
static bool only_of(const struct tl_topology *topo, const struct tl_tdo *tdo,
                    const char *domain)
{
    if (!tl_forest_has_domain(tdo, domain))
        return false;
    if (tli_same_domain(tdo->partner, domain))
        return true;
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *other = &topo->trusts[i];

        if (tli_tdo_is_own_side(topo, other) &&
            !tli_same_domain(other->partner, tdo->partner) &&
            tl_forest_has_domain(other, domain))
            return false;
    }
    return true;
}

bool tl_same_forest(const struct tl_topology *topo, const char *realm, const char *domain)
{
    if (tli_same_domain(realm, domain))
        return true;
    if (topo == NULL)
        return false;
    if (is_own(topo, realm) || is_own(topo, domain))
        return is_own(topo, realm) && is_own(topo, domain);
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (counts(topo, tdo) && tl_forest_has_domain(tdo, realm) &&
            only_of(topo, tdo, domain))
            return true;
    }
    return false;
}

/* Does our side take users of the domain over that trust, and over none that routes its
 * name more specifically? Which domains are listed is the other side's decision; the
 * names that a trust routes are ours. */
static bool brings(const struct tl_topology *topo, const struct tl_tdo *tdo,
                   const char *client)
{
    size_t specific, others;

    if (!counts(topo, tdo) || !tl_forest_has_domain(tdo, client))
        return false;
    if (tli_same_domain(tdo->partner, client))
        return true;
    if (tli_forest_match(tdo, client, &specific).reason != TL_REASON_OK)
        return false;
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *other = &topo->trusts[i];

        if (tli_tdo_is_own_side(topo, other) && tli_tdo_routes_names(other) &&
            !tli_same_domain(other->partner, tdo->partner) &&
            tli_forest_match(other, client, &others).reason == TL_REASON_OK &&
            others >= specific)
            return false;
    }
    return true;
}

bool tl_may_transit(const struct tl_topology *topo, const char *own, const char *client,
                    const char *through)
{
    if (tli_same_domain(client, own))
        return false;
    if (tli_same_domain(through, own) || tli_same_domain(through, client))
        return true;
    if (topo == NULL)
        return false;
    if (is_own(topo, through) || is_own(topo, client))
        return is_own(topo, through);
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (brings(topo, tdo, client) && tl_forest_has_domain(tdo, through))
            return true;
    }
    return false;
}
