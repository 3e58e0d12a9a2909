/* SPDX-License-Identifier: MIT
 *
 * test_agent_limits.c - who may open how many conversations, and how fast.
 */
#include <check.h>
#include <stdlib.h>

#include "agent/limits.h"
#include "run_suite.h"

static struct tla_limits *make(int all, int per_uid)
{
    const struct tla_bounds bounds = {all, per_uid, 10, 1, 6};

    return tla_limits_new(NULL, &bounds);
}

START_TEST(test_all)
{
    struct tla_limits *limits = make(3, 8);

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
    struct tla_limits *limits = make(100, 2);

    ck_assert(tla_limits_enter(limits, 1000, 100));
    ck_assert(tla_limits_enter(limits, 1000, 100));
    ck_assert(!tla_limits_enter(limits, 1000, 100));
    ck_assert(tla_limits_enter(limits, 1001, 100)); /* another uid is not affected */
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
    struct tla_limits *limits = make(10, 8);

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

/* Ten at once after a rest, then ten a minute: the agent does not help to guess. */
START_TEST(test_rate)
{
    struct tla_limits *limits = make(100, 8);

    ck_assert_int_eq(guesses(limits, 1000, 1000, 1001), 10);
    ck_assert_int_eq(guesses(limits, 1000, 1001, 1061), 10);
    ck_assert_int_eq(guesses(limits, 1001, 1061, 1062), 10);
    ck_assert_int_eq(guesses(limits, 1000, 5000, 5001), 10);
    talloc_free(limits);
}
END_TEST

/* As many after a rest as the burst, never more, however long the rest. */
START_TEST(test_rate_of_lookups)
{
    const struct tla_bounds bounds = {64, 16, 500, 50, 1};
    struct tla_limits *limits = tla_limits_new(NULL, &bounds);
    int count = 0;

    while (count < 1000 && tla_limits_enter(limits, 1000, 7)) {
        tla_limits_leave(limits, 1000);
        count++;
    }
    ck_assert_int_eq(count, 500);
    for (int64_t now = 8, most = 50; now < INT64_C(1) << 50; now *= 8, most = 500) {
        for (count = 0; count < 1000 && tla_limits_enter(limits, 1000, now); count++)
            tla_limits_leave(limits, 1000);
        ck_assert_int_eq(count, most);
    }
    talloc_free(limits);
}
END_TEST

/* Rows of uids at rest go away; one row is left for the last. */
START_TEST(test_rows_are_forgotten)
{
    struct tla_limits *limits = make(100, 8);

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

    tcase_add_test(tc, test_all);
    tcase_add_test(tc, test_per_uid_at_once);
    tcase_add_test(tc, test_half_is_roots);
    tcase_add_test(tc, test_rate);
    tcase_add_test(tc, test_rate_of_lookups);
    tcase_add_test(tc, test_rows_are_forgotten);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
