/* SPDX-License-Identifier: MIT
 *
 * test_agent_verifiers.c - the file of cached logons: read back as it was written or not
 * at all, newest first, no more than asked for, and closed after too many tries.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/verifiers.h"
#include "run_suite.h"
#include "talloc_context.h"

#define HEAD TLA_VERIFIERS_HEAD
#define HASH "$y$j9T$abcdefghijklmnop$ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./ABCDE"

static struct tl_sid sid(unsigned int rid)
{
    char text[64];
    struct tl_sid made;

    snprintf(text, sizeof(text), "S-1-5-21-1-2-3-%u", rid);
    ck_assert_int_eq(tl_sid_parse(text, &made), 0);
    return made;
}

static struct tla_verifiers *parsed(const char *text)
{
    struct tla_verifiers *list = NULL;

    ck_assert_int_eq(tla_verifiers_parse(ctx, text, strlen(text), &list), 0);
    return list;
}

static const char two[] = HEAD "\nS-1-5-21-1-2-3-1104 1700000000 1700000009 3 " HASH
                               "\nS-1-5-21-1-2-3-1105 1600000000 0 0 " HASH "\nend\n";

START_TEST(test_round)
{
    struct tla_verifiers *list = parsed(two);
    struct tl_sid alice = sid(1104), nobody = sid(1);
    const struct tla_verifier *found = tla_verifiers_find(list, &alice);

    ck_assert_uint_eq(list->count, 2);
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(found->proven, 1700000000);
    ck_assert_int_eq(found->tried, 1700000009);
    ck_assert_uint_eq(found->wrong, 3);
    ck_assert_str_eq(found->hash, HASH);
    ck_assert_ptr_null(tla_verifiers_find(list, &nobody));
    ck_assert_str_eq(tla_verifiers_format(ctx, list), two);
    ck_assert_uint_eq(parsed(HEAD "\nend\n")->count, 0);
}
END_TEST

static const char *const bad[] = {
    "",
    HEAD,
    HEAD "\n",
    HEAD "\nend",
    HEAD "\nend\nx",
    HEAD "\n\nend\n",
    "trustlogon cached logons 2\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 0\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 " HASH "\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 -1 " HASH "\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 4294967296 " HASH "\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 99999999999999999999 0 0 " HASH "\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 0 " HASH " x\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 0 short\nend\n",
    HEAD "\nS-1-5-21-1-2-3-1104 1 0 0 *0xxxxxxxxxxxxxxxxxxxxxxxxxxx\nend\n",
    HEAD "\nalice 1 0 0 " HASH "\nend\n",
    HEAD "\nS-1-5-21-1-2-3-4 1 0 0 " HASH "\nS-1-5-21-1-2-3-4 1 0 0 " HASH "\nend\n",
};

START_TEST(test_bad)
{
    struct tla_verifiers *list = NULL;

    ck_assert_int_eq(tla_verifiers_parse(ctx, bad[_i], strlen(bad[_i]), &list), -EBADMSG);
    ck_assert_ptr_null(list);
}
END_TEST

/* No shorter piece of a good file is accepted. */
START_TEST(test_cut)
{
    struct tla_verifiers *list = NULL;

    for (size_t len = 0; len < sizeof(two) - 1; len++)
        ck_assert_int_eq(tla_verifiers_parse(ctx, two, len, &list), -EBADMSG);
    ck_assert_int_eq(tla_verifiers_parse(ctx, two, sizeof(two), &list), -EBADMSG);
}
END_TEST

START_TEST(test_put)
{
    struct tla_verifiers *list = parsed(two);
    struct tla_verifier fresh = {.sid = sid(1106), .proven = 5, .hash = HASH};
    struct tl_sid alice = sid(1104), bob = sid(1105);

    ck_assert_int_eq(tla_verifiers_put(list, &fresh, 2), 0);
    ck_assert_uint_eq(list->count, 2);
    ck_assert(tl_sid_equal(&list->each[0].sid, &fresh.sid));
    ck_assert(tl_sid_equal(&list->each[1].sid, &alice));
    ck_assert_ptr_null(tla_verifiers_find(list, &bob));
    /* the same user again: still one entry, and the count is reset */
    fresh.sid = alice;
    ck_assert_int_eq(tla_verifiers_put(list, &fresh, 2), 0);
    ck_assert_uint_eq(list->count, 2);
    ck_assert(tl_sid_equal(&list->each[0].sid, &alice));
    ck_assert_uint_eq(list->each[0].wrong, 0);
    tla_verifiers_drop(list, &alice);
    tla_verifiers_drop(list, &alice);
    ck_assert_uint_eq(list->count, 1);
    ck_assert_int_eq(tla_verifiers_put(list, &fresh, 0), 0);
    ck_assert_uint_eq(list->count, 0);
    for (unsigned int i = 0; i < 2 * TLA_CACHED_MAX; i++) {
        fresh.sid = sid(2000 + i);
        ck_assert_int_eq(tla_verifiers_put(list, &fresh, 1000), 0);
    }
    ck_assert_uint_eq(list->count, TLA_CACHED_MAX);
}
END_TEST

START_TEST(test_open)
{
    struct tla_verifier one = {.wrong = TLA_CACHED_TRIES - 1, .tried = 1000};

    ck_assert(tla_verifier_open(&one, 1000));
    one.wrong++;
    ck_assert(!tla_verifier_open(&one, 1000));
    ck_assert(!tla_verifier_open(&one, 1000 + TLA_CACHED_PAUSE_S - 1));
    ck_assert(tla_verifier_open(&one, 1000 + TLA_CACHED_PAUSE_S));
    ck_assert(!tla_verifier_open(&one, 999)); /* the clock was set back */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_verifiers");
    TCase *tc = tcase_create("verifiers");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_round);
    tcase_add_loop_test(tc, test_bad, 0, COUNT(bad));
    tcase_add_test(tc, test_cut);
    tcase_add_test(tc, test_put);
    tcase_add_test(tc, test_open);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
