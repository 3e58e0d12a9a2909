/* SPDX-License-Identifier: MIT
 *
 * cached_logon.h - cached logons: the last password that a domain controller proved here
 * opens the machine while no domain controller answers.
 *
 * STATE_DIR/cached-logons, of root, 0600: for each of the last `cached_logons` users a
 * yescrypt hash of SID and password [crypt(5)], which opens nothing else (verifiers.h).
 * An entry counts only beside the groups of the same proof (membership_cache.h has its
 * time), so an older copy of the file does not restore an older password; restoring both
 * takes root.
 */
#ifndef TLA_CACHED_LOGON_H
#define TLA_CACHED_LOGON_H

#include <trustlogon/logon.h>

#include "agent.h"
#include "find_user.h"
#include "membership_cache.h"

/* The sentence that Windows shows. */
#define TLA_CACHED_LOGON_TEXT                                                            \
    "A domain controller for your domain could not be contacted. You have been logged "  \
    "on using cached account information. Changes to your profile since you last "       \
    "logged on might not be available."

/* Save the hash of the password that was proven at `proven` (as in struct
 * tla_membership_cache). Where the configuration has no cached logons, removes those of
 * all users. */
void tla_cached_logon_save(struct tla_conv *conv, const struct tl_sid *sid,
                           int64_t proven, const char *password);
/* Remove the hash of this user. */
void tla_cached_logon_drop(struct tla_conv *conv, const struct tl_sid *sid);
/* Whether this reason, given by a KDC, means that the account no longer exists or is
 * closed, so that its cached logon must go. */
bool tla_cached_logon_is_ended(enum tl_reason reason);

/* A user who is logged on from the cache. */
struct tla_cached_user {
    struct tla_user user;
    /* The groups of the last proof, and its time. */
    struct tla_membership_cache *last;
};
/*
 * `logon` has failed. OK and *result (child of conv), if no KDC answered it, the machine
 * knows the user, and this is the password. Otherwise the reason, in logon->outcome: the
 * one it failed for if nothing is cached, CACHED_WRONG or CACHED_TRIES.
 */
enum tl_reason tla_cached_logon_check(struct tla_conv *conv, struct tl_logon *logon,
                                      const char *password,
                                      struct tla_cached_user **result);

#endif
