/* SPDX-License-Identifier: MIT
 *
 * trusts.c - the part of the checklist that reads directories: the machine's
 * account, the TDOs of both sides, the routing of the name, the host SPN.
 */
#include <string.h>

#include "internal.h"

static void check_own_tdo(struct run *run)
{
    const struct tl_tdo *tdo;
    const char *words;

    if (run->user_domain == NULL)
        return;
    tdo = tl_topology_trust(run->machine->topology, run->machine->workstation->domain,
                            run->user_domain);
    if (tdo == NULL)
        return; /* reached through the forest root or not at all: the route shows it */
    words = tl_tdo_attribute_words(run->diag, tdo->attributes);
    tli_found(run, "trust", tdo->dn != NULL ? tdo->dn : tdo->partner,
              tdo->type == TL_TRUST_UPLEVEL && (tdo->direction & TL_TRUST_OUTBOUND)
                  ? TL_FINDING_OK
                  : TL_FINDING_FAILED,
              tdo->type == TL_TRUST_DOWNLEVEL         ? TL_REASON_TRUST_DOWNLEVEL
              : tdo->type == TL_TRUST_MIT             ? TL_REASON_TRUST_MIT
              : !(tdo->direction & TL_TRUST_OUTBOUND) ? TL_REASON_TRUST_DIRECTION
                                                      : TL_REASON_OK,
              tdo->dn,
              talloc_asprintf(run->diag,
                              tdo->type == TL_TRUST_UPLEVEL ? "trustDirection = %u"
                                                            : "trustType = %u",
                              tdo->type == TL_TRUST_UPLEVEL ? tdo->direction : tdo->type),
              "%s, %s, trustType %u, trustAttributes 0x%x%s%s%s", tl_tdo_kind(tdo),
              tl_tdo_direction_name(tdo), tdo->type, tdo->attributes,
              words && *words ? " (" : "", words && *words ? words : "",
              words && *words ? ")" : "");
}

/* Why the route fails, in the words of the reason, and by which trust: the rule that
 * decided a route is that of one that works, too. */
static void found_bad_route(struct run *run, const struct tl_name *name,
                            const struct tl_route *route)
{
    const struct tl_tdo *tdo = tl_topology_trust(
        run->machine->topology, run->machine->workstation->domain, route->user_domain);
    struct tl_outcome *out = tl_outcome_new(run->diag);
    const struct tl_words *words;
    char *what = NULL;

    tl_outcome_fail(out, TL_STAGE_ROUTE, route->verdict, NULL);
    tl_outcome_set_subject(out, route->subject);
    tl_outcome_set_attribute(out, route->attribute);
    words = tl_outcome_words(run->diag, out, &run->words);
    if (words != NULL && tdo != NULL && tdo->dn != NULL &&
        strstr(words->explanation, tdo->dn) == NULL)
        what = talloc_asprintf(run->diag, "%s The trust is %s.", words->explanation,
                               tdo->dn);
    tli_found_as(run, "route", name->whole, out, what);
}

static void check_route(struct run *run, const struct tl_name *name)
{
    struct tl_route *route;

    if (tl_route(run->diag, name, run->machine->workstation, run->machine->topology,
                 &route) != 0) {
        run->diag->complete = false;
        return;
    }
    run->words.implicit_upn = route->implicit_upn;
    if (route->verdict == TL_REASON_OK)
        tli_found_ok(run, "route", name->whole, "%s", route->why);
    else
        found_bad_route(run, name, route);
}

/* The facts of one kind: each that does not hold is a problem, each that holds is a
 * finding with OK. */
static void report_fact(struct run *run, enum tl_fact_kind kind, enum tl_reason reason,
                        const char *check, const char *target, const char *right,
                        const char *wrong)
{
    const struct tl_facts *facts = run->facts;

    for (size_t i = 0; i < facts->count; i++) {
        const struct tl_fact *fact = &facts->facts[i];

        if (fact->kind != kind)
            continue;
        if (fact->holds)
            tli_found_ok(run, check, target, "%s", right);
        else
            tli_found(run, check, target, TL_FINDING_FAILED, reason, fact->object,
                      fact->attribute, "%s", wrong);
    }
}

/* One finding for the account, and one for its name. */
static void check_account(struct run *run)
{
    const struct tl_workstation *ws = run->machine->workstation;
    const struct tl_facts *facts = run->facts;

    tli_machine_facts_read(run->facts, run->own->dir, ws);
    if (tl_facts_hold(facts, TL_FACT_MACHINE_EXISTS, TL_PLACE_OWN) != 1)
        report_fact(run, TL_FACT_MACHINE_EXISTS, TL_REASON_MACHINE_MISSING,
                    "machine-account", ws->domain, "",
                    "the directory has no account of the keytab's name");
    else
        report_fact(run, TL_FACT_MACHINE_ENABLED, TL_REASON_MACHINE_DISABLED,
                    "machine-account", ws->domain, "it exists and is enabled",
                    "it is disabled");
    if (tl_facts_hold(facts, TL_FACT_MACHINE_FLAGS, TL_PLACE_OWN) == 0)
        report_fact(run, TL_FACT_MACHINE_FLAGS, TL_REASON_MACHINE_FLAGS,
                    "machine-account", ws->domain, "", "a flag takes its keys away");
    if (tl_facts_hold(facts, TL_FACT_SPN_EXISTS, TL_PLACE_OWN) != 1)
        report_fact(run, TL_FACT_SPN_EXISTS, TL_REASON_SPN_MISSING, "spn", ws->fqdn, "",
                    "no account has the host SPN");
    else if (tl_facts_hold(facts, TL_FACT_SPN_SINGLE, TL_PLACE_OWN) != 1)
        report_fact(run, TL_FACT_SPN_SINGLE, TL_REASON_SPN_DUPLICATE, "spn", ws->fqdn, "",
                    "more than one account has the host SPN");
    else
        report_fact(run, TL_FACT_SPN_OURS, TL_REASON_SPN_ELSEWHERE, "spn", ws->fqdn,
                    "its host SPN belongs to its own account",
                    "its host SPN belongs to another account");
}

/* Logons route by the saved snapshot, and read the trusts again only after some failures:
 * where it is behind, they do not see what the next ones will. A logon that did read them
 * has saved them. */
static void check_snapshot(struct run *run, const struct tl_topology *now)
{
    const struct tl_topology *saved;
    char *difference;
    long long minutes;

    (void)tl_machine_load_snapshot(run->machine);
    saved = run->machine->topology;
    if (saved == NULL)
        return;
    difference = tl_topology_difference(run->diag, saved, now);
    minutes = (long long)(now->taken - saved->taken) / 60;
    if (difference == NULL)
        tli_found_ok(run, "snapshot", now->domain,
                     "the saved snapshot of the trusts, %lld minutes old, is up to date",
                     minutes);
    else
        tli_found(run, "snapshot", now->domain, TL_FINDING_WARNING,
                  TL_REASON_SNAPSHOT_DIFFERS, difference, NULL,
                  "the saved snapshot of the trusts, %lld minutes old, differs: %s",
                  minutes, difference);
}

void tli_check_machine_account(struct run *run)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    struct tl_topology *fresh = NULL;
    tl_deadline deadline = tl_deadline_in_ms(run->config->logon_timeout);
    enum tl_reason reason;

    tli_progress(run, "the directory of", run->machine->workstation->domain);
    reason = tli_machine_directory_open(run->diag, run->machine, &run->trace, deadline,
                                        &run->own, out);
    if (reason == TL_REASON_OK)
        reason = tl_directory_topology(run->diag, run->own->dir, &fresh, out);
    if (reason == TL_REASON_OK) {
        tli_found_ok(run, "machine", run->machine->workstation->domain,
                     "the machine's account works, the directory is readable");
        check_snapshot(run, fresh);
        tli_machine_replace_topology(run->machine, fresh);
        return;
    }
    tli_machine_facts_of_failure(run->facts, out, run->machine->workstation);
    (void)tl_evidence_refine(run->facts, out, run->machine->workstation->realm, NULL);
    tli_found_outcome(run, "machine", run->machine->workstation->domain, out);
    run->diag->complete = false;
}

void tli_check_own_side(struct run *run, const struct tl_name *name)
{
    if (run->machine->topology != NULL) {
        check_own_tdo(run);
        check_route(run, name);
    }
    if (run->own != NULL)
        check_account(run);
    else
        tli_left_out(run,
                     run->machine->topology != NULL ? TL_AREA_PARTLY : TL_AREA_NOT_LOOKED,
                     run->machine->topology != NULL ? "from the saved snapshot"
                                                    : "no directory can be read");
}

/* The TDOs that are read are added to the topology, so the path is judged by both sides;
 * a trust that cannot be read is unknown, not failed. */
void tli_check_user_side(struct run *run, struct tl_krb *krb, struct tl_locator *locator,
                         const struct tl_outcome *walk)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    const char *subject, *attribute;
    const struct tl_tdo *tdo;
    enum tl_reason reason;

    tli_progress(run, "the trusts of", run->user_domain);
    tl_krb_set_deadline(krb, tl_deadline_in_ms(run->explain_ms));
    reason = tli_path_trusts_read(
        krb, locator, run->user_domain, run->machine->workstation, walk, &run->trace,
        tl_deadline_in_ms(run->explain_ms), run->machine->topology, out);
    if (reason != TL_REASON_OK) {
        tli_found_unknown(run, "trust-user-side", run->user_domain,
                          "the trusts of the user's domain cannot be read from here: %s",
                          out->detail != NULL ? out->detail
                                              : tl_reason_info(reason)->slug);
        tli_left_out(run, TL_AREA_NOT_LOOKED, "they cannot be read from here");
        run->diag->complete = false;
        return;
    }
    reason = tl_route_judge(run->diag, run->machine->topology, run->user_domain,
                            run->machine->workstation, &subject, &attribute);
    tdo = tl_topology_trust(run->machine->topology, run->user_domain,
                            run->machine->workstation->domain);
    if (reason == TL_REASON_OK)
        tli_found_ok(run, "trust-user-side",
                     tdo != NULL && tdo->dn != NULL ? tdo->dn : run->user_domain,
                     "%s, %s",
                     tdo != NULL ? tl_tdo_kind(tdo) : "a path through the forest roots",
                     tdo != NULL ? tl_tdo_direction_name(tdo) : "usable");
    else
        tli_found(run, "trust-user-side", subject != NULL ? subject : run->user_domain,
                  TL_FINDING_FAILED, reason, subject, attribute, "%s",
                  attribute != NULL ? attribute : tl_reason_info(reason)->slug);
}

/* An update of the domain controllers may end what this trust works with today: a
 * warning, if the logon does not fail because of it already. */
void tli_check_rc4(struct run *run)
{
    bool refuses = run->config->allow_rc4 == TL_RC4_NO;
    struct tl_rc4_hop *list;
    size_t count;

    if (tl_route_rc4(run->diag, run->machine->topology, run->user_domain,
                     run->machine->workstation, &list, &count) != 0) {
        run->diag->complete = false;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct tl_tdo *tdo = list[i].tdo;
        const char *subject = tdo->dn != NULL ? tdo->dn : tdo->partner;
        /* without the attribute its domain controllers decide, and with 0x20 the session
         * key is AES */
        bool certain = tdo->has_enctypes && (tdo->enctypes & TL_ENCTYPE_AES_SK) == 0;

        tli_found(run, "trust-aes", subject,
                  refuses && certain ? TL_FINDING_FAILED : TL_FINDING_WARNING,
                  TL_REASON_TRUST_RC4, subject, tl_tdo_enctype_words(run->diag, tdo),
                  "without AES%s%s",
                  list[i].uneven ? ", which the trust's other end has" : "",
                  refuses ? ", and allow_rc4 = no" : "");
    }
}
