/* SPDX-License-Identifier: MIT
 *
 * test_ask.c - one bounded look-up: the question arrives, the answer comes back, and
 * anything else that the other side does ends in time and leaves nothing open.
 */
#include "wire/ask.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "fake_agent.h"
#include "wire/io.h"
#include "fixtures.h"

#define LIMIT_MS 300
#define LATEST_MS 3000 /* two slow cores under sanitizers */

static temp_path folder;
static char path[sizeof(temp_path) + 8];
static struct fake_agent agent;

static void setup(void)
{
    make_temp_folder(folder);
    snprintf(path, sizeof(path), "%s/lookup", folder);
}

static void teardown(void)
{
    fake_agent_stop(&agent);
    remove_tree(folder);
}

/* The answer is the status that the question's numbers and name make. */
static uint32_t echo(const struct tli_wire_msg *request)
{
    return request->op * 1000000 + request->lookup * 100000 + request->id +
           (request->user != NULL ? (uint32_t)strlen(request->user) : 0);
}

static void start(enum fake_behaviour behaviour)
{
    agent = (struct fake_agent){.path = path, .behaviour = behaviour, .answer = echo};
    fake_agent_start(&agent);
}

static int ask_name(const char *name, uint32_t *status)
{
    return tli_ask_lookup_of(geteuid(), path, TL_LOOKUP_USER_NAME, name, 0, LIMIT_MS,
                             status);
}

/* Within the bound, and with nothing left behind. */
static int ask_checked(uint32_t *status)
{
    int before = open_descriptors(), ret;
    int64_t began = tli_wire_now(), took;

    errno = 42;
    *status = 1;
    ret = ask_name("CONTOSO\\alice", status);
    took = tli_wire_now() - began;
    ck_assert_int_eq(errno, 42);
    ck_assert_msg(took < LATEST_MS, "%ld ms", (long)took);
    if (ret == -ETIMEDOUT)
        ck_assert_msg(took >= LIMIT_MS - 5, "%ld ms", (long)took);
    ck_assert_int_eq(open_descriptors(), before);
    if (ret != 0)
        ck_assert_uint_eq(*status, 0);
    return ret;
}

static const struct {
    enum fake_behaviour behaviour;
    int expect;
} cases[] = {
    {FAKE_ANSWERS, 0},
    {FAKE_IS_SILENT, -ETIMEDOUT},
    {FAKE_CLOSES, -ECONNRESET},
    {FAKE_CLOSES_AFTER_READING, -ECONNRESET},
    {FAKE_DIES, -ECONNRESET},
    {FAKE_SAYS_GARBAGE, -EBADMSG},
    {FAKE_SAYS_TOO_MUCH, -EMSGSIZE},
    {FAKE_SAYS_HALF, -EBADMSG},
    {FAKE_PROMPTS, -EBADMSG},
    {FAKE_SENDS_A_DESCRIPTOR, -EBADMSG},
    {FAKE_IS_LATE, -ETIMEDOUT},
    {FAKE_HAS_NO_TIME, -ETIMEDOUT},
};

START_TEST(what_the_other_side_does)
{
    uint32_t status;

    start(cases[_i].behaviour);
    ck_assert_int_eq(ask_checked(&status), cases[_i].expect);
    if (cases[_i].expect == 0)
        ck_assert_uint_eq(status, 7000000 + 100000 + strlen("CONTOSO\\alice"));
}
END_TEST

START_TEST(every_question_arrives)
{
    static char longest[TL_ASK_NAME_MAX + 2];
    uint32_t status, me = geteuid();

    start(FAKE_ANSWERS);
    ck_assert_int_eq(
        tli_ask_lookup_of(me, path, TL_LOOKUP_GROUP_ID, NULL, UINT32_MAX, 2000, &status),
        0);
    ck_assert_uint_eq(status, 7400000U + UINT32_MAX);
    ck_assert_int_eq(
        tli_ask_lookup_of(me, path, TL_LOOKUP_USER_ID, NULL, 0, 2000, &status), 0);
    ck_assert_uint_eq(status, 7200000);
    memset(longest, 'x', TL_ASK_NAME_MAX + 1);
    ck_assert_int_eq(
        tli_ask_lookup_of(me, path, TL_LOOKUP_GROUP_NAME, longest, 0, 2000, &status),
        -ENAMETOOLONG);
    longest[TL_ASK_NAME_MAX] = '\0';
    ck_assert_int_eq(
        tli_ask_lookup_of(me, path, TL_LOOKUP_GROUP_NAME, longest, 0, 2000, &status), 0);
    ck_assert_uint_eq(status, 7300000 + TL_ASK_NAME_MAX);
}
END_TEST

START_TEST(no_question)
{
    uint32_t status;

    ck_assert_int_eq(tli_ask_lookup(path, 0, "a@b", 0, 100, &status), -EINVAL);
    ck_assert_int_eq(tli_ask_lookup(path, 5, NULL, 7, 100, &status), -EINVAL);
    ck_assert_int_eq(tli_ask_lookup(path, TL_LOOKUP_USER_NAME, NULL, 7, 100, &status),
                     -EINVAL);
    ck_assert_int_eq(tli_ask_lookup(path, TL_LOOKUP_USER_ID, "a@b", 7, 100, &status),
                     -EINVAL);
    ck_assert_int_eq(tli_ask_lookup(path, TL_LOOKUP_USER_ID, NULL, 7, -1, &status),
                     -EINVAL);
}
END_TEST

START_TEST(no_agent_there)
{
    static char far[200] = "/tmp/";
    uint32_t status;

    ck_assert_int_eq(ask_checked(&status), -ENOENT);
    close(fake_agent_listen(path, 1)); /* a socket that its process left behind */
    ck_assert_int_eq(ask_checked(&status), -ECONNREFUSED);
    memset(far + 5, 'x', sizeof(far) - 6);
    ck_assert_int_eq(tli_ask_lookup(far, TL_LOOKUP_USER_ID, NULL, 7, 100, &status),
                     -ENAMETOOLONG);
}
END_TEST

START_TEST(another_owner)
{
    uint32_t status;

    start(FAKE_ANSWERS);
    ck_assert_int_eq(tli_ask_lookup_of(geteuid() + 1, path, TL_LOOKUP_USER_ID, NULL, 7,
                                       LIMIT_MS, &status),
                     -EACCES);
    ck_assert_int_eq(tli_ask_lookup(path, TL_LOOKUP_USER_ID, NULL, 7, LIMIT_MS, &status),
                     geteuid() == 0 ? 0 : -EACCES);
}
END_TEST

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
    alarms++;
}

/* No process accepts, and the queue is full: connecting waits, but not without end, and
 * not longer because signals come. */
START_TEST(a_full_queue)
{
    struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm};
    uint32_t status;

    start(FAKE_HAS_NO_TIME);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ck_assert_int_eq(ask_checked(&status), -ETIMEDOUT);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_gt(alarms, 2);
}
END_TEST

/* With the standard descriptors closed, the question is not where output goes. */
START_TEST(above_the_standard_descriptors)
{
    int status;
    pid_t pid;

    start(FAKE_ANSWERS);
    pid = fork();
    if (pid == 0) {
        uint32_t told = 0;

        close(0);
        close(1);
        close(2);
        (void)ask_name("a@b", &told);
        _exit(told == 7100003 && fcntl(0, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* Nothing on the stack: clang's AddressSanitizer does not clean up behind a thread that
 * is cancelled. */
static void *ask_for_long(void *started)
{
    static uint32_t status;

    atomic_store((atomic_bool *)started, true);
    (void)ask_name("a@b", &status);
    for (;;)
        pause();
    return NULL;
}

START_TEST(a_cancelled_thread)
{
    atomic_bool started = false;
    int before;
    pthread_t thread;
    void *result;

    start(FAKE_IS_SILENT);
    before = open_descriptors();
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_for_long, &started), 0);
    while (!atomic_load(&started))
        usleep(1000);
    usleep(50000);
    ck_assert_int_eq(pthread_cancel(thread), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ask");
    TCase *tc = tcase_create("look-up");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, what_the_other_side_does, 0, COUNT(cases));
    tcase_add_test(tc, every_question_arrives);
    tcase_add_test(tc, no_question);
    tcase_add_test(tc, no_agent_there);
    tcase_add_test(tc, another_owner);
    tcase_add_test(tc, a_full_queue);
    tcase_add_test(tc, above_the_standard_descriptors);
    tcase_add_test(tc, a_cancelled_thread);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
