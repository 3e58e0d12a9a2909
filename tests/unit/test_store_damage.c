/* SPDX-License-Identifier: MIT
 *
 * test_store_damage.c - a store that a user floods, that a writer left half done, or that
 * is damaged: what it says is true, or "not found".
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store_fixture.h"

/* A user who reads the seed can make up names that all fall into one bucket. */
START_TEST(flooding)
{
    const struct tli_store_map *map = tli_store_enter(reader);
    uint64_t victim = store_hash_name(map->seed, TL_STORE_USER_NAME, "v@x", 3);
    struct tli_store_stats stats;
    unsigned refusals = 0;
    char name[32];

    for (unsigned i = 0, found = 0; found < 100; i++) {
        int length = snprintf(name, sizeof(name), "%u@x", i);
        uint64_t hash =
            store_hash_name(map->seed, TL_STORE_USER_NAME, name, (size_t)length);

        if (((hash ^ victim) & (map->buckets - 1)) != 0)
            continue;
        found++;
        refusals += tli_store_put_missing_name(store, TL_STORE_USER_NAME, name,
                                               NOW * 2) == -ENOSPC;
    }
    tli_store_leave(reader, map);
    ck_assert_uint_ge(refusals, 90);
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_le(stats.longest, 8);
}
END_TEST

/* A writer that died at the worst moments leaves this behind. */
START_TEST(half_done)
{
    struct tli_store_user user = alice();
    const struct tli_store_map *map;
    struct store_header *header;
    const struct store_record *rec;
    struct tli_store_stats stats;
    void *base;
    int fd;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    map = tli_store_enter(reader);
    rec = (const void *)(map->base + map->data);
    fd = open(path, O_RDWR);
    base = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    close(fd);
    header = base;
    /* Complete, but in no bucket yet, and the tail still before it. */
    memset((uint8_t *)base + map->table, 0, map->data - map->table);
    header->tail = map->data;
    header->pending = map->data;
    header->superseded = TL_STORE_LEAVING;
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_MISS);
    ck_assert_int_eq(tli_store_check(store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    ck_assert_uint_eq(header->tail, map->data + rec->size);
    ck_assert_uint_eq(header->pending, 0);
    ck_assert_uint_eq(header->superseded, TL_STORE_CURRENT);
    /* A tail that did not reach the disk before the power failed: nothing is written
     * over. */
    header->tail = map->data;
    header->boot = 1;
    munmap(base, map->size);
    tli_store_leave(reader, map);
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &store), 0);
    put_many(0, 1);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_eq(stats.users, 2);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Damage 1 to 4 places of a file in one of several ways; returns its new size. */
static size_t damage(uint8_t *base, size_t size, size_t used, uint64_t *random)
{
    unsigned how = (unsigned)(next_random(random) % 16);
    size_t at;

    if (how == 0)
        return next_random(random) % size;
    for (uint64_t i = next_random(random) % 4 + 1; i > 0; i--) {
        /* Mostly where something is: header and records. */
        at = next_random(random) % 8 == 0   ? next_random(random) % TL_STORE_PAGE
             : next_random(random) % 8 == 0 ? next_random(random) % used
                                            : used - 1 - next_random(random) % 4096;
        if (how == 1)
            memset(base + at, 0, size - at < 512 ? size - at : 512);
        else if (how == 2)
            memmove(base + at, base + at / 2, size - at < 64 ? size - at : 64);
        else
            base[at] ^= (uint8_t)(1U << next_random(random) % 8);
    }
    return size;
}

/* Nothing but the truth, or nothing. */
static unsigned truthful(const struct tli_store_map *map)
{
    struct tli_store_user user = alice();
    struct tli_store_entry entry;
    enum tli_store_answer answer;
    unsigned found = 0;

    for (size_t i = 0; i < COUNT(alices_names) + 3; i++) {
        answer =
            i < COUNT(alices_names)
                ? tli_store_by_name(map, TL_STORE_USER_NAME, alices_names[i], NOW, &entry)
                : tli_store_by_id(map, TL_STORE_USER_ID,
                                  i == COUNT(alices_names) ? user.uid : (uint32_t)i, NOW,
                                  &entry);
        if (answer == TL_STORE_MISS)
            continue;
        ck_assert_int_eq(answer, TL_STORE_HIT);
        ck_assert_uint_eq(entry.id, user.uid);
        ck_assert_uint_eq(entry.gid, user.gid);
        ck_assert_str_eq(entry.name.at, user.name);
        ck_assert_str_eq(entry.home.at, user.home);
        ck_assert_str_eq(entry.shell.at, user.shell);
        found++;
    }
    answer = tli_store_by_name(map, TL_STORE_USER_NAME, "gone@contoso.test", NOW, &entry);
    ck_assert(answer == TL_STORE_MISS || answer == TL_STORE_NEGATIVE);
    return found;
}

/* 10,000 damaged files. Each copy has its exact size on the heap. */
START_TEST(damaged_files)
{
    struct tli_store_user user = alice(), old = alice();
    const struct tli_store_map *map;
    struct tli_store_map broken;
    uint8_t *bytes, *shrunk;
    size_t used, size;
    uint64_t random = 20260101 + (uint64_t)_i;
    unsigned found = 0, rejected = 0;

    /* An older alice is in the file too, and must stay dead. */
    old.uid = 201000;
    old.shell = "/bin/old";
    ck_assert_int_eq(tli_store_put_user(store, &old), 0);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    put_many(0, 3);
    ck_assert_int_eq(tli_store_put_missing_name(store, TL_STORE_USER_NAME,
                                                "gone@contoso.test", NOW * 2),
                     0);
    map = tli_store_enter(reader);
    ck_assert_uint_eq(truthful(map), COUNT(alices_names) + 1);
    used = ((const struct store_header *)(const void *)map->base)->tail;
    for (unsigned i = 0; i < 2500; i++) {
        bytes = malloc(map->size);
        memcpy(bytes, map->base, map->size);
        size = damage(bytes, map->size, used, &random);
        shrunk = realloc(bytes, size == 0 ? 1 : size);
        ck_assert_ptr_nonnull(shrunk);
        bytes = shrunk;
        if (tli_store_map_bytes(bytes, size, &broken))
            found += truthful(&broken);
        else
            rejected++;
        free(bytes);
    }
    tli_store_leave(reader, map);
    /* The damage must have done something, and not everything. */
    ck_assert_uint_ge(rejected, 100);
    ck_assert_uint_ge(found, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_damage");
    TCase *tcase = tcase_create("store");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, flooding);
    tcase_add_test(tcase, half_done);
    tcase_add_loop_test(tcase, damaged_files, 0, 4);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
