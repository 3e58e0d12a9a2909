/* SPDX-License-Identifier: MIT
 *
 * inspect.h - looking into the identity store without changing it, for the command and
 * for tests. Every user who may read the file may do this, also while an agent runs: no
 * lock is taken, and a change is seen before or after it, never as damage.
 */
#ifndef TL_STORE_INSPECT_H
#define TL_STORE_INSPECT_H

#include <talloc.h>

#include "store.h"

#define TL_STORE_DAMAGE_MAX 1000 /* reported one by one */

struct tli_store_damage {
    uint64_t at; /* byte of the file */
    const char *what;
};

struct tli_store_stats {
    uint64_t size, used, dead; /* bytes of the file, of all records, of dead ones */
    uint64_t created;
    uint32_t users, groups, gid_lists, negatives;
    uint32_t ended;         /* of these, no longer valid */
    uint32_t buckets, keys; /* keys in chains */
    uint32_t longest;       /* chain */
    uint32_t damaged;       /* buckets, links and records that fail their checks */
    bool
        unfinished; /* a change that a killed writer began; the next writer finishes it */
};

/* A file, mapped; what was found in it is valid as long as the view is. */
struct tli_store_view {
    struct tli_store_map map;
    const char *path;
};
/*
 * 0; -ENOENT; -EPERM: a user other than root and the caller could have written it, so
 * readers ignore it; -EUCLEAN: not a store (a folder, a link, too short, another
 * version, a damaged header); or another -errno.
 */
int tli_store_view_open(TALLOC_CTX *ctx, const char *path, struct tli_store_view **out);

struct tli_store_key {
    enum tli_store_class class;
    const char *name; /* folded; NULL: an id */
    uint32_t id;
};
/* One living record, whether it has ended or not. */
struct tli_store_item {
    bool negative; /* then its key says which user or group does not exist */
    struct tli_store_entry entry;
    uint32_t num_keys;
    const void *record; /* has the keys; NULL: they are in `keys` */
    const struct tli_store_key *keys;
};
struct tli_store_key tli_store_item_key(const struct tli_store_item *item, uint32_t i);

/* All figures, and (children of ctx) what is damaged, and all items, oldest first; the
 * arrays are talloc's, and either may be NULL: not wanted. */
int tli_store_inspect(TALLOC_CTX *ctx, const struct tli_store_view *view,
                      struct tli_store_stats *stats, struct tli_store_damage **damage,
                      struct tli_store_item **items);

/* The item with this key: a name (of class USER_NAME, GROUP_NAME or SID), or an id.
 * False: not found, or damaged. */
bool tli_store_item_by_name(const struct tli_store_view *view, enum tli_store_class class,
                            const char *name, struct tli_store_item *item);
bool tli_store_item_by_id(const struct tli_store_view *view, enum tli_store_class class,
                          uint32_t id, struct tli_store_item *item);

#endif
