/* SPDX-License-Identifier: MIT
 *
 * test_agent_client_watch.c - a worker ends with its client, and by nothing else.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/client_watch.h"
#include "run_suite.h"

static struct tla_conv conv;
static int pair[2], told[2];
static pid_t worker;

static void say(char what)
{
    ck_assert_int_eq(write(told[1], &what, 1), 1);
}

static char hear(void)
{
    char what = 0;

    return read(told[0], &what, 1) == 1 ? what : '-';
}

/* A worker at work: it says so, and goes on until it is ended. */
static void work(bool on)
{
    struct timespec moment = {.tv_nsec = 1000000};

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_int_eq(pipe(told), 0);
    worker = fork();
    if (worker == 0) {
        close(pair[0]);
        alarm(60);
        conv.fd = pair[1];
        tla_end_with_client(&conv, true);
        if (!on)
            tla_end_with_client(&conv, false);
        say('w');
        for (int i = 0; i < 300; i++)
            nanosleep(&moment, NULL);
        say('e');
        _exit(7);
    }
    close(pair[1]);
    close(told[1]);
    ck_assert_int_eq(hear(), 'w');
}

static int end_of_worker(void)
{
    int status = 0;

    ck_assert_int_eq(waitpid(worker, &status, 0), worker);
    close(pair[0]);
    close(told[0]);
    return status;
}

/* What the kernel sends late for a packet that was read already. */
START_TEST(signal_without_cause)
{
    int status;

    work(true);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(kill(worker, SIGIO), 0);
    ck_assert_int_eq(hear(), 'e');
    status = end_of_worker();
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

START_TEST(client_goes)
{
    int status;

    work(true);
    ck_assert_int_eq(shutdown(pair[0], SHUT_RDWR), 0);
    ck_assert_int_eq(hear(), '-');
    status = end_of_worker();
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGIO);
}
END_TEST

START_TEST(client_talks)
{
    int status;

    work(true);
    ck_assert_int_eq(send(pair[0], "x", 1, MSG_NOSIGNAL), 1);
    ck_assert_int_eq(hear(), '-');
    status = end_of_worker();
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGIO);
}
END_TEST

START_TEST(client_had_gone)
{
    int status;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_int_eq(pipe(told), 0);
    close(pair[0]);
    worker = fork();
    if (worker == 0) {
        conv.fd = pair[1];
        tla_end_with_client(&conv, true);
        _exit(7);
    }
    status = end_of_worker();
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGIO);
}
END_TEST

/* At a prompt the worker waits for the answer. */
START_TEST(not_watched)
{
    int status;

    work(false);
    ck_assert_int_eq(send(pair[0], "x", 1, MSG_NOSIGNAL), 1);
    ck_assert_int_eq(kill(worker, SIGIO), 0);
    ck_assert_int_eq(hear(), 'e');
    status = end_of_worker();
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_client_watch");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 90);
    tcase_add_test(tcase, signal_without_cause);
    tcase_add_test(tcase, client_goes);
    tcase_add_test(tcase, client_talks);
    tcase_add_test(tcase, client_had_gone);
    tcase_add_test(tcase, not_watched);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
