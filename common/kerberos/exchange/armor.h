/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: FAST armor [RFC 6113 5.4] for the AS exchanges of users,
 * made with the machine's own ticket, across the trust.
 *
 * libkrb5 wraps and unwraps; here is decided whether it must (`fast`), with what
 * ticket, and what an answer outside the armor means.
 */
#ifndef TL_ARMOR_H
#define TL_ARMOR_H

#include "kerberos/internal.h"

/* --- armor.c: one AS exchange --- */

struct tli_fast {
    struct tl_krb *krb; /* the user's session; NULL: no armor is wanted */
    char *realm;        /* whose KDC is asked */
    bool on;            /* the requests are armored */
    bool plain;         /* try: no ticket to armor with can be had for this realm */
    bool offered;       /* try: the KDC says that it supports FAST */
    bool ready;         /* the ticket is there */
    bool anew;          /* the armor was made with kept tickets once already */
    bool again;         /* begin again, at `realm` */
    krb5_keyblock *key; /* of the present armor, or NULL */
};

/* Before libkrb5 begins at fast->realm: get the armor if it is to be, and say so in
 * `opt`. Fails where `demand` cannot be met. */
enum tl_reason tli_fast_begin(struct tli_fast *fast, krb5_get_init_creds_opt *opt,
                              struct tl_outcome *out);
/*
 * Look inside the armor of a reply, before libkrb5 does: the KRB-ERROR in there
 * replaces that in ex->err, and a reply that asks for more work than a password is
 * worth is refused. ex->armored: it came in the armor.
 */
enum tl_reason tli_fast_open(TALLOC_CTX *mem, struct tli_fast *fast,
                             const krb5_data *request, struct tli_exchange *ex,
                             struct tl_outcome *out);
/* May the exchange go on as it is, must it begin again (fast->again), or is it over? */
enum tl_reason tli_fast_judge(struct tli_fast *fast, const struct tli_exchange *ex,
                              struct tl_outcome *out);
/* The TGT is there. Was FAST kept from us [RFC 6806 11]? Then fast->again. */
enum tl_reason tli_fast_after(struct tli_fast *fast, struct tl_outcome *out);
void tli_fast_end(struct tli_fast *fast);

/* --- armor_ticket.c: the machine's tickets, and which realms support FAST --- */

struct tli_armor {
    const struct tl_workstation *ws;
    char *kept_path;        /* the machine's tickets between logons */
    struct tl_krb *machine; /* the machine's session, or NULL until it is needed */
    bool kept;              /* its tickets were taken from that file */
};

/* A ticket of the machine for krbtgt/realm@realm into armor->machine's cache.
 * ARMOR_UNAVAILABLE: a KDC refused it; else the reason of whatever failed. `out` is
 * not NULL. */
enum tl_reason tli_armor_get(struct tl_krb *krb, const char *realm,
                             struct tl_outcome *out);
/* Fetch fresh ones next time: what was kept did not do. */
void tli_armor_drop(struct tl_krb *krb);

/*
 * Which realms have proven to support FAST, for as long as that is believed: one
 * file each in the agent's state folder, since an attacker who can hide the KDC's
 * offer once must not be able to do so each time.
 */
bool tli_armor_known(const struct tl_config *config, const char *realm);
void tli_armor_remember(const struct tl_config *config, const char *realm);

#endif
