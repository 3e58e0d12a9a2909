/* SPDX-License-Identifier: MIT
 *
 * diagnose.c - the checklist from top to bottom, and the one cause it ends in.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "diagnose/internal.h"

void tl_progress(struct run *run, const char *check, const char *target)
{
    if (run->progress != NULL)
        run->progress(run->progress_arg, check, target);
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
}

/* Words of a finding; `out` carries reason, subject and the rest. */
static void add_with_words(struct run *run, const char *check, const char *target,
                           enum tl_verdict verdict, const struct tl_outcome *out,
                           const char *what)
{
    struct tl_finding finding = {.check = check,
                                 .target = talloc_strdup(run->diag, target),
                                 .verdict = verdict,
                                 .what = what,
                                 .reason = out->reason};
    struct tl_words *words;

    if (out->reason != TL_REASON_OK) {
        words = tl_outcome_words(run->diag, out, &run->words);
        if (words != NULL) {
            finding.cause = words->explanation;
            finding.remedy = words->remedy;
        }
    }
    add(run, &finding);
}

void tl_finding(struct run *run, const char *check, const char *target,
                enum tl_verdict verdict, enum tl_reason reason, const char *subject,
                const char *attribute, const char *fmt, ...)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    char *what;
    va_list args;

    va_start(args, fmt);
    what = talloc_vasprintf(run->diag, fmt, args);
    va_end(args);
    if (out == NULL || what == NULL) {
        run->diag->complete = false;
        return;
    }
    if (verdict != TL_FINDING_OK && reason != TL_REASON_OK) {
        tl_outcome_fail(out, TL_STAGE_ROUTE, reason, "%s", what);
        tl_outcome_set_subject(out, subject);
        tl_outcome_set_attribute(out, attribute);
        tl_outcome_set_kdc(out, target);
    }
    add_with_words(run, check, target, verdict, out, what);
}

void tl_finding_outcome(struct run *run, const char *check, const char *target,
                        const struct tl_outcome *out)
{
    const char *what =
        out->detail != NULL ? out->detail : tl_reason_info(out->reason)->slug;

    add_with_words(run, check, target,
                   out->reason == TL_REASON_OK ? TL_FINDING_OK : TL_FINDING_FAILED, out,
                   talloc_strdup(run->diag, what));
}

/* Keytab and name of this machine. False: nothing further can be checked. */
static bool check_machine(struct run *run)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    struct stat st;

    tl_finding(run, "config", run->config->file, TL_FINDING_OK, TL_REASON_OK, NULL, NULL,
               "%s",
               run->config->file != NULL ? "read without error" : "no file: defaults");
    if (tl_workstation_detect(run->diag, run->config, &run->ws, out) != TL_REASON_OK) {
        tl_finding_outcome(run, "keytab", run->config->keytab, out);
        return false;
    }
    run->words.workstation = run->ws->fqdn;
    run->words.workstation_domain = run->ws->domain;
    if (stat(run->config->keytab, &st) == 0 &&
        (st.st_uid != 0 || (st.st_mode & 077) != 0))
        tl_finding(run, "keytab", run->config->keytab, TL_FINDING_WARNING,
                   TL_REASON_KEYTAB_UNREADABLE, run->config->keytab, NULL,
                   "others than root may read it (owner %u, mode %04o)",
                   (unsigned)st.st_uid, (unsigned)(st.st_mode & 07777));
    else
        tl_finding(run, "keytab", run->config->keytab, TL_FINDING_OK, TL_REASON_OK, NULL,
                   NULL, "holds keys of host/%s@%s", run->ws->fqdn, run->ws->realm);
    return true;
}

/* A shell makes CONTOSOalice of an unquoted CONTOSO\\alice: a bare name, so one of the
 * machine's own domain. What is true of it says nothing of the user who was meant. */
static void check_spelling(struct run *run, const struct tl_name *name)
{
    const char *meant = tl_name_meant(run->diag, name, run->topo);

    if (meant == NULL)
        return;
    run->diag->complete = false;
    tl_finding(run, "name", name->whole, TL_FINDING_WARNING, TL_REASON_OK, NULL, NULL,
               "it names no domain. If '%s' is meant, quote it: a shell removes the "
               "backslash",
               meant);
}

/* Which foreign domain the name leads to, if the route can tell. */
static const char *foreign_domain(const struct run *run, const struct tl_route *route)
{
    const char *domain = route->user_domain != NULL ? route->user_domain : route->domain;

    if (domain == NULL || tl_dns_compare(domain, run->ws->domain) == TL_DNS_EQUAL)
        return NULL;
    return domain;
}

/* The logon itself, as findings of its steps. */
static void check_logon(struct run *run, struct tl_logon *logon,
                        const struct tl_diagnose_secret *secret)
{
    struct tl_outcome *out = logon->outcome;
    char sid[TL_SID_STRING_MAX];

    tl_progress(run, "the logon of", logon->name->whole);
    if (secret->card != NULL)
        tl_logon_card(logon, secret->card, secret->pin);
    else
        tl_logon_password(logon, secret->password);
    if (logon->client != NULL)
        tl_finding(run, "as", logon->client, TL_FINDING_OK, TL_REASON_OK, NULL, NULL,
                   "the %s right%s",
                   secret->card != NULL ? "PIN and the certificate are" : "password is",
                   tl_armor_told(run));
    if (out->reason != TL_REASON_OK) {
        tl_finding_outcome(run, tl_stage_name(out->stage), out->subject, out);
        return;
    }
    tl_finding(run, "walk", run->ws->fqdn, TL_FINDING_OK, TL_REASON_OK, NULL, NULL,
               "the KDCs granted the ticket for this machine");
    tl_finding(run, "proof", run->ws->fqdn, TL_FINDING_OK, TL_REASON_OK, NULL, NULL,
               "the ticket is genuine, and so is its PAC");
    tl_finding(run, "identity", logon->client, TL_FINDING_OK, TL_REASON_OK, NULL, NULL,
               "%s, %zu groups", tl_sid_format(&logon->pac->user_sid, sid),
               logon->pac->num_groups + logon->pac->num_extra + logon->pac->num_resource);
    if (!tl_rules_any(run->config))
        return;
    tl_progress(run, "the access rules for", logon->name->whole);
    if (tl_logon_judge(logon) != TL_REASON_OK)
        tl_finding_outcome(run, "rules", out->subject, out);
    else
        tl_finding(run, "rules", NULL, TL_FINDING_OK, TL_REASON_OK, NULL, NULL,
                   "the access rules let the user in");
}

/* The root cause: how the logon ended; without one, the first thing that failed. */
static void conclude(struct run *run)
{
    struct tl_diagnosis *diag = run->diag;
    struct tl_outcome *out;
    struct tl_words *words;

    if (diag->logon != NULL && diag->logon->words != NULL) {
        out = diag->logon->outcome;
        diag->reason = out->reason;
        diag->ntstatus = out->ntstatus;
        diag->message = diag->logon->words->message;
        diag->cause = diag->logon->words->explanation;
        diag->remedy = diag->logon->words->remedy;
        diag->subject = out->subject;
        diag->attribute = out->attribute;
        return;
    }
    for (size_t i = 0; i < diag->count; i++) {
        const struct tl_finding *finding = &diag->findings[i];

        if (finding->verdict != TL_FINDING_FAILED)
            continue;
        diag->reason = finding->reason;
        diag->ntstatus = tl_reason_info(finding->reason)->ntstatus;
        diag->cause = finding->cause;
        diag->remedy = finding->remedy;
        diag->subject = finding->target;
        out = tl_outcome_new(diag);
        tl_outcome_fail(out, TL_STAGE_ROUTE, finding->reason, NULL);
        words = tl_outcome_words(diag, out, &run->words);
        diag->message = words != NULL && diag->ntstatus != 0 ? words->message : NULL;
        return;
    }
}

static void run_checks(struct run *run, const char *name,
                       const struct tl_diagnose_secret *secret)
{
    struct tl_diagnosis *diag = run->diag;
    struct tl_logon *logon;

    if (!check_machine(run)) {
        diag->complete = false;
        return;
    }
    tl_snapshot_load(diag, run->config, &run->topo);
    logon = tl_logon_new(diag, run->config, run->ws, run->topo, &run->trace);
    if (logon == NULL) {
        diag->complete = false;
        return;
    }
    if (tl_logon_prepare(logon, name) != TL_REASON_OK && logon->name == NULL) {
        tl_finding_outcome(run, "name", name, logon->outcome);
        return;
    }
    tl_check_network(run, run->ws->domain);
    tl_check_machine_account(run);

    /* Route by the topology just read: the snapshot may be old, or missing. */
    logon->topology = run->topo;
    if (tl_logon_prepare(logon, name) != TL_REASON_OK) {
        tl_finding_outcome(run, "name", name, logon->outcome);
        return;
    }
    check_spelling(run, logon->name);
    run->user_domain = foreign_domain(run, logon->route);
    run->words.implicit_upn = logon->route->implicit_upn;
    run->words.user_domain =
        run->user_domain != NULL ? run->user_domain : run->ws->domain;
    if (run->user_domain != NULL)
        tl_check_network(run, run->user_domain);
    tl_check_own_side(run, logon->name);
    tl_check_armor(run, logon->route->realm);
    if (secret != NULL) {
        check_logon(run, logon, secret);
        diag->logon = logon;
    }
    if (logon->client != NULL)
        tl_check_user_side(run, logon->krb, logon->locator, logon->outcome);
    else if (run->own != NULL)
        tl_check_user_side(run, run->own->krb, run->own->locator, NULL);
}

int tl_diagnose(TALLOC_CTX *ctx, const struct tl_config *config, const char *name,
                const struct tl_diagnose_secret *secret, tl_progress_fn progress,
                void *arg, struct tl_diagnosis **diagnosis)
{
    struct tl_config *patient;
    struct run *run;

    *diagnosis = NULL;
    run = talloc_zero(ctx, struct run);
    if (run == NULL)
        return -ENOMEM;
    /* Nobody stands at a login prompt here: the explanation may take its time. */
    patient = talloc_memdup(run, config, sizeof(*config));
    if (patient == NULL)
        goto no_memory;
    if (patient->explain_timeout < patient->logon_timeout)
        patient->explain_timeout = patient->logon_timeout;
    run->diag = talloc_zero(run, struct tl_diagnosis);
    if (run->diag == NULL)
        goto no_memory;
    run->diag->trace = tl_trace_log_new(run->diag);
    if (run->diag->trace == NULL)
        goto no_memory;
    run->diag->complete = true;
    run->config = patient;
    run->progress = progress;
    run->progress_arg = arg;
    run->trace = tl_trace_start(tl_trace_log_fn, run->diag->trace);
    run->words.user = name;
    run_checks(run, name, secret);
    conclude(run);
    /* The locators and sessions below hold pointers to run->trace: `run` stays
     * with the diagnosis. */
    *diagnosis = run->diag;
    return 0;

no_memory:
    talloc_free(run);
    return -ENOMEM;
}
