/* SPDX-License-Identifier: MIT
 *
 * publish.c - putting records into the mapped store and taking them out, one aligned
 * store instruction at a time, so that a reader sees all or nothing and the next writer
 * can finish the job.
 *
 * The order of a publication: the record's bytes behind the tail; `pending`; each key
 * into its bucket; the records it replaces are marked dead and unlinked; the tail;
 * `pending` again. A key is in its bucket already if the bucket leads to something as new
 * or newer, since positions grow with age and there is only one writer: so every step can
 * be done twice.
 */
#include "writer_internal.h"

static struct store_record *writable(const struct store_record *rec)
{
    return (void *)(uintptr_t)rec;
}

static _Atomic uint64_t *bucket_of(const struct tli_store_map *map, uint64_t hash,
                                   uint32_t *bucket)
{
    *bucket = (uint32_t)hash & (map->buckets - 1);
    return (_Atomic uint64_t *)(uintptr_t)(map->base + map->table) + *bucket;
}

static uint32_t position_of(const struct tli_store_map *map, const void *where)
{
    return (uint32_t)((size_t)((const uint8_t *)where - map->base) / TL_STORE_UNIT);
}

uint64_t tli_store_room(const struct tli_store_map *map)
{
    return map->size - atomic_load(&store_header_of(map)->tail);
}

unsigned tli_store_longest(const struct tli_store_map *map,
                           const struct store_record *rec)
{
    unsigned longest = 0;

    for (size_t i = 0; i < rec->num_keys; i++) {
        uint32_t at = tli_store_first(map, tli_store_key_hash(map, rec, &rec->keys[i]));
        unsigned length = 1;
        const struct store_key *key;

        for (; length < TL_STORE_STEPS && (key = store_key_at(map, at)) != NULL; length++)
            at = atomic_load(&key->next);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void unlink_key(const struct tli_store_map *map, uint64_t hash,
                       const struct store_key *key)
{
    uint32_t bucket, self = position_of(map, key), at = tli_store_first(map, hash);
    uint32_t next = atomic_load(&key->next);
    _Atomic uint64_t *head = bucket_of(map, hash, &bucket);

    if (at == self) {
        atomic_store(head, store_bucket(map->seed, bucket, next));
        return;
    }
    for (unsigned steps = 0; steps < TL_STORE_STEPS; steps++) {
        const struct store_key *before = store_key_at(map, at);

        if (before == NULL)
            return;
        at = atomic_load(&before->next);
        if (at == self) {
            atomic_store(&((struct store_key *)(uintptr_t)before)->next, next);
            return;
        }
    }
}

void tli_store_kill(const struct tli_store_map *map, const struct store_record *rec)
{
    struct store_header *header = store_header_of(map);

    if (atomic_exchange(&writable(rec)->live, 0) != 0)
        atomic_fetch_add(&header->dead, rec->size);
    for (size_t i = 0; i < rec->num_keys; i++)
        unlink_key(map, tli_store_key_hash(map, rec, &rec->keys[i]), &rec->keys[i]);
}

const struct store_record *tli_store_find(const struct tli_store_map *map, uint64_t hash,
                                          enum tli_store_class class, const char *name,
                                          size_t length, uint32_t id)
{
    uint32_t at = tli_store_first(map, hash);
    const struct store_key *key;

    for (unsigned steps = 0;
         steps < TL_STORE_STEPS && (key = store_key_at(map, at)) != NULL; steps++) {
        const struct store_record *rec;

        at = atomic_load(&key->next);
        if (key->class != class || key->length != length || key->tag != hash >> 32)
            continue;
        rec = tli_store_record_at(map, key->record);
        if (rec == NULL || atomic_load(&rec->live) != store_live(map->seed, rec->self))
            continue;
        if (name == NULL
                ? key->value == id
                : key->value <= rec->size && length <= rec->size - key->value &&
                      store_name_is((const char *)rec + key->value, name, length))
            return rec;
    }
    return NULL;
}

static bool same_key(const struct store_record *rec, const struct store_key *key,
                     const struct store_record *other_rec, const struct store_key *other)
{
    if (key->class != other->class || key->length != other->length)
        return false;
    if (key->length == 0)
        return key->value == other->value;
    return other->value <= other_rec->size &&
           key->length <= other_rec->size - other->value &&
           memcmp((const char *)rec + key->value, (const char *)other_rec + other->value,
                  key->length) == 0;
}

/* A user who is replaced by one with another uid is gone, and so is his group list: the
 * account was deleted and made again. First the list, so that a writer that finishes this
 * after a crash still finds it. */
static void kill_replaced(const struct tli_store_map *map, const struct store_record *old,
                          const struct store_record *by)
{
    const struct store_record *gids = NULL;
    uint64_t hash;

    if (old->class == TL_STORE_USER_ID && old->id != by->id) {
        hash = store_hash_id(map->seed, TL_STORE_GIDS, old->id);
        gids = tli_store_find(map, hash, TL_STORE_GIDS, NULL, 0, old->id);
    }
    if (gids != NULL)
        tli_store_kill(map, gids);
    tli_store_kill(map, old);
}

/* Kill older records of this kind that share this key; they are behind it in its
 * chain. */
static void kill_others(const struct tli_store_map *map, const struct store_record *rec,
                        const struct store_key *key)
{
    const struct store_key *other;
    uint32_t at = atomic_load(&key->next);

    for (unsigned steps = 0;
         steps < TL_STORE_STEPS && (other = store_key_at(map, at)) != NULL; steps++) {
        const struct store_record *old;

        at = atomic_load(&other->next);
        if (other->tag != key->tag || other->record == rec->self)
            continue;
        old = tli_store_record_at(map, other->record);
        if (old != NULL && old->class == rec->class && same_key(rec, key, old, other))
            kill_replaced(map, old, rec);
    }
}

/* Runs at the end of each publication, and again by the next writer if the first was
 * killed: each step has no effect when it was done already (see above). */
const struct store_record *tli_store_finish(const struct tli_store_map *map)
{
    struct store_header *header = store_header_of(map);
    uint64_t pending = atomic_load(&header->pending);
    const struct store_record *rec =
        pending % TL_STORE_UNIT != 0 || pending > map->size
            ? NULL
            : tli_store_record_at(map, (uint32_t)(pending / TL_STORE_UNIT));

    if (rec == NULL) {
        atomic_store(&header->pending, 0);
        return NULL;
    }
    for (size_t i = 0; i < rec->num_keys; i++) {
        struct store_key *key = &writable(rec)->keys[i];
        uint64_t hash = tli_store_key_hash(map, rec, key);
        uint32_t bucket, self = position_of(map, key), first = tli_store_first(map, hash);
        _Atomic uint64_t *head = bucket_of(map, hash, &bucket);

        if (first >= self)
            continue;
        atomic_store(&key->next, first);
        atomic_store_explicit(head, store_bucket(map->seed, bucket, self),
                              memory_order_release);
    }
    for (size_t i = 0; i < rec->num_keys; i++)
        kill_others(map, rec, &rec->keys[i]);
    atomic_store(&header->tail, pending + rec->size);
    atomic_store(&header->pending, 0);
    return rec;
}

void tli_store_append(const struct tli_store_map *map, struct store_record *rec)
{
    struct store_header *header = store_header_of(map);
    uint64_t tail = atomic_load(&header->tail);
    uint32_t self = (uint32_t)(tail / TL_STORE_UNIT);

    rec->self = self;
    atomic_store(&rec->live, store_live(map->seed, self));
    for (size_t i = 0; i < rec->num_keys; i++) {
        atomic_store(&rec->keys[i].next, 0);
        rec->keys[i].record = self;
        rec->keys[i].tag = (uint32_t)(tli_store_key_hash(map, rec, &rec->keys[i]) >> 32);
    }
    rec->check = store_record_check(map->seed, rec);
    memcpy((uint8_t *)(uintptr_t)map->base + tail, rec, rec->size);
    if ((rec->flags & TL_STORE_NEGATIVE_FLAG) != 0)
        atomic_fetch_add(&header->negatives, 1);
    atomic_store(&header->pending, tail);
    tli_store_finish(map);
}
