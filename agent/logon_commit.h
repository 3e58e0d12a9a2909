/* SPDX-License-Identifier: MIT
 *
 * logon_commit.h - what a logon leaves behind, step by step.
 *
 * op_auth.c calls them in this order: identity, tickets, groups, pending record; then
 * comes the answer; and after the answer the hash of a cached logon (cached_logon.h) and
 * the names of groups (name_groups.h), for which no client waits.
 */
#ifndef TLA_LOGON_COMMIT_H
#define TLA_LOGON_COMMIT_H

#include <trustlogon/logon.h>

#include "agent.h"
#include "cached_logon.h"
#include "pending.h"

/*
 * The user and the groups into the identity store, which NSS reads. A store that cannot
 * be written does not fail the logon, and the journal has it; but ID_COLLISION, in
 * logon->outcome, if the uid is already another account's.
 */
enum tl_reason tla_commit_identity(struct tla_conv *conv, struct tl_logon *logon);
/*
 * The tickets into a file for pam_setcred, under a fresh token in *pending (child of
 * conv). Only for root's programs, which go on to store them, and for the proven user,
 * whose locker refreshes what the session has: for others *pending is NULL. 0 or -errno.
 */
int tla_commit_tickets(struct tla_conv *conv, struct tl_logon *logon,
                       struct tla_pending **pending);
/*
 * The groups of the proof into the membership cache, for logons without one; `proven` is
 * the time of the proof. Sets logon->member. A cache that cannot be written does not fail
 * the logon. 0 or -ENOMEM.
 */
int tla_commit_groups(struct tla_conv *conv, struct tl_logon *logon, int64_t proven);
/* Judge pending->member by the access rules of this PAM line, and write the record for
 * pam_acct_mgmt and pam_setcred. 0 or -errno. */
int tla_commit_pending(struct tla_conv *conv, struct tl_logon *logon,
                       struct tla_pending *pending);
/* Tickets and pending record of a cached logon: an empty cache that tickets can be put
 * into later, and the groups of the last proof. 0 or -errno. */
int tla_commit_cached(struct tla_conv *conv, struct tl_logon *logon,
                      const struct tla_cached_user *user, struct tla_pending **pending);

#endif
