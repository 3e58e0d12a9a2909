/* SPDX-License-Identifier: MIT
 *
 * writer.h - changing the identity store. Only the agent, as root, does.
 *
 * Several processes may have the store open; each change is made under a lock on a
 * file of its own, "<path>.lock" (mode 0600: the store itself is readable, and so
 * lockable, by everybody). A handle may be used in a child forked later. A writer
 * may be killed at any instruction: the next one finishes what was begun. What a
 * function said 0 to is not lost by that; after a power failure the store has what
 * reached the disk, and records that did not get there whole are not found.
 *
 * Records of one kind never share a name, an id or a SID: putting one drops those
 * it shares anything with. So a user who was renamed, or deleted and made again with
 * a new SID, leaves nothing behind, and a negative entry ends a positive one. But the id
 * of a user or group that is still valid is not given to another one, who has neither
 * its SID nor its name: that is -EEXIST. Only a
 * user and the group that is his own have the same SID. Which aliases belong to whom is
 * for the caller to know.
 *
 * All return 0 or: -EINVAL (a name without domain, with ':' or control characters; a
 * home or shell that is no absolute path; a malformed SID), -ERANGE (an id outside of
 * the ranges), -EEXIST (above), -E2BIG (too many aliases, or too much of anything),
 * -ENOSPC (the disk, or a negative entry that is not worth its room), -EBUSY (another
 * writer has the lock for two seconds), -ENOMEM, or another -errno.
 */
#ifndef TL_STORE_WRITER_H
#define TL_STORE_WRITER_H

#include <talloc.h>

#include "inspect.h"
#include "store.h"

struct tli_store;

/* How long a record is good, and who said what is in it. */
struct tli_store_life {
    uint64_t fresh_until; /* seconds since 1970; readers then ask the agent first */
    uint64_t valid_until; /* and here they forget it */
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

/* Opens or makes the store, and repairs it the first time in a boot; a file that is not
 * one is replaced. If the ranges are not those in it, it is written anew without what is
 * outside of them. */
int tli_store_open(TALLOC_CTX *ctx, const char *path,
                   const struct tli_store_range *ranges, size_t num_ranges,
                   struct tli_store **out);

/* Whose names need no domain: a DNS name in lower case, or NULL, nobody's; and whether
 * NSS shows them so. Another answer than the file has makes a new file of the same
 * records. -EINVAL: no such name. */
int tli_store_set_bare(struct tli_store *store, const char *domain, bool shown);

int tli_store_put_user(struct tli_store *store, const struct tli_store_user *user);
int tli_store_put_group(struct tli_store *store, const struct tli_store_group *group);
/* All gids of a user, the primary one with them. The user's own record is another
 * one: both must be there for initgroups to find anything. */
int tli_store_put_gids(struct tli_store *store, uint32_t uid, const uint32_t *gids,
                       size_t count, const struct tli_store_life *life);
/* The same record of class USER_ID, GROUP_ID or GIDS once more, unchanged but for its
 * life; its source stays. -ENOENT: there is none that is still valid. */
int tli_store_renew(struct tli_store *store, enum tli_store_class class, uint32_t id,
                    const struct tli_store_life *life);
/* The same, no longer fresh: readers ask the agent, and have this if it cannot tell. */
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
/* Copies what lives and has not ended into a new file. */
int tli_store_compact(struct tli_store *store);

/* Walks everything. */
int tli_store_stats(struct tli_store *store, struct tli_store_stats *stats);
/* 0, or -EUCLEAN if anything is damaged (which tli_store_compact() removes). */
int tli_store_check(struct tli_store *store);

#endif
