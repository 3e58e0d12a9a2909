/* SPDX-License-Identifier: MIT
 *
 * layout.h - the bytes of the identity store, for its reader and its writer only.
 * Positions of records and keys are in units of 8 bytes from the beginning of the file; 0
 * means none.
 */
#ifndef TL_STORE_LAYOUT_H
#define TL_STORE_LAYOUT_H

#include <string.h>

#include "store.h"

#define TL_STORE_MAGIC UINT64_C(0x31302e73692e6c74)
#define TL_STORE_VERSION 2
#define TL_STORE_PAGE 4096
#define TL_STORE_UNIT 8
#define TL_STORE_SIZE_MAX (UINT64_C(4) << 30)

/* Current file; soon superseded (a look at the path tells); superseded. */
enum { TL_STORE_CURRENT, TL_STORE_LEAVING, TL_STORE_SUPERSEDED };

/* All zero: no bare names. A change of the domain makes a new file. */
struct store_bare {
    uint32_t length, shown;
    char domain[TL_STORE_DOMAIN_MAX + 1];
    uint64_t check; /* of everything before */
};
_Static_assert(sizeof(struct store_bare) % 8 == 0, "words");

struct store_header {
    uint64_t magic;
    uint32_t version;
    uint32_t buckets;
    uint64_t size; /* of the whole file */
    uint64_t seed;
    uint64_t table, data; /* where they begin */
    uint64_t created;
    uint32_t num_ranges, reserved;
    struct tli_store_range ranges[TL_STORE_RANGES];
    uint64_t check; /* of everything before */
    /* What changes, in a cache line of its own since readers poll the first word. */
    _Alignas(64) _Atomic uint32_t superseded;
    uint32_t reserved2;
    _Atomic uint64_t tail;      /* first free byte */
    _Atomic uint64_t pending;   /* byte offset of a record whose publication has begun */
    _Atomic uint64_t dead;      /* bytes of dead records */
    _Atomic uint64_t negatives; /* negative records written to this file */
    _Atomic uint64_t boot;      /* the boot in which all was found sound; 0: none */
    struct store_bare bare;
};
_Static_assert(sizeof(struct store_header) <= TL_STORE_PAGE, "one page");

struct store_key {
    _Atomic uint32_t next; /* position of the next key of this bucket */
    uint32_t record;       /* position of the record */
    uint32_t tag;          /* upper half of the key's hash */
    uint32_t value;        /* the id, or where in the record the folded name is */
    uint16_t length;       /* of the name; 0 for ids */
    uint8_t class;
    uint8_t reserved[5];
};
_Static_assert(sizeof(struct store_key) == 24, "three words");

#define TL_STORE_CLOCK_SLACK 300
#define TL_STORE_NEGATIVE_FLAG 1U
#define TL_STORE_PARTIAL_FLAG 2U /* a group whose members were not read */

struct store_text {
    uint32_t at, length; /* at: in the record; a NUL follows */
};
struct store_record {
    uint64_t check;        /* of the rest without `live` and the keys' `next` */
    _Atomic uint64_t live; /* store_live() or anything else */
    uint32_t self;         /* position */
    uint32_t size;         /* bytes, a multiple of the unit */
    uint16_t num_keys;
    uint8_t class; /* USER_ID, GROUP_ID or GIDS */
    uint8_t flags;
    uint32_t id, gid;
    uint32_t count;  /* members or gids */
    uint32_t source; /* enum tli_store_source */
    uint32_t reserved;
    struct store_text name, gecos, home, shell, sid, list;
    uint64_t written;
    uint64_t fresh_until; /* the agent should be asked again after */
    uint64_t valid_until; /* not to be used after */
    struct store_key keys[];
};
_Static_assert(sizeof(struct store_record) % TL_STORE_UNIT == 0, "keys are aligned");
_Static_assert(__atomic_always_lock_free(8, 0), "a bucket is one store");

#define STORE_P1 UINT64_C(0x9e3779b97f4a7c15)
#define STORE_P2 UINT64_C(0xbf58476d1ce4e5b9)
#define STORE_P3 UINT64_C(0x94d049bb133111eb)

static inline uint64_t store_final(uint64_t h)
{
    h = (h ^ (h >> 30)) * STORE_P2;
    h = (h ^ (h >> 27)) * STORE_P3;
    return h ^ (h >> 31);
}

/* Each step is a bijection of h, and of the word: two words that differ can never
 * become equal again, so any damage within one word is always seen. */
static inline uint64_t store_step(uint64_t h, uint64_t word)
{
    h = (h ^ word) * STORE_P1;
    return (h << 29) | (h >> 35);
}

static inline uint64_t store_word(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Four lanes, or the multiplications would wait for one another. */
static inline uint64_t store_sum(uint64_t h, const uint8_t *bytes, size_t words)
{
    uint64_t a = h ^ 1, b = h ^ 2, c = h ^ 3;

    for (; words >= 4; words -= 4, bytes += 32) {
        h = store_step(h, store_word(bytes));
        a = store_step(a, store_word(bytes + 8));
        b = store_step(b, store_word(bytes + 16));
        c = store_step(c, store_word(bytes + 24));
    }
    for (; words > 0; words--, bytes += 8)
        h = store_step(h, store_word(bytes));
    return store_step(store_step(store_step(h, a), b), c);
}

static inline uint64_t store_header_check(const struct store_header *header)
{
    return store_final(store_sum(TL_STORE_MAGIC, (const uint8_t *)header,
                                 offsetof(struct store_header, check) / 8));
}

static inline uint64_t store_bare_check(uint64_t seed, const struct store_bare *bare)
{
    return store_final(
        store_sum(seed, (const uint8_t *)bare, offsetof(struct store_bare, check) / 8));
}

static inline uint64_t store_live(uint64_t seed, uint32_t self)
{
    return store_final(seed + self * STORE_P3) | 1;
}

/* The bounds of the record and its keys must have been checked. */
static inline uint64_t store_record_check(uint64_t seed, const struct store_record *rec)
{
    const size_t from = offsetof(struct store_record, self);
    size_t head = sizeof(*rec) + rec->num_keys * sizeof(struct store_key);
    uint64_t h = store_sum(seed, (const uint8_t *)rec + from, (sizeof(*rec) - from) / 8);

    for (size_t i = 0; i < rec->num_keys; i++) {
        const uint8_t *key = (const uint8_t *)&rec->keys[i];

        h = store_step(h, rec->keys[i].record);
        h = store_step(h, store_word(key + 8));
        h = store_step(h, store_word(key + 16));
    }
    return store_final(store_sum(h, (const uint8_t *)rec + head, (rec->size - head) / 8));
}

/* The upper half of a bucket is the check of its lower half. */
static inline uint64_t store_bucket(uint64_t seed, uint32_t bucket, uint32_t position)
{
    uint64_t check = store_final(seed ^ ((uint64_t)bucket << 32 | position));

    return position == 0 ? 0 : (check & ~UINT64_C(0xffffffff)) | position;
}

/* ASCII letters of 8 bytes at once: in each byte below 0x80, adding 63 or 37 sets
 * the top bit for what is at least 'A' or more than 'Z'; nothing carries over. */
static inline uint64_t store_fold_word(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = word & (ones * 0x7f);
    uint64_t upper = (low + ones * (0x80 - 'A')) & ~(low + ones * (0x7f - 'Z')) & ~word &
                     (ones * 0x80);

    return word | upper >> 2;
}

/* Up to 8 bytes of a name, folded, zeroes behind its end. */
static inline uint64_t store_name_word(const char *name, size_t left)
{
    uint64_t word = 0;

    memcpy(&word, name, left < 8 ? left : 8);
    return store_fold_word(word);
}

static inline uint64_t store_hash_name(uint64_t seed, enum tli_store_class class,
                                       const char *name, size_t length)
{
    uint64_t h = seed ^ ((uint64_t) class << 32 | length);

    for (size_t i = 0; i < length; i += 8)
        h = store_step(h, store_name_word(name + i, length - i));
    return store_final(h);
}

static inline uint64_t store_hash_id(uint64_t seed, enum tli_store_class class,
                                     uint32_t id)
{
    return store_final(store_step(seed, (uint64_t) class << 32 | id));
}

/* folded, as it is in a record. */
static inline bool store_name_is(const char *folded, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = 0;

        memcpy(&word, folded + i, length - i < 8 ? length - i : 8);
        if (word != store_name_word(name + i, length - i))
            return false;
    }
    return true;
}

/* Written in the future: the clock was wrong then, and what was to last for a minute
 * would last for years. (Small steps back are daily business.) */
static inline bool store_is_early(const struct store_record *rec, uint64_t now)
{
    return rec->written > now && rec->written - now > TL_STORE_CLOCK_SLACK;
}

/* The key at a position, or NULL if it cannot be one. */
static inline const struct store_key *store_key_at(const struct tli_store_map *map,
                                                   uint32_t position)
{
    uint64_t at = (uint64_t)position * TL_STORE_UNIT;

    if (at < map->data || at > map->size - sizeof(struct store_key))
        return NULL;
    return (const void *)(map->base + at);
}

/* The record at a position if everything in it is as the writer left it, dead or
 * alive; else NULL. */
const struct store_record *tli_store_record_at(const struct tli_store_map *map,
                                               uint32_t position);
/* The first key of a bucket; 0: none. */
uint32_t tli_store_first(const struct tli_store_map *map, uint64_t hash);
bool tli_store_entry_of(const struct store_record *rec, struct tli_store_entry *entry);

#endif
