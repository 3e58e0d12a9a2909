/* SPDX-License-Identifier: MIT
 *
 * What the files of this folder share; the door is <trustlogon/kerberos.h>.
 */
#ifndef TL_KERBEROS_INTERNAL_H
#define TL_KERBEROS_INTERNAL_H

#include <trustlogon/kerberos.h>
#include "kerberos/transport/transport.h"

/* The realms a walk has been in: detects circles and counts hops. */
struct tli_realms {
    size_t count;
    char **names;
};

struct tl_krb {
    const struct tl_config *config;
    struct tl_locator *locator;
    const struct tl_trace *trace;
    tl_deadline deadline;
    krb5_context k5;
    krb5_ccache ccache; /* MEMORY: only of this session */
    char *ccache_name;
    struct tli_transport *net;
    bool answered;           /* some KDC has answered something */
    const char *workstation; /* NetBIOS name for AS requests, or NULL */
    int clockskew;           /* seconds, krb5.conf's or 300 */
    krb5_principal client;   /* canonical, after the AS exchange */
    char *client_name;       /* the same as text */
    char *tgt_realm;         /* realm whose KDC issued the TGT */
    int64_t tgt_end;
    krb5_creds *changepw;      /* the ticket for kadmin/changepw, or NULL; never stored */
    krb5_creds *host;          /* the ticket for this workstation, after the walk */
    const char *host_kdc;      /* the KDC that issued it */
    struct tli_armor *armor;   /* NULL: `fast = never` (armor.h) */
    struct tli_realms way;     /* realms of the last walk */
    struct tli_realms through; /* realms that the proven host ticket names */
};

/* --- k5_profile.c: our fixed settings over krb5.conf --- */

/* A context that reads krb5.conf below fixed settings, and no environment. */
krb5_error_code tli_k5_context(enum tl_rc4 rc4, krb5_context *k5);
/* The same with smart cards, in which a certificate does instead of a password. */
krb5_error_code tli_k5_context_for(enum tl_rc4 rc4, bool cards, krb5_context *k5);
/* What a key is for: the session with the KDCs of another realm, over a trust, or
 * anything else. */
enum tli_key_use { TL_KEY_ANY, TL_KEY_OF_REFERRAL };
bool tli_enctype_allowed(enum tl_rc4 rc4, enum tli_key_use use, krb5_enctype enctype);

/* --- k5_conf.c: what is wrong with krb5.conf --- */

#define TL_KRB5_CONF "/etc/krb5.conf"
/* The same context; KRB5_CONF with file and line where libkrb5 does not take its
 * configuration, or NO_MEMORY. */
enum tl_reason tli_k5_open(enum tl_rc4 rc4, bool cards, enum tl_stage stage,
                           krb5_context *k5, struct tl_outcome *out);
/* "/etc/krb5.conf, line 3: Syntax error in profile relation", or NULL: nothing is found.
 * What the file includes is looked at too. */
char *tli_k5_conf_syntax(TALLOC_CTX *ctx, const char *path);
/* A value that libkrb5 fails for where it needs it; NULL: none. */
char *tli_k5_conf_values(TALLOC_CTX *ctx, const char *path);

/* --- message.c: what may be read of a message without a key --- */

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

/* What a KRB-ERROR says. Nothing of it is authenticated. */
struct tli_krb_error {
    int32_t code;            /* TL_KRB_NONE: the reply was none */
    uint32_t edata_ntstatus; /* 0: none */
    int64_t stime;           /* the KDC's clock, seconds since 1970 */
    char *crealm;            /* child of ctx, or NULL */
};
/* Code TL_KRB_NONE for anything that is no well-formed KRB-ERROR. */
void tli_krb_error_read(TALLOC_CTX *ctx, krb5_context k5, const krb5_data *reply,
                        struct tli_krb_error *err);

/* --- plain_tgs.c --- */

/* The TGS-REQ without PA-FX-FAST, so that errors come in the clear. NULL: there
 * was none, or it is no TGS-REQ; send it as it is. */
uint8_t *tli_tgs_req_plain(TALLOC_CTX *ctx, const uint8_t *data, size_t size,
                           size_t *len);

/* --- exchange.c: one request and its reply, told to the trace --- */

struct tli_exchange {
    enum tl_stage stage;
    const char *realm;        /* whose KDC is asked */
    const char *subject;      /* what is asked for */
    bool counts_as_attempt;   /* asking twice may count twice: a wrong password */
    krb5_data reply;          /* points into `mem` */
    struct tli_krb_error err; /* of the reply */
    const char *kdc;          /* who answered */
    struct tli_fast *fast;    /* armor.h; NULL: none */
    bool armored;             /* the reply came in its armor */
};
/* `mem` owns reply and strings. On failure `out` names the KDC and the cause. */
enum tl_reason tli_krb_exchange(TALLOC_CTX *mem, struct tl_krb *krb,
                                struct tli_exchange *ex, const krb5_data *request,
                                struct tl_outcome *out);
/* Fail for the KRB-ERROR in ex->err; `code` is it, or the one inside its FAST wrapping.
 */
enum tl_reason tli_krb_fail_error(struct tl_krb *krb, struct tl_outcome *out,
                                  const struct tli_exchange *ex, int32_t code);
/* Fail for an error code that libkrb5 itself came to, without a KRB-ERROR. */
enum tl_reason tli_krb_fail_local(struct tl_krb *krb, struct tl_outcome *out,
                                  enum tl_stage stage, krb5_error_code code,
                                  const char *doing);
/* libkrb5's own words for a code, as a child of ctx. */
char *tli_k5_message(TALLOC_CTX *ctx, krb5_context k5, krb5_error_code code);
/* A principal as text, or "?" */
char *tli_k5_name(TALLOC_CTX *ctx, krb5_context k5, krb5_const_principal princ);

/* --- exchange_as.c --- */

/* An AS exchange for a TGT with the keys that the keytab has of `princ`. */
enum tl_reason tli_as_keytab(struct tl_krb *krb, krb5_principal princ, krb5_keytab keytab,
                             struct tl_outcome *out);

/* --- as_keep.c --- */

/* Keep the ticket of a finished AS exchange in the session: the client's TGT, or
 * the ticket for kadmin/changepw. */
enum tl_reason tli_as_finish(struct tl_krb *krb, krb5_init_creds_context icc,
                             bool changepw, struct tl_outcome *out);

/* --- realms.c, and the plan of exchange_walk.c: pure --- */

/* TL_REASON_OK and the realm is remembered; REFERRAL_LOOP, REFERRAL_LIMIT, NO_MEMORY. */
enum tl_reason tli_realms_enter(TALLOC_CTX *ctx, struct tli_realms *seen, int limit,
                                const char *realm, size_t len);
/* "CONTOSO.TEST, FABRIKAM.TEST, CONTOSO.TEST" */
char *tli_realms_text(TALLOC_CTX *ctx, const struct tli_realms *seen, const char *last);

/* transited.c: the realms that a ticket came through. `client` and `server` are the
 * realms at its ends. Pure. -EBADMSG, -ENOMEM; realms->names is a child of ctx. */
int tli_transited_decode(TALLOC_CTX *ctx, const krb5_transited *transited,
                         const char *client, const char *server,
                         struct tli_realms *realms);

/* What the walk asks for, in order, by policy; `again` is asked if the first
 * question is answered 7. */
struct tli_walk_plan {
    bool krbtgt_first; /* krbtgt/<workstation realm> before host/<workstation> */
    bool krbtgt_retry; /* after a 7 at the first hop of host/: krbtgt/ once */
};
struct tli_walk_plan tli_walk_plan_for(enum tl_walk policy, const struct tl_route *route,
                                       bool same_realm);

/* --- keytab.c --- */

/* The path in "FILE:/etc/krb5.keytab" or the like; NULL: a keytab of another type. */
const char *tli_keytab_path(const char *name);
/* Open the configured keytab; KEYTAB_MISSING, KEYTAB_NEEDS_ROOT, KEYTAB_UNREADABLE,
 * KEYTAB_UNSAFE. Close with krb5_kt_close(). */
enum tl_reason tli_keytab_open(krb5_context k5, const struct tl_config *config,
                               enum tl_stage stage, krb5_keytab *keytab,
                               struct tl_outcome *out);
/* Is it a name of the machine account: WS1$, host/WS1, host/ws1.fabrikam.test? */
bool tli_keytab_is_machine(krb5_const_principal princ, const struct tl_workstation *ws);
/* The same for the machine's own AS exchange: its keys, as of `princ` (WS1$), in memory.
 * Those under its host names are the same account's. Of several versions those that were
 * written last; with `others` those of the highest version, KEYTAB_NO_KEY where that is
 * no other. */
enum tl_reason tli_keytab_for_machine(krb5_context k5, const struct tl_config *config,
                                      const struct tl_workstation *ws,
                                      krb5_principal princ, bool others,
                                      krb5_keytab *keytab, struct tl_outcome *out);
/* It has keys of the machine, and none of them is AES. */
bool tli_keytab_lacks_aes(krb5_context k5, krb5_keytab keytab,
                          const struct tl_workstation *ws);

/* --- ccache_name.c --- */

/* krb5.conf's default_ccache_name or the built-in default, expanded for a user:
 * %{uid}, %{euid}, %{USERID}, %{TEMP}, %{null}. -EINVAL for a token that cannot be
 * known here, or a type that cannot be made from outside the session; *why then
 * holds a plain sentence. */
int tli_ccache_expand(TALLOC_CTX *ctx, const char *pattern, uid_t uid, char **name,
                      const char **why);

#endif
