/* SPDX-License-Identifier: MIT
 *
 * armor.h - FAST armor [RFC 6113 5.4] for the AS exchanges of users, made with the
 * machine's own ticket, across the trust.
 *
 * libkrb5 wraps and unwraps. This room decides whether it must (`fast`), with which
 * ticket, and what a reply outside the armor means. The ticket comes from struct
 * tli_armor, which machine/armor_ticket.c fills in.
 */
#ifndef TL_ARMOR_H
#define TL_ARMOR_H

#include "kerberos/internal.h"

/* Where armor comes from: the machine's tickets. */
struct tli_armor {
    /* Put a ticket of the machine for krbtgt/realm@realm into machine->ccache, within
     * the deadline of `krb`, the user's context. ARMOR_UNAVAILABLE: a KDC refused it;
     * else the reason of the failure. `out` is not NULL. */
    enum tl_reason (*get)(struct tli_armor *armor, struct tl_krb *krb, const char *realm,
                          struct tl_outcome *out);
    /* Discard the tickets, so that get() fetches new ones. */
    void (*drop)(struct tli_armor *armor);
    const char *flat;       /* the machine's NetBIOS name, for the trace */
    struct tl_krb *machine; /* the machine's Kerberos context; NULL until get() */
    bool saved;             /* its tickets were saved by an earlier run */
};

/* --- armor.c: one AS exchange --- */

struct tli_fast {
    struct tl_krb *krb; /* the user's context; NULL: the exchange is not armored */
    char *realm;        /* whose KDC is asked */
    bool on;            /* the requests are armored */
    bool plain;         /* try: no armor ticket can be obtained for this realm */
    bool offered;       /* try: the KDC says that it supports FAST */
    bool ready;         /* the ticket is there */
    bool renewed;       /* saved tickets were replaced by new ones once already */
    bool again;         /* begin again, at `realm` */
    krb5_keyblock *key; /* of the present armor, or NULL */
};

/* Before libkrb5 begins at fast->realm: get the armor if the policy asks for it, and set
 * it in `opt`. Fails if `demand` cannot be met. */
enum tl_reason tli_fast_begin(struct tli_fast *fast, krb5_get_init_creds_opt *opt,
                              struct tl_outcome *out);
/*
 * tli_exchange.open: look inside the armor of a reply, before libkrb5 does. The
 * KRB-ERROR in there replaces that in ex->err, and a reply that asks for more work than
 * a password is worth is refused. Sets ex->armored if the reply came in armor.
 */
enum tl_reason tli_fast_open(TALLOC_CTX *mem, struct tli_fast *fast,
                             const krb5_data *request, struct tli_exchange *ex,
                             struct tl_outcome *out);
/* May the exchange go on as it is, must it begin again (fast->again), or is it over? */
enum tl_reason tli_fast_judge(struct tli_fast *fast, const struct tli_exchange *ex,
                              struct tl_outcome *out);
/* The TGT is there. Did its offer of FAST not arrive [RFC 6806 11]? Then
 * fast->again. */
enum tl_reason tli_fast_after(struct tli_fast *fast, struct tl_outcome *out);
void tli_fast_end(struct tli_fast *fast);

/* --- fast_realms.c: which realms have proven to support FAST --- */

/*
 * Remembered for 30 days, one file each in the agent's state folder: an attacker who
 * can hide the KDC's offer once must not be able to do so every time.
 */
bool tli_realm_has_fast(const struct tl_config *config, const char *realm);
void tli_realm_note_fast(const struct tl_config *config, const char *realm);

#endif
