/* SPDX-License-Identifier: MIT
 *
 * diagnose.c - a run of the checklist, and the one cause that its findings come to.
 */
#include <errno.h>
#include <string.h>

#include "checks.h"

/* Does a failure in this area stop a logon that the domain controllers grant? */
static bool is_after_proof(const struct tl_diagnosis *diag, const char *area)
{
    for (size_t i = 0; i < diag->num_areas; i++)
        if (diag->areas[i].slug == area)
            return tli_checks[i].after_proof;
    return false;
}

/* Without the machine's account users have no names here, though they log on. */
static bool is_of_machine(enum tl_reason reason)
{
    return reason == TL_REASON_MACHINE_ACCOUNT || reason == TL_REASON_MACHINE_MISSING ||
           reason == TL_REASON_MACHINE_DISABLED || reason == TL_REASON_MACHINE_FLAGS;
}

/* A finding becomes the root cause. */
static void blame(struct run *run, const struct tl_finding *finding)
{
    struct tl_diagnosis *diag = run->diag;
    enum tl_reason reason = finding->outcome->reason;
    struct tl_outcome *out = tl_outcome_new(diag);
    struct tl_words *words;

    diag->reason = reason;
    diag->ntstatus = tl_reason_info(reason)->ntstatus;
    diag->cause = finding->cause;
    diag->remedy = finding->remedy;
    diag->subject =
        finding->outcome->subject != NULL ? finding->outcome->subject : finding->target;
    diag->attribute = finding->outcome->attribute;
    tl_outcome_fail(out, TL_STAGE_ROUTE, reason, NULL);
    words = tl_outcome_words(diag, out, &run->words);
    diag->message = words != NULL && diag->ntstatus != 0 ? words->message : NULL;
}

/* What failed before a grant was not needed for it: it warns of what comes later. */
static void soften(struct tl_diagnosis *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        struct tl_finding *finding = &diag->findings[i];

        if (finding->verdict != TL_FINDING_FAILED ||
            is_after_proof(diag, finding->area) ||
            is_of_machine(finding->outcome->reason))
            continue;
        finding->verdict = TL_FINDING_WARNING;
        diag->failed--;
        diag->warned++;
    }
}

/*
 * The root cause: how the logon ended. Where none was tried, the first thing that failed;
 * where the domain controllers granted it, the first that failed behind their grant: what
 * failed before was not needed, except for the machine's account, which users' names are
 * read with.
 */
static void conclude(struct run *run)
{
    struct tl_diagnosis *diag = run->diag;
    struct tl_outcome *out = diag->logon != NULL ? diag->logon->outcome : NULL;

    tli_findings_refine(run);
    if (out != NULL &&
        tl_evidence_refine(run->facts, out, run->machine->workstation->realm,
                           run->words.user_domain))
        diag->logon->words = tl_outcome_words(diag->logon, out, &run->words);
    if (out != NULL && out->reason != TL_REASON_OK && diag->logon->words != NULL) {
        diag->reason = out->reason;
        diag->ntstatus = out->ntstatus;
        diag->message = diag->logon->words->message;
        diag->cause = diag->logon->words->explanation;
        diag->remedy = diag->logon->words->remedy;
        diag->subject = out->subject;
        diag->attribute = out->attribute;
        return;
    }
    if (out != NULL && out->reason == TL_REASON_OK)
        soften(diag);
    for (size_t i = 0; i < diag->count; i++) {
        const struct tl_finding *finding = &diag->findings[i];

        if (finding->verdict == TL_FINDING_FAILED &&
            (out == NULL || is_after_proof(diag, finding->area) ||
             is_of_machine(finding->outcome->reason))) {
            blame(run, finding);
            return;
        }
    }
}

/* What a check needs is there, or the words for what is missing. */
static const char *missing(const struct run *run, const struct check *check)
{
    switch (check->needs) {
    case NEEDS_NOTHING:
        return NULL;
    case NEEDS_CONFIG:
        return run->config_error != NULL ? "without a valid configuration" : NULL;
    case NEEDS_MACHINE:
        return run->config_error != NULL ? "without a valid configuration"
               : run->machine == NULL    ? "without a usable keytab"
                                         : NULL;
    case NEEDS_ROUTE:
        return run->logon == NULL ? "without a route for the name" : NULL;
    case NEEDS_PROOF:
        if (run->diag->logon != NULL && run->diag->logon->client != NULL &&
            run->diag->logon->identity != NULL)
            return NULL;
        return run->credential == NULL ? "no logon was tried" : "the logon failed";
    }
    return NULL;
}

static int run_checks(struct run *run)
{
    struct tl_diagnosis *diag = run->diag;

    diag->areas = talloc_zero_array(diag, struct tl_area, (unsigned)tli_num_checks);
    if (diag->areas == NULL)
        return -ENOMEM;
    diag->num_areas = tli_num_checks;
    for (size_t i = 0; i < tli_num_checks; i++) {
        const struct check *check = &tli_checks[i];
        const char *why = missing(run, check);

        run->area = &diag->areas[i];
        *run->area = (struct tl_area){.slug = check->slug, .what = check->what};
        if (why != NULL) {
            run->area->why = why;
            continue;
        }
        run->area->state = TL_AREA_LOOKED;
        check->look(run);
    }
    conclude(run);
    diag->who =
        tl_who_mends(diag, diag->reason, diag->subject,
                     run->machine != NULL ? run->machine->workstation->domain : NULL,
                     run->user_domain);
    tli_tell_settings(run);
    diag->summary = tl_diagnosis_summary(diag, diag);
    diag->extent = tl_diagnosis_extent(diag, diag);
    return diag->summary != NULL && diag->extent != NULL ? 0 : -ENOMEM;
}

int tl_diagnose(TALLOC_CTX *ctx, const struct tl_diagnose_request *request,
                struct tl_diagnosis **diagnosis)
{
    const struct tl_config *config = request->config;
    struct run *run;

    *diagnosis = NULL;
    run = talloc_zero(ctx, struct run);
    if (run == NULL)
        return -ENOMEM;
    run->diag = talloc_zero(run, struct tl_diagnosis);
    if (run->diag == NULL)
        goto no_memory;
    run->diag->trace = tl_trace_log_new(run->diag);
    run->facts = tl_facts_new(run);
    if (run->diag->trace == NULL || run->facts == NULL)
        goto no_memory;
    run->diag->complete = true;
    run->config = config;
    run->config_error = request->config_error;
    run->explain_ms = config->explain_timeout > config->logon_timeout
                          ? config->explain_timeout
                          : config->logon_timeout;
    run->progress = request->progress;
    run->progress_arg = request->progress_arg;
    run->trace = tl_trace_start(tl_trace_log_fn, run->diag->trace);
    run->name = request->name;
    run->service = request->service;
    run->credential = request->credential;
    run->words.user = request->name;
    if (run_checks(run) != 0)
        goto no_memory;
    /* The locators and sessions below hold pointers to run->trace: `run` stays
     * with the diagnosis. */
    *diagnosis = run->diag;
    return 0;

no_memory:
    talloc_free(run);
    return -ENOMEM;
}
