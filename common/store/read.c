/* SPDX-License-Identifier: MIT
 *
 * read.c - looking things up in the bytes of an identity store. Pure; every byte is
 * checked before it is used.
 */
#include <time.h>

#include "layout.h"

/* How many records that have the right hash but are not the one are looked at. */
#define TRIES 4

/* A domain that fails its check does not count: then bare names are off. */
static void read_bare(const struct store_bare *bare, uint64_t seed,
                      struct tli_store_bare *out)
{
    *out = (struct tli_store_bare){0};
    if (bare->length == 0 || bare->length > TL_STORE_DOMAIN_MAX ||
        bare->check != store_bare_check(seed, bare) ||
        strnlen(bare->domain, sizeof(bare->domain)) != bare->length)
        return;
    out->length = bare->length;
    out->shown = bare->shown == 1;
    memcpy(out->domain, bare->domain, sizeof(out->domain));
}

bool tli_store_map_bytes(const uint8_t *base, size_t size, struct tli_store_map *map)
{
    const struct store_header *header = (const void *)base;

    if (size < TL_STORE_PAGE || header->magic != TL_STORE_MAGIC ||
        header->version != TL_STORE_VERSION || header->size != size ||
        size > TL_STORE_SIZE_MAX || header->check != store_header_check(header))
        return false;
    /* Every user can compute the checksum, so the values are checked as well. */
    if (header->buckets == 0 || (header->buckets & (header->buckets - 1)) != 0 ||
        header->table != TL_STORE_PAGE ||
        header->data != header->table + (uint64_t)header->buckets * 8 ||
        header->data > size - sizeof(struct store_key) ||
        header->num_ranges > TL_STORE_RANGES)
        return false;
    map->base = base;
    map->size = size;
    map->seed = header->seed;
    map->buckets = header->buckets;
    map->table = header->table;
    map->data = header->data;
    map->num_ranges = header->num_ranges;
    memcpy(map->ranges, header->ranges, sizeof(map->ranges));
    read_bare(&header->bare, header->seed, &map->bare);
    return true;
}

uint32_t tli_store_first(const struct tli_store_map *map, uint64_t hash)
{
    uint32_t bucket = (uint32_t)hash & (map->buckets - 1);
    const _Atomic uint64_t *word = (const void *)(map->base + map->table);
    uint64_t value = atomic_load_explicit(&word[bucket], memory_order_acquire);

    return value == store_bucket(map->seed, bucket, (uint32_t)value) ? (uint32_t)value
                                                                     : 0;
}

const struct store_record *tli_store_record_at(const struct tli_store_map *map,
                                               uint32_t position)
{
    uint64_t at = (uint64_t)position * TL_STORE_UNIT;
    const struct store_record *rec;

    if (at < map->data || at > map->size || map->size - at < sizeof(*rec))
        return NULL;
    rec = (const void *)(map->base + at);
    if (rec->self != position || rec->size % TL_STORE_UNIT != 0 ||
        rec->size > map->size - at || rec->num_keys == 0 ||
        rec->num_keys > TL_STORE_KEYS_MAX ||
        rec->size < sizeof(*rec) + rec->num_keys * sizeof(struct store_key))
        return NULL;
    return rec->check == store_record_check(map->seed, rec) ? rec : NULL;
}

static bool text_of(const struct store_record *rec, const struct store_text *text,
                    struct tli_store_string *out)
{
    if (text->at >= rec->size || text->length >= rec->size - text->at)
        return false;
    out->at = (const char *)rec + text->at;
    out->length = text->length;
    return out->at[text->length] == '\0';
}

bool tli_store_entry_of(const struct store_record *rec, struct tli_store_entry *entry)
{
    struct tli_store_string list;

    if (!text_of(rec, &rec->name, &entry->name) ||
        !text_of(rec, &rec->gecos, &entry->gecos) ||
        !text_of(rec, &rec->home, &entry->home) ||
        !text_of(rec, &rec->shell, &entry->shell) ||
        !text_of(rec, &rec->sid, &entry->sid) || !text_of(rec, &rec->list, &list))
        return false;
    entry->class = rec->class;
    entry->source =
        rec->source <= TL_STORE_SOURCE_LSA ? rec->source : TL_STORE_SOURCE_UNKNOWN;
    entry->fresh_until = rec->fresh_until;
    entry->valid_until = rec->valid_until;
    entry->partial = (rec->flags & TL_STORE_PARTIAL_FLAG) != 0;
    entry->id = rec->id;
    entry->gid = rec->gid;
    entry->written = rec->written;
    entry->count = rec->count;
    entry->list = list.at;
    entry->list_size = list.length;
    entry->gids = NULL;
    if (rec->class != TL_STORE_GIDS)
        /* A member takes its NUL at least, and the last one has it. */
        return rec->count <= list.length &&
               (list.length == 0 || list.at[list.length - 1] == '\0');
    if (rec->list.at % sizeof(uint32_t) != 0 ||
        rec->count != list.length / sizeof(uint32_t))
        return false;
    entry->gids = (const void *)list.at;
    return true;
}

/* What is looked for: a name, or, with name NULL, an id. */
struct wanted {
    enum tli_store_class class;
    const char *name;
    size_t length;
    uint32_t id;
    uint64_t hash;
};

static bool key_is(const struct store_record *rec, const struct store_key *key,
                   const struct wanted *wanted)
{
    /* The key must lie within this record, which the checksum covers. */
    if (key < rec->keys ||
        (size_t)((const uint8_t *)key - (const uint8_t *)rec->keys) % sizeof(*key) != 0 ||
        key >= rec->keys + rec->num_keys)
        return false;
    if (wanted->name == NULL)
        return key->length == 0 && key->value == wanted->id;
    return key->length == wanted->length && key->value <= rec->size &&
           key->length <= rec->size - key->value &&
           store_name_is((const char *)rec + key->value, wanted->name, wanted->length);
}

static enum tli_store_answer judge(const struct store_record *rec,
                                   const struct wanted *wanted, uint64_t now,
                                   struct tli_store_entry *entry)
{
    bool old = now > rec->fresh_until || store_is_early(rec, now);

    if (now > rec->valid_until)
        return TL_STORE_MISS;
    if ((rec->flags & TL_STORE_NEGATIVE_FLAG) != 0)
        return old ? TL_STORE_MISS : TL_STORE_NEGATIVE;
    if (!tli_store_entry_of(rec, entry))
        return TL_STORE_MISS;
    if (entry->partial && wanted->class == TL_STORE_GROUP_NAME)
        return TL_STORE_STALE;
    return old ? TL_STORE_STALE : TL_STORE_HIT;
}

static enum tli_store_answer find(const struct tli_store_map *map,
                                  const struct wanted *wanted, uint64_t now,
                                  struct tli_store_entry *entry)
{
    uint32_t position = tli_store_first(map, wanted->hash);
    unsigned tries = 0;

    for (unsigned steps = 0; position != 0 && steps < TL_STORE_STEPS; steps++) {
        const struct store_key *key = store_key_at(map, position);
        const struct store_record *rec;

        if (key == NULL)
            return TL_STORE_MISS;
        if (key->tag == wanted->hash >> 32 && key->class == wanted->class) {
            rec = tli_store_record_at(map, key->record);
            if (rec != NULL && key_is(rec, key, wanted) &&
                atomic_load_explicit(&rec->live, memory_order_acquire) ==
                    store_live(map->seed, rec->self))
                return judge(rec, wanted, now, entry);
            if (++tries == TRIES)
                return TL_STORE_MISS;
        }
        position = atomic_load_explicit(&key->next, memory_order_acquire);
    }
    return TL_STORE_MISS;
}

enum tli_store_answer tli_store_by_name(const struct tli_store_map *map,
                                        enum tli_store_class class, const char *name,
                                        uint64_t now, struct tli_store_entry *entry)
{
    struct wanted wanted = {.class = class, .name = name};

    wanted.length = strnlen(name, TL_STORE_NAME_MAX + 1);
    if (wanted.length == 0 || wanted.length > TL_STORE_NAME_MAX)
        return TL_STORE_MISS;
    wanted.hash = store_hash_name(map->seed, class, name, wanted.length);
    return find(map, &wanted, now, entry);
}

enum tli_store_answer tli_store_by_id(const struct tli_store_map *map,
                                      enum tli_store_class class, uint32_t id,
                                      uint64_t now, struct tli_store_entry *entry)
{
    struct wanted wanted = {.class = class, .id = id};

    wanted.hash = store_hash_id(map->seed, class, id);
    return find(map, &wanted, now, entry);
}

bool tli_store_owns_id(const struct tli_store_map *map, uint32_t id)
{
    for (uint32_t i = 0; i < map->num_ranges; i++) {
        if (id >= map->ranges[i].first && id <= map->ranges[i].last)
            return true;
    }
    return false;
}

bool tli_store_owns_name(const char *name)
{
    return name != NULL && strpbrk(name, "\\@") != NULL;
}

uint64_t tli_store_now(void)
{
    struct timespec now;

    return clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 && now.tv_sec > 0
               ? (uint64_t)now.tv_sec
               : 0;
}
