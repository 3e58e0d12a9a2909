/* SPDX-License-Identifier: MIT
 *
 * reading_work.c - one question to the directory of a domain, asked by a worker of its
 * own.
 */
#include "reading_work.h"

#include "machine_loan.h"
#include "reading_codec.h"
#include "worker_process.h"

/* What the worker inherits. */
struct errand {
    const struct tl_tickets *tickets;
    const struct tl_lookup_domain *domain;
    const struct tli_reading_question *question;
};

/* As the user; NULL, with the outcome's reason. */
static struct tl_krb *users_context(struct tl_logon *logon,
                                    const struct tl_tickets *tickets)
{
    const struct tl_machine *machine = logon->machine;
    struct tl_krb *krb = NULL;

    logon->locator = tl_locator_new(logon, machine->config, machine->site, logon->trace);
    if (logon->locator == NULL)
        tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    else if (tl_krb_new(logon, machine->config, logon->locator, tl_logon_deadline(logon),
                        logon->trace, &krb, logon->outcome) == TL_REASON_OK &&
             tl_krb_take_tickets(krb, tickets) != 0) {
        TALLOC_FREE(krb);
        tl_outcome_fail(logon->outcome, TL_STAGE_IDENTITY, TL_REASON_INTERNAL,
                        "the user's tickets cannot be read");
    }
    return krb;
}

static json_t *run(struct tla_work *work)
{
    const struct errand *errand = work->arg;
    struct tl_logon *logon = work->logon;
    struct tl_lookup_input in = {.machine = logon->machine,
                                 .trace = logon->trace,
                                 .deadline = tl_logon_deadline(logon),
                                 .borrow = errand->tickets == NULL};
    struct tli_reading *reading = NULL;
    struct tl_lookup *lookup;

    tl_outcome_reset(logon->outcome);
    if (errand->tickets != NULL) {
        in.krb = users_context(logon, errand->tickets);
        if (in.krb == NULL)
            return tla_reading_encode(NULL, logon->outcome);
    }
    lookup = tl_lookup_new(logon, &in);
    if (lookup == NULL)
        return NULL;
    /* The outcome has the reason. */
    (void)tli_lookup_read(logon, lookup, errand->domain, errand->question, &reading,
                          logon->outcome);
    return tla_reading_encode(reading, logon->outcome);
}

enum tl_reason tla_reading_work(TALLOC_CTX *ctx, const struct tla_conv *conv,
                                const struct tl_machine *machine,
                                const struct tl_tickets *tickets,
                                const struct tl_lookup_domain *domain,
                                const struct tli_reading_question *question,
                                tl_deadline deadline, struct tli_reading **reading,
                                struct tl_outcome *out)
{
    const struct errand errand = {
        .tickets = tickets, .domain = domain, .question = question};
    struct tla_work work = {.conv = (struct tla_conv *)(uintptr_t)conv,
                            .logon = tl_logon_new(ctx, machine, NULL),
                            .run = run,
                            .arg = &errand,
                            .own = domain->own && tickets == NULL,
                            .serves = tickets == NULL ? domain->dns : NULL,
                            .lend = tickets == NULL ? tla_machine_tickets : NULL};
    json_t *result = NULL;
    int rc;

    *reading = NULL;
    if (work.logon == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    work.logon->deadline = deadline;
    work.at_most_ms = tl_deadline_left_ms(deadline) + 1000;
    rc = tla_work_do(&work, &result);
    if (rc == 0)
        rc = tla_reading_decode(ctx, result, reading, out);
    if (rc != 0) {
        tl_outcome_reset(out);
        tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                        "the process that reads the directory of %s has failed",
                        domain->dns);
    }
    json_decref(result);
    talloc_free(work.logon);
    return out->reason;
}
