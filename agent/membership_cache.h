/* SPDX-License-Identifier: MIT
 *
 * membership_cache.h - the groups of users who logged on, for logons without a proof
 * (ssh keys, cron).
 */
#ifndef TLA_MEMBERSHIP_CACHE_H
#define TLA_MEMBERSHIP_CACHE_H

#include <trustlogon/access.h>
#include <trustlogon/config.h>
#include <trustlogon/sid.h>

/* The last known groups of one user. All times in seconds since 1970; 0: never. */
struct tla_membership_cache {
    /* A ticket proved it. */
    int64_t proven;
    /* A ticket proved it, or the directory was asked. */
    int64_t checked;
    /* The directory of this machine's own domain was asked, even without an answer; and
     * when it answered. */
    int64_t own_asked, own_answered;
    const struct tl_membership *member;
};

/* 0 or -errno. */
int tla_membership_cache_save(const struct tl_config *config,
                              const struct tla_membership_cache *cache);
/* *result is a child of ctx. -ENOENT: nothing is cached; other -errno: nothing
 * usable. */
int tla_membership_cache_load(TALLOC_CTX *ctx, const struct tl_config *config,
                              const struct tl_sid *sid,
                              struct tla_membership_cache **result);
/* The text of one file into *cache; the membership is a child of ctx. Cuts the text.
 * Pure. -EBADMSG. */
int tla_membership_cache_parse(TALLOC_CTX *ctx, char *text,
                               struct tla_membership_cache *cache);

#endif
