/* SPDX-License-Identifier: MIT
 *
 * writer_internal.h - what the writer's files share.
 */
#ifndef TL_STORE_WRITER_INTERNAL_H
#define TL_STORE_WRITER_INTERNAL_H

#include "inspect.h"
#include "layout.h"
#include "writer.h"

/* From here on the chain of a positive entry is cured by a new seed; a negative one
 * is not stored: who knows the seed can make up names for one bucket. */
#define CHAIN_POSITIVE 24
#define CHAIN_NEGATIVE 8
#define NEGATIVES_MAX 16384

struct tli_store {
    char *path;
    uint32_t num_ranges;
    struct tli_store_range ranges[TL_STORE_RANGES];
    struct tli_store_map map; /* writable; base NULL: none */
    dev_t dev;
    ino_t ino;
};

static inline struct store_header *store_header_of(const struct tli_store_map *map)
{
    return (void *)(uintptr_t)map->base;
}

/* record.c: a record with positions, tags and checksum still to be filled in. */
int store_make_user(TALLOC_CTX *ctx, const struct tli_store_user *user,
                    struct store_record **rec);
int store_make_group(TALLOC_CTX *ctx, const struct tli_store_group *group,
                     struct store_record **rec);
int store_make_gids(TALLOC_CTX *ctx, uint32_t uid, const uint32_t *gids, size_t count,
                    const struct tli_store_life *life, struct store_record **rec);
int store_make_missing(TALLOC_CTX *ctx, enum tli_store_class class, const char *name,
                       uint32_t id, uint64_t until, struct store_record **rec);
/* The hash of a key of a record. */
uint64_t store_key_hash(const struct tli_store_map *map, const struct store_record *rec,
                        const struct store_key *key);

/* publish.c: all with the lock held. */
uint64_t store_room(const struct tli_store_map *map);
/* The longest chain that any key of the record would join. */
unsigned store_longest(const struct tli_store_map *map, const struct store_record *rec);
/* There must be room. Consumes nothing; changes rec. */
void store_append(const struct tli_store_map *map, struct store_record *rec);
/* Finish a publication that was begun; returns the record, or NULL. */
const struct store_record *store_finish(const struct tli_store_map *map);
void store_kill(const struct tli_store_map *map, const struct store_record *rec);
/* The living record with that key, or NULL. */
const struct store_record *store_find(const struct tli_store_map *map, uint64_t hash,
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
int store_walk(TALLOC_CTX *ctx, const struct tli_store_map *map, struct store_walk *walk);
int store_note_damage(TALLOC_CTX *ctx, struct store_walk *walk, uint64_t at,
                      const char *what);

/* inspect.c: all of it, with a second look at the records one behind the other. */
int store_survey(TALLOC_CTX *ctx, const struct tli_store_map *map,
                 struct store_walk *walk, struct tli_store_stats *stats);

/* file.c */
int store_lock(struct tli_store *store, int *lock);
void store_unlock(int lock);
/* A new file of what lives, with room for `extra` bytes more. Lock held. */
int store_rewrite(struct tli_store *store, uint64_t extra);

#endif
