/* SPDX-License-Identifier: MIT
 *
 * trustlogon/outcome.h - how a logon, or one step of it, ended.
 *
 * One type carries the result from the step in which it arose to the PAM module, the
 * journal and `diagnose`.
 */
#ifndef TRUSTLOGON_OUTCOME_H
#define TRUSTLOGON_OUTCOME_H

#include <trustlogon/status.h>

struct tl_outcome {
    enum tl_reason reason; /* TL_REASON_OK: it worked */
    enum tl_stage stage;
    uint32_t ntstatus;       /* TL_NT_SUCCESS if it worked */
    int hop;                 /* exchange number on the walk, from 1; 0: none */
    int32_t krb_error;       /* code of the KRB-ERROR that ended it, or TL_KRB_NONE */
    uint32_t edata_ntstatus; /* status in its e-data, or 0 */
    const char *realm;       /* realm of the KDC concerned, or NULL */
    const char *kdc;         /* "dc1.contoso.test (10.99.0.11) 88/tcp", or NULL */
    const char *subject;   /* what is at fault: a TDO's DN, a principal, a file, a port */
    const char *attribute; /* its attribute and value: "trustType = 1"; or NULL */
    const char *detail;    /* one plain sentence of what happened here, or NULL */
};

/* A zeroed outcome that says "ok". Reset by the same function. */
TL_PUBLIC struct tl_outcome *tl_outcome_new(TALLOC_CTX *ctx);
TL_PUBLIC void tl_outcome_reset(struct tl_outcome *out);

/*
 * Record a failure and return `reason` (so a step can `return
 * tl_outcome_fail(...)`). The status is the reason's own; if the reason has no status,
 * that of the failure recorded before, which the reason explains; without one,
 * TL_NT_INTERNAL_ERROR. `fmt` makes the detail and may be NULL (no detail).
 * Everything else recorded earlier (hop, KRB error, realm, kdc, subject, attribute) is
 * kept unless set again; a step that starts over calls tl_outcome_reset(). `out` may be
 * NULL.
 */
TL_PUBLIC enum tl_reason tl_outcome_fail(struct tl_outcome *out, enum tl_stage stage,
                                         enum tl_reason reason, const char *fmt, ...)
    TL_PRINTF(4, 5);
/* The same for a KRB-ERROR: status and reason from tl_status_from_krb() and
 * tl_reason_from_krb(). */
TL_PUBLIC enum tl_reason tl_outcome_fail_krb(struct tl_outcome *out, enum tl_stage stage,
                                             int32_t krb_code, uint32_t edata_ntstatus,
                                             const char *fmt, ...) TL_PRINTF(5, 6);
/* Replace the named field by a talloc copy (NULL clears it). */
TL_PUBLIC void tl_outcome_set_realm(struct tl_outcome *out, const char *realm);
TL_PUBLIC void tl_outcome_set_kdc(struct tl_outcome *out, const char *kdc);
TL_PUBLIC void tl_outcome_set_subject(struct tl_outcome *out, const char *subject);
TL_PUBLIC void tl_outcome_set_attribute(struct tl_outcome *out, const char *attribute);
/* How far off a clock is: "this clock is 61 minutes ahead of dc1.contoso.test". Times in
 * seconds since 1970; NULL: no memory. */
TL_PUBLIC char *tl_clock_sentence(TALLOC_CTX *ctx, int64_t here, int64_t there,
                                  const char *kdc);
/* Deep copy. */
TL_PUBLIC struct tl_outcome *tl_outcome_copy(TALLOC_CTX *ctx,
                                             const struct tl_outcome *out);

/* What the words need besides the outcome; any member may be NULL. */
struct tl_words_input {
    const char *user;         /* the name as typed */
    const char *implicit_upn; /* alice@contoso.test, where it can be known or guessed */
    const char *workstation;  /* ws1.fabrikam.test */
    const char *workstation_domain;
    const char *user_domain;      /* contoso.test */
    const char *workstation_flat; /* WS1 */
};

struct tl_words {
    const char *message; /* for the user: the Win32 text word for word; NULL on success */
    const char *explanation; /* for the administrator: why */
    const char *remedy;      /* what to do; NULL if nothing has to be done */
};

/*
 * The one place where an outcome becomes words. Explanation and remedy of the
 * reason table may hold %{user} %{upn} %{workstation} %{wsdomain} %{userdomain}
 * %{subject} %{attribute} %{realm} %{kdc} %{detail}; a value that is not known
 * is replaced by plain words ("the user's domain"). Control characters of
 * values (they come from networks), characters that reorder or hide text and
 * bytes that are not UTF-8 are replaced by '?'; a value longer than 512 bytes is
 * cut and ends in "...". NULL when memory is out.
 */
TL_PUBLIC struct tl_words *tl_outcome_words(TALLOC_CTX *ctx, const struct tl_outcome *out,
                                            const struct tl_words_input *in);

/* Text from the network made safe to show, by the same rules as the values above. */
TL_PUBLIC char *tl_plain_text(TALLOC_CTX *ctx, const char *value);

#endif
