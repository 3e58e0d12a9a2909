/* SPDX-License-Identifier: MIT
 *
 * explain_trusts.c - a failed walk, explained by the trusts on its path as both sides
 * hold them.
 */
#include <string.h>
#include <trustlogon/logon.h>

#include "explain.h"
#include "machine/evidence.h"

void tli_explain_refine(struct tl_outcome *out, enum tl_reason reason,
                        const char *subject, const char *attribute)
{
    out->reason = reason;
    tl_outcome_set_subject(out, subject);
    tl_outcome_set_attribute(out, attribute);
}

/* No common encryption type. The realm that said so is the holder of the TDO. */
static bool no_enctype(const struct tl_outcome *out)
{
    return out->reason == TL_REASON_ETYPE_UNSUPPORTED;
}

/*
 * A trust without AES, which fails in two ways. A KDC refuses to make a ticket over it:
 * then its own TDO is to blame, or, where that cannot be read, the other end's. Or a KDC
 * has no key for the ticket that it is shown (35 on Samba), because only one end of the
 * trust has AES.
 */
static bool explain_rc4(struct tl_logon *logon, const char *user_domain)
{
    struct tl_outcome *out = logon->outcome;
    const struct tl_rc4_hop *guilty = NULL;
    struct tl_rc4_hop *list;
    size_t count;
    bool refused = !no_enctype(out);

    if (out->realm == NULL ||
        tl_route_rc4(logon, logon->machine->topology, user_domain,
                     logon->machine->workstation, &list, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *here = refused ? list[i].to : list[i].from;

        if (!tl_dns_equal(here, out->realm) || (refused && !list[i].uneven))
            continue;
        if (guilty == NULL || tl_dns_equal(list[i].tdo->holder, here))
            guilty = &list[i];
    }
    if (guilty != NULL)
        tli_explain_refine(out, TL_REASON_TRUST_RC4,
                           guilty->tdo->dn != NULL ? guilty->tdo->dn
                                                   : guilty->tdo->partner,
                           tl_tdo_enctype_words(logon, guilty->tdo));
    return guilty != NULL;
}

/* "CN=...", or words for a TDO that could not be read. */
static const char *tdo_words(struct tl_logon *logon, const char *holder,
                             const char *partner)
{
    const struct tl_tdo *tdo =
        tl_topology_trust(logon->machine->topology, holder, partner);

    return tdo != NULL && tdo->dn != NULL
               ? tdo->dn
               : talloc_asprintf(logon, "that of %s for %s", holder, partner);
}

/* The own side's holder of the TDO by which users of a domain come in. */
static const char *entrance_holder(const struct tl_logon *logon, const char *user_domain)
{
    const struct tl_topology *topo = logon->machine->topology;
    const char *own = logon->machine->workstation->domain;

    return tl_topology_trust(topo, own, user_domain) == NULL &&
                   tl_topology_trust(topo, topo->forest, user_domain) != NULL
               ? topo->forest
               : own;
}

/* The keys of both ends differ, and nothing shows which of them is old. */
static void blame_secrets(struct tl_logon *logon, const char *user_domain)
{
    const char *own = entrance_holder(logon, user_domain);

    tli_explain_refine(logon->outcome, TL_REASON_TRUST_SECRET,
                       talloc_asprintf(logon, "%s; %s",
                                       tdo_words(logon, own, user_domain),
                                       tdo_words(logon, user_domain, own)),
                       "trustAuthOutgoing and trustAuthIncoming");
}

/*
 * All that can be read of both ends is right, and a KDC still makes no ticket, or does
 * not take one: what is left is the secret. Of a path of several trusts it is not known
 * which.
 */
static bool explain_no_secret(struct tl_logon *logon, const char *user_domain)
{
    const char *own = entrance_holder(logon, user_domain);
    const struct tl_topology *topo = logon->machine->topology;
    struct tl_outcome *out = logon->outcome;
    const struct tl_tdo *from = tl_topology_trust(topo, user_domain, own);
    const struct tl_tdo *to = tl_topology_trust(topo, own, user_domain);
    bool at_user = tl_dns_equal(out->realm, user_domain);
    const struct tl_tdo *tdo = at_user ? from : to;

    if (from == NULL || to == NULL || tdo->dn == NULL ||
        (!at_user && !tl_dns_equal(out->realm, own)))
        return false;
    /* The own KDC's 7 is about this machine. */
    if (at_user ? out->krb_error != TL_KRB_S_PRINCIPAL_UNKNOWN
                : out->krb_error != TL_KRB_NOT_US && out->krb_error != TL_KRB_NOKEY)
        return false;
    tli_explain_refine(out, TL_REASON_TRUST_SECRET_MISSING, tdo->dn,
                       at_user ? "trustAuthIncoming" : "trustAuthOutgoing");
    return true;
}

/* Codes of a KDC that has a key, and not the one that the ticket was made with. */
static bool is_other_key(const struct tl_outcome *out)
{
    return out->krb_error == TL_KRB_BAD_INTEGRITY || out->krb_error == TL_KRB_BADKEYVER;
}

/* Whether a fault of a trust leads to this end. Error 7, and a ticket that is not taken,
 * stand for all of them. */
static bool leads_here(const struct tl_outcome *out, enum tl_reason fault)
{
    bool unusable = fault == TL_REASON_TRUST_DAMAGED || fault == TL_REASON_TRUST_TWIN ||
                    fault == TL_REASON_TRUST_INFO_BROKEN;

    if (out->reason == TL_REASON_WALK_UNKNOWN || out->reason == TL_REASON_TRUST_REFUSED)
        return true;
    if (no_enctype(out))
        return fault == TL_REASON_TRUST_ENCTYPES || fault == TL_REASON_TRUST_DAMAGED;
    return unusable || fault == TL_REASON_TRUST_PARTNER ||
           fault == TL_REASON_TRUST_NETBIOS_NAMED || fault == TL_REASON_TRUST_MISSING ||
           fault == TL_REASON_TRUST_DOWNLEVEL || fault == TL_REASON_TRUST_MIT;
}

bool tli_explain_trusts(struct tl_logon *logon, const char *user_domain, bool own_read,
                        tl_deadline deadline)
{
    struct tl_outcome *out = logon->outcome;
    const char *subject = NULL, *attribute = NULL;
    bool read =
        tli_path_trusts_read(logon->krb, logon->locator, user_domain,
                             logon->machine->workstation, out, logon->trace, deadline,
                             logon->machine->topology, NULL) == TL_REASON_OK;
    enum tl_reason fault;

    if (!read)
        tl_trace_note(logon->trace, "the trusts of %s could not be read", user_domain);
    if (no_enctype(out) && explain_rc4(logon, user_domain))
        return true;
    fault = tl_route_judge(logon, logon->machine->topology, user_domain,
                           logon->machine->workstation, &subject, &attribute);
    if (fault != TL_REASON_OK && leads_here(out, fault)) {
        tli_explain_refine(out, fault, subject, attribute);
        return true;
    }
    if (out->reason == TL_REASON_TRUST_REFUSED && explain_rc4(logon, user_domain))
        return true;
    if (is_other_key(out)) {
        blame_secrets(logon, user_domain);
        return true;
    }
    if (out->reason == TL_REASON_WALK_UNKNOWN &&
        logon->machine->config->walk == TL_WALK_REFERRAL &&
        logon->route->first_ask == TL_ASK_KRBTGT) {
        tli_explain_refine(out, TL_REASON_WALK_POLICY, NULL, "walk = referral");
        return true;
    }
    return own_read && read && fault == TL_REASON_OK &&
           explain_no_secret(logon, user_domain);
}
