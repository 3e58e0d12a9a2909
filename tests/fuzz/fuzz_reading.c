/* SPDX-License-Identifier: MIT
 *
 * fuzz_reading.c - questions to the process that reads a directory, and what it says:
 * what is not refused is of its domain alone.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/reading_codec.h"
#include "agent/worker_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void around_question(TALLOC_CTX *ctx, const json_t *message)
{
    struct tli_reading_question question, again;
    tl_deadline until, same;
    json_t *made;

    if (tla_question_decode(ctx, message, &question, &until) != 0)
        return;
    made = tla_question_encode(&question, until);
    must(made != NULL && tla_question_decode(ctx, made, &again, &same) == 0 &&
         same == until && again.kind == question.kind && again.count == question.count);
    json_decref(made);
}

static bool is_local(const struct tl_sid *sid, const struct tl_lookup_domain *domain)
{
    return tl_sid_in_domain(sid, &domain->sid) || sid->subs[0] == 32;
}

/* As an answer to every question. */
static void judge(const struct tli_reading *reading)
{
    struct tl_lookup_domain domain = {.dns = "contoso.test", .has_sid = true};
    struct tli_reading_question question = {.upn = "alice@contoso.test"};

    must(tl_sid_parse("S-1-5-21-1-2-3", &domain.sid) == 0);
    question.unix_ids = reading->facts != NULL;
    for (int kind = TLI_READ_USER; kind <= TLI_READ_FOREIGN_GROUPS; kind++) {
        question.kind = (enum tli_reading_kind)kind;
        if (tli_reading_refuse(&domain, &question, reading) != NULL)
            continue;
        must(kind > TLI_READ_ACCOUNT ||
             tl_sid_in_domain(&reading->user->sid, &domain.sid));
        must(kind != TLI_READ_GROUP || is_local(&reading->group->sid, &domain));
        if (kind == TLI_READ_ACCOUNT || kind == TLI_READ_GROUP)
            continue; /* nobody looks at names there */
        for (size_t i = 0; i < reading->names->count; i++)
            must(reading->names->names[i].name == NULL ||
                 is_local(&reading->names->names[i].sid, &domain));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_outcome *out = tl_outcome_new(ctx), *same = tl_outcome_new(ctx);
    json_t *message = tla_message_parse((const char *)data, size), *made;
    struct tli_reading *reading = NULL, *again = NULL;

    if (message != NULL) {
        around_question(ctx, message);
        if (tla_reading_decode(ctx, message, &reading, out) == 0 && reading != NULL) {
            judge(reading);
            made = tla_reading_encode(reading, out);
            must(made != NULL && tla_reading_decode(ctx, made, &again, same) == 0);
            json_decref(made);
        }
    }
    json_decref(message);
    talloc_free(ctx);
    return 0;
}
