/* SPDX-License-Identifier: MIT
 *
 * test_agent_gate.c - one question at a time, a few at once, and nobody locked out by
 * who died inside.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../agent/gate.c"
#include "run_suite.h"

static char dir[32];
static TALLOC_CTX *ctx;

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/tl-gate-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    unlink(talloc_asprintf(ctx, "%s/" GATE_FILE, dir));
    unlink(talloc_asprintf(ctx, "%s/" PLACES_FILE, dir));
    ck_assert_int_eq(rmdir(dir), 0);
    talloc_free(ctx);
}

static int enter(const char *question, int most, struct tla_gate **gate)
{
    return tla_gate_enter(ctx, dir, question, most, tl_deadline_in_ms(30), gate);
}

START_TEST(same_question)
{
    struct tla_gate *one, *two, *other;
    struct stat st;

    ck_assert_int_eq(enter("user a", 8, &one), 0);
    ck_assert_int_eq(enter("user a", 8, &two), -ETIMEDOUT);
    ck_assert_ptr_null(two);
    ck_assert_int_eq(enter("user b", 8, &other), 0);
    talloc_free(one);
    ck_assert_int_eq(enter("user a", 8, &two), 0);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/" GATE_FILE, dir), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(places)
{
    struct tla_gate *gates[3], *more;

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(enter(talloc_asprintf(ctx, "user %d", i), 3, &gates[i]), 0);
    ck_assert_int_eq(enter("user x", 3, &more), -ETIMEDOUT);
    /* Who waited in vain holds nothing: neither a place nor the question. */
    talloc_free(gates[1]);
    ck_assert_int_eq(enter("user x", 3, &more), 0);
}
END_TEST

/* Each holder has places of his own, and nobody waits for one. */
START_TEST(holders)
{
    struct tla_gate *gates[3], *more;

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(tla_gate_place(ctx, dir, "uid 1000", 3, &gates[i]), 0);
    ck_assert_int_eq(tla_gate_place(ctx, dir, "uid 1000", 3, &more), -EAGAIN);
    ck_assert_ptr_null(more);
    ck_assert_int_eq(tla_gate_place(ctx, dir, "uid 1001", 3, &more), 0);
    ck_assert_int_eq(enter("user a", 1, &more), 0);
    talloc_free(gates[1]);
    ck_assert_int_eq(tla_gate_place(ctx, dir, "uid 1000", 3, &more), 0);
    ck_assert_int_eq(tla_gate_place(ctx, "/nonexistent", "uid 1000", 3, &more), -ENOENT);
}
END_TEST

/* A worker that is killed lets everybody pass. */
START_TEST(killed)
{
    struct tla_gate *gate;
    int ready[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (enter("user a", 1, &gate) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(enter("user a", 1, &gate), -ETIMEDOUT);
    ck_assert_int_eq(enter("user b", 1, &gate), -ETIMEDOUT);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(enter("user a", 1, &gate), 0);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(no_folder)
{
    struct tla_gate *gate = (void *)1;

    ck_assert_int_eq(
        tla_gate_enter(ctx, "/nonexistent", "user a", 8, tl_deadline_in_ms(30), &gate),
        -ENOENT);
    ck_assert_ptr_null(gate);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("agent_gate");
    TCase *tcase = tcase_create("agent_gate");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, same_question);
    tcase_add_test(tcase, places);
    tcase_add_test(tcase, holders);
    tcase_add_test(tcase, killed);
    tcase_add_test(tcase, no_folder);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
