/* SPDX-License-Identifier: MIT
 *
 * worker_codec.c - what a worker says of an exchange, as JSON and back.
 */
#include "worker_codec.h"

#include <errno.h>
#include <string.h>

#include "worker_json.h"

/* --- an outcome and its words ----------------------------------------------------- */

json_t *tla_outcome_encode(const struct tl_outcome *out)
{
    return json_pack("{s:i,s:i,s:I,s:i,s:i,s:I,s:o,s:o,s:o,s:o,s:o}", "reason",
                     (int)out->reason, "stage", (int)out->stage, "ntstatus",
                     (json_int_t)out->ntstatus, "hop", out->hop, "krb_error",
                     out->krb_error, "edata_ntstatus", (json_int_t)out->edata_ntstatus,
                     "realm", tla_json_text(out->realm), "kdc", tla_json_text(out->kdc),
                     "subject", tla_json_text(out->subject), "attribute",
                     tla_json_text(out->attribute), "detail", tla_json_text(out->detail));
}

void tla_outcome_fail_as(const struct tl_outcome *from, struct tl_outcome *out)
{
    if (out == NULL || from->reason == TL_REASON_OK)
        return;
    tl_outcome_fail(out, from->stage, from->reason, from->detail != NULL ? "%s" : NULL,
                    from->detail);
    out->ntstatus = from->ntstatus;
    out->hop = from->hop;
    out->krb_error = from->krb_error;
    out->edata_ntstatus = from->edata_ntstatus;
    tl_outcome_set_realm(out, from->realm);
    tl_outcome_set_kdc(out, from->kdc);
    tl_outcome_set_subject(out, from->subject);
    tl_outcome_set_attribute(out, from->attribute);
}

int tla_outcome_decode(const json_t *from, struct tl_outcome *out)
{
    int64_t reason, stage, ntstatus, hop, krb_error, edata;
    struct tl_outcome said = {0};

    tl_outcome_reset(out);
    if (!tla_json_take_number(from, "reason", 0, TL_REASON_COUNT - 1, &reason) ||
        !tla_json_take_number(from, "stage", 0, TL_STAGE_PASSWORD, &stage) ||
        !tla_json_take_number(from, "ntstatus", 0, UINT32_MAX, &ntstatus) ||
        !tla_json_take_number(from, "hop", 0, INT16_MAX, &hop) ||
        !tla_json_take_number(from, "krb_error", INT32_MIN, INT32_MAX, &krb_error) ||
        !tla_json_take_number(from, "edata_ntstatus", 0, UINT32_MAX, &edata) ||
        (reason == TL_REASON_OK) != (ntstatus == TL_NT_SUCCESS) ||
        !tla_json_take_text(out, from, "realm", &said.realm) ||
        !tla_json_take_text(out, from, "kdc", &said.kdc) ||
        !tla_json_take_text(out, from, "subject", &said.subject) ||
        !tla_json_take_text(out, from, "attribute", &said.attribute) ||
        !tla_json_take_text(out, from, "detail", &said.detail))
        return -EBADMSG;
    said.reason = (enum tl_reason)reason;
    said.stage = (enum tl_stage)stage;
    said.ntstatus = (uint32_t)ntstatus;
    said.hop = (int)hop;
    said.krb_error = (int32_t)krb_error;
    said.edata_ntstatus = (uint32_t)edata;
    tla_outcome_fail_as(&said, out);
    return 0;
}

json_t *tla_words_encode(const struct tl_words *words)
{
    return json_pack("{s:o,s:o,s:o}", "message", tla_json_text(words->message),
                     "explanation", tla_json_text(words->explanation), "remedy",
                     tla_json_text(words->remedy));
}

int tla_words_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_words **out)
{
    struct tl_words *words = talloc_zero(ctx, struct tl_words);

    *out = NULL;
    if (words == NULL)
        return -ENOMEM;
    if (!tla_json_take_text(words, from, "message", &words->message) ||
        !tla_json_take_text(words, from, "explanation", &words->explanation) ||
        !tla_json_take_text(words, from, "remedy", &words->remedy)) {
        talloc_free(words);
        return -EBADMSG;
    }
    *out = words;
    return 0;
}

/* --- tickets ------------------------------------------------------------------------ */

json_t *tla_tickets_encode(const struct tl_tickets *tickets)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < tickets->count; i++) {
        const struct tl_ticket_bytes *one = &tickets->tickets[i];

        if (json_array_append_new(
                list, json_pack("{s:o,s:I,s:o}", "server", tla_json_text(one->server),
                                "end", (json_int_t)one->end, "bytes",
                                tla_json_bytes(one->at, one->len))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o,s:o}", "client", tla_json_text(tickets->client), "tickets",
                     list);
}

int tla_tickets_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_tickets **out)
{
    const json_t *list = json_object_get(from, "tickets");
    struct tl_tickets *tickets = tl_tickets_new(ctx);
    size_t count = json_array_size(list);

    *out = NULL;
    if (tickets == NULL)
        return -ENOMEM;
    tickets->tickets = talloc_zero_array(tickets, struct tl_ticket_bytes, count + 1);
    if (!json_is_array(list) || count > TL_TICKETS_MAX || tickets->tickets == NULL ||
        !tla_json_take_text(tickets, from, "client", &tickets->client) ||
        tickets->client == NULL)
        goto bad;
    for (size_t i = 0; i < count; i++) {
        const json_t *each = json_array_get(list, i);
        struct tl_ticket_bytes *one = &tickets->tickets[i];

        one->at = tla_json_take_bytes(tickets->tickets, json_object_get(each, "bytes"),
                                      TL_TICKET_BYTES_MAX, &one->len);
        if (one->at != NULL)
            tickets->count++; /* so that it is wiped in any case */
        if (!tla_json_take_text(tickets->tickets, each, "server", &one->server) ||
            !tla_json_take_number(each, "end", 0, INT64_MAX, &one->end) ||
            one->server == NULL || one->at == NULL || one->len == 0)
            goto bad;
    }
    *out = tickets;
    return 0;
bad:
    talloc_free(tickets);
    return -EBADMSG;
}

/* --- what an exchange brings ------------------------------------------------------ */

json_t *tla_exchanged_encode(const struct tl_exchanged *exchanged)
{
    const struct tl_claim *claim = exchanged->claim;

    return json_pack("{s:o,s:o,s:o,s:o,s:o}", "ticket",
                     tla_json_bytes(claim->ticket, claim->ticket_len), "sum",
                     tla_json_bytes(claim->sum, claim->sum_len), "client",
                     tla_json_text(claim->client), "kdc", tla_json_text(claim->kdc),
                     "path", tla_json_text(exchanged->path));
}

int tla_exchanged_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_exchanged **out)
{
    struct tl_exchanged *exchanged = talloc_zero(ctx, struct tl_exchanged);
    struct tl_claim *claim =
        exchanged != NULL ? talloc_zero(exchanged, struct tl_claim) : NULL;

    *out = NULL;
    if (claim == NULL) {
        talloc_free(exchanged);
        return -ENOMEM;
    }
    exchanged->claim = claim;
    claim->ticket = tla_json_take_bytes(claim, json_object_get(from, "ticket"),
                                        TL_TICKET_BYTES_MAX, &claim->ticket_len);
    claim->sum = tla_json_take_bytes(claim, json_object_get(from, "sum"), UINT8_MAX,
                                     &claim->sum_len);
    if (claim->ticket == NULL || claim->sum == NULL ||
        !tla_json_take_text(claim, from, "client", &claim->client) ||
        claim->client == NULL || !tla_json_take_text(claim, from, "kdc", &claim->kdc) ||
        !tla_json_take_text(exchanged, from, "path", &exchanged->path)) {
        talloc_free(exchanged);
        return -EBADMSG;
    }
    *out = exchanged;
    return 0;
}
