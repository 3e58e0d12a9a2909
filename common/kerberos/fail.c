/* SPDX-License-Identifier: MIT
 *
 * fail.c - how a failed exchange becomes a reason: from an error of libkrb5's own, or
 * from a KRB-ERROR.
 */
#include "internal.h"

#include <errno.h>
#include <time.h>

/*
 * libkrb5's verdicts on a reply other than a KRB-ERROR. What it cannot decrypt in
 * an AS exchange without preauthentication is a wrong password: the KDC gives
 * the ticket to any client, and only the password opens it.
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
