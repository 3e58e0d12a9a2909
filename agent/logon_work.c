/* SPDX-License-Identifier: MIT
 *
 * logon_work.c - what every step of a logon that a worker makes brings: the outcome, the
 * words for it, and whom the domain controllers know.
 */
#include "logon_worker_internal.h"

#include <errno.h>
#include <string.h>

#include "machine_loan.h"
#include "worker_codec.h"

struct tla_logon_worker *tla_logon_worker_of(const struct tl_logon *logon)
{
    return (struct tla_logon_worker *)(uintptr_t)logon->worker;
}

enum tl_reason tla_result_not_understood(struct tl_logon *logon)
{
    tl_outcome_reset(logon->outcome);
    return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                           "the worker's result is not valid");
}

json_t *tla_result_of(const struct tl_logon *logon)
{
    return json_pack("{s:o,s:b,s:s?,s:o}", "outcome", tla_outcome_encode(logon->outcome),
                     "answered", (int)logon->answered, "client", logon->client, "words",
                     logon->words != NULL ? tla_words_encode(logon->words) : json_null());
}

static int decode_common(struct tl_logon *logon, const json_t *result)
{
    const char *client = json_string_value(json_object_get(result, "client"));
    const json_t *words = json_object_get(result, "words");
    int rc = tla_outcome_decode(json_object_get(result, "outcome"), logon->outcome);

    logon->answered = json_is_true(json_object_get(result, "answered"));
    logon->client = NULL;
    if (rc == 0 && client != NULL) {
        if (strlen(client) > TL_WIRE_STRING_MAX || strchr(client, '@') == NULL)
            return -EBADMSG;
        logon->client = talloc_strdup(logon, client);
        if (logon->client == NULL)
            return -ENOMEM;
    }
    TALLOC_FREE(logon->words);
    if (rc == 0 && !json_is_null(words))
        rc = tla_words_decode(logon, words, &logon->words);
    return rc;
}

enum tl_reason tla_logon_work(struct tla_work *work, json_t **result)
{
    struct tl_logon *logon = work->logon;

    work->lend = tla_machine_tickets;
    if (tla_work_do(work, result) != 0)
        return logon->outcome->reason;
    if (decode_common(logon, *result) != 0)
        return tla_result_not_understood(logon);
    return logon->outcome->reason;
}
