/* SPDX-License-Identifier: MIT
 *
 * One request and its reply: sent, read as far as a KRB-ERROR goes, told to the
 * trace. And the words for errors that libkrb5 comes to by itself.
 */
#include "kerberos/exchange/armor.h"

#include <errno.h>
#include <time.h>

char *tli_k5_message(TALLOC_CTX *ctx, krb5_context k5, krb5_error_code code)
{
    const char *text = krb5_get_error_message(k5, code);
    char *copy = talloc_strdup(ctx, text);

    krb5_free_error_message(k5, text);
    return copy;
}

char *tli_k5_name(TALLOC_CTX *ctx, krb5_context k5, krb5_const_principal princ)
{
    /* an enterprise name holds its own suffix; the realm asked is told apart */
    int flags = princ != NULL && princ->type == KRB5_NT_ENTERPRISE_PRINCIPAL
                    ? KRB5_PRINCIPAL_UNPARSE_NO_REALM | KRB5_PRINCIPAL_UNPARSE_DISPLAY
                    : 0;
    char *text = NULL, *copy;

    if (princ == NULL || krb5_unparse_name_flags(k5, princ, flags, &text) != 0)
        return talloc_strdup(ctx, "?");
    copy = talloc_strdup(ctx, text);
    krb5_free_unparsed_name(k5, text);
    return copy;
}

static void trace_request(struct tl_krb *krb, const struct tli_exchange *ex,
                          const krb5_data *request)
{
    struct tl_event event = {.kind = TL_EVENT_REQUEST, .krb_error = TL_KRB_NONE};

    event.realm = ex->realm;
    event.message = tli_krb_msg_name(
        tli_krb_msg_kind((const uint8_t *)request->data, request->length));
    event.subject = ex->subject;
    event.armored = ex->fast != NULL && ex->fast->on;
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
    reason = tli_fast_open(mem, ex->fast, request, ex, out);
    trace_reply(krb, ex, answer.took_us);
    if (reason != TL_REASON_OK)
        return reason;
    if (ex->err.code == TL_KRB_NONE &&
        tli_krb_msg_kind(answer.data, answer.len) == TL_MSG_ERROR)
        return tl_outcome_fail(out, ex->stage, TL_REASON_KDC_GARBAGE,
                               "an error message that cannot be decoded");
    return TL_REASON_OK;
}

/*
 * libkrb5's verdicts on a reply that is no KRB-ERROR. What it cannot decrypt in
 * an AS exchange without preauthentication is a wrong password: the KDC gave
 * the ticket to anybody, and only the password opens it.
 */
static enum tl_reason reason_of_local(enum tl_stage stage, krb5_error_code code)
{
    switch (code) {
    case ENOMEM:
        return TL_REASON_NO_MEMORY;
    case KRB5_KDCREP_SKEW:
        return TL_REASON_CLOCK_SKEW;
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
    case KRB5KDC_ERR_PREAUTH_FAILED:
        return stage == TL_STAGE_AS ? TL_REASON_WRONG_PASSWORD : TL_REASON_REPLY_MISMATCH;
    case KRB5_KDCREP_MODIFIED:
    case KRB5_KDC_UNREACH: /* its own loop detection */
    case KRB5KRB_AP_ERR_MODIFIED:
        return TL_REASON_REPLY_MISMATCH;
    case KRB5_PREAUTH_FAILED: /* the KDC offers nothing that this machine may use */
    case KRB5_PROG_ETYPE_NOSUPP:
    case KRB5_CONFIG_ETYPE_NOSUPP:
    case KRB5KDC_ERR_ETYPE_NOSUPP:
    case KRB5_BAD_ENCTYPE:
        return TL_REASON_ETYPE_UNSUPPORTED;
    case KRB5_DELTAT_BADFORMAT:
    case KRB5_CONFIG_BADFORMAT:
    case KRB5_CONFIG_CANTOPEN:
    case KRB5_CONFIG_NODEFREALM:
        return TL_REASON_KRB5_CONF;
    case KRB5KRB_AP_ERR_TKT_EXPIRED:
        return TL_REASON_CLOCK_SKEW;
    case KRB5KRB_AP_ERR_MSG_TYPE:
    case ASN1_BAD_ID:
    case ASN1_BAD_LENGTH:
    case ASN1_MISSING_FIELD:
    case ASN1_MISPLACED_FIELD:
    case ASN1_OVERRUN:
    case ASN1_PARSE_ERROR:
    case ASN1_BAD_FORMAT:
    case ASN1_TYPE_MISMATCH:
        return TL_REASON_KDC_GARBAGE;
    default:
        return TL_REASON_INTERNAL;
    }
}

enum tl_reason tli_krb_fail_local(struct tl_krb *krb, struct tl_outcome *out,
                                  enum tl_stage stage, krb5_error_code code,
                                  const char *doing)
{
    enum tl_reason reason = reason_of_local(stage, code);
    char *text =
        reason == TL_REASON_KRB5_CONF ? tli_k5_conf_values(NULL, TL_KRB5_CONF) : NULL;

    if (text == NULL)
        text = tli_k5_message(NULL, krb->k5, code);
    reason =
        tl_outcome_fail(out, stage, reason, "%s: %s", doing, text != NULL ? text : "?");

    talloc_free(text);
    return reason;
}

enum tl_reason tli_krb_fail_error(struct tl_krb *krb, struct tl_outcome *out,
                                  const struct tli_exchange *ex, int32_t code)
{
    const struct tl_krb_info *info = tl_krb_by_code(code);
    int64_t here = (int64_t)time(NULL);
    char *text;
    enum tl_reason reason;

    if (code == TL_KRB_SKEW)
        text = tl_clock_sentence(NULL, here, ex->err.stime, ex->kdc);
    else
        text = talloc_asprintf(NULL, "%s (%d) for %s",
                               info != NULL ? info->name : "KRB-ERROR", (int)code,
                               ex->subject);
    reason = tl_outcome_fail_krb(out, ex->stage, code, ex->err.edata_ntstatus, "%s",
                                 text != NULL ? text : "?");
    talloc_free(text);
    return reason;
}
