/* SPDX-License-Identifier: MIT
 *
 * test_agent_lookup_processes.c - which process a monitor's call goes to. A process is a
 * socket here: where its clients arrive.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/lookup_processes.h"
#include "run_suite.h"

#define STARTED_MAX 40

static TALLOC_CTX *ctx;
static struct tla_lookups *lookups;
static size_t count;
static bool refuse, forks;
static int forgotten; /* what a child that has forgotten sees on its end */
static struct {
    char domain[256];
    int clients; /* -1: it has ended */
    pid_t pid;
} started[STARTED_MAX];

static pid_t start(void *arg, const char *domain, int clients)
{
    char byte;

    ck_assert_ptr_eq(arg, started);
    if (forks) { /* as a child would */
        tla_lookups_forget(lookups);
        forgotten = tla_socket_take(clients, &byte, 1);
    }
    if (refuse)
        return -1;
    ck_assert_uint_lt(count, STARTED_MAX);
    snprintf(started[count].domain, sizeof(started[count].domain), "%s", domain);
    started[count].clients = dup(clients);
    started[count].pid = fork();
    if (started[count].pid == 0) {
        (void)signal(SIGTERM, SIG_DFL); /* libcheck's ends the test */
        (void)close_range(3, ~0U, 0);
        (void)raise(SIGSTOP);
        for (;;)
            (void)pause();
    }
    ck_assert_int_eq(waitpid(started[count].pid, NULL, WUNTRACED), started[count].pid);
    ck_assert_int_eq(kill(started[count].pid, SIGCONT), 0);
    return started[count++].pid;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    count = 0;
    refuse = forks = false;
    lookups = tla_lookups_new(ctx, start, started);
    ck_assert_ptr_nonnull(lookups);
}

static void teardown(void)
{
    tla_lookups_forget(lookups);
    close(tla_lookups_for_monitors(lookups));
    for (size_t i = 0; i < count; i++) {
        close(started[i].clients);
        (void)kill(started[i].pid, SIGKILL);
        (void)waitpid(started[i].pid, NULL, 0);
    }
    talloc_free(ctx);
}

/* A monitor's call: its own end. */
static int call_as(const char *domain, uint64_t stamp, enum tla_asker asker,
                   int64_t taken)
{
    struct tla_lookup_call text = {.stamp = stamp, .asker = asker, .taken = taken};
    int ends[2];

    snprintf(text.domain, sizeof(text.domain), "%s", domain);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(tla_lookup_send(tla_lookups_for_monitors(lookups), &text, ends[1]),
                     0);
    close(ends[1]);
    tla_lookups_ready(lookups);
    return ends[0];
}

static int call(const char *domain, uint64_t stamp)
{
    return call_as(domain, stamp, TLA_ASKED_BY_USERS, 7);
}

/* The process has the other end of it. */
static void arrives(int mine, size_t process)
{
    char byte = 0, sent = (char)('a' + process);
    int theirs = tla_socket_take(started[process].clients, &byte, 1);

    ck_assert_int_ge(theirs, 0);
    ck_assert_int_eq(write(theirs, &sent, 1), 1);
    ck_assert_int_eq(read(mine, &byte, 1), 1);
    ck_assert_int_eq(byte, sent);
    close(theirs);
    close(mine);
}

/* Nobody has it. */
static void is_closed(int mine)
{
    char byte;

    ck_assert_int_eq(read(mine, &byte, 1), 0);
    close(mine);
}

/* And ended. */
static bool is_dismissed(size_t process)
{
    char byte;
    int status;

    if (tla_socket_take(started[process].clients, &byte, 1) != -EPIPE)
        return false;
    ck_assert_int_eq(waitpid(started[process].pid, &status, 0), started[process].pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    return true;
}

START_TEST(one_for_each_domain)
{
    arrives(call("contoso.test", 1), 0);
    arrives(call("fabrikam.test", 1), 1);
    arrives(call("contoso.test", 1), 0);
    arrives(call("fabrikam.test", 1), 1);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(started[0].domain, "contoso.test");
}
END_TEST

START_TEST(settings_have_changed)
{
    arrives(call("contoso.test", 1), 0);
    arrives(call("contoso.test", 2), 1);
    ck_assert(is_dismissed(0));
    arrives(call("contoso.test", 2), 1);
    ck_assert_uint_eq(count, 2);
}
END_TEST

/* No program's questions keep a logon waiting. */
START_TEST(each_asker_has_its_own)
{
    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_LOGONS, 7), 0);
    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_ROOT, 7), 1);
    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_LOGONS, 7), 0);
    ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(newer_trusts)
{
    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_LOGONS, 7), 0);
    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_LOGONS, 6),
            0); /* began before they were read */
    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_LOGONS, 8), 1);
    ck_assert(is_dismissed(0));
}
END_TEST

/* A pid that was reaped may be another's by now. */
START_TEST(reaped)
{
    arrives(call("contoso.test", 1), 0);
    tla_lookups_reaped(lookups, started[0].pid);
    arrives(call("contoso.test", 2), 1);
    ck_assert_int_eq(kill(started[0].pid, 0), 0);
    ck_assert_int_eq(waitpid(started[0].pid, NULL, WNOHANG), 0);
}
END_TEST

/* It has died, or has ended for want of clients. */
START_TEST(ended)
{
    arrives(call("contoso.test", 1), 0);
    close(started[0].clients);
    started[0].clients = -1;
    arrives(call("contoso.test", 1), 1);
    ck_assert_uint_eq(count, 2);
}
END_TEST

/* Between the call and the process. */
START_TEST(ended_with_a_client)
{
    int mine = call("contoso.test", 1);

    close(started[0].clients);
    started[0].clients = -1;
    is_closed(mine);
}
END_TEST

START_TEST(no_more_than_so_many)
{
    char domain[32];

    for (size_t i = 0; i < 32; i++) {
        snprintf(domain, sizeof(domain), "d%zu.test", i);
        arrives(call(domain, 1), i);
    }
    arrives(call("d0.test", 1), 0);
    arrives(call("d32.test", 1), 32);
    ck_assert(!is_dismissed(0));
    ck_assert(is_dismissed(1)); /* asked longest ago */
    ck_assert(!is_dismissed(2));
}
END_TEST

/* Not those that logons wait for, however long ago they were asked. */
START_TEST(users_push_out_their_own)
{
    char domain[32];

    arrives(call_as("contoso.test", 1, TLA_ASKED_BY_LOGONS, 7), 0);
    for (size_t i = 1; i <= 32; i++) {
        snprintf(domain, sizeof(domain), "d%zu.test", i);
        arrives(call(domain, 1), i);
    }
    ck_assert(!is_dismissed(0));
    ck_assert(is_dismissed(1));
}
END_TEST

/* Else it would never see that it is dismissed. */
START_TEST(child_has_one_end)
{
    forks = true;
    is_closed(call("contoso.test", 1));
    ck_assert_int_eq(forgotten, -EPIPE);
}
END_TEST

START_TEST(cannot_be_started)
{
    refuse = true;
    is_closed(call("contoso.test", 1));
    refuse = false;
    arrives(call("contoso.test", 1), 0);
}
END_TEST

/* A process that takes no clients costs its own clients, and nobody waits. */
START_TEST(does_not_take_clients)
{
    int mine[2000];
    size_t calls = 0;
    char byte;

    do {
        mine[calls] = call("contoso.test", 1);
    } while (recv(mine[calls++], &byte, 1, MSG_DONTWAIT) != 0 && calls < 2000);
    ck_assert_uint_lt(calls, 2000);
    arrives(call("fabrikam.test", 1), 1);
    for (size_t i = 0; i < calls; i++)
        close(mine[i]);
}
END_TEST

START_TEST(not_a_call)
{
    int over = tla_lookups_for_monitors(lookups);

    ck_assert_int_eq(write(over, "x", 1), 1);
    tla_lookups_ready(lookups);
    ck_assert_int_eq(tla_socket_pass(over, "x", 1, over), 0);
    tla_lookups_ready(lookups);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(tla_lookup_send(0, NULL, over), -ENOTCONN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_lookup_processes");
    TCase *tc = tcase_create("agent_lookup_processes");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, one_for_each_domain);
    tcase_add_test(tc, settings_have_changed);
    tcase_add_test(tc, ended);
    tcase_add_test(tc, ended_with_a_client);
    tcase_add_test(tc, no_more_than_so_many);
    tcase_add_test(tc, users_push_out_their_own);
    tcase_add_test(tc, each_asker_has_its_own);
    tcase_add_test(tc, newer_trusts);
    tcase_add_test(tc, reaped);
    tcase_add_test(tc, child_has_one_end);
    tcase_add_test(tc, cannot_be_started);
    tcase_add_test(tc, does_not_take_clients);
    tcase_add_test(tc, not_a_call);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
