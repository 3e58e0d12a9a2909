/* SPDX-License-Identifier: MIT
 *
 * kpasswd.h - the password change protocol [RFC 3244], for the files of this folder; the
 * public side is tl_krb_change_password() in <trustlogon/kerberos.h>.
 */
#ifndef TL_KPASSWD_H
#define TL_KPASSWD_H

#include "kerberos/internal.h"

/* --- kpasswd_message.c: the bytes, pure --- */

/* Version 1: the caller's own password, as it is, in the KRB-PRIV. */
#define TL_KPASSWD_CHANGE 1
#define TL_KPASSWD_MAX 65535 /* bytes: the message's length has 16 bits */

/* A request or a reply: u16 length of all | u16 version | u16 length of the
 * AP-REQ or AP-REP | that | KRB-PRIV, or KRB-ERROR where the AP part is empty. A
 * KRB-ERROR without any frame is a reply, too; AD sends it so. */
struct tli_kpasswd_frame {
    uint16_t version;
    const uint8_t *ap; /* NULL: `body` is a KRB-ERROR */
    size_t ap_len;
    const uint8_t *body;
    size_t body_len;
};
/* 0 or -EBADMSG; the pointers are into `data`. */
int tli_kpasswd_read(const uint8_t *data, size_t len, struct tli_kpasswd_frame *frame);
/* The bytes of a request, a child of ctx; -E2BIG or -ENOMEM. */
int tli_kpasswd_write(TALLOC_CTX *ctx, const struct tli_kpasswd_frame *frame,
                      uint8_t **data, size_t *len);

/* Result codes [RFC 3244 2]. */
enum tli_kpasswd_code {
    TL_KPASSWD_SUCCESS,
    TL_KPASSWD_MALFORMED,
    TL_KPASSWD_HARDERROR,
    TL_KPASSWD_AUTHERROR,
    TL_KPASSWD_SOFTERROR, /* the new password is refused */
    TL_KPASSWD_ACCESSDENIED,
    TL_KPASSWD_BAD_VERSION,
    TL_KPASSWD_INITIAL_FLAG_NEEDED
};

#define TL_PASSWORD_COMPLEX 0x1U /* of `properties` [SAMR 2.2.1.11] */

/* The policy that AD sends with a refusal, in place of a text. Times in seconds. */
struct tli_password_policy {
    uint32_t min_length, history, properties;
    uint64_t max_age, min_age; /* 0: none */
};

/* The plain text of a reply: a code, then a policy or a text for people. */
struct tli_kpasswd_result {
    uint16_t code;
    bool has_policy;
    struct tli_password_policy policy;
    char *text; /* valid UTF-8, fit to be shown, at most 512 bytes; or NULL */
};
/* 0, -EBADMSG (shorter than a code) or -ENOMEM. `text` is a child of ctx. */
int tli_kpasswd_result_read(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                            struct tli_kpasswd_result *result);

/* --- password_rules.c: what a refusal means, pure --- */

struct tli_password_refusal {
    const struct tli_kpasswd_result *result;
    const char *password; /* the one refused */
    const char *account;  /* sAMAccountName, or NULL */
};
/* The most specific reason, with sentences for the user in *detail. */
enum tl_reason tli_password_refused(TALLOC_CTX *ctx,
                                    const struct tli_password_refusal *in, char **detail);

/* --- kpasswd_net.c: one domain controller that answers on 464, and one message to
 * it and back --- */

struct tli_kpasswd_server {
    struct tli_conn *tcp; /* connected; or NULL: 464/udp, which has answered */
    struct tl_dc dc;
    int udp; /* a socket that has not been used yet, or -1 */
    struct sockaddr_storage local;
    const char *name; /* "dc1.contoso.test (10.99.0.11) 464/tcp" */
};
/*
 * One candidate beside another; 464/tcp first, and 464/udp where that does not come
 * up and a worthless message is answered there. PASSWORD_UNREACHABLE: nothing was
 * sent that could change a password.
 */
enum tl_reason tli_kpasswd_connect(TALLOC_CTX *ctx, struct tl_krb *krb,
                                   const struct tl_dc_list *list,
                                   struct tli_kpasswd_server **server,
                                   struct tl_outcome *out);
/* Send once and wait. PASSWORD_UNKNOWN: it went out, and nothing came back. */
enum tl_reason tli_kpasswd_ask(TALLOC_CTX *ctx, struct tl_krb *krb,
                               struct tli_kpasswd_server *server,
                               const krb5_data *request, krb5_data *reply,
                               struct tl_outcome *out);

/* --- kpasswd.c --- */

/* Read-only domain controllers last: they can only pass a change on. */
void tli_kpasswd_order(struct tl_dc_list *list);
/* tl_krb_change_password() at one of these; the realm is krb->changepw's. */
enum tl_reason tli_kpasswd_change(struct tl_krb *krb, const struct tl_dc_list *list,
                                  const char *new_password, struct tl_outcome *out);

#endif
