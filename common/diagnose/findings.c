/* SPDX-License-Identifier: MIT
 *
 * findings.c - how a check records what it found, and what it had to leave out.
 */
#include <stdarg.h>

#include "internal.h"
#include "tl_build.h"

/* The object and the attribute that a finding is about. */
struct about {
    const char *subject, *attribute;
};

void tli_progress(struct run *run, const char *check, const char *target)
{
    if (run->progress != NULL)
        run->progress(run->progress_arg, check, target);
}

const char *tli_config_file(const struct run *run)
{
    return run->config->file != NULL ? run->config->file : TL_CONF_FILE;
}

static void add(struct run *run, const struct tl_finding *finding)
{
    struct tl_diagnosis *diag = run->diag;
    struct tl_finding *more =
        talloc_realloc(diag, diag->findings, struct tl_finding, diag->count + 1);

    if (more == NULL) {
        diag->complete = false;
        return;
    }
    diag->findings = more;
    diag->findings[diag->count] = *finding;
    diag->count++;
    diag->failed += finding->verdict == TL_FINDING_FAILED;
    diag->warned += finding->verdict == TL_FINDING_WARNING;
}

void tli_found_at(struct run *run, const char *address)
{
    struct tl_diagnosis *diag = run->diag;

    if (diag->count > 0)
        diag->findings[diag->count - 1].address = talloc_strdup(diag, address);
}

void tli_left_out(struct run *run, enum tl_area_state state, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    run->area->state = state;
    run->area->why = talloc_vasprintf(run->diag, fmt, args);
    va_end(args);
}

/* Without `what` the explanation of the outcome's reason takes its place. */
static void add_with_words(struct run *run, const char *check, const char *target,
                           enum tl_verdict verdict, const struct tl_outcome *out,
                           const char *what)
{
    struct tl_finding finding = {.area = run->area->slug,
                                 .check = check,
                                 .target = talloc_strdup(run->diag, target),
                                 .verdict = verdict,
                                 .what = what,
                                 .outcome = out};
    struct tl_words *words;

    if (out->reason != TL_REASON_OK) {
        words = tl_outcome_words(run->diag, out, &run->words);
        if (words != NULL) {
            finding.cause = words->explanation;
            finding.remedy = words->remedy;
        }
        if (what == NULL)
            finding.what = finding.cause;
    }
    add(run, &finding);
}

/* A cause that later checks have found takes the place of the outcome that it explains:
 * one cause has one remedy. */
static void refine(struct run *run, struct tl_finding *finding)
{
    const char *own = run->machine != NULL ? run->machine->workstation->realm : NULL;
    struct tl_outcome *out = tl_outcome_copy(run->diag, finding->outcome);
    const struct tl_words *words;

    if (!tl_evidence_refine(run->facts, out, own, run->words.user_domain))
        return;
    words = tl_outcome_words(run->diag, out, &run->words);
    if (words == NULL) {
        run->diag->complete = false;
        return;
    }
    if (finding->what == finding->cause)
        finding->what = words->explanation;
    finding->outcome = out;
    finding->cause = words->explanation;
    finding->remedy = words->remedy;
}

void tli_findings_refine(struct run *run)
{
    for (size_t i = 0; i < run->diag->count; i++)
        if (run->diag->findings[i].verdict == TL_FINDING_FAILED)
            refine(run, &run->diag->findings[i]);
}

/* What was seen, in the check's words; without memory the diagnosis is incomplete.
 */
TL_PRINTF(7, 0)
static void add_found(struct run *run, const char *check, const char *target,
                      enum tl_verdict verdict, enum tl_reason reason,
                      const struct about *about, const char *fmt, va_list args)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    char *what = talloc_vasprintf(run->diag, fmt, args);

    if (out == NULL || what == NULL) {
        run->diag->complete = false;
        return;
    }
    if (verdict != TL_FINDING_OK && reason != TL_REASON_OK) {
        tl_outcome_fail(out, TL_STAGE_ROUTE, reason, "%s", what);
        tl_outcome_set_subject(out, about->subject);
        tl_outcome_set_attribute(out, about->attribute);
        tl_outcome_set_kdc(out, target);
    }
    add_with_words(run, check, target, verdict, out, what);
}

void tli_found_ok(struct run *run, const char *check, const char *target, const char *fmt,
                  ...)
{
    const struct about nothing = {0};
    va_list args;

    va_start(args, fmt);
    add_found(run, check, target, TL_FINDING_OK, TL_REASON_OK, &nothing, fmt, args);
    va_end(args);
}

void tli_found_unknown(struct run *run, const char *check, const char *target,
                       const char *fmt, ...)
{
    const struct about nothing = {0};
    va_list args;

    va_start(args, fmt);
    add_found(run, check, target, TL_FINDING_UNKNOWN, TL_REASON_OK, &nothing, fmt, args);
    va_end(args);
}

void tli_found(struct run *run, const char *check, const char *target,
               enum tl_verdict verdict, enum tl_reason reason, const char *subject,
               const char *attribute, const char *fmt, ...)
{
    const struct about about = {.subject = subject, .attribute = attribute};
    va_list args;

    va_start(args, fmt);
    add_found(run, check, target, verdict, reason, &about, fmt, args);
    va_end(args);
}

void tli_found_outcome(struct run *run, const char *check, const char *target,
                       const struct tl_outcome *out)
{
    tli_found_as(run, check, target, out, out->detail);
}

void tli_found_as(struct run *run, const char *check, const char *target,
                  const struct tl_outcome *out, const char *what)
{
    /* The next step of a logon writes into the same outcome. */
    const struct tl_outcome *copy = tl_outcome_copy(run->diag, out);

    if (copy == NULL) {
        run->diag->complete = false;
        return;
    }
    add_with_words(run, check, target,
                   copy->reason == TL_REASON_OK ? TL_FINDING_OK : TL_FINDING_FAILED, copy,
                   talloc_strdup(run->diag, what));
}
