/* SPDX-License-Identifier: MIT
 *
 * outcome.c - the record of how a logon, or a step of it, ended.
 */
#include <stdarg.h>

#include <trustlogon/outcome.h>

static void set_string(struct tl_outcome *out, const char **field, const char *value)
{
    char *copy = NULL;

    /* Copied before the old value goes: the new one may point into it. */
    if (value != NULL)
        copy = talloc_strdup(out, value);
    talloc_free((void *)(uintptr_t)*field);
    *field = copy;
}

struct tl_outcome *tl_outcome_new(TALLOC_CTX *ctx)
{
    struct tl_outcome *out = talloc_zero(ctx, struct tl_outcome);

    if (out != NULL)
        out->krb_error = TL_KRB_NONE;
    return out;
}

void tl_outcome_reset(struct tl_outcome *out)
{
    if (out == NULL)
        return;
    talloc_free_children(out);
    *out = (struct tl_outcome){.reason = TL_REASON_OK, .krb_error = TL_KRB_NONE};
}

static void TL_PRINTF(2, 0)
    set_detail(struct tl_outcome *out, const char *fmt, va_list ap)
{
    char *detail = NULL;

    if (fmt != NULL)
        detail = talloc_vasprintf(out, fmt, ap);
    talloc_free((void *)(uintptr_t)out->detail);
    out->detail = detail;
}

enum tl_reason tl_outcome_fail(struct tl_outcome *out, enum tl_stage stage,
                               enum tl_reason reason, const char *fmt, ...)
{
    const struct tl_reason_info *info = tl_reason_info(reason);
    uint32_t ntstatus = info == NULL ? TL_NT_INTERNAL_ERROR : info->ntstatus;
    va_list ap;

    if (out == NULL)
        return reason;
    /* A cause found afterwards (a trust of the wrong type) explains the status
     * that the KDC's answer gave; it does not replace it. */
    if (ntstatus == 0 && reason != TL_REASON_OK)
        ntstatus = out->ntstatus != TL_NT_SUCCESS ? out->ntstatus : TL_NT_INTERNAL_ERROR;
    out->reason = reason;
    out->stage = stage;
    out->ntstatus = ntstatus;
    va_start(ap, fmt);
    set_detail(out, fmt, ap);
    va_end(ap);
    return reason;
}

enum tl_reason tl_outcome_fail_krb(struct tl_outcome *out, enum tl_stage stage,
                                   int32_t krb_code, uint32_t edata_ntstatus,
                                   const char *fmt, ...)
{
    enum tl_reason reason = tl_reason_from_krb(stage, krb_code, edata_ntstatus);
    va_list ap;

    if (out == NULL)
        return reason;
    out->reason = reason;
    out->stage = stage;
    out->ntstatus = tl_status_from_krb(stage, krb_code, edata_ntstatus);
    out->krb_error = krb_code;
    out->edata_ntstatus = edata_ntstatus;
    va_start(ap, fmt);
    set_detail(out, fmt, ap);
    va_end(ap);
    return reason;
}

void tl_outcome_set_realm(struct tl_outcome *out, const char *realm)
{
    if (out != NULL)
        set_string(out, &out->realm, realm);
}

void tl_outcome_set_kdc(struct tl_outcome *out, const char *kdc)
{
    if (out != NULL)
        set_string(out, &out->kdc, kdc);
}

void tl_outcome_set_subject(struct tl_outcome *out, const char *subject)
{
    if (out != NULL)
        set_string(out, &out->subject, subject);
}

void tl_outcome_set_attribute(struct tl_outcome *out, const char *attribute)
{
    if (out != NULL)
        set_string(out, &out->attribute, attribute);
}

struct tl_outcome *tl_outcome_copy(TALLOC_CTX *ctx, const struct tl_outcome *out)
{
    struct tl_outcome *copy;
    const char **fields[5];

    if (out == NULL)
        return NULL;
    copy = talloc_memdup(ctx, out, sizeof(*out));
    if (copy == NULL)
        return NULL;
    talloc_set_name_const(copy, "struct tl_outcome");
    fields[0] = &copy->realm;
    fields[1] = &copy->kdc;
    fields[2] = &copy->subject;
    fields[3] = &copy->attribute;
    fields[4] = &copy->detail;
    for (size_t i = 0; i < 5; i++) {
        if (*fields[i] == NULL)
            continue;
        *fields[i] = talloc_strdup(copy, *fields[i]);
        if (*fields[i] == NULL) {
            talloc_free(copy);
            return NULL;
        }
    }
    return copy;
}

char *tl_clock_sentence(TALLOC_CTX *ctx, int64_t here, int64_t there, const char *kdc)
{
    int64_t off = here > there ? here - there : there - here;
    const char *way = here > there ? "ahead of" : "behind";
    bool seconds = off < 120;

    return talloc_asprintf(ctx, "this clock is %lld %s %s %s",
                           (long long)(seconds ? off : (off + 30) / 60),
                           seconds ? "seconds" : "minutes", way, kdc);
}
