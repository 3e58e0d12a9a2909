/* SPDX-License-Identifier: MIT
 *
 * writer_internal.h - what the writer's files share.
 */
#ifndef TL_STORE_WRITER_INTERNAL_H
#define TL_STORE_WRITER_INTERNAL_H

#include <sys/stat.h>

#include "inspect.h"
#include "layout.h"
#include "writer.h"

/* Longest chains. A positive entry that would join a longer one makes the store pick a
 * new seed; a negative one is not stored: a user who reads the seed can make up names for
 * one bucket. */
#define CHAIN_POSITIVE 24
#define CHAIN_NEGATIVE 8
#define NEGATIVES_MAX 16384

/* A writer's handle. */
struct tli_store {
    char *path;
    uint32_t num_ranges; /* that the store is to have; the file may still have others */
    struct tli_store_range ranges[TL_STORE_RANGES];
    struct tli_store_map map; /* writable; base NULL: none */
    dev_t dev; /* of the mapped file, to notice that the path has another */
    ino_t ino;
};

static inline struct store_header *store_header_of(const struct tli_store_map *map)
{
    return (void *)(uintptr_t)map->base;
}

/* record.c: a record with positions, tags and checksum still to be filled in. */
int tli_store_make_user(TALLOC_CTX *ctx, const struct tli_store_user *user,
                        struct store_record **rec);
int tli_store_make_group(TALLOC_CTX *ctx, const struct tli_store_group *group,
                         struct store_record **rec);
int tli_store_make_gids(TALLOC_CTX *ctx, uint32_t uid, const uint32_t *gids, size_t count,
                        const struct tli_store_life *life, struct store_record **rec);
int tli_store_make_missing(TALLOC_CTX *ctx, enum tli_store_class class, const char *name,
                           uint32_t id, uint64_t until, struct store_record **rec);
/* The hash of a key of a record. */
uint64_t tli_store_key_hash(const struct tli_store_map *map,
                            const struct store_record *rec, const struct store_key *key);

/* publish.c: all with the lock held. */
uint64_t tli_store_room(const struct tli_store_map *map);
/* The longest chain that any key of the record would join. */
unsigned tli_store_longest(const struct tli_store_map *map,
                           const struct store_record *rec);
/* There must be room. Consumes nothing; changes rec. */
void tli_store_append(const struct tli_store_map *map, struct store_record *rec);
/* Finish a publication that was begun; returns the record, or NULL. */
const struct store_record *tli_store_finish(const struct tli_store_map *map);
void tli_store_kill(const struct tli_store_map *map, const struct store_record *rec);
/* The living record with that key, or NULL. */
const struct store_record *tli_store_find(const struct tli_store_map *map, uint64_t hash,
                                          enum tli_store_class class, const char *name,
                                          size_t length, uint32_t id);

/* walk.c: everything that can be reached. */
struct store_walk {
    uint32_t *records; /* positions of living, sound records, oldest first */
    size_t num_records;
    uint64_t end;                    /* behind the last of all records that were met */
    uint32_t keys, dead_keys;        /* dead_keys: in a chain, but of a dead record */
    uint32_t longest, damaged;       /* damaged: buckets, links, records */
    struct tli_store_damage *damage; /* an array of talloc's: the first of them */
};
int tli_store_walk(TALLOC_CTX *ctx, const struct tli_store_map *map,
                   struct store_walk *walk);
int tli_store_note_damage(TALLOC_CTX *ctx, struct store_walk *walk, uint64_t at,
                          const char *what);

/* inspect.c: all of it, with a second look at the records one behind the other. */
int tli_store_survey(TALLOC_CTX *ctx, const struct tli_store_map *map,
                     struct store_walk *walk, struct tli_store_stats *stats);

/* rewrite.c: a new file of what lives, with room for `extra` bytes more. Lock held. */
int tli_store_rewrite(struct tli_store *store, uint64_t extra);
/* Map an open file to write; -EUCLEAN where it is not a store of this user alone. */
int tli_store_map_writable(int fd, struct tli_store_map *map, struct stat *st);
/* Replace the mapping of the handle. */
void tli_store_adopt(struct tli_store *store, const struct tli_store_map *map,
                     const struct stat *st);
/* Unmap, as a destructor; 0. */
int tli_store_unmap(struct tli_store *store);
/* A hash of the boot id; 0 where it cannot be read. */
uint64_t tli_store_boot(void);

/* file.c: lock and settle the store; 0 and *lock, or -errno as writer.h has it. */
int tli_store_lock(struct tli_store *store, int *lock);
void tli_store_unlock(int lock);

#endif
