/* SPDX-License-Identifier: MIT
 *
 * test_agent_limits.c - who may open how many conversations, and how fast.
 */
#include <check.h>
#include <stdlib.h>

#include "../../agent/limits.c"

START_TEST(test_all)
{
    struct tla_limits *limits = tla_limits_new(NULL, 3, 8);

    for (int i = 0; i < 3; i++)
        ck_assert(tla_limits_enter(limits, 0, 100));
    ck_assert(!tla_limits_enter(limits, 0, 100));
    ck_assert(!tla_limits_enter(limits, 1000, 100));
    tla_limits_leave(limits, 0);
    ck_assert(tla_limits_enter(limits, 1000, 100));
    talloc_free(limits);
}
END_TEST

START_TEST(test_per_uid_at_once)
{
    struct tla_limits *limits = tla_limits_new(NULL, 100, 2);

    ck_assert(tla_limits_enter(limits, 1000, 100));
    ck_assert(tla_limits_enter(limits, 1000, 100));
    ck_assert(!tla_limits_enter(limits, 1000, 100));
    ck_assert(tla_limits_enter(limits, 1001, 100)); /* another is not concerned */
    for (int i = 0; i < 50; i++)
        ck_assert(tla_limits_enter(limits, 0, 100)); /* nor is root */
    tla_limits_leave(limits, 1000);
    ck_assert(tla_limits_enter(limits, 1000, 100));
    talloc_free(limits);
}
END_TEST

/* Users, with however many uids, leave half to the programs that log people on. */
START_TEST(test_half_is_roots)
{
    struct tla_limits *limits = tla_limits_new(NULL, 10, 8);

    for (uid_t uid = 100000; uid < 100005; uid++)
        ck_assert(tla_limits_enter(limits, uid, 100));
    ck_assert(!tla_limits_enter(limits, 100005, 100));
    for (int i = 0; i < 5; i++)
        ck_assert(tla_limits_enter(limits, 0, 100));
    ck_assert(!tla_limits_enter(limits, 0, 100));
    tla_limits_leave(limits, 100000);
    ck_assert(tla_limits_enter(limits, 100005, 100));
    talloc_free(limits);
}
END_TEST

static int guesses(struct tla_limits *limits, uid_t uid, int64_t from, int64_t to)
{
    int count = 0;

    for (int64_t now = from; now < to; now++) {
        for (int i = 0; i < 20; i++) {
            if (!tla_limits_enter(limits, uid, now))
                break;
            tla_limits_leave(limits, uid);
            count++;
        }
    }
    return count;
}

/* Ten at once after a rest, then ten a minute: nobody guesses through us. */
START_TEST(test_rate)
{
    struct tla_limits *limits = tla_limits_new(NULL, 100, 8);

    ck_assert_int_eq(guesses(limits, 1000, 1000, 1001), 10);
    ck_assert_int_eq(guesses(limits, 1000, 1001, 1061), 10);
    ck_assert_int_eq(guesses(limits, 1001, 1061, 1062), 10);
    ck_assert_int_eq(guesses(limits, 1000, 5000, 5001), 10);
    talloc_free(limits);
}
END_TEST

/* Rows of uids at rest go away; one row is left for the last. */
START_TEST(test_rows_are_forgotten)
{
    struct tla_limits *limits = tla_limits_new(NULL, 100, 8);

    for (uid_t uid = 1; uid <= 500; uid++) {
        ck_assert(tla_limits_enter(limits, uid, uid * 10));
        tla_limits_leave(limits, uid);
    }
    ck_assert_uint_le(limits->count, 2);
    tla_limits_leave(limits, 77777); /* never entered: no harm */
    ck_assert_int_eq(limits->active, 0);
    talloc_free(limits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_limits");
    TCase *tc = tcase_create("limits");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, test_all);
    tcase_add_test(tc, test_per_uid_at_once);
    tcase_add_test(tc, test_half_is_roots);
    tcase_add_test(tc, test_rate);
    tcase_add_test(tc, test_rows_are_forgotten);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
