/* SPDX-License-Identifier: MIT
 *
 * logon_worker_directory.c - the steps of a logon that read directories, made by a
 * worker: this machine's own with the machine's tickets, which are lent, and those of the
 * user's forest with the user's.
 */
#include "logon_worker_internal.h"

#include <string.h>
#include <sys/socket.h>

#include "lookup_reader.h"
#include "worker_codec.h"

/* A context with the user's tickets, in a worker that is not the one which got them. */
static bool has_tickets(struct tl_logon *logon)
{
    const struct tla_logon_worker *worker = tla_logon_worker_of(logon);
    const struct tl_machine *machine = logon->machine;

    logon->locator = tl_locator_new(logon, machine->config, machine->site, logon->trace);
    return worker->tickets != NULL && logon->locator != NULL &&
           tl_krb_new(logon, machine->config, logon->locator, tl_logon_deadline(logon),
                      logon->trace, &logon->krb, logon->outcome) == TL_REASON_OK &&
           tl_krb_take_tickets(logon->krb, worker->tickets) == 0;
}

/* In an object of its own: the outcome, the client and the words of the logon stay. */
static struct tl_logon *beside(const struct tl_logon *logon)
{
    struct tl_logon *own = talloc_zero(logon, struct tl_logon);

    if (own == NULL)
        return NULL;
    *own = *logon;
    own->outcome = tl_outcome_copy(own, logon->outcome);
    own->words = NULL;
    own->machine = talloc_memdup(own, logon->machine, sizeof(*logon->machine));
    if (own->outcome == NULL || own->machine == NULL)
        TALLOC_FREE(own);
    return own;
}

/* Do it beside the logon, and take its outcome into `out`. */
static enum tl_reason do_beside(struct tla_work *work, const struct tl_logon *logon,
                                json_t **result, struct tl_outcome *out)
{
    enum tl_reason reason;

    *result = NULL;
    work->conv = tla_logon_worker_of(logon)->conv;
    work->logon = beside(logon);
    if (work->logon == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tla_logon_work(work, result);
    tla_outcome_fail_as(work->logon->outcome, out);
    talloc_free(work->logon);
    return reason;
}

static json_t *run_refresh(struct tla_work *work)
{
    struct tl_logon *logon = work->logon;
    struct tl_machine *machine = logon->machine;
    json_t *result;

    tl_outcome_reset(logon->outcome);
    (void)tl_machine_refresh(machine, logon->trace, tl_logon_deadline(logon),
                             logon->outcome);
    result = tla_result_of(logon);
    if (result != NULL && logon->outcome->reason == TL_REASON_OK)
        (void)json_object_set_new(result, "topology",
                                  tla_topology_encode(machine->topology));
    return result;
}

/* What it says of the trusts is believed: it has spoken with this machine's domain alone.
 */
enum tl_reason tla_worker_refresh_machine(struct tl_logon *logon,
                                          struct tl_machine *machine,
                                          struct tl_outcome *out)
{
    struct tla_work work = {.run = run_refresh, .own = true};
    struct tl_topology *fresh = NULL;
    json_t *result = NULL;
    enum tl_reason reason = do_beside(&work, logon, &result, out);

    if (reason == TL_REASON_OK &&
        tla_topology_decode(machine, json_object_get(result, "topology"), &fresh) != 0)
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                                 "the trusts that were read cannot be decoded");
    json_decref(result);
    if (reason == TL_REASON_OK)
        tl_machine_take_topology(machine, fresh);
    return reason;
}

enum tl_reason tla_worker_refresh(void *arg, struct tl_logon *logon,
                                  struct tl_outcome *out)
{
    return tla_worker_refresh_machine(logon, logon->machine, out);
}

static json_t *run_explain_proof(struct tla_work *work)
{
    /* Where the machine is refused, the user may read its account. */
    if (!has_tickets(work->logon))
        TALLOC_FREE(work->logon->krb);
    (void)tl_logon_explain_proof(work->logon);
    return tla_result_of(work->logon);
}

/* It may say more of the failure, and nothing else. */
enum tl_reason tla_worker_explain_proof(void *arg, struct tl_logon *logon)
{
    struct tla_work work = {.run = run_explain_proof};
    struct tl_outcome *out = tl_outcome_new(logon);
    json_t *result = NULL;

    if (out != NULL)
        (void)do_beside(&work, logon, &result, out);
    json_decref(result);
    if (out != NULL && out->stage == TL_STAGE_PROOF && out->reason != TL_REASON_OK &&
        out->ntstatus == logon->outcome->ntstatus)
        tla_outcome_fail_as(out, logon->outcome);
    talloc_free(out);
    return logon->outcome->reason;
}

/* By the process that keeps that directory open. */
enum tl_reason tla_worker_own_groups(void *arg, struct tl_logon *logon,
                                     tl_deadline deadline, struct tl_dir_names **groups,
                                     struct tl_outcome *out)
{
    const struct tla_logon_worker *worker = arg;
    struct tl_lookup_input in = {
        .machine = logon->machine, .trace = logon->trace, .deadline = deadline};
    struct tl_lookup *lookup = NULL;
    enum tl_reason reason;

    *groups = NULL;
    in.reader = tla_lookup_reader_new(logon, worker->conv, logon->machine);
    if (in.reader != NULL)
        lookup = tl_lookup_new(logon, &in);
    if (lookup == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tl_lookup_own_groups(logon, lookup, logon->pac, groups, out);
    talloc_free(lookup);
    talloc_free((void *)(uintptr_t)in.reader);
    return reason;
}

static json_t *run_unix_facts(struct tla_work *work)
{
    const char *domain = work->arg;
    struct tl_logon *logon = work->logon;
    struct tl_unix_facts *facts = NULL;
    json_t *result;

    if (!work->own && !has_tickets(logon))
        return NULL;
    (void)tl_logon_unix_facts(logon, domain, &facts);
    result = tla_result_of(logon);
    if (result != NULL && facts != NULL)
        (void)json_object_set_new(result, "facts", tla_unix_facts_encode(facts));
    return result;
}

enum tl_reason tla_worker_unix_facts(void *arg, struct tl_logon *logon,
                                     const char *domain, bool own,
                                     struct tl_unix_facts **facts)
{
    struct tla_logon_worker *worker = arg;
    struct tla_work work = {.conv = worker->conv,
                            .logon = logon,
                            .run = run_unix_facts,
                            .arg = domain,
                            .own = own};
    const char *client = logon->client;
    json_t *result = NULL;
    enum tl_reason reason = tla_logon_work(&work, &result);

    *facts = NULL;
    logon->client = client; /* the proven one */
    if (reason == TL_REASON_OK &&
        tla_unix_facts_decode(logon, json_object_get(result, "facts"), facts) != 0)
        reason = tla_result_not_understood(logon);
    json_decref(result);
    return reason;
}

static json_t *run_find_own(struct tla_work *work)
{
    struct tl_logon *logon = work->logon;
    const struct tl_machine *machine = logon->machine;
    struct tl_locator *locator =
        tl_locator_new(logon, machine->config, machine->site, logon->trace);
    struct tl_dc_list *found = NULL;

    if (locator == NULL)
        return NULL;
    (void)tl_locate(logon, locator, machine->workstation->domain, TL_LOCATE_FORCE,
                    tl_logon_deadline(logon), &found, logon->outcome);
    return tla_result_of(logon);
}

void tla_worker_find_own(struct tla_conv *conv, struct tl_logon *logon)
{
    struct tla_work work = {.run = run_find_own, .own = true};
    struct tl_outcome *out = tl_outcome_new(conv);
    json_t *result = NULL;

    if (conv->own_dcs_unknown && out != NULL) {
        (void)shutdown(conv->fd, SHUT_RDWR); /* nobody waits for it */
        (void)do_beside(&work, logon, &result, out);
    }
    json_decref(result);
    talloc_free(out);
}

struct nameless {
    const struct tl_lookup_input *in;
    const struct tl_sid *sids;
    size_t count;
};

static json_t *run_name_groups(struct tla_work *work)
{
    const struct nameless *what = work->arg;
    struct tl_logon *logon = work->logon;
    struct tl_lookup_input in = *what->in;
    struct tl_lookup_answer *found = NULL;
    struct tl_lookup *lookup;
    json_t *result;

    in.trace = logon->trace;
    in.deadline = tl_logon_deadline(logon);
    if (!work->own) {
        if (!has_tickets(logon))
            return NULL;
        in.krb = logon->krb;
        tl_krb_set_deadline(logon->krb, in.deadline);
    }
    lookup = tl_lookup_new(logon, &in);
    if (lookup == NULL)
        return NULL;
    (void)tl_lookup_name_groups(lookup, what->sids, what->count, &found, logon->outcome);
    result = tla_result_of(logon);
    if (result != NULL && found != NULL)
        (void)json_object_set_new(result, "groups", tla_groups_encode(found));
    return result;
}

enum tl_reason tla_worker_name_groups(TALLOC_CTX *ctx, struct tl_logon *logon,
                                      const struct tl_lookup_input *in, bool own,
                                      const struct tl_sid *sids, size_t count,
                                      struct tl_dir_names **groups)
{
    const struct nameless what = {.in = in, .sids = sids, .count = count};
    struct tla_work work = {.conv = tla_logon_worker_of(logon)->conv,
                            .logon = logon,
                            .run = run_name_groups,
                            .arg = &what,
                            .own = own};
    json_t *result = NULL, *found;
    enum tl_reason reason = tla_logon_work(&work, &result);

    *groups = NULL;
    found = json_object_get(result, "groups");
    if (found != NULL && tla_groups_decode(ctx, found, groups) != 0)
        reason = tla_result_not_understood(logon);
    json_decref(result);
    return reason;
}
