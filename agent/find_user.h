/* SPDX-License-Identifier: MIT
 *
 * find_user.h - a user by name, as NSS would answer.
 */
#ifndef TLA_FIND_USER_H
#define TLA_FIND_USER_H

#include <stdbool.h>
#include <stdint.h>

#include <talloc.h>
#include <trustlogon/sid.h>

struct tla_user {
    const char *canonical; /* the name that NSS shows, alice@contoso.test; child of ctx */
    struct tl_sid sid;
    uint32_t uid, gid;
};

/* Does a bare name, or the uid found by it, belong to an account of /etc/passwd? */
bool tla_bare_is_local(const char *name, uint32_t uid);
/* 0; -ENOENT: the store has no such user. */
int tla_find_user(TALLOC_CTX *ctx, const char *state_dir, const char *name,
                  struct tla_user *user);

#endif
