/* SPDX-License-Identifier: MIT
 *
 * route.c - from a name to the realm that is asked, the principal and the path.
 *
 * A name either names a domain that is known (DOM\sam, sam@dns, sam@FLAT): then it is the
 * implicit UPN sam@FQDN, an NT-PRINCIPAL at that domain's own KDC, as the Windows client
 * does it for a name with a domain [doc user-name-formats; events 4768, 4771]. Or its
 * suffix is not a known domain: then the whole name is an NT-ENTERPRISE name and the
 * workstation's own KDC is asked, which refers onward [MS-KILE 3.3.5.6.1, RFC 6806].
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <trustlogon/config.h>
#include <trustlogon/name.h>

#include "internal.h"

struct maker {
    const struct tl_name *name;
    const struct tl_workstation *ws;
    const struct tl_topology *topo; /* NULL also for an empty one */
    struct tl_route *route;
};

/* talloc_strdup into the route; 0 or -ENOMEM. */
static int put(struct tl_route *route, const char **field, const char *value)
{
    return tli_copy_string(route, field, value);
}

static int set_realm(struct tl_route *route, const char *dns)
{
    route->domain = tl_dns_of(route, dns);
    route->realm = tl_realm_of(route, dns);
    return route->domain != NULL && route->realm != NULL ? 0 : -ENOMEM;
}

static int set_upn(struct tl_route *route, const char *sam, const char *dns)
{
    char *domain = tl_dns_of(route, dns);

    if (domain == NULL)
        return -ENOMEM;
    route->implicit_upn = talloc_asprintf(route, "%s@%s", sam, domain);
    return route->implicit_upn != NULL ? 0 : -ENOMEM;
}

static int set_verdict(struct tl_route *route, enum tl_reason reason, uint32_t ntstatus,
                       const char *subject, const char *attribute)
{
    if (route->verdict != TL_REASON_OK)
        return 0; /* a logon meets the first obstacle of the path */
    route->verdict = reason;
    route->ntstatus = ntstatus != 0 ? ntstatus : tl_reason_info(reason)->ntstatus;
    return put(route, &route->subject, subject) != 0 ||
                   put(route, &route->attribute, attribute) != 0
               ? -ENOMEM
               : 0;
}

static int take_fault(struct tl_route *route, const struct tli_fault *fault)
{
    if (fault->reason == TL_REASON_OK)
        return 0;
    return set_verdict(route, fault->reason, fault->ntstatus, fault->subject,
                       fault->attribute);
}

/* Whether the flat name could be looked up on Windows, where it is what was typed. */
static int judge_flat(struct maker *m, const struct tli_known *known)
{
    char attribute[64];

    if (!known->by_flat || known->tdo == NULL)
        return 0;
    if ((known->tdo->attributes & TL_TRUST_UPLEVEL_ONLY) != 0) {
        snprintf(attribute, sizeof attribute, "trustAttributes = 0x%x, UPLEVEL_ONLY",
                 known->tdo->attributes);
        return set_verdict(m->route, TL_REASON_TRUST_UPLEVEL_ONLY, TL_NT_NO_SUCH_DOMAIN,
                           known->tdo->dn != NULL ? known->tdo->dn : known->tdo->partner,
                           attribute);
    }
    /* Any of the four bits [DRSR 5.64.2]; Samba looks at the two NetBIOS bits only. */
    if (known->record != NULL && (known->record->flags & 0xFU) != 0)
        return set_verdict(m->route, TL_REASON_DOMAIN_DISABLED, TL_NT_NO_SUCH_DOMAIN,
                           known->record->flat, tli_ft_flag_words(known->record));
    return 0;
}

/* Whether the trust leads to a Kerberos realm that is not a domain. */
static bool is_realm(const struct tl_tdo *tdo)
{
    return tdo != NULL && tdo->type == TL_TRUST_MIT;
}

static int walk_and_judge(struct maker *m, const char *user_domain)
{
    struct tl_route *route = m->route;
    struct tli_path path;
    struct tli_fault fault;
    int ret = tli_path_find(route, m->topo, m->ws, user_domain, &path);

    if (ret != 0)
        return ret;
    route->num_hops = path.num_hops;
    route->hops = path.hops;
    /* An external trust routes no names, so a host/ request would be refused; a krbtgt
     * request for the workstation's realm is allowed, once the user has named the domain.
     * The KDC of a Kerberos realm does not refer by names of domains either [MS-KILE
     * 3.2.5.1]. */
    if (route->domain_named &&
        (path.external || (path.num_hops > 0 && is_realm(path.hops[0].tdo_to))))
        route->first_ask = TL_ASK_KRBTGT;
    ret = tli_path_judge(route, m->topo, m->ws, user_domain, &path, &fault);
    return ret != 0 ? ret : take_fault(route, &fault);
}

/* A flat name whose TDO is known and whose DNS name is not: no KDC can be found. */
static int no_dns_name(struct maker *m, const struct tli_known *known)
{
    struct tli_fault fault;
    int ret = 0;

    m->route->why = "The domain is known by its NetBIOS name only; without a DNS name "
                    "no KDC can be found.";
    m->route->domain_named = true;
    ret = put(m->route, &m->route->user_flat, known->flat);
    if (ret == 0 && known->tdo != NULL) {
        ret = tli_tdo_judge_kind(m->route, known->tdo, "", &fault);
        if (ret == 0 && fault.reason != TL_REASON_OK) {
            fault.ntstatus = TL_NT_NO_TRUST_SAM_ACCOUNT;
            return take_fault(m->route, &fault);
        }
    }
    return ret != 0
               ? ret
               : set_verdict(m->route, TL_REASON_DOMAIN_UNKNOWN, 0, known->flat, NULL);
}

/* A domain's realm is its DNS name in capitals; a Kerberos realm's name is used as it is,
 * and case matters [RFC 4120 6.1]. */
static int keep_spelling(struct tl_route *route, const struct tli_known *known)
{
    return is_realm(known->tdo) ? put(route, &route->realm, known->tdo->partner) : 0;
}

static int route_known(struct maker *m, const struct tli_known *known)
{
    struct tl_route *route = m->route;

    if (known->dns == NULL)
        return no_dns_name(m, known);
    route->type = TL_PRINCIPAL;
    route->domain_named = true;
    if (known->own_forest)
        route->why = "The name has a domain of the workstation's own forest; the KDC of "
                     "that domain is used.";
    else if (known->record != NULL)
        route->why =
            "The name has a domain of a trusted forest; the KDC of that domain is used.";
    else
        route->why = "The name has a trusted domain; the KDC of that domain is used.";
    if (set_realm(route, known->dns) != 0 || keep_spelling(route, known) != 0 ||
        put(route, &route->principal, m->name->user) != 0 ||
        put(route, &route->user_flat, known->flat) != 0 ||
        set_upn(route, m->name->user, known->dns) != 0)
        return -ENOMEM;
    route->user_domain = route->domain;
    if (judge_flat(m, known) != 0)
        return -ENOMEM;
    return walk_and_judge(m, route->domain);
}

/* The only external trust there is, for a guess at where the user is from. */
static const struct tl_tdo *external_trust(const struct maker *m, bool *only)
{
    const struct tl_tdo *found = NULL;

    *only = true;
    for (size_t i = 0; m->topo != NULL && i < m->topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &m->topo->trusts[i];

        if (!tli_tdo_is_own_side(m->topo, tdo) || tli_tdo_routes_names(tdo) ||
            (tdo->attributes & TL_TRUST_WITHIN_FOREST) != 0)
            continue;
        if (found != NULL)
            *only = false;
        found = tdo;
    }
    return found;
}

/* No forest trust has the suffix. Where external trusts exist, that they route no
 * names is the likely cause, and the implicit UPN the likely remedy. */
static int suffix_of_nobody(struct maker *m)
{
    struct tl_route *route = m->route;
    const struct tl_tdo *external;
    bool only;

    if (m->topo == NULL)
        return set_verdict(route, TL_REASON_DOMAIN_UNKNOWN, 0, m->name->domain, NULL);
    external = external_trust(m, &only);
    if (external == NULL)
        return set_verdict(route, TL_REASON_SUFFIX_UNKNOWN, 0, m->name->domain, NULL);
    if (only && tli_dns_shaped(external->partner) &&
        set_upn(route, m->name->user, external->partner) != 0)
        return -ENOMEM;
    return set_verdict(route, TL_REASON_SUFFIX_EXTERNAL, 0, m->name->domain, NULL);
}

static int suffix_of_trust(struct maker *m, const struct tl_suffix_match *match)
{
    struct tl_route *route = m->route;
    const struct tl_tdo *tdo = match->tdo;
    const char *subject;

    if (tli_dns_shaped(tdo->partner)) {
        route->user_domain = tl_dns_of(route, tdo->partner);
        if (route->user_domain == NULL || put(route, &route->user_flat, tdo->flat) != 0 ||
            set_upn(route, m->name->user, tdo->partner) != 0)
            return -ENOMEM;
    }
    if (match->reason == TL_REASON_OK) {
        route->why = "A forest trust routes the suffix; the workstation's own KDC refers "
                     "to that forest.";
        return route->user_domain != NULL ? walk_and_judge(m, route->user_domain) : 0;
    }
    route->why = "The suffix is not the name of a domain; the workstation's own KDC is "
                 "used, whose trusts do not route it.";
    /* What to enable is the record's name, not what lies below it. */
    subject = match->record != NULL ? match->record->name
              : tdo->dn != NULL     ? tdo->dn
                                    : tdo->partner;
    return set_verdict(route, match->reason, TL_NT_LOGON_FAILURE, subject,
                       match->record != NULL ? tli_ft_flag_words(match->record)
                                             : tdo->forest_info_error);
}

static int find_suffix(struct maker *m, struct tl_suffix_match *match)
{
    struct tl_suffix_index *index = NULL;
    int ret = tl_suffix_index_new(m->route, m->topo, &index);

    if (ret == 0)
        *match = tl_suffix_find(index, m->name->domain);
    talloc_free(index);
    return ret;
}

static int route_suffix(struct maker *m)
{
    struct tl_route *route = m->route;
    struct tl_suffix_match match;
    int ret = find_suffix(m, &match);

    if (ret != 0)
        return ret;

    route->type = TL_ENTERPRISE;
    route->why = "The suffix is not the name of a known domain; the workstation's own "
                 "KDC is asked for the whole name.";
    route->principal = talloc_asprintf(route, "%s@%s", m->name->user, m->name->domain);
    if (route->principal == NULL || set_realm(route, m->ws->domain) != 0)
        return -ENOMEM;
    if (match.tdo != NULL)
        return suffix_of_trust(m, &match);
    if (match.reason != TL_REASON_OK)
        return suffix_of_nobody(m);
    route->why = "The suffix belongs to the workstation's own forest; its own KDC finds "
                 "the user.";
    return 0;
}

/* The flat name of an own domain is usually its first label: enough to ask its KDC
 * when the directory could not be. */
static bool looks_like_own(const struct maker *m, const char *typed)
{
    size_t len = strcspn(m->ws->domain, ".");

    return m->topo == NULL && strlen(typed) == len &&
           tli_ascii_equal(typed, m->ws->domain, len);
}

/* Without a snapshot the name is taken as it is. With one, a name that is in no trust is
 * unknown: a stranger at a login prompt must not choose which host is asked. */
static bool may_be_asked(const struct maker *m, const char *dns)
{
    return tli_dns_shaped(dns) &&
           (m->topo == NULL || tl_realm_list_has(m->ws->realms, dns));
}

static int route_unknown(struct maker *m, const char *typed)
{
    struct tl_route *route = m->route;
    const char *dns = looks_like_own(m, typed) ? m->ws->domain : typed;
    struct tl_suffix_match match = {.reason = TL_REASON_SUFFIX_UNKNOWN};
    int ret = m->name->form == TL_NAME_DOWNLEVEL ? find_suffix(m, &match) : 0;

    if (ret != 0)
        return ret;
    /* Below a name that a forest trust routes, and not listed there: perhaps it is new.
     * Our own KDC refers along the routing. */
    if (match.reason == TL_REASON_OK && match.tdo != NULL)
        return route_suffix(m);
    route->domain_named = true;
    route->type = TL_PRINCIPAL;
    route->why = "No domain with this name is known.";
    if (may_be_asked(m, dns)) {
        route->why = "No domain with this name is known; a KDC of a realm with that name "
                     "is tried.";
        if (set_realm(route, dns) != 0 || set_upn(route, m->name->user, dns) != 0 ||
            put(route, &route->principal, m->name->user) != 0)
            return -ENOMEM;
        route->user_domain = route->domain;
    }
    return set_verdict(route, TL_REASON_DOMAIN_UNKNOWN, 0, typed, NULL);
}

/* An explicit suffix of the own forest that a trusted domain also bears: local names
 * win [LSAD 3.1.4.7.16.1]. */
static bool own_suffix(const struct maker *m)
{
    for (size_t i = 0; m->topo != NULL && i < m->topo->num_suffixes; i++)
        if (tli_same_domain(m->topo->suffixes[i], m->name->domain))
            return true;
    return false;
}

static int make_route(struct maker *m)
{
    const char *typed = m->name->domain;
    struct tli_known known;
    bool found;

    if (tl_name_is_local(m->name, m->ws->flat, m->ws->fqdn)) {
        m->route->local = true;
        m->route->why = "The name is a local name of this machine.";
        return set_verdict(m->route, TL_REASON_NAME_LOCAL, 0, NULL, NULL);
    }
    if (m->name->form == TL_NAME_BARE || typed == NULL)
        typed = m->ws->default_domain != NULL ? m->ws->default_domain : m->ws->domain;
    found = tli_known_find(m->topo, m->ws, typed, &known);
    if (m->name->form == TL_NAME_UPN && ((!known.own_forest && own_suffix(m)) || !found))
        return route_suffix(m);
    return found ? route_known(m, &known) : route_unknown(m, typed);
}

int tl_route(TALLOC_CTX *ctx, const struct tl_name *name, const struct tl_workstation *ws,
             const struct tl_topology *topo, struct tl_route **route_out)
{
    struct maker m = {.name = name, .ws = ws, .topo = topo};
    int ret;

    *route_out = NULL;
    if (topo != NULL && topo->num_domains == 0 && topo->num_trusts == 0)
        m.topo = NULL;
    m.route = talloc_zero(ctx, struct tl_route);
    if (m.route == NULL)
        return -ENOMEM;
    m.route->verdict = TL_REASON_OK;
    m.route->type = TL_PRINCIPAL;
    m.route->first_ask = TL_ASK_HOST;
    ret = make_route(&m);
    if (ret != 0) {
        talloc_free(m.route);
        return ret;
    }
    *route_out = m.route;
    return 0;
}
