/* SPDX-License-Identifier: MIT
 *
 * kerberos/internal.h - what the Kerberos rooms share: the Kerberos context, libkrb5's
 * settings and errors, one request and its reply, the realms of a path. The public side
 * is <trustlogon/kerberos.h>. Each room has a header of its own:
 *
 *   transport/  transport.h, race.h: bytes to a KDC and back
 *   tickets/    keytab.h, ccache_name.h, ccache_write.h: keytab and credentials caches
 *   exchange/   exchange.h, armor.h, smartcard.h: AS exchange, walk, FAST, cards
 *   kpasswd/    kpasswd.h: changes of passwords
 */
#ifndef TL_KERBEROS_INTERNAL_H
#define TL_KERBEROS_INTERNAL_H

#include <trustlogon/kerberos.h>
#include "kerberos/transport/transport.h"

/* Realms in the order in which a walk asked them, or a ticket came through them. */
struct tli_realms {
    size_t count;
    char **names;
};

/* A Kerberos context: what one logon, renewal or look-up needs to talk to KDCs. */
struct tl_krb {
    const struct tl_config *config;
    struct tl_locator *locator;
    const struct tl_trace *trace;
    tl_deadline deadline; /* of all exchanges */
    krb5_context k5;
    krb5_ccache ccache; /* MEMORY, of this context alone */
    char *ccache_name;  /* its full name, for GSSAPI */
    struct tli_transport *net;
    bool answered;           /* some KDC has replied, if only with an error */
    const char *workstation; /* NetBIOS name for AS requests, or NULL */
    int clockskew;           /* seconds, krb5.conf's or 300 */
    krb5_principal client;   /* canonical, after the AS exchange */
    char *client_name;       /* the same as text */
    char *tgt_realm;         /* realm whose KDC issued the TGT */
    int64_t tgt_end;         /* seconds since 1970 */
    krb5_creds *changepw;    /* the ticket for kadmin/changepw, or NULL; never stored */
    krb5_creds *host;        /* the ticket for this workstation, after the walk */
    const char *host_kdc;    /* the KDC that issued it */
    struct tli_armor *armor; /* NULL: `fast = never` (exchange/armor.h) */
    struct tli_realms path;  /* realms that the last walk asked */
};

/* --- k5_profile.c: our fixed settings over krb5.conf --- */

/* A context that reads krb5.conf below fixed settings, and no environment. */
krb5_error_code tli_k5_context(enum tl_rc4 rc4, krb5_context *k5);
/* The same with smart cards, where a certificate replaces the password. */
krb5_error_code tli_k5_context_for(enum tl_rc4 rc4, bool cards, krb5_context *k5);
/* Seconds that clocks may differ: krb5.conf's or 300. */
int tli_k5_clockskew(krb5_context k5);
/* What a key is for: the session with the KDCs of another realm, over a trust, or
 * anything else. */
enum tli_key_use { TL_KEY_ANY, TL_KEY_OF_REFERRAL };
bool tli_enctype_allowed(enum tl_rc4 rc4, enum tli_key_use use, krb5_enctype enctype);

/* --- k5_conf.c: what is wrong with krb5.conf --- */

/* The same context; KRB5_CONF with file and line where libkrb5 rejects its
 * configuration, or NO_MEMORY. */
enum tl_reason tli_k5_open(enum tl_rc4 rc4, bool cards, enum tl_stage stage,
                           krb5_context *k5, struct tl_outcome *out);
/* tl_krb5_conf_default() in a context that is open. */
char *tli_k5_conf_default(TALLOC_CTX *ctx, krb5_context k5, const char *option);
/* "/etc/krb5.conf, line 3: Syntax error in profile relation", or NULL: no error is found.
 * Included files are checked too. */
char *tli_k5_conf_syntax(TALLOC_CTX *ctx, const char *path);
/* A value that libkrb5 rejects only when it needs it; NULL: all are valid. */
char *tli_k5_conf_values(TALLOC_CTX *ctx, const char *path);

/* --- message.c: what can be read of a message without a key --- */

enum tli_krb_msg {
    TL_MSG_OTHER,
    TL_MSG_AS_REQ,
    TL_MSG_AS_REP,
    TL_MSG_TGS_REQ,
    TL_MSG_TGS_REP,
    TL_MSG_ERROR
};
/* By the outermost DER tag (RFC 4120 5.10). */
enum tli_krb_msg tli_krb_msg_kind(const uint8_t *data, size_t len);
const char *tli_krb_msg_name(enum tli_krb_msg kind);

/* The realm that a TGS-REP refers to: its ticket is for krbtgt/<realm>. NULL for any
 * other ticket or message, and for a name with a NUL in it. Nothing is authenticated. */
char *tli_krb_referred_to(TALLOC_CTX *ctx, const krb5_data *reply);

/* The content of a KRB-ERROR. Nothing of it is authenticated. */
struct tli_krb_error {
    int32_t code;            /* TL_KRB_NONE: the reply is not a KRB-ERROR */
    uint32_t edata_ntstatus; /* 0: not in the e-data */
    int64_t stime;           /* the KDC's clock, seconds since 1970 */
    char *crealm;            /* child of ctx, or NULL */
};
/* Code TL_KRB_NONE for anything but a well-formed KRB-ERROR. */
void tli_krb_error_read(TALLOC_CTX *ctx, krb5_context k5, const krb5_data *reply,
                        struct tli_krb_error *err);

/* --- error.c: libkrb5's errors and names as text --- */

/* libkrb5's message for a code, as a child of ctx. */
char *tli_k5_message(TALLOC_CTX *ctx, krb5_context k5, krb5_error_code code);
/* A principal as text, or "?" */
char *tli_k5_name(TALLOC_CTX *ctx, krb5_context k5, krb5_const_principal princ);

/* --- request.c: one request and its reply --- */

struct tli_fast;
struct tli_exchange {
    enum tl_stage stage;
    const char *realm;        /* whose KDC is asked */
    const char *subject;      /* what is asked for */
    bool counts_as_attempt;   /* asking twice may count twice: a wrong password */
    krb5_data reply;          /* points into `mem` */
    struct tli_krb_error err; /* of the reply */
    const char *kdc;          /* the KDC that replied */
    /* FAST (exchange/armor.h): `open` looks inside the armor of a reply and replaces
     * `err` by the KRB-ERROR in there. NULL: the exchange is not armored. */
    enum tl_reason (*open)(TALLOC_CTX *mem, struct tli_fast *fast,
                           const krb5_data *request, struct tli_exchange *ex,
                           struct tl_outcome *out);
    struct tli_fast *fast;
    bool request_armored, armored; /* the request was sent, the reply came in armor */
};
/* `mem` owns reply and strings. On failure `out` names the KDC and the cause. */
enum tl_reason tli_krb_exchange(TALLOC_CTX *mem, struct tl_krb *krb,
                                struct tli_exchange *ex, const krb5_data *request,
                                struct tl_outcome *out);

/* --- fail.c: the reason of a failed exchange --- */

/* Fail for the KRB-ERROR in ex->err; `code` is its code, or the one inside the armor. */
enum tl_reason tli_krb_fail_error(struct tl_krb *krb, struct tl_outcome *out,
                                  const struct tli_exchange *ex, int32_t code);
/* Fail for an error code of libkrb5's own, where no KRB-ERROR came. */
enum tl_reason tli_krb_fail_local(struct tl_krb *krb, struct tl_outcome *out,
                                  enum tl_stage stage, krb5_error_code code,
                                  const char *doing);

/* --- realms.c: the realms of a path; pure --- */

/* TL_REASON_OK and the realm is appended; REFERRAL_LOOP, REFERRAL_LIMIT, NO_MEMORY. */
enum tl_reason tli_realms_enter(TALLOC_CTX *ctx, struct tli_realms *seen, int limit,
                                const char *realm, size_t len);
/* "CONTOSO.TEST, FABRIKAM.TEST, CONTOSO.TEST" */
char *tli_realms_text(TALLOC_CTX *ctx, const struct tli_realms *seen, const char *last);
/* The same without a further realm; NULL: the path is empty. */
char *tli_realms_all_text(TALLOC_CTX *ctx, const struct tli_realms *realms);

#endif
