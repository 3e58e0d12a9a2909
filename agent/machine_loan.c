/* SPDX-License-Identifier: MIT
 *
 * machine_loan.c - the machine's tickets, got by a short-lived worker that has the keys,
 * and kept in the run folder.
 */
#include "machine_loan.h"

#include <errno.h>
#include <string.h>

#include "machine/keytab_machines.h"
#include "worker_codec.h"

static char *armor_service(TALLOC_CTX *ctx, const char *realm)
{
    return talloc_asprintf(ctx, KRB5_TGS_NAME "/%s", realm);
}

struct errand {
    const struct tl_loan *loan;
    const struct tl_tickets *there; /* a TGT of an earlier run; NULL: none that lasts */
};

/* In the worker: an AS exchange, and with armor a walk to the user's KDC. */
static json_t *run(struct tla_work *work)
{
    const struct errand *errand = work->arg;
    const struct tl_loan *loan = errand->loan;
    struct tl_logon *logon = work->logon;
    const struct tl_machine *machine = logon->machine;
    struct tl_outcome *out = logon->outcome;
    struct tl_tickets *tickets = NULL;
    enum tl_reason reason;
    bool has_tgt;

    tl_outcome_reset(out);
    logon->locator = tl_locator_new(logon, machine->config, machine->site, logon->trace);
    if (logon->locator == NULL)
        return NULL;
    reason = tl_krb_new(logon, machine->config, logon->locator,
                        tl_deadline_in_ms(machine->config->logon_timeout), logon->trace,
                        &logon->krb, out);
    if (reason == TL_REASON_OK &&
        (errand->there == NULL || tl_krb_take_tickets(logon->krb, errand->there) != 0))
        reason = tl_krb_as_machine(logon->krb, machine->workstation, out);
    has_tgt = reason == TL_REASON_OK;
    if (has_tgt && loan->armor != NULL) {
        char *service = armor_service(logon, loan->armor);

        (void)tl_krb_ticket(logon->krb, service, loan->armor, out);
    }
    /* A TGT is worth keeping, even if it brought no armor. */
    if (has_tgt && tl_krb_tickets(logon, logon->krb, &tickets) != 0)
        return NULL;
    return json_pack("{s:o,s:o}", "outcome", tla_outcome_encode(out), "tickets",
                     tickets != NULL ? tla_tickets_encode(tickets) : json_null());
}

/* What the worker may not write itself. */
static void note_account(const struct tl_machine *machine, const struct tl_outcome *out)
{
    const struct tl_workstation *ws = machine->workstation;

    if (out->reason == TL_REASON_OK)
        tli_machine_proven(machine->config, ws->realm, ws->flat);
    else if (out->stage == TL_STAGE_AS && out->krb_error == TL_KRB_C_PRINCIPAL_UNKNOWN)
        tli_machine_disowned(machine->config, ws->realm, ws->flat);
}

static enum tl_reason get(const struct tla_work *asked, const struct errand *errand,
                          const char *path, struct tl_tickets **tickets,
                          struct tl_outcome *out)
{
    struct tl_logon *logon = tl_logon_new(asked->logon, asked->logon->machine, NULL);
    struct tla_work work = {
        .conv = asked->conv, .logon = logon, .run = run, .arg = errand, .keys = true};
    json_t *result = NULL;

    if (logon == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (tla_work_do(&work, &result) != 0 ||
        tla_outcome_decode(json_object_get(result, "outcome"), out) != 0) {
        tl_outcome_reset(out);
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "the process that gets the machine's tickets has failed");
    } else if (errand->there == NULL) { /* the key was used */
        note_account(logon->machine, out);
    }
    if (tla_tickets_decode(asked->logon, json_object_get(result, "tickets"), tickets) ==
        0)
        (void)tl_tickets_replace(*tickets, path);
    else if (out->reason == TL_REASON_OK)
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "the machine's tickets cannot be read");
    if (out->reason != TL_REASON_OK)
        TALLOC_FREE(*tickets);
    /* The name of the keytab in the worker's memory helps nobody. */
    if (out->subject != NULL && strncmp(out->subject, "MEMORY:", 7) == 0)
        tl_outcome_set_subject(out, asked->conv->config->keytab);
    json_decref(result);
    talloc_free(logon);
    return out->reason;
}

/* Those of an earlier run, if they last; nothing of them is decoded here. *whole: all
 * that is asked for is among them. */
static void load(const struct tla_work *work, const struct tl_loan *loan,
                 const char *path, struct tl_tickets **tickets, bool *whole)
{
    char *armor = loan->armor != NULL
                      ? talloc_asprintf(work->logon, KRB5_TGS_NAME "/%s@%s", loan->armor,
                                        loan->armor)
                      : NULL;

    if (tl_tickets_load(work->logon, path, tickets) == 0 &&
        !tl_tickets_of_machine(*tickets, work->logon->machine->workstation))
        TALLOC_FREE(*tickets);
    *whole = *tickets != NULL && (loan->armor == NULL ||
                                  (armor != NULL && tl_tickets_lasting(*tickets, armor)));
    talloc_free(armor);
}

enum tl_reason tla_machine_tickets(const struct tla_work *work,
                                   const struct tl_loan *loan,
                                   struct tl_tickets **tickets, struct tl_outcome *out)
{
    char *path =
        talloc_asprintf(work->logon, "%s/%s", work->conv->config->run_dir,
                        loan->armor != NULL ? TL_MACHINE_ARMOR : TL_MACHINE_TICKETS);
    struct tl_tickets *there = NULL;
    enum tl_reason reason = TL_REASON_OK;
    bool whole = false;

    *tickets = NULL;
    if (path == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (!loan->fresh)
        load(work, loan, path, &there, &whole);
    if (whole) {
        *tickets = there;
    } else {
        const struct errand errand = {.loan = loan, .there = there};

        reason = get(work, &errand, path, tickets, out);
        talloc_free(there);
    }
    talloc_free(path);
    return reason;
}
