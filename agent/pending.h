/* SPDX-License-Identifier: MIT
 *
 * pending.h - logons whose tickets wait for pam_setcred.
 *
 * RUN_DIR/pending/<token> has the tickets, <token>.logon the record (pending_record.h).
 */
#ifndef TLA_PENDING_H
#define TLA_PENDING_H

#include <time.h>

#include <trustlogon/access.h>

#include "agent.h"

#define TLA_TOKEN_LEN 32
/* Seconds after which tickets that were not fetched are removed. */
#define TLA_PENDING_SECONDS 600

struct tla_pending {
    /* 128 random bits as hexadecimal digits: the key to this logon. */
    char token[TLA_TOKEN_LEN + 1];
    /* What tl_krb_save_pending() writes. */
    const char *ticket_path;
    /* PAM_USER of the logon, and the name that NSS shows. */
    const char *user, *canonical;
    /* Days until the password expires, as in struct tli_wire_msg. */
    uint32_t expires;
    /* Of the proven identity; NSS may give the name to another. */
    uint32_t uid, gid;
    /* DNS name of the domain whose tickets they are. */
    const char *domain;
    /* What the access rules are checked against. */
    const struct tl_membership *member;
    /* The verdict of the rules on the line of pam_authenticate (those on the line of
     * pam_acct_mgmt may be others): the entry that refuses and why, or NULL: granted. */
    const char *refused, *detail;
};

bool tla_token_is_valid(const char *token);
/* A fresh token and the path for its tickets; the folder is there. 0 or -errno. */
int tla_pending_new(TALLOC_CTX *ctx, const char *run_dir, struct tla_pending **pending);
/* Write the record. 0 or -errno. */
int tla_pending_save(const char *run_dir, const struct tla_pending *pending);
/* The logon of this token, if `user` is its user or canonical name. -ENOENT: none, too
 * old, or of another user. */
int tla_pending_load(TALLOC_CTX *ctx, const char *run_dir, const char *token,
                     const char *user, struct tla_pending **pending);
/* That of this request: by the name as it was given, or by the name of the account that
 * the store knows by it (canonical_user puts the name that NSS shows in its place). */
int tla_pending_of(struct tla_conv *conv, struct tla_pending **pending);
/* The session has ended: remove tickets and record. */
void tla_pending_drop(const char *run_dir, const char *token);
/* Remove those that are too old; at most once a minute. */
void tla_pending_sweep(const char *run_dir, time_t now);

#endif
