/* SPDX-License-Identifier: MIT
 *
 * explain.c - refine a failed logon's reason by reading the directories.
 */
#include <string.h>
#include <trustlogon/logon.h>

#include "explain.h"
#include "machine/evidence.h"
#include "machine/snapshot.h"

#define KDC_ERR_TGT_REVOKED 20 /* RFC 4120 7.5.9 */

/* A machine that could not read its trusts cannot say that a domain does not exist: the
 * reason becomes the one for which they could not be read. A status that a KDC gave
 * stays. */
enum tl_reason tli_explain_unread(struct tl_logon *logon)
{
    const struct tl_outcome *unread = logon->unread;
    struct tl_outcome *out = logon->outcome;
    const uint32_t ntstatus = out->ntstatus;
    const enum tl_stage stage = out->stage;
    bool from_kdc = out->krb_error != TL_KRB_NONE;

    if (unread == NULL || out->reason != TL_REASON_DOMAIN_UNKNOWN)
        return out->reason;
    tl_outcome_fail(out, from_kdc ? stage : unread->stage, unread->reason, "%s",
                    unread->detail != NULL ? unread->detail
                                           : tl_reason_info(unread->reason)->slug);
    if (from_kdc)
        out->ntstatus = ntstatus;
    else if (tl_reason_info(unread->reason)->ntstatus == 0)
        out->ntstatus = TL_NT_NO_LOGON_SERVERS;
    tl_outcome_set_realm(out, unread->realm);
    tl_outcome_set_kdc(out, unread->kdc);
    tl_outcome_set_subject(out, unread->subject);
    tl_outcome_set_attribute(out, unread->attribute);
    return out->reason;
}

void tli_explain_unknown_domain(struct tl_logon *logon)
{
    struct tl_outcome *out = logon->outcome;
    const char *subject, *attribute;
    enum tl_reason reason =
        out->reason == TL_REASON_DOMAIN_UNKNOWN
            ? tl_route_meant(logon, logon->machine->topology, logon->route->subject,
                             &subject, &attribute)
            : TL_REASON_OK;

    if (reason != TL_REASON_OK)
        tli_explain_refine(out, reason, subject, attribute);
}

/* The machine's own KDC, to which an unknown suffix goes, knew no such user: the verdict
 * of the route says more. */
static void explain_unknown_user(struct tl_logon *logon)
{
    const struct tl_route *route = logon->route;

    if (route->type == TL_ENTERPRISE && route->verdict != TL_REASON_OK)
        tli_explain_refine(logon->outcome, route->verdict, route->subject,
                           route->attribute);
    (void)tli_explain_unread(logon);
}

/* No DC of a domain is found whose name comes from a TDO: the TDO may have it wrong. */
static void explain_not_found(struct tl_logon *logon)
{
    const struct tl_topology *topo = logon->machine->topology;
    const struct tl_workstation *ws = logon->machine->workstation;
    const char *domain = logon->route->user_domain;

    for (size_t i = 0; topo != NULL && domain != NULL && i < topo->num_trusts; i++)
        if (tl_dns_equal(topo->trusts[i].partner, domain) &&
            (tl_dns_equal(topo->trusts[i].holder, ws->domain) ||
             tl_dns_equal(topo->trusts[i].holder, topo->forest)))
            tl_facts_of_tdo(logon->facts, &topo->trusts[i]);
    tli_machine_facts_of_files(logon->facts, logon->machine->config, ws);
    (void)tl_evidence_refine(logon->facts, logon->outcome, ws->realm, domain);
}

/* Neither DNS nor the directory knows the domain: say that, not "no DC". */
static void explain_no_records(struct tl_logon *logon)
{
    if (logon->route->verdict != TL_REASON_DOMAIN_UNKNOWN)
        return;
    tli_explain_refine(logon->outcome, TL_REASON_DOMAIN_UNKNOWN, logon->route->subject,
                       NULL);
    logon->outcome->ntstatus = TL_NT_NO_SUCH_DOMAIN;
    (void)tli_explain_unread(logon);
    tli_explain_unknown_domain(logon);
}

/*
 * Whether the path goes through a Kerberos realm, over trusts that were made as trusts
 * between domains: Samba's KDC answers 60 to a PAC without SIDs, 20 to a TGT without PAC.
 */
static bool over_plain_realm(struct tl_logon *logon, tl_deadline deadline)
{
    const char *realm;

    for (size_t i = 0; (realm = tl_krb_realm_path(logon->krb, i)) != NULL; i++)
        if (tli_is_plain_realm(logon->locator, realm, deadline))
            return true;
    return false;
}

/* What this machine's own directory says about this machine's account and service name:
 * where the machine itself is refused there, the user, whom the domain controllers have
 * let in, may still read it. What its KDC said is a fact already. */
static void explain_machine(struct tl_logon *logon, struct tli_machine_directory *own,
                            const char *user_realm, tl_deadline deadline)
{
    const struct tl_workstation *ws = logon->machine->workstation;
    struct tl_directory *by_user = NULL;

    if (own == NULL && logon->client != NULL && logon->krb != NULL) {
        tl_krb_set_deadline(logon->krb, deadline);
        (void)tli_user_directory_open(logon, logon->krb, logon->locator, ws->domain,
                                      logon->trace, deadline, &by_user, NULL);
    }
    if (own != NULL || by_user != NULL)
        tli_machine_facts_read(logon->facts, own != NULL ? own->dir : by_user, ws);
    talloc_free(by_user);
    (void)tl_evidence_refine(logon->facts, logon->outcome, ws->realm, user_realm);
}

/* The trusts; if they are in order, what the user's KDC leads to: this machine. */
static void explain_walk(struct tl_logon *logon, struct tli_machine_directory *own,
                         tl_deadline deadline)
{
    struct tl_outcome *out = logon->outcome;
    const char *at = strrchr(logon->client, '@');
    const char *user_realm = at != NULL ? at + 1 : logon->client;
    char *user_domain = tl_dns_of(logon, user_realm);

    if (user_domain == NULL)
        return;
    if (out->reason == TL_REASON_KDC_ERROR && over_plain_realm(logon, deadline)) {
        tli_explain_refine(out, TL_REASON_PAC_NO_IDENTITY, logon->client,
                           tl_krb_realm_path_text(logon, logon->krb));
        return;
    }
    if (logon->machine->topology != NULL &&
        tli_explain_trusts(logon, user_domain, own != NULL, deadline))
        return;
    /* Another domain's KDC does not refuse for this machine's account or name. */
    if (tl_dns_equal(out->realm, logon->machine->workstation->realm))
        explain_machine(logon, own, user_realm, deadline);
}

/* The codes with which KDCs refuse a ticket without SIDs. */
static bool refused_without_sids(const struct tl_outcome *out)
{
    return out->reason == TL_REASON_KDC_ERROR &&
           (out->krb_error == TL_KRB_GENERIC || out->krb_error == KDC_ERR_TGT_REVOKED);
}

/* The user's KDC referred to a realm that is neither the user's nor this machine's, and
 * has no DC: a TDO may have the wrong name. */
static bool led_astray(const struct tl_logon *logon)
{
    const struct tl_outcome *out = logon->outcome;
    const char *at = logon->client != NULL ? strrchr(logon->client, '@') : NULL;

    return at != NULL && out->realm != NULL &&
           (out->stage == TL_STAGE_WALK || out->stage == TL_STAGE_LOCATE) &&
           (out->reason == TL_REASON_DNS_NO_RECORDS ||
            out->reason == TL_REASON_NO_LOGON_SERVERS ||
            out->reason == TL_REASON_PING_REFUSED) &&
           !tl_dns_equal(out->realm, at + 1) &&
           !tl_dns_equal(out->realm, logon->machine->workstation->realm);
}

/* Whether the directory can say more about the failure. An unknown user of a named domain
 * is not looked for: that must take no longer than a wrong password. */
static bool worth_reading(const struct tl_logon *logon)
{
    const struct tl_outcome *out = logon->outcome;

    if (out->stage == TL_STAGE_AS)
        return out->krb_error == TL_KRB_C_PRINCIPAL_UNKNOWN &&
               logon->route->type == TL_ENTERPRISE;
    if (led_astray(logon))
        return true;
    return out->stage == TL_STAGE_WALK &&
           (out->reason == TL_REASON_WALK_UNKNOWN ||
            out->reason == TL_REASON_TRUST_REFUSED ||
            out->reason == TL_REASON_ETYPE_UNSUPPORTED || refused_without_sids(out));
}

/* The own directory; if it cannot be opened, the cause is a fact. */
static bool open_own(struct tl_logon *logon, tl_deadline deadline,
                     struct tli_machine_directory **own)
{
    struct tl_outcome *opened = tl_outcome_new(logon);
    enum tl_reason reason = tli_machine_directory_open(
        logon, logon->machine, logon->trace, deadline, own, opened);

    if (reason != TL_REASON_OK && opened != NULL)
        tli_machine_facts_of_failure(logon->facts, opened, logon->machine->workstation);
    talloc_free(opened);
    return reason == TL_REASON_OK;
}

/* The name of a domain that cannot be found may be one that its TDO had once. */
static bool may_have_another_name(const struct tl_logon *logon)
{
    return logon->outcome->stage == TL_STAGE_LOCATE &&
           logon->route->user_domain != NULL &&
           !tli_snapshot_is_younger(logon->machine->topology, TLI_SNAPSHOT_YOUNG_S);
}

/* A process that may not write leaves it to the one that it works for. */
void tli_logon_save_trusts(struct tl_logon *logon)
{
    logon->trusts_newer = true;
    tli_machine_save_snapshot(logon->machine, logon->trace);
}

/* After an exchange not saved here: only a changed route shows that the snapshot was too
 * old. */
bool tli_logon_reroute(struct tl_logon *logon, tl_deadline deadline,
                       struct tli_machine_directory **own)
{
    struct tl_route *before = logon->route, *route = NULL;
    struct tl_topology *fresh = NULL;

    *own = NULL;
    if ((led_astray(logon) &&
         tli_snapshot_is_younger(logon->machine->topology, TLI_SNAPSHOT_YOUNG_S)) ||
        (!worth_reading(logon) && !may_have_another_name(logon)) ||
        !open_own(logon, deadline, own) ||
        tl_directory_topology(logon, (*own)->dir, &fresh, NULL) != TL_REASON_OK ||
        tl_route(logon, logon->name, logon->machine->workstation, fresh, &route) != 0)
        return false;
    tli_machine_replace_topology(logon->machine, fresh);
    /* It is young now: the next failure like this one does not read it again. */
    if (logon->outcome->stage == TL_STAGE_LOCATE)
        tli_logon_save_trusts(logon);
    logon->route = route;
    return route->realm != NULL &&
           (before->realm == NULL || strcmp(before->realm, route->realm) != 0 ||
            before->type != route->type || before->first_ask != route->first_ask);
}

enum tl_reason tli_explain_failure(struct tl_logon *logon,
                                   struct tli_machine_directory *own,
                                   tl_deadline deadline)
{
    struct tl_outcome *out = logon->outcome;

    if (out->reason == TL_REASON_DNS_NO_RECORDS)
        explain_no_records(logon);
    if (out->stage == TL_STAGE_LOCATE)
        explain_not_found(logon);
    if (!worth_reading(logon))
        return out->reason;
    if (out->stage == TL_STAGE_AS) {
        explain_unknown_user(logon);
    } else if (logon->machine->config->explain) {
        tl_krb_set_deadline(logon->krb, deadline);
        explain_walk(logon, own, deadline);
    }
    return out->reason;
}

/* A ticket that the keytab does not open was made with another key: the machine's newer
 * one, one of another type, or that of another account which has the machine's service
 * name. */
bool tli_proof_needs_words(const struct tl_logon *logon)
{
    const struct tl_outcome *out = logon->outcome;

    return out->stage == TL_STAGE_PROOF && logon->machine->config->explain &&
           (out->reason == TL_REASON_KEYTAB_STALE ||
            out->reason == TL_REASON_KEYTAB_WRONG ||
            out->reason == TL_REASON_KEYTAB_RC4 ||
            out->reason == TL_REASON_ETYPE_UNSUPPORTED);
}

enum tl_reason tl_logon_explain_proof(struct tl_logon *logon)
{
    struct tli_machine_directory *own = NULL;
    tl_deadline deadline = tl_deadline_in_ms(logon->explain_ms);

    (void)open_own(logon, deadline, &own);
    explain_machine(logon, own, NULL, deadline);
    talloc_free(own);
    return logon->outcome->reason;
}
