/* SPDX-License-Identifier: MIT
 *
 * test_store.c - the identity store: what is put is found under all its names, what is
 * replaced or dropped is gone, and a damaged file answers "not found".
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/local.h"
#include "store/writer_internal.h"
#include "fixtures.h"

#define NOW UINT64_C(1800000000)
#define SID "S-1-5-21-1-2-3-"

static const struct tli_store_range ranges[] = {{200000, 399999}, {2000000, 2999999}};
static const struct tli_store_life forever = {NOW * 2, NOW * 2};
static temp_path folder;
static char path[sizeof(temp_path) + 8];
static struct tli_store *store;
static struct tli_store_reader *reader;

static void setup(void)
{
    make_temp_folder(folder);
    snprintf(path, sizeof(path), "%s/store", folder);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &store), 0);
    reader = calloc(1, sizeof(*reader));
    reader->path = path;
    reader->owner = geteuid();
}

static void teardown(void)
{
    static const char *const names[] = {"", ".lock", ".new"};
    char name[sizeof(path) + 8];

    for (size_t i = 0; i < TL_STORE_SLOTS; i++) {
        if (reader->slots[i].state != 0)
            munmap((void *)(uintptr_t)reader->slots[i].map.base,
                   reader->slots[i].map.size);
    }
    talloc_free(store);
    free(reader);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        unlink(name);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static struct tli_store_user alice(void)
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

static enum tli_store_answer at_time(enum tli_store_class class, const char *name,
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

static enum tli_store_answer by_name(enum tli_store_class class, const char *name)
{
    struct tli_store_entry entry;

    return at_time(class, name, 0, NOW, &entry);
}

static enum tli_store_answer by_id(enum tli_store_class class, uint32_t id)
{
    struct tli_store_entry entry;

    return at_time(class, NULL, id, NOW, &entry);
}

#define OTHER_SPELLING "alice.äNGSTRÖM@corp.example"

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

START_TEST(one_record_under_all_names)
{
    struct tli_store_user user = alice();
    struct tli_store_entry entry;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    for (size_t i = 0; i < COUNT(alices_names); i++) {
        ck_assert_msg(at_time(TL_STORE_USER_NAME, alices_names[i], 0, NOW, &entry) ==
                          TL_STORE_HIT,
                      "%s", alices_names[i]);
        ck_assert_str_eq(entry.name.at, "alice@contoso.test");
    }
    ck_assert_int_eq(at_time(TL_STORE_USER_ID, NULL, 201105, NOW, &entry), TL_STORE_HIT);
    ck_assert_uint_eq(entry.id, 201105);
    ck_assert_uint_eq(entry.gid, 200513);
    ck_assert_str_eq(entry.gecos.at, "Alice  the first");
    ck_assert_str_eq(entry.home.at, "/home/alice@contoso.test");
    ck_assert_str_eq(entry.shell.at, "/bin/bash");
    ck_assert_str_eq(entry.sid.at, SID "1105");
    ck_assert_int_eq(by_name(TL_STORE_SID, SID "1105"), TL_STORE_HIT);
    /* Spelled like neither: for the agent, who can fold it. */
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, OTHER_SPELLING), TL_STORE_MISS);
    /* Namespaces do not mix. */
    ck_assert_int_eq(by_name(TL_STORE_GROUP_NAME, "alice@contoso.test"), TL_STORE_MISS);
    ck_assert_int_eq(by_id(TL_STORE_GROUP_ID, 201105), TL_STORE_MISS);
    ck_assert_int_eq(by_id(TL_STORE_GIDS, 201105), TL_STORE_MISS);
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, "alice@contoso.tes"), TL_STORE_MISS);
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, ""), TL_STORE_MISS);
}
END_TEST

START_TEST(groups_and_lists)
{
    const char *members[] = {"alice@contoso.test", "bob@contoso.test"};
    struct tli_store_group group = {.name = "domain users@contoso.test",
                                    .sid = SID "513",
                                    .gid = 200513,
                                    .members = members,
                                    .num_members = 2,
                                    .life = forever};
    uint32_t gids[300];
    struct tli_store_entry entry;

    for (uint32_t i = 0; i < COUNT(gids); i++)
        gids[i] = 300000 + i;
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(at_time(TL_STORE_GROUP_ID, NULL, 200513, NOW, &entry), TL_STORE_HIT);
    ck_assert_uint_eq(entry.count, 2);
    ck_assert_str_eq(entry.list, members[0]);
    ck_assert_str_eq(entry.list + strlen(members[0]) + 1, members[1]);
    ck_assert_int_eq(tli_store_put_gids(store, 201105, gids, COUNT(gids), &forever), 0);
    ck_assert_int_eq(at_time(TL_STORE_GIDS, NULL, 201105, NOW, &entry), TL_STORE_HIT);
    ck_assert_uint_eq(entry.count, COUNT(gids));
    ck_assert_int_eq(memcmp(entry.gids, gids, sizeof(gids)), 0);
    group.num_members = 0;
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(at_time(TL_STORE_GROUP_ID, NULL, 200513, NOW, &entry), TL_STORE_HIT);
    ck_assert_uint_eq(entry.count, 0);
}
END_TEST

/* A rename, and a deleted account made again: nothing of the old one is left. */
START_TEST(replacing)
{
    struct tli_store_user user = alice();
    struct tli_store_entry entry;
    const uint32_t gid = 200513;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_gids(store, user.uid, &gid, 1, &forever), 0);
    user.name = "alicia@contoso.test";
    user.aliases = NULL;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    for (size_t i = 0; i < COUNT(alices_names); i++)
        ck_assert_int_eq(by_name(TL_STORE_USER_NAME, alices_names[i]), TL_STORE_MISS);
    ck_assert_int_eq(at_time(TL_STORE_USER_ID, NULL, 201105, NOW, &entry), TL_STORE_HIT);
    ck_assert_str_eq(entry.name.at, "alicia@contoso.test");
    ck_assert_int_eq(by_id(TL_STORE_GIDS, 201105), TL_STORE_HIT);

    user.sid = SID "9999";
    user.uid = 209999;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_MISS);
    ck_assert_int_eq(by_id(TL_STORE_GIDS, 201105), TL_STORE_MISS);
    ck_assert_int_eq(by_name(TL_STORE_SID, SID "1105"), TL_STORE_MISS);
    ck_assert_int_eq(at_time(TL_STORE_USER_NAME, "alicia@contoso.test", 0, NOW, &entry),
                     TL_STORE_HIT);
    ck_assert_uint_eq(entry.id, 209999);
}
END_TEST

/* Two accounts with one id would be one to the kernel: who was there first keeps it, but
 * not from himself. */
START_TEST(an_id_of_two)
{
    const uint64_t now = tli_store_now();
    const struct tli_store_life over = {now - 20, now - 10, TL_STORE_SOURCE_PAC};
    struct tli_store_user user = alice(), other = alice();
    struct tli_store_group group = {
        .name = "sales@contoso.test", .sid = SID "1604", .gid = 201105, .life = forever};

    other.name = "bob@contoso.test";
    other.aliases = NULL;
    other.sid = SID "1106";
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_user(store, &other), -EEXIST);
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, "bob@contoso.test"), TL_STORE_MISS);
    for (size_t i = 0; i < COUNT(alices_names); i++)
        ck_assert_int_eq(by_name(TL_STORE_USER_NAME, alices_names[i]), TL_STORE_HIT);
    /* renamed, and made again with the id of before */
    user.name = "alicia@contoso.test";
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    user.sid = SID "9999";
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    /* one that is gone keeps no name out */
    user.life = over;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_user(store, &other), 0);
    /* groups among themselves */
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    group.name = "staff@contoso.test";
    group.sid = SID "1605";
    ck_assert_int_eq(tli_store_put_group(store, &group), -EEXIST);
    group.sid = NULL;
    ck_assert_int_eq(tli_store_put_group(store, &group), -EEXIST);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_GROUP_ID, group.gid), 0);
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
}
END_TEST

START_TEST(dropping)
{
    struct tli_store_user user = alice();
    const uint32_t gid = 200513;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_gids(store, user.uid, &gid, 1, &forever), 0);
    ck_assert_int_eq(
        tli_store_drop_name(store, TL_STORE_USER_NAME, "nobody@contoso.test"), -ENOENT);
    /* Any spelling will do for the writer. */
    ck_assert_int_eq(tli_store_drop_name(store, TL_STORE_USER_NAME, OTHER_SPELLING), 0);
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, "alice@contoso.test"), TL_STORE_MISS);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, user.uid), TL_STORE_MISS);
    ck_assert_int_eq(by_id(TL_STORE_GIDS, user.uid), TL_STORE_MISS);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_USER_ID, user.uid), -ENOENT);
}
END_TEST

START_TEST(negative_entries)
{
    struct tli_store_user user = alice();
    struct tli_store_entry entry;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(
        tli_store_put_missing_name(store, TL_STORE_USER_NAME, "CONTOSO\\Alice", NOW + 60),
        0);
    /* What does not exist any more has no other names and no id either. */
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, "contoso\\alice"), TL_STORE_NEGATIVE);
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, "alice@contoso.test"), TL_STORE_MISS);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, user.uid), TL_STORE_MISS);
    ck_assert_int_eq(at_time(TL_STORE_USER_NAME, "contoso\\alice", 0, NOW + 61, &entry),
                     TL_STORE_MISS);
    ck_assert_int_eq(tli_store_put_missing_id(store, TL_STORE_GROUP_ID, 200001, NOW + 60),
                     0);
    ck_assert_int_eq(by_id(TL_STORE_GROUP_ID, 200001), TL_STORE_NEGATIVE);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(by_name(TL_STORE_USER_NAME, "contoso\\alice"), TL_STORE_HIT);
}
END_TEST

/* A user's private group has the SID of the user, and does not take his place. */
START_TEST(own_group)
{
    struct tli_store_user user = alice();
    struct tli_store_group own = {
        .name = user.name, .sid = user.sid, .gid = user.uid, .life = forever};
    struct tli_store_entry entry;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_group(store, &own), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, user.uid), TL_STORE_HIT);
    ck_assert_int_eq(by_id(TL_STORE_GROUP_ID, user.uid), TL_STORE_HIT);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(at_time(TL_STORE_GROUP_NAME, user.name, 0, NOW, &entry),
                     TL_STORE_HIT);
    ck_assert_int_eq(entry.class, TL_STORE_GROUP_ID);
    ck_assert_int_eq(tli_store_check(store), 0);
}
END_TEST

START_TEST(sources)
{
    static const enum tli_store_source all[] = {TL_STORE_SOURCE_PAC, TL_STORE_SOURCE_LDAP,
                                                TL_STORE_SOURCE_LSA};
    struct tli_store_user user = alice();
    struct tli_store_entry entry;
    const uint32_t gid = 200513;

    for (size_t i = 0; i < COUNT(all); i++) {
        user.life.source = all[i];
        ck_assert_int_eq(tli_store_put_user(store, &user), 0);
        ck_assert_int_eq(tli_store_put_gids(store, user.uid, &gid, 1, &user.life), 0);
        ck_assert_int_eq(at_time(TL_STORE_USER_NAME, user.name, 0, NOW, &entry),
                         TL_STORE_HIT);
        ck_assert_int_eq(entry.source, all[i]);
        ck_assert_int_eq(entry.class, TL_STORE_USER_ID);
        ck_assert_uint_eq(entry.fresh_until, forever.fresh_until);
        ck_assert_uint_eq(entry.valid_until, forever.valid_until);
        ck_assert_int_eq(at_time(TL_STORE_GIDS, NULL, user.uid, NOW, &entry),
                         TL_STORE_HIT);
        ck_assert_int_eq(entry.source, all[i]);
    }
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(at_time(TL_STORE_USER_NAME, user.name, 0, NOW, &entry),
                     TL_STORE_HIT);
    ck_assert_int_eq(entry.source, TL_STORE_SOURCE_LSA);
}
END_TEST

/* The same record with a longer life; a missing record is not made. */
START_TEST(renewing)
{
    const struct tli_store_life longer = {NOW + 100, NOW + 200, TL_STORE_SOURCE_LSA};
    struct tli_store_user user = alice();
    struct tli_store_entry entry;

    user.life = (struct tli_store_life){10, 20, TL_STORE_SOURCE_PAC};
    ck_assert_int_eq(tli_store_renew(store, TL_STORE_USER_ID, user.uid, &longer),
                     -ENOENT);
    ck_assert_int_eq(tli_store_put_missing_id(store, TL_STORE_USER_ID, user.uid, NOW * 2),
                     0);
    ck_assert_int_eq(tli_store_renew(store, TL_STORE_USER_ID, user.uid, &longer),
                     -ENOENT);
    ck_assert_int_eq(tli_store_renew(store, TL_STORE_SID, user.uid, &longer), -EINVAL);
    /* Ended long ago. */
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_renew(store, TL_STORE_USER_ID, user.uid, &longer),
                     -ENOENT);
    user.life.valid_until = UINT64_MAX;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_renew(store, TL_STORE_USER_ID, user.uid, &longer), 0);
    for (size_t i = 0; i < COUNT(alices_names); i++)
        ck_assert_int_eq(
            at_time(TL_STORE_USER_NAME, alices_names[i], 0, NOW + 100, &entry),
            TL_STORE_HIT);
    ck_assert_int_eq(entry.source, TL_STORE_SOURCE_PAC);
    ck_assert_uint_eq(entry.valid_until, NOW + 200);
    ck_assert_int_eq(tli_store_check(store), 0);
}
END_TEST

START_TEST(partial_group)
{
    const char *members[] = {"alice@contoso.test"};
    struct tli_store_group group = {.name = "sales@contoso.test",
                                    .sid = SID "1200",
                                    .gid = 201200,
                                    .life = forever,
                                    .partial = true};
    struct tli_store_entry entry;

    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(at_time(TL_STORE_GROUP_ID, NULL, group.gid, NOW, &entry),
                     TL_STORE_HIT);
    ck_assert(entry.partial);
    ck_assert_int_eq(at_time(TL_STORE_GROUP_NAME, group.name, 0, NOW, &entry),
                     TL_STORE_STALE);
    group.partial = false;
    group.members = members;
    group.num_members = 1;
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(at_time(TL_STORE_GROUP_NAME, group.name, 0, NOW, &entry),
                     TL_STORE_HIT);
    ck_assert(!entry.partial && entry.count == 1);
}
END_TEST

START_TEST(time_passes)
{
    struct tli_store_user user = alice();
    struct tli_store_entry entry;

    user.life = (struct tli_store_life){NOW + 10, NOW + 20};
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(at_time(TL_STORE_USER_ID, NULL, user.uid, NOW + 10, &entry),
                     TL_STORE_HIT);
    ck_assert_int_eq(at_time(TL_STORE_USER_ID, NULL, user.uid, NOW + 20, &entry),
                     TL_STORE_STALE);
    ck_assert_str_eq(entry.name.at, user.name);
    ck_assert_int_eq(at_time(TL_STORE_USER_ID, NULL, user.uid, NOW + 21, &entry),
                     TL_STORE_MISS);
}
END_TEST

static const struct {
    const char *name, *sid, *home, *shell;
    uint32_t uid, gid;
    int rc;
} refused[] = {
    {"root", SID "500", "/h", "/s", 201105, 200513, -EINVAL}, /* looks local */
    {"a@b:c", SID "500", "/h", "/s", 201105, 200513, -EINVAL},
    {"a@b\n", SID "500", "/h", "/s", 201105, 200513, -EINVAL},
    {"a/../@b", SID "500", "/h", "/s", 201105, 200513, -EINVAL},
    {"a\xff@b", SID "500", "/h", "/s", 201105, 200513, -EINVAL}, /* not UTF-8 */
    {NULL, SID "500", "/h", "/s", 201105, 200513, -EINVAL},
    {"a@b", "S-1-5-", "/h", "/s", 201105, 200513, -EINVAL},
    {"a@b", NULL, "/h", "/s", 201105, 200513, -EINVAL},
    {"a@b", SID "500", "", "/s", 201105, 200513, -EINVAL},
    {"a@b", SID "500", "/h", NULL, 201105, 200513, -EINVAL},
    {"a@b", SID "500", "/h:", "/s", 201105, 200513, -EINVAL},
    {"a@b", SID "500", "/h", "/s", 0, 200513, -ERANGE},
    {"a@b", SID "500", "/h", "/s", 400000, 200513, -ERANGE},
    {"a@b", SID "500", "/h", "/s", 201105, 0, -ERANGE},
};

START_TEST(bad_users)
{
    struct tli_store_user user = {.name = refused[_i].name,
                                  .sid = refused[_i].sid,
                                  .home = refused[_i].home,
                                  .shell = refused[_i].shell,
                                  .uid = refused[_i].uid,
                                  .gid = refused[_i].gid,
                                  .life = forever};
    struct tli_store_stats stats;

    ck_assert_int_eq(tli_store_put_user(store, &user), refused[_i].rc);
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_eq(stats.users, 0);
}
END_TEST

START_TEST(bad_ranges)
{
    const struct tli_store_range low = {999, 2000}, turned = {3000, 2000},
                                 high = {1000, UINT32_MAX};
    struct tli_store *other;

    ck_assert_int_eq(tli_store_open(NULL, path, &low, 1, &other), -ERANGE);
    ck_assert_int_eq(tli_store_open(NULL, path, &turned, 1, &other), -ERANGE);
    ck_assert_int_eq(tli_store_open(NULL, path, &high, 1, &other), -ERANGE);
    ck_assert_ptr_null(other);
}
END_TEST

static void put_many(uint32_t first, uint32_t count)
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

/* The file grows several times under a reader that has it mapped. */
START_TEST(growing)
{
    struct tli_store_stats stats;
    struct tli_store_user user = alice();
    unsigned mapped = 0;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    for (uint32_t i = 0; i < 20; i++) {
        put_many(i * 500, 500);
        ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
        ck_assert_int_eq(by_id(TL_STORE_USER_ID, 2000000 + i * 500), TL_STORE_HIT);
    }
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_eq(stats.users, 10001);
    ck_assert_uint_eq(stats.damaged, 0);
    ck_assert_uint_eq(stats.keys, 10000 * 4 + 7);
    ck_assert_uint_le(stats.longest, 12);
    for (size_t i = 0; i < TL_STORE_SLOTS; i++)
        mapped += reader->slots[i].state != 0;
    ck_assert_uint_eq(mapped, 1);
}
END_TEST

/* One user refreshed without end fills neither chains nor the disk. */
START_TEST(refreshing)
{
    struct tli_store_user user = alice(), second = alice();
    struct tli_store_stats stats;

    second.name = "bob@contoso.test";
    second.aliases = NULL;
    second.sid = SID "1106";
    second.uid = 201106;
    for (unsigned i = 0; i < 5000; i++) {
        ck_assert_int_eq(tli_store_put_user(store, &user), 0);
        ck_assert_int_eq(tli_store_put_user(store, &second), 0);
    }
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_eq(stats.users, 2);
    ck_assert_uint_le(stats.longest, 4);
    ck_assert_uint_le(stats.size, 1 << 20);
}
END_TEST

START_TEST(survives_reopening)
{
    const struct tli_store_range narrow = {200000, 399999};
    struct tli_store_user user = alice();

    put_many(0, 3);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 2000001), TL_STORE_HIT);
    /* Records with ids outside of the new ranges leave. */
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, &narrow, 1, &store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 2000001), TL_STORE_MISS);
}
END_TEST

/* Lines longer than what is read at once, the last one without an end, and invalid
 * numbers. */
START_TEST(files_of_the_machine)
{
    static const struct {
        const char *name;
        uint32_t id;
        bool by_name, by_id;
    } asked[] = {
        {"first", 1001, true, true},        {"LAST", 1003, true, true},
        {"big", 1002, true, true},          {"member5", 7, false, false},
        {"1001", 1001000, false, false},    {"firs", 0, false, false},
        {"first1", 0, false, false},        {"bad", 1004, true, false},
        {"worse", 4294967295, true, false}, {"none", 9, true, false},
        {"\xc3\xa4", 1005, true, true},
    };
    FILE *file = fopen(path, "w");

    fputs("first:x:1001:1001::/:\nbad:x:1004x:\nworse:x:8589934591:\nnone\n", file);
    fputs("\xc3\xa4:x:1005:\n", file);
    for (unsigned i = 0; i < 300; i++)
        fputc('y', file);
    fputs(":x:1006:\n\n:x:9:\nbig:x:1002:", file);
    for (unsigned i = 0; i < 3000; i++)
        fprintf(file, "member%u,", i);
    fputs("\nlast:*:1003:", file);
    ck_assert_int_eq(fclose(file), 0);
    for (size_t i = 0; i < COUNT(asked); i++) {
        struct tli_local_query query = {
            .typed = asked[i].name, .has_id = true, .id = asked[i].id};

        ck_assert_int_eq(tli_local_find(path, &query), 0);
        ck_assert_msg(query.typed_is_local == asked[i].by_name &&
                          query.id_is_local == asked[i].by_id,
                      "%s", asked[i].name);
        ck_assert(!query.shown_is_local);
    }
    ck_assert_int_eq(tli_local_find(folder, &(struct tli_local_query){0}), -EISDIR);
    ck_assert_int_eq(tli_local_find("/nonexistent/file", &(struct tli_local_query){0}),
                     0);
}
END_TEST

/* The setting stays with the file when it is opened, rewritten or repaired, and a damaged
 * one does not count. */
START_TEST(whose_bare_names)
{
    struct tli_store_view *view = NULL;
    char full[TL_STORE_NAME_MAX + 1];
    struct tli_store_user user = alice();
    struct tli_store *other;
    struct store_header *header;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_ptr_null(tli_store_full_name(&store->map, "alice", full));
    ck_assert_int_eq(tli_store_set_bare(store, "Contoso.test", true), -EINVAL);
    ck_assert_int_eq(tli_store_set_bare(store, "", true), -EINVAL);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, 1, &other), 0);
    ck_assert_str_eq(other->map.bare.domain, "contoso.test");
    ck_assert(other->map.bare.shown);
    talloc_free(other);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &other), 0);
    ck_assert_int_eq(tli_store_set_bare(other, "contoso.test", false), 0);
    talloc_free(other);
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_str_eq(tli_store_full_name(&view->map, "alice", full),
                     "contoso.test\\alice");
    ck_assert_uint_eq(tli_store_bare_length(&view->map, "alice@contoso.test", 18), 0);
    talloc_free(view);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "alice@contoso.test", 18), 5);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "alice@contoso.tess", 18), 0);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "@contoso.test", 13), 0);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "contoso.test", 12), 0);
    header = store_header_of(&store->map);
    header->bare.domain[0] = 'd';
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_ptr_null(tli_store_full_name(&view->map, "alice", full));
    talloc_free(view);
}
END_TEST

START_TEST(two_handles)
{
    struct tli_store_user user = alice();
    struct tli_store *other;

    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &other), 0);
    ck_assert_int_eq(tli_store_compact(other), 0);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    /* Removed by hand: the next change brings it back for new readers. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_USER_ID, 1), -ENOENT);
    ck_assert_int_eq(access(path, R_OK), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    talloc_free(other);
}
END_TEST

START_TEST(only_its_owners_file)
{
    struct tli_store_user user = alice();

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    reader->owner = geteuid() + 1;
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_MISS);
    reader->owner = geteuid();
    ck_assert_int_eq(chmod(path, 0664), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_MISS);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
}
END_TEST

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
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_record_under_all_names);
    tcase_add_test(tcase, groups_and_lists);
    tcase_add_test(tcase, replacing);
    tcase_add_test(tcase, an_id_of_two);
    tcase_add_test(tcase, dropping);
    tcase_add_test(tcase, negative_entries);
    tcase_add_test(tcase, own_group);
    tcase_add_test(tcase, sources);
    tcase_add_test(tcase, renewing);
    tcase_add_test(tcase, partial_group);
    tcase_add_test(tcase, time_passes);
    tcase_add_loop_test(tcase, bad_users, 0, COUNT(refused));
    tcase_add_test(tcase, bad_ranges);
    tcase_add_test(tcase, growing);
    tcase_add_test(tcase, refreshing);
    tcase_add_test(tcase, survives_reopening);
    tcase_add_test(tcase, whose_bare_names);
    tcase_add_test(tcase, files_of_the_machine);
    tcase_add_test(tcase, two_handles);
    tcase_add_test(tcase, only_its_owners_file);
    tcase_add_test(tcase, flooding);
    tcase_add_test(tcase, half_done);
    tcase_add_loop_test(tcase, damaged_files, 0, 4);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
