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

static json_t *result_of(struct tla_work *work)
{
    struct tl_logon *logon = work->logon;
    struct tl_tickets *tickets = NULL;

    if (logon->outcome->reason == TL_REASON_OK &&
        tl_krb_tickets(logon, logon->krb, &tickets) != 0)
        return NULL;
    return json_pack("{s:o,s:o}", "outcome", tla_outcome_encode(logon->outcome),
                     "tickets",
                     tickets != NULL ? tla_tickets_encode(tickets) : json_null());
}

static enum tl_reason new_context(struct tl_logon *logon)
{
    const struct tl_machine *machine = logon->machine;

    tl_outcome_reset(logon->outcome);
    logon->locator = tl_locator_new(logon, machine->config, machine->site, logon->trace);
    if (logon->locator == NULL)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    return tl_krb_new(logon, machine->config, logon->locator, tl_logon_deadline(logon),
                      logon->trace, &logon->krb, logon->outcome);
}

/* In the worker that has the keys: it speaks with the machine's own domain alone. */
static json_t *run_as(struct tla_work *work)
{
    struct tl_logon *logon = work->logon;

    if (new_context(logon) == TL_REASON_OK)
        (void)tl_krb_as_machine(logon->krb, logon->machine->workstation, logon->outcome);
    return result_of(work);
}

struct walk {
    const struct tl_tickets *tgt;
    const char *armor; /* realm */
};

/* In a worker without keys: the way to the user's KDC, for armor. */
static json_t *run_walk(struct tla_work *work)
{
    const struct walk *walk = work->arg;
    struct tl_logon *logon = work->logon;
    char *service = armor_service(logon, walk->armor);

    if (new_context(logon) == TL_REASON_OK) {
        if (service == NULL || tl_krb_take_tickets(logon->krb, walk->tgt) != 0)
            tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_INTERNAL,
                            "the machine's tickets cannot be read");
        else
            (void)tl_krb_ticket(logon->krb, service, walk->armor, logon->outcome);
    }
    return result_of(work);
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

/* One of these works, for the worker that asks. The tickets that it brings are saved. */
static enum tl_reason get(const struct tla_work *asked, bool keys,
                          const struct walk *walk, const char *path,
                          struct tl_tickets **tickets, struct tl_outcome *out)
{
    struct tl_logon *logon = tl_logon_new(asked->logon, asked->logon->machine, NULL);
    struct tla_work work = {.conv = asked->conv,
                            .logon = logon,
                            .run = keys ? run_as : run_walk,
                            .arg = walk,
                            .keys = keys,
                            .own = keys};
    json_t *result = NULL;

    *tickets = NULL;
    if (logon == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    logon->deadline = asked->logon->deadline;
    if (tla_work_do(&work, &result) != 0 ||
        tla_outcome_decode(json_object_get(result, "outcome"), out) != 0) {
        tl_outcome_reset(out);
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "the process that gets the machine's tickets has failed");
    } else if (keys) {
        note_account(logon->machine, out);
    }
    if (out->reason == TL_REASON_OK &&
        tla_tickets_decode(asked->logon, json_object_get(result, "tickets"), tickets) !=
            0)
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "the machine's tickets cannot be read");
    if (*tickets != NULL)
        (void)tl_tickets_replace(*tickets, path);
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
    struct tl_tickets *have = NULL;
    struct walk walk = {.armor = loan->armor};
    enum tl_reason reason = TL_REASON_OK;
    bool whole = false;

    *tickets = NULL;
    if (path == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (!loan->fresh)
        load(work, loan, path, &have, &whole);
    if (have == NULL)
        reason = get(work, true, NULL, path, &have, out);
    if (reason == TL_REASON_OK && loan->armor != NULL && !whole) {
        walk.tgt = have;
        reason = get(work, false, &walk, path, tickets, out);
        talloc_free(have);
    } else {
        *tickets = have;
    }
    talloc_free(path);
    return reason;
}
