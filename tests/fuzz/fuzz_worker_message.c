/* SPDX-License-Identifier: MIT
 *
 * fuzz_worker_message.c - what a worker sends to its monitor, and back.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/worker_codec.h"
#include "agent/worker_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What is taken is encoded, and taken again as it was. */
static void around(TALLOC_CTX *ctx, const json_t *message)
{
    struct tl_exchanged *exchanged = NULL, *twice = NULL;
    struct tl_tickets *tickets = NULL, *again = NULL;
    json_t *made;

    if (tla_exchanged_decode(ctx, message, &exchanged) == 0) {
        made = tla_exchanged_encode(exchanged);
        must(made != NULL && tla_exchanged_decode(ctx, made, &twice) == 0 &&
             twice->claim->ticket_len == exchanged->claim->ticket_len &&
             strcmp(twice->claim->client, exchanged->claim->client) == 0);
        json_decref(made);
    }
    if (tla_tickets_decode(ctx, message, &tickets) == 0) {
        made = tla_tickets_encode(tickets);
        must(made != NULL && tla_tickets_decode(ctx, made, &again) == 0 &&
             again->count == tickets->count);
        json_decref(made);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_outcome *out = tl_outcome_new(ctx);
    json_t *message = tla_message_parse((const char *)data, size);
    struct tl_unix_facts *facts = NULL;
    struct tl_dir_names *groups = NULL;
    struct tl_topology *topology = NULL;
    struct tl_words *words = NULL;

    if (message != NULL) {
        if (tla_outcome_decode(message, out) == 0)
            must((out->reason == TL_REASON_OK) == (out->ntstatus == TL_NT_SUCCESS));
        around(ctx, message);
        (void)tla_words_decode(ctx, message, &words);
        (void)tla_unix_facts_decode(ctx, message, &facts);
        (void)tla_groups_decode(ctx, json_object_get(message, "groups"), &groups);
        (void)tla_topology_decode(ctx, json_object_get(message, "topology"), &topology);
    }
    json_decref(message);
    talloc_free(ctx);
    return 0;
}
