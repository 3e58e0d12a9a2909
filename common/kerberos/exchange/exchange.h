/* SPDX-License-Identifier: MIT
 *
 * exchange.h - what the files of this room share: the AS exchange, the walk, and the
 * referrals that both follow.
 */
#ifndef TL_KERBEROS_EXCHANGE_H
#define TL_KERBEROS_EXCHANGE_H

#include "kerberos/internal.h"

/* --- as.c --- */

/* An AS exchange for a TGT with the keys that the keytab has of `princ`. */
enum tl_reason tli_as_keytab(struct tl_krb *krb, krb5_principal princ, krb5_keytab keytab,
                             struct tl_outcome *out);

/* --- as_options.c --- */

#define TL_NETBIOS_LEN 16 /* a NetBIOS name on the wire: padded with blanks */

struct tli_as_options {
    krb5_get_init_creds_opt *opt;
    /* the workstation's name, to which `opt` points */
    krb5_octet netbios[TL_NETBIOS_LEN];
    krb5_address address;
    krb5_address *addresses[2];
};
/* For a TGT into the context's ccache, or for a ticket for kadmin/changepw. `options` is
 * all zero, must not move, and is to be freed after a failure, too. */
krb5_error_code tli_as_options_make(struct tl_krb *krb, bool changepw,
                                    struct tli_as_options *options);
void tli_as_options_free(krb5_context k5, struct tli_as_options *options);

/* --- as_finish.c --- */

/* Take the ticket of a finished AS exchange into the context: the client's TGT, or the
 * ticket for kadmin/changepw. */
enum tl_reason tli_as_finish(struct tl_krb *krb, krb5_init_creds_context icc,
                             bool changepw, struct tl_outcome *out);

/* --- referral.c: from realm to realm --- */

/* The realms that one AS exchange or one walk has asked. */
struct tli_referrals {
    enum tl_stage stage;
    int limit;                    /* realms that may follow the first */
    int repeats;                  /* questions in all, after which a realm asked twice in
                                   * a row is a loop; -1: no bound */
    const struct tl_trace *trace; /* gets a note of each referral of `subject` */
    const char *subject;          /* NULL: no note is wanted */
    struct tli_realms seen;       /* in order, each once */
    const char *realm;            /* the present one; NULL before the first question */
    int asked;                    /* questions so far */
};

/*
 * The next question goes to realm `to`: the first one, the present one again (another
 * round of preauthentication, or of encryption types), or one that a KDC refers to. The
 * name comes from an unauthenticated message. On OK it is referrals->realm, a child of
 * `mem`. KDC_GARBAGE for a name that cannot be a realm of Active Directory,
 * REFERRAL_LOOP, REFERRAL_LIMIT with the realms in the detail, NO_MEMORY.
 */
enum tl_reason tli_referral_enter(TALLOC_CTX *mem, struct tli_referrals *referrals,
                                  const krb5_data *to, struct tl_outcome *out);
/* The first check alone: *name is a copy, a child of `mem`. */
enum tl_reason tli_referral_name(TALLOC_CTX *mem, enum tl_stage stage,
                                 const krb5_data *to, char **name,
                                 struct tl_outcome *out);

/* --- tgs.c: one ticket, over as many referrals as it takes --- */

/* What several questions in a row share. */
struct tli_tgs {
    struct tl_krb *krb;
    TALLOC_CTX *mem;                /* child of krb; NULL: memory is out */
    struct tli_referrals referrals; /* realms asked, and how often */
    struct tli_exchange ex;         /* the last request and its reply; owned by mem */
    struct tl_outcome *out;         /* may be NULL */
};
struct tli_tgs tli_tgs_start(struct tl_krb *krb, struct tl_outcome *out);
/* The ticket for first/second@realm, beginning with the best TGT in the ccache. It is
 * stored there unless `creds` is to take it. */
enum tl_reason tli_tgs_ask(struct tli_tgs *tgs, const char *first, const char *second,
                           const char *realm, krb5_creds **creds);
/* Forget the path so far: the next question begins at the user's KDC. */
void tli_tgs_restart(struct tli_tgs *tgs);

/* --- plain_tgs.c --- */

/* The TGS-REQ without PA-FX-FAST, so that errors come in the clear. NULL: it has no
 * PA-FX-FAST, or is not a TGS-REQ; send it as it is. */
uint8_t *tli_tgs_req_plain(TALLOC_CTX *ctx, const uint8_t *data, size_t size,
                           size_t *len);

/* --- walk.c: its plan; pure --- */

/* What the walk asks for, in order, by policy. */
struct tli_walk_plan {
    bool krbtgt_first; /* krbtgt/<workstation realm> before host/<workstation> */
    bool krbtgt_retry; /* after a 7 at the first hop of host/: krbtgt/ once */
};
struct tli_walk_plan tli_walk_plan_for(enum tl_walk policy, const struct tl_route *route,
                                       bool same_realm);

#endif
