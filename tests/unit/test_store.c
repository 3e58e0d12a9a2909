/* SPDX-License-Identifier: MIT
 *
 * test_store.c - the identity store: what is put is found under all its names, and what
 * is replaced or dropped is gone.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "store_fixture.h"

#define OTHER_SPELLING "alice.äNGSTRÖM@corp.example"

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
    /* Spelled like neither: for the agent, which can fold it. */
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

/* A rename, and a deleted account created again: nothing of the old one is left. */
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

/* The kernel cannot tell two accounts with one id apart: the first one keeps it, except
 * from its own new record. */
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
    /* renamed, and created again with its former id */
    user.name = "alicia@contoso.test";
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    user.sid = SID "9999";
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    /* a deleted one does not reserve its name */
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
    /* A user that no longer exists has no other names and no id either. */
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
    tcase_add_loop_test(tcase, bad_users, 0, COUNT(refused));
    tcase_add_test(tcase, bad_ranges);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
