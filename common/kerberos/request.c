/* SPDX-License-Identifier: MIT
 *
 * request.c - one request and its reply: sent, traced, and read as far as a KRB-ERROR
 * goes.
 */
#include "internal.h"

static void trace_request(struct tl_krb *krb, const struct tli_exchange *ex,
                          const krb5_data *request)
{
    struct tl_event event = {.kind = TL_EVENT_REQUEST, .krb_error = TL_KRB_NONE};

    event.realm = ex->realm;
    event.message = tli_krb_msg_name(
        tli_krb_msg_kind((const uint8_t *)request->data, request->length));
    event.subject = ex->subject;
    event.armored = ex->request_armored;
    tl_trace_event(krb->trace, &event);
}

static void trace_reply(struct tl_krb *krb, const struct tli_exchange *ex,
                        int64_t took_us)
{
    struct tl_event event = {.kind = TL_EVENT_REPLY};

    event.took_us = took_us;
    event.server = ex->kdc;
    event.realm = ex->realm;
    event.message = tli_krb_msg_name(
        tli_krb_msg_kind((const uint8_t *)ex->reply.data, ex->reply.length));
    event.subject = ex->subject;
    event.krb_error = ex->err.code;
    event.edata_ntstatus = ex->err.edata_ntstatus;
    event.armored = ex->armored;
    tl_trace_event(krb->trace, &event);
}

/* The reply is traced after its armor is open: the code outside is not authenticated,
 * and may be another. */
enum tl_reason tli_krb_exchange(TALLOC_CTX *mem, struct tl_krb *krb,
                                struct tli_exchange *ex, const krb5_data *request,
                                struct tl_outcome *out)
{
    struct tli_transport_answer answer;
    enum tl_reason reason;

    trace_request(krb, ex, request);
    tl_outcome_set_subject(out, ex->subject);
    reason = tli_transport_exchange(mem, krb->net, ex->stage, ex->realm,
                                    (const uint8_t *)request->data, request->length,
                                    ex->counts_as_attempt, krb->deadline, &answer, out);
    if (reason != TL_REASON_OK)
        return reason;
    krb->answered = true;
    tl_outcome_set_realm(out, ex->realm);
    tl_outcome_set_kdc(out, answer.kdc);
    ex->reply.data = (char *)answer.data;
    ex->reply.length = (unsigned int)answer.len;
    ex->kdc = answer.kdc;
    tli_krb_error_read(mem, krb->k5, &ex->reply, &ex->err);
    ex->armored = false;
    if (ex->open != NULL)
        reason = ex->open(mem, ex->fast, request, ex, out);
    trace_reply(krb, ex, answer.took_us);
    if (reason != TL_REASON_OK)
        return reason;
    if (ex->err.code == TL_KRB_NONE &&
        tli_krb_msg_kind(answer.data, answer.len) == TL_MSG_ERROR)
        return tl_outcome_fail(out, ex->stage, TL_REASON_KDC_GARBAGE,
                               "an error message that cannot be decoded");
    return TL_REASON_OK;
}
