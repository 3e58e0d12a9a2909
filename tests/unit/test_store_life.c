/* SPDX-License-Identifier: MIT
 *
 * test_store_life.c - how long a record of the identity store counts, and its source.
 */
#include <check.h>
#include <errno.h>

#include "store_fixture.h"

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

int main(void)
{
    Suite *suite = suite_create("store_life");
    TCase *tcase = tcase_create("store");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, sources);
    tcase_add_test(tcase, renewing);
    tcase_add_test(tcase, partial_group);
    tcase_add_test(tcase, time_passes);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
