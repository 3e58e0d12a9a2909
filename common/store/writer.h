/* SPDX-License-Identifier: MIT
 *
 * writer.h - changing the identity store. Only the agent, as root, does.
 *
 * Several processes may have the store open; each change is made under a lock on a
 * file of its own, "<path>.lock" (mode 0600: the store itself is readable, and so
 * lockable, by every user). A handle may be used in a child forked later. A writer
 * may be killed at any instruction: the next one finishes what was begun. A change for
 * which 0 was returned is not lost by that; after a power failure the store has what
 * reached the disk, and records that did not get there whole are not found.
 *
 * Records of one kind never share a name, an id or a SID: putting one drops those
 * it shares anything with. So a user who was renamed, or deleted and created again with a
 * new SID, leaves nothing behind, and a negative entry ends a positive one. But the id of
 * a user or group that is still valid is not given to another one, which has neither its
 * SID nor its name: that is -EEXIST. Only a user and his own group have the same SID. The
 * caller decides which aliases belong to which user.
 *
 * All return 0 or: -EINVAL (a name without domain, with ':' or control characters; a
 * home or shell that is not an absolute path; a malformed SID), -ERANGE (an id outside of
 * the ranges), -EEXIST (above), -E2BIG (too many aliases, or too much of anything),
 * -ENOSPC (the disk, or too many negative entries), -EBUSY (another
 * writer has the lock for two seconds), -ENOMEM, or another -errno.
 */
#ifndef TL_STORE_WRITER_H
#define TL_STORE_WRITER_H

#include <talloc.h>

#include "inspect.h"
#include "store.h"

struct tli_store;

/* How long a record is good, and where it comes from. */
struct tli_store_life {
    uint64_t fresh_until; /* seconds since 1970; readers then ask the agent first */
    uint64_t valid_until; /* after this they ignore it */
    enum tli_store_source source;
};

struct tli_store_user {
    const char *name;           /* canonical, what pw_name says */
    const char *const *aliases; /* other names, up to NULL; may be NULL */
    const char *sid;
    uint32_t uid, gid;
    const char *gecos; /* may be NULL; ':' and control characters become spaces */
    const char *home, *shell;
    struct tli_store_life life;
};

struct tli_store_group {
    const char *name;
    const char *const *aliases;
    const char *sid; /* NULL: a user's own group, since the SID is the user's */
    uint32_t gid;
    const char *const *members; /* canonical names */
    size_t num_members;
    struct tli_store_life life;
    bool partial; /* the members were not read, and none are given */
};

/* Open or make the store, and repairs it the first time in a boot; a file that is not
 * one is replaced. If the ranges are not those in it, a new file is written without the
 * records outside of them. */
int tli_store_open(TALLOC_CTX *ctx, const char *path,
                   const struct tli_store_range *ranges, size_t num_ranges,
                   struct tli_store **out);

/* The domain whose names need no domain: a DNS name in lower case, or NULL for none; and
 * whether NSS shows them so. A change makes a new file of the same records. -EINVAL: not
 * such a name. */
int tli_store_set_bare(struct tli_store *store, const char *domain, bool shown);

int tli_store_put_user(struct tli_store *store, const struct tli_store_user *user);
int tli_store_put_group(struct tli_store *store, const struct tli_store_group *group);
/* All gids of a user, the primary one with them. The user's own record is another
 * one: both must be there for initgroups to find anything. */
int tli_store_put_gids(struct tli_store *store, uint32_t uid, const uint32_t *gids,
                       size_t count, const struct tli_store_life *life);
/* Store a record of class USER_ID, GROUP_ID or GIDS again, unchanged but for its life;
 * its source stays. -ENOENT: no valid record. */
int tli_store_renew(struct tli_store *store, enum tli_store_class class, uint32_t id,
                    const struct tli_store_life *life);
/* Mark a record as no longer fresh: readers ask the agent first, and use the record if it
 * cannot tell. */
int tli_store_expire(struct tli_store *store, enum tli_store_class class, uint32_t id);
/* class: USER_NAME or GROUP_NAME; USER_ID or GROUP_ID. */
int tli_store_put_missing_name(struct tli_store *store, enum tli_store_class class,
                               const char *name, uint64_t until);
int tli_store_put_missing_id(struct tli_store *store, enum tli_store_class class,
                             uint32_t id, uint64_t until);
/* Any class but SID with a name, or an id; SID with its string as name. Dropping a
 * user drops the group list of that uid too. -ENOENT: it was not there. */
int tli_store_drop_name(struct tli_store *store, enum tli_store_class class,
                        const char *name);
int tli_store_drop_id(struct tli_store *store, enum tli_store_class class, uint32_t id);
/* Copy the living records that have not ended into a new file. */
int tli_store_compact(struct tli_store *store);

/* Figures about the whole store. */
int tli_store_stats(struct tli_store *store, struct tli_store_stats *stats);
/* 0, or -EUCLEAN if anything is damaged (which tli_store_compact() removes). */
int tli_store_check(struct tli_store *store);

#endif
