/* SPDX-License-Identifier: MIT
 *
 * walk.c - going through everything that can be reached in an identity store.
 */
#include <errno.h>
#include <stdlib.h>

#include "writer_internal.h"

static int by_position(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void sort_unique(struct store_walk *walk)
{
    size_t kept = 0;

    if (walk->num_records == 0)
        return;
    qsort(walk->records, walk->num_records, sizeof(*walk->records), by_position);
    for (size_t i = 0; i < walk->num_records; i++) {
        if (kept == 0 || walk->records[kept - 1] != walk->records[i])
            walk->records[kept++] = walk->records[i];
    }
    walk->num_records = kept;
}

static int add_record(TALLOC_CTX *ctx, struct store_walk *walk, uint32_t position)
{
    size_t room = talloc_array_length(walk->records);

    if (walk->num_records == room) {
        uint32_t *more =
            talloc_realloc(ctx, walk->records, uint32_t, room == 0 ? 1024 : room * 2);

        if (more == NULL)
            return -ENOMEM;
        walk->records = more;
    }
    walk->records[walk->num_records++] = position;
    return 0;
}

int tli_store_note_damage(TALLOC_CTX *ctx, struct store_walk *walk, uint64_t at,
                          const char *what)
{
    size_t have = talloc_array_length(walk->damage);
    struct tli_store_damage *more;

    /* A record that is damaged is met again at each of its keys. */
    for (size_t i = 0; i < have; i++) {
        if (walk->damage[i].at == at)
            return 0;
    }
    walk->damaged++;
    if (have >= TL_STORE_DAMAGE_MAX)
        return 0;
    more = talloc_realloc(ctx, walk->damage, struct tli_store_damage, have + 1);
    if (more == NULL)
        return -ENOMEM;
    more[have] = (struct tli_store_damage){at, what};
    walk->damage = more;
    return 0;
}

static int one_key(TALLOC_CTX *ctx, const struct tli_store_map *map, uint32_t bucket,
                   const struct store_key *key, struct store_walk *walk)
{
    const struct store_record *rec = tli_store_record_at(map, key->record);
    uint64_t end;

    /* Even if it is damaged, nothing may be written over it. */
    end = (uint64_t)((const uint8_t *)(key + 1) - map->base);
    walk->end = end > walk->end ? end : walk->end;
    if (rec == NULL)
        return tli_store_note_damage(ctx, walk, (uint64_t)key->record * TL_STORE_UNIT,
                                     "a record that fails its check");
    if (key < rec->keys || key >= rec->keys + rec->num_keys ||
        ((uint32_t)tli_store_key_hash(map, rec, key) & (map->buckets - 1)) != bucket)
        return tli_store_note_damage(ctx, walk, end - sizeof(*key),
                                     "a link that leads to a key of another chain");
    end = (uint64_t)rec->self * TL_STORE_UNIT + rec->size;
    walk->end = end > walk->end ? end : walk->end;
    walk->keys++;
    if (atomic_load(&rec->live) == store_live(map->seed, rec->self))
        return add_record(ctx, walk, rec->self);
    walk->dead_keys++;
    return 0;
}

static int one_bucket(TALLOC_CTX *ctx, const struct tli_store_map *map, uint32_t bucket,
                      struct store_walk *walk)
{
    const _Atomic uint64_t *word = (const void *)(map->base + map->table);
    uint32_t at = tli_store_first(map, bucket), length = 0;
    const struct store_key *key;
    uint64_t here = map->table + (uint64_t)bucket * sizeof(*word);
    int rc = 0;

    if (at == 0 && atomic_load(&word[bucket]) != 0)
        rc = tli_store_note_damage(ctx, walk, here, "a bucket that fails its check");
    while (rc == 0 && at != 0) {
        key = store_key_at(map, at);
        if (key == NULL || ++length > TL_STORE_STEPS) {
            rc = tli_store_note_damage(ctx, walk, here,
                                       key == NULL
                                           ? "a link that leads out of the file"
                                           : "a chain that is too long, or a loop");
            break;
        }
        rc = one_key(ctx, map, bucket, key, walk);
        at = atomic_load(&key->next);
    }
    walk->longest = length > walk->longest ? length : walk->longest;
    return rc;
}

int tli_store_walk(TALLOC_CTX *ctx, const struct tli_store_map *map,
                   struct store_walk *walk)
{
    int rc = 0;

    *walk = (struct store_walk){.end = map->data};
    for (uint32_t bucket = 0; rc == 0 && bucket < map->buckets; bucket++)
        rc = one_bucket(ctx, map, bucket, walk);
    sort_unique(walk);
    return rc;
}
