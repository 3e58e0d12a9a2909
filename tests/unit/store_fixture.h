/* SPDX-License-Identifier: MIT
 *
 * store_fixture.h - an identity store in a folder of its own, a reader of it, and a user
 * to put there.
 */
#ifndef TL_TEST_STORE_FIXTURE_H
#define TL_TEST_STORE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/writer_internal.h"
#include "store_folder.h"

#define NOW UINT64_C(1800000000)

static const struct tli_store_range ranges[] = {{200000, 399999}, {2000000, 2999999}};
static const struct tli_store_life forever = {NOW * 2, NOW * 2};
static struct tli_store_reader *reader;

static inline void setup(void)
{
    open_store(ranges, COUNT(ranges));
    reader = calloc(1, sizeof(*reader));
    reader->path = path;
    reader->owner = geteuid();
}

static inline void teardown(void)
{
    for (size_t i = 0; i < TL_STORE_SLOTS; i++) {
        if (reader->slots[i].state != 0)
            munmap((void *)(uintptr_t)reader->slots[i].map.base,
                   reader->slots[i].map.size);
    }
    free(reader);
    close_store();
}

/* The fullest record that there is: with aliases, not all of them ASCII. */
static inline struct tli_store_user alice(void)
{
    static const char *const aliases[] = {"CONTOSO\\alice", "contoso.test\\alice",
                                          "Alice.Ängström@corp.example", NULL};

    return (struct tli_store_user){.name = "alice@contoso.test",
                                   .aliases = aliases,
                                   .sid = SID "1105",
                                   .uid = 201105,
                                   .gid = 200513,
                                   .gecos = "Alice: the\tfirst",
                                   .home = "/home/alice@contoso.test",
                                   .shell = "/bin/bash",
                                   .life = forever};
}

/* What the reader says at that time, by name, or by id where the name is NULL. */
static inline enum tli_store_answer at_time(enum tli_store_class class, const char *name,
                                            uint32_t id, uint64_t now,
                                            struct tli_store_entry *entry)
{
    const struct tli_store_map *map = tli_store_enter(reader);
    enum tli_store_answer answer = TL_STORE_MISS;

    memset(entry, 0, sizeof(*entry));
    if (map == NULL)
        return answer;
    answer = name != NULL ? tli_store_by_name(map, class, name, now, entry)
                          : tli_store_by_id(map, class, id, now, entry);
    tli_store_leave(reader, map);
    return answer;
}

static inline enum tli_store_answer by_name(enum tli_store_class class, const char *name)
{
    struct tli_store_entry entry;

    return at_time(class, name, 0, NOW, &entry);
}

static inline enum tli_store_answer by_id(enum tli_store_class class, uint32_t id)
{
    struct tli_store_entry entry;

    return at_time(class, NULL, id, NOW, &entry);
}

/* Under which the reader finds alice(). */
static const char *const alices_names[] = {
    "alice@contoso.test",
    "ALICE@Contoso.Test",
    "CONTOSO\\alice",
    "contoso\\ALICE",
    "contoso.test\\Alice",
    "Alice.Ängström@corp.example",
    "alice.ÄNGSTRöM@CORP.example", /* its own spelling but for ASCII letters */
    "alice.ängström@corp.example",
};

/* Users of the second range, with names and SIDs by their number. */
static inline void put_many(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        char name[64], other[64], sid[64];
        const char *aliases[] = {other, NULL};
        struct tli_store_user user = {.name = name,
                                      .aliases = aliases,
                                      .sid = sid,
                                      .uid = 2000000 + i,
                                      .gid = 200513,
                                      .home = "/home/u",
                                      .shell = "/bin/sh",
                                      .life = forever};

        snprintf(name, sizeof(name), "user%u@contoso.test", i);
        snprintf(other, sizeof(other), "CONTOSO\\user%u", i);
        snprintf(sid, sizeof(sid), SID "%u", i + 100000);
        ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    }
}

#endif
