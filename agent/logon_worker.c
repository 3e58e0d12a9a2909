/* SPDX-License-Identifier: MIT
 *
 * logon_worker.c - the steps that a worker makes: what it does, and what the monitor
 * takes of its result.
 */
#include "logon_worker_internal.h"

#include <errno.h>
#include <string.h>

#include "machine_loan.h"
#include "worker_codec.h"
#include "worker_process.h"

struct exchange {
    const struct tl_credential *credential;
    const struct tl_challenge *challenge;
};

/* In the worker. */
static json_t *run_exchange(struct tla_work *work)
{
    const struct exchange *what = work->arg;
    struct tl_logon *logon = work->logon;
    struct tl_exchanged *exchanged = NULL;
    struct tl_tickets *tickets = NULL;
    enum tl_reason reason;
    json_t *result;

    reason = tl_logon_exchange(logon, what->credential, what->challenge, &exchanged);
    if (reason == TL_REASON_OK && tl_krb_tickets(logon, logon->krb, &tickets) != 0)
        return NULL;
    TALLOC_FREE(logon->words);
    result = tla_result_of(logon);
    if (result != NULL && logon->trusts_newer)
        (void)json_object_set_new(result, "trusts_newer", json_true());
    if (result != NULL && exchanged != NULL) {
        (void)json_object_set_new(result, "exchanged", tla_exchanged_encode(exchanged));
        (void)json_object_set_new(result, "tickets", tla_tickets_encode(tickets));
    }
    return result;
}

static enum tl_reason exchange(void *arg, struct tl_logon *logon,
                               const struct tl_credential *credential,
                               const struct tl_challenge *challenge,
                               struct tl_exchanged **exchanged)
{
    struct tla_logon_worker *worker = arg;
    const char *own = logon->machine->workstation->domain;
    const struct exchange what = {.credential = credential, .challenge = challenge};
    struct tla_work work = {.conv = worker->conv,
                            .logon = logon,
                            .run = run_exchange,
                            .arg = &what,
                            .card = credential->card != NULL,
                            .own = logon->route->type == TL_PRINCIPAL &&
                                   tl_dns_equal(logon->route->realm, own),
                            .secrets = {credential->password, credential->pin}};
    json_t *result = NULL;
    enum tl_reason reason;

    *exchanged = NULL;
    TALLOC_FREE(worker->tickets);
    reason = tla_logon_work(&work, &result);
    logon->trusts_newer = json_is_true(json_object_get(result, "trusts_newer"));
    if (reason == TL_REASON_OK &&
        (tla_exchanged_decode(logon, json_object_get(result, "exchanged"), exchanged) !=
             0 ||
         tla_tickets_decode(worker, json_object_get(result, "tickets"),
                            &worker->tickets) != 0))
        reason = tla_result_not_understood(logon);
    json_decref(result);
    return reason;
}

int tla_logon_worker_save_tickets(struct tl_logon *logon, const char *path)
{
    const struct tla_logon_worker *worker = tla_logon_worker_of(logon);

    if (worker->tickets == NULL)
        return -ENOENT;
    return tl_tickets_save(worker->tickets, logon->client, path);
}

const struct tl_tickets *tla_logon_worker_tickets(const struct tl_logon *logon)
{
    const struct tla_logon_worker *worker = tla_logon_worker_of(logon);

    return worker != NULL ? worker->tickets : NULL;
}

struct passwords {
    const char *old, *fresh;
};

static json_t *run_prove(struct tla_work *work)
{
    const struct passwords *what = work->arg;

    (void)tl_password_prove(work->logon, what->old);
    return tla_result_of(work->logon);
}

static json_t *run_is_over(struct tla_work *work)
{
    const struct passwords *what = work->arg;
    bool over = tl_password_prove(work->logon, what->old) == TL_REASON_OK &&
                tl_password_is_over(work->logon, what->old);
    json_t *result = tla_result_of(work->logon);

    if (result != NULL)
        (void)json_object_set_new(result, "over", json_boolean(over));
    return result;
}

static json_t *run_change(struct tla_work *work)
{
    const struct passwords *what = work->arg;

    (void)tl_password_change(work->logon, what->old, what->fresh);
    return tla_result_of(work->logon);
}

static enum tl_reason with_passwords(struct tl_logon *logon,
                                     json_t *(*run)(struct tla_work *work),
                                     const struct passwords *what, bool *over)
{
    struct tla_work work = {.conv = tla_logon_worker_of(logon)->conv,
                            .logon = logon,
                            .run = run,
                            .arg = what,
                            .secrets = {what->old, what->fresh}};
    json_t *result = NULL;
    enum tl_reason reason = tla_logon_work(&work, &result);

    if (over != NULL)
        *over = json_is_true(json_object_get(result, "over"));
    json_decref(result);
    return reason;
}

enum tl_reason tla_worker_password_prove(struct tl_logon *logon, const char *old)
{
    const struct passwords what = {.old = old};

    return with_passwords(logon, run_prove, &what, NULL);
}

enum tl_reason tla_worker_password_is_over(struct tl_logon *logon, const char *old,
                                           bool *over)
{
    const struct passwords what = {.old = old};

    return with_passwords(logon, run_is_over, &what, over);
}

enum tl_reason tla_worker_password_change(struct tl_logon *logon, const char *old,
                                          const char *fresh)
{
    const struct passwords what = {.old = old, .fresh = fresh};

    if (with_passwords(logon, run_change, &what, NULL) == TL_REASON_PASSWORD_RULES)
        tl_password_explain_age(logon, old);
    return logon->outcome->reason;
}

int tla_logon_worker_use(struct tla_conv *conv, struct tl_logon *logon)
{
    struct tla_logon_worker *worker = talloc_zero(logon, struct tla_logon_worker);

    if (worker == NULL)
        return -ENOMEM;
    worker->worker = (struct tl_logon_worker){.arg = worker,
                                              .refresh = tla_worker_refresh,
                                              .exchange = exchange,
                                              .explain_proof = tla_worker_explain_proof,
                                              .own_groups = tla_worker_own_groups,
                                              .unix_facts = tla_worker_unix_facts};
    worker->conv = conv;
    logon->worker = &worker->worker;
    return 0;
}

enum tl_reason tla_worker_read_trusts(struct tla_conv *conv, struct tl_machine *machine,
                                      tl_deadline deadline, struct tl_outcome *out)
{
    struct tl_logon *logon = tl_logon_new(conv, machine, NULL);
    enum tl_reason reason;

    if (logon == NULL || tla_logon_worker_use(conv, logon) != 0) {
        talloc_free(logon);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    logon->deadline = deadline;
    reason = tla_worker_refresh_machine(logon, machine, out);
    talloc_free(logon);
    return reason;
}
