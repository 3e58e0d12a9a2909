/* SPDX-License-Identifier: MIT
 *
 * fuzz_store.c - the reader of the identity store, and its inspector. The input is a
 * list of changes to a small sound store: one byte of flags, then per change two bytes
 * of position (in units of 8 where flag 2 is set), one byte within the word, one new
 * value.
 *
 * Flag 1: all checksums are made right again, as an attacker would, so that bounds
 * and links are what is left to protect the reader. Without it, every
 * record that is found must be one that was put in.
 */
#include <stdlib.h>
#include <string.h>

#include "store/writer_internal.h"

#define SIZE (3 * TL_STORE_PAGE)
#define BUCKETS 8
#define NOW UINT64_C(4000000000) /* later than any run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"alice@a.test", "a\\alice", "bob@a.test"};
static const struct tli_store_life life = {UINT64_MAX, UINT64_MAX};
static const uint32_t gids[] = {5001, 5002, 5003};
static uint8_t *pristine;

static void put(const struct tli_store_map *map, struct store_record *rec)
{
    if (rec == NULL)
        abort();
    tli_store_append(map, rec);
    talloc_free(rec);
}

static void make(struct tli_store_map *map)
{
    const char *aliases[] = {names[1], NULL};
    const char *members[] = {names[0], names[2]};
    struct tli_store_user user = {names[0], aliases,   "S-1-5-21-1-2-3-1000",
                                  5000,     5001,      "Alice",
                                  "/home",  "/bin/sh", life};
    struct tli_store_group group = {"g@a.test", NULL, "S-1-5-21-1-2-3-513", 5001, members,
                                    2,          life};
    struct store_header *header = (void *)pristine;
    struct store_record *rec;

    *header = (struct store_header){.magic = TL_STORE_MAGIC,
                                    .version = TL_STORE_VERSION,
                                    .buckets = BUCKETS,
                                    .size = SIZE,
                                    .seed = 42,
                                    .table = TL_STORE_PAGE,
                                    .data = TL_STORE_PAGE + BUCKETS * 8,
                                    .num_ranges = 1,
                                    .ranges = {{5000, 6000}}};
    header->check = store_header_check(header);
    header->tail = header->data;
    header->bare.length = 6;
    header->bare.shown = 1;
    memcpy(header->bare.domain, "a.test", 6);
    header->bare.check = store_bare_check(42, &header->bare);
    if (!tli_store_map_bytes(pristine, SIZE, map))
        abort();
    tli_store_make_user(NULL, &user, &rec);
    put(map, rec);
    tli_store_make_group(NULL, &group, &rec);
    put(map, rec);
    tli_store_make_gids(NULL, 5000, gids, 3, &life, &rec);
    put(map, rec);
    tli_store_make_missing(NULL, TL_STORE_USER_NAME, names[2], 0, UINT64_MAX, &rec);
    put(map, rec);
}

static void mend_record(uint8_t *base, uint64_t at)
{
    struct store_record *rec = (void *)(base + at);

    if (at > SIZE - sizeof(*rec) || rec->size > SIZE - at || rec->num_keys == 0 ||
        rec->num_keys > TL_STORE_KEYS_MAX ||
        rec->size < sizeof(*rec) + rec->num_keys * sizeof(struct store_key))
        return;
    rec->self = (uint32_t)(at / 8);
    rec->live = store_live(42, rec->self);
    rec->check = store_record_check(42, rec);
}

/* Everything that a key leads to becomes a record with the right checksum. */
static void mend(uint8_t *base)
{
    struct store_header *header = (void *)base;
    uint64_t *table = (void *)(base + TL_STORE_PAGE);

    header->check = store_header_check(header);
    header->bare.check = store_bare_check(42, &header->bare);
    for (uint32_t i = 0; i < BUCKETS; i++) {
        uint32_t at = (uint32_t)table[i];

        table[i] = store_bucket(42, i, at);
        for (unsigned steps = 0; steps < 8 && at != 0; steps++) {
            struct store_key *key = (void *)(base + (uint64_t)at * 8);

            if ((uint64_t)at * 8 > SIZE - sizeof(*key))
                break;
            mend_record(base, (uint64_t)key->record * 8);
            at = key->next;
        }
    }
}

/* Read every byte, so that sanitizers see where it is. */
static void use(const struct tli_store_entry *entry, bool sound, bool has_gids)
{
    volatile uint8_t sum = 0;

    for (size_t i = 0; i <= entry->name.length; i++)
        sum = (uint8_t)(sum + entry->name.at[i]);
    for (size_t i = 0; i <= entry->shell.length; i++)
        sum = (uint8_t)(sum + entry->shell.at[i]);
    for (size_t i = 0; i < entry->list_size; i++)
        sum = (uint8_t)(sum + entry->list[i]);
    for (size_t i = 0; has_gids && entry->gids != NULL && i < entry->count; i++)
        sum = (uint8_t)(sum + entry->gids[i]);
    if (!sound)
        return;
    if (entry->id == 5000 && !has_gids && strcmp(entry->shell.at, "/bin/sh") != 0)
        abort();
    if (has_gids && (entry->count != 3 || memcmp(entry->gids, gids, sizeof(gids)) != 0))
        abort();
}

/* A bare name is always a name of the domain, even if the header claims another; what
 * is shown is in front of the '@'. */
static void look_bare(const struct tli_store_map *map, bool sound)
{
    static const char *const typed[] = {"alice", "root", "10", "a\\alice"};
    char full[TL_STORE_NAME_MAX + 1];

    for (size_t i = 0; i < 4; i++) {
        const char *whole = tli_store_full_name(map, typed[i], full);
        size_t domain = map->bare.length;

        if (whole != NULL && whole != typed[i] &&
            (i != 0 || strncmp(whole, map->bare.domain, domain) != 0 ||
             whole[domain] != '\\' || strcmp(whole + domain + 1, typed[i]) != 0))
            abort();
    }
    for (size_t i = 0; i < 3; i++) {
        size_t bare = tli_store_bare_length(map, names[i], strlen(names[i]));

        if (bare > 0 && names[i][bare] != '@')
            abort();
    }
    if (sound && map->bare.length > 0 && strcmp(map->bare.domain, "a.test") != 0)
        abort();
}

static void look(const struct tli_store_map *map, bool sound)
{
    struct tli_store_entry entry;
    enum tli_store_answer answer;

    look_bare(map, sound);
    for (size_t i = 0; i < 3; i++) {
        answer = tli_store_by_name(map, TL_STORE_USER_NAME, names[i], NOW, &entry);
        if (sound && answer != TL_STORE_MISS &&
            answer != (i == 2 ? TL_STORE_NEGATIVE : TL_STORE_HIT))
            abort();
        if (answer == TL_STORE_HIT)
            use(&entry, sound, false);
    }
    for (uint32_t id = 5000; id < 5002; id++) {
        for (int class = TL_STORE_USER_NAME; class <= TL_STORE_SID; class ++) {
            answer = tli_store_by_id(map, (enum tli_store_class) class, id, NOW, &entry);
            if (sound && answer == TL_STORE_HIT && entry.id != id)
                abort();
            if (answer == TL_STORE_HIT)
                use(&entry, sound, class == TL_STORE_GIDS);
        }
    }
}

/* The whole of it, as the command does; what it says is damaged must be in the file. */
static void inspect(const struct tli_store_map *map)
{
    struct tli_store_view view = {.map = *map, .path = "store"};
    struct tli_store_damage *damage;
    struct tli_store_item *items;
    struct tli_store_stats stats;
    size_t count;

    if (tli_store_inspect(NULL, &view, &stats, &damage, &items) != 0)
        return;
    count = items == NULL ? 0 : talloc_array_length(items);
    for (size_t i = 0; i < count; i++) {
        use(&items[i].entry, false, items[i].entry.class == TL_STORE_GIDS);
        for (uint32_t k = 0; k < items[i].num_keys; k++)
            if (tli_store_item_key(&items[i], k).name != NULL &&
                strlen(tli_store_item_key(&items[i], k).name) > SIZE)
                abort();
    }
    count = damage == NULL ? 0 : talloc_array_length(damage);
    for (size_t i = 0; i < count; i++)
        if (damage[i].at > (uint64_t)UINT32_MAX * TL_STORE_UNIT)
            abort();
    talloc_free(items);
    talloc_free(damage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_store_map map;
    uint8_t *base;
    uint8_t flags = size > 0 ? data[0] : 0;
    size_t length = SIZE;

    if (pristine == NULL) {
        pristine = calloc(1, SIZE);
        make(&map);
    }
    base = malloc(SIZE);
    memcpy(base, pristine, SIZE);
    for (size_t i = 1; i + 4 <= size; i += 4) {
        size_t at = (size_t)(data[i] | data[i + 1] << 8);

        if ((flags & 2) != 0)
            at = at * 8 + data[i + 2] % 8;
        base[at % SIZE] = data[i + 3];
    }
    if ((flags & 4) != 0)
        length = TL_STORE_PAGE + size % (SIZE - TL_STORE_PAGE);
    if ((flags & 1) != 0)
        mend(base);
    if (tli_store_map_bytes(base, length, &map)) {
        look(&map, (flags & 1) == 0);
        inspect(&map);
    }
    free(base);
    return 0;
}
