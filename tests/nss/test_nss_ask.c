/* SPDX-License-Identifier: MIT
 *
 * test_nss_ask.c - the NSS module and an agent: when it is asked, and which of its
 * answers count.
 */
#include <stdlib.h>

#include "asking_module.h"

static uint32_t knows_nobody(const struct tli_wire_msg *request)
{
    return request->lookup <= TL_LOOKUP_USER_ID ? TL_WIRE_NO_SUCH_USER
                                                : TL_WIRE_NO_SUCH_GROUP;
}

static uint32_t remembers_nobody(const struct tli_wire_msg *request)
{
    if (tli_store_put_missing_name(store, TL_STORE_USER_NAME, NAME,
                                   tli_store_now() + 100) != 0)
        abort();
    return 0;
}

static uint32_t lies(const struct tli_wire_msg *request)
{
    return 0;
}

START_TEST(a_miss_is_asked_once)
{
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(no_user_of_that_name)
{
    start(FAKE_ANSWERS, knows_nobody);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(known_not_to_exist)
{
    start(FAKE_ANSWERS, remembers_nobody);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(call(by_name), NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(call(groups_of), NSS_STATUS_NOTFOUND);
        ck_assert_uint_eq(questions(), 1);
    }
}
END_TEST

START_TEST(the_agent_cannot_tell)
{
    start(FAKE_ANSWERS, cannot_tell);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_UNAVAIL);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

/* An agent that says "done" but stored nothing: the user is not found. */
START_TEST(an_empty_promise)
{
    start(FAKE_ANSWERS, lies);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_UNAVAIL);
}
END_TEST

START_TEST(stale_is_asked_again)
{
    put(-10);
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(stale_is_better_than_nothing)
{
    put(-10);
    start(FAKE_ANSWERS, cannot_tell);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    fake_agent_stop(&agent);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
}
END_TEST

START_TEST(stale_and_gone)
{
    put(-10);
    start(FAKE_ANSWERS, knows_nobody);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_NOTFOUND);
}
END_TEST

/* The user is known, the list of groups is not. */
START_TEST(groups_are_asked_for_alone)
{
    put(1000);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_GIDS, UID), 0);
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(groups_of), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
    fake_agent_stop(&agent);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_GIDS, UID), 0);
    ck_assert_int_eq(call(groups_of), NSS_STATUS_UNAVAIL);
}
END_TEST

START_TEST(what_is_not_ours_is_not_asked)
{
    static const char *const names[] = {"", "root", "alice", "contoso.test"};
    static const uint32_t ids[] = {0, 999, 1000, 199999, 400000, UINT32_MAX};
    static char endless[10000];

    start(FAKE_ANSWERS, knows);
    for (size_t i = 0; i < COUNT(names); i++) {
        ck_assert_int_eq(nss.getpwnam(names[i], &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(nss.getgrnam(names[i], &gr, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        ck_assert_int_eq(nss.getpwuid(ids[i], &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(nss.getgrgid(ids[i], &gr, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
    }
    memset(endless, '@', sizeof(endless) - 1);
    ck_assert_int_eq(nss.getpwnam(endless, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(questions(), 0);
}
END_TEST

/* The first name may be asked for; the owner of an id is not known yet. */
START_TEST(no_store_yet)
{
    start(FAKE_ANSWERS, cannot_tell);
    unlink(TEST_STORE);
    ck_assert_int_eq(call(by_uid), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(call(group_by_gid), NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(questions(), 0);
    ck_assert_int_eq(call(by_name), NSS_STATUS_UNAVAIL);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss_ask");
    TCase *tcase = tcase_create("module and agent");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_miss_is_asked_once, 0, COUNT(calls));
    tcase_add_loop_test(tcase, no_user_of_that_name, 0, COUNT(calls));
    tcase_add_test(tcase, known_not_to_exist);
    tcase_add_loop_test(tcase, the_agent_cannot_tell, 0, COUNT(calls));
    tcase_add_loop_test(tcase, an_empty_promise, 0, COUNT(calls));
    tcase_add_loop_test(tcase, stale_is_asked_again, 0, COUNT(calls));
    tcase_add_loop_test(tcase, stale_is_better_than_nothing, 0, COUNT(calls));
    tcase_add_loop_test(tcase, stale_and_gone, 0, COUNT(calls));
    tcase_add_test(tcase, groups_are_asked_for_alone);
    tcase_add_test(tcase, what_is_not_ours_is_not_asked);
    tcase_add_test(tcase, no_store_yet);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
