/* SPDX-License-Identifier: MIT
 *
 * test_agent_backoff.c - a user who guesses waits, longer and longer, and no other user
 * does.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/backoff.h"
#include "scratch.h"

static void teardown(void)
{
    unlink(talloc_asprintf(ctx, "%s/guesses/1000", folder));
    unlink(talloc_asprintf(ctx, "%s/guesses/1001", folder));
    (void)rmdir(talloc_asprintf(ctx, "%s/guesses", folder));
    scratch_teardown_empty();
}

static int64_t boot_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

static const struct {
    uint32_t wrong;
    int64_t ago, wait;
} waits[] = {
    {0, 0, 0},   {1, 0, 0},           {2, 0, 0},  {3, 0, 2},   {3, 1, 1},
    {3, 2, 0},   {4, 0, 4},           {5, 0, 8},  {6, 0, 16},  {7, 0, 30},
    {8, 10, 20}, {UINT32_MAX, 0, 30}, {8, 30, 0}, {8, 899, 0}, {UINT32_MAX, -1, 0},
};

START_TEST(test_wait)
{
    const struct tla_backoff_record record = {waits[_i].wrong, 1000};

    ck_assert_int_eq(tla_backoff_seconds(&record, 1000 + waits[_i].ago), waits[_i].wait);
}
END_TEST

static struct tla_backoff_record of(uid_t uid)
{
    char *path = talloc_asprintf(ctx, "%s/guesses/%u", folder, (unsigned int)uid);
    int fd = open(path, O_RDONLY);
    struct tla_backoff_record record = {0};
    struct stat st;

    if (fd >= 0) {
        record = tla_backoff_read(fd);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0600);
        close(fd);
    }
    return record;
}

static void guess(uid_t uid, enum tl_reason reason)
{
    struct tla_backoff *backoff;

    ck_assert_int_eq(tla_backoff_enter(ctx, folder, uid, &backoff), 0);
    tla_backoff_leave(backoff, reason);
}

START_TEST(test_count)
{
    struct tla_backoff *backoff;

    guess(1000, TL_REASON_WRONG_PASSWORD);
    guess(1000, TL_REASON_WRONG_PASSWORD);
    ck_assert_uint_eq(of(1000).wrong, 2);
    ck_assert_uint_eq(of(1001).wrong, 0);
    guess(1000, TL_REASON_NOT_JOINED); /* no KDC judged it: not a guess */
    ck_assert_uint_eq(of(1000).wrong, 2);
    /* the client is gone before the answer */
    ck_assert_int_eq(tla_backoff_enter(ctx, folder, 1000, &backoff), 0);
    talloc_free(backoff);
    ck_assert_uint_eq(of(1000).wrong, 3);
    guess(1001, TL_REASON_ACCOUNT_LOCKED);
    ck_assert_uint_eq(of(1001).wrong, 1);
    guess(1001, TL_REASON_OK);
    ck_assert_uint_eq(of(1001).wrong, 0);
    ck_assert_uint_eq(of(1000).wrong, 3);
}
END_TEST

START_TEST(test_really_waits)
{
    int64_t before;

    for (int i = 0; i < 3; i++)
        guess(1000, TL_REASON_WRONG_PASSWORD);
    before = boot_seconds();
    guess(1001, TL_REASON_WRONG_PASSWORD); /* is not kept waiting */
    ck_assert_int_lt(boot_seconds() - before, 2);
    before = of(1000).last;
    guess(1000, TL_REASON_OK);
    ck_assert_int_ge(boot_seconds() - before, 2);
    ck_assert_uint_eq(of(1000).wrong, 0);
}
END_TEST

START_TEST(test_strange_file)
{
    struct tla_backoff *backoff;
    char *path = talloc_asprintf(ctx, "%s/guesses/1000", folder);
    int fd;

    guess(1000, TL_REASON_WRONG_PASSWORD);
    fd = open(path, O_WRONLY | O_TRUNC);
    ck_assert_int_eq(write(fd, "7 junk", 6), 6);
    close(fd);
    ck_assert_uint_eq(of(1000).wrong, 0);
    unlink(path);
    ck_assert_int_eq(symlink("/tmp/elsewhere", path), 0);
    ck_assert_int_lt(tla_backoff_enter(ctx, folder, 1000, &backoff), 0);
    ck_assert_ptr_null(backoff);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_backoff");
    TCase *tcase = tcase_create("core");

    tcase_add_checked_fixture(tcase, scratch_setup, teardown);
    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, test_wait, 0, COUNT(waits));
    tcase_add_test(tcase, test_count);
    tcase_add_test(tcase, test_really_waits);
    tcase_add_test(tcase, test_strange_file);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
