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

/* --- plain_tgs.c --- */

/* The TGS-REQ without PA-FX-FAST, so that errors come in the clear. NULL: it has none,
 * or is not a TGS-REQ; send it as it is. */
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
