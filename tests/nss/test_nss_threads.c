/* SPDX-License-Identifier: MIT
 *
 * test_nss_threads.c - the NSS module where threads look up and fork, in signal handlers,
 * and where its file comes and goes.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stored_alice.h"

static void *look_up_forever(void *stop)
{
    uintptr_t failed = 0;

    while (!atomic_load((atomic_bool *)stop) && failed == 0)
        failed = (uintptr_t)all_hits();
    return (void *)failed;
}

/* Children forked in the middle of other threads' look-ups, while the file is
 * replaced. */
START_TEST(forks_among_threads)
{
    atomic_bool stop = false;
    pthread_t threads[4];
    void *failed;

    ck_assert_int_eq(all_hits(), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, look_up_forever, &stop);
    for (unsigned i = 0; i < 60; i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            alarm(20);
            for (unsigned j = 0; j < 20; j++) {
                if (all_hits() != 0)
                    _exit(1);
            }
            _exit(0);
        }
        ck_assert_int_eq(tli_store_compact(store), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], &failed);
        ck_assert_uint_eq((uintptr_t)failed, 0);
    }
}
END_TEST

static volatile sig_atomic_t signals, signal_failed;

static void in_handler(int number)
{
    int rc = all_hits();

    signals = signals + 1;
    if (rc != 0)
        signal_failed = rc;
}

START_TEST(in_signal_handlers)
{
    struct sigaction action = {.sa_handler = in_handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};

    ck_assert_int_eq(all_hits(), 0);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned i = 0; i < 200 || signals < 50; i++) {
        ck_assert_int_eq(all_hits(), 0);
        if (i % 16 == 0)
            ck_assert_int_eq(tli_store_compact(store), 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_eq(signal_failed, 0);
}
END_TEST

/* No file, then a file, then one that is not a store. */
START_TEST(files_come_and_go)
{
    char buffer[256];
    struct passwd pw;
    int err = 0;
    FILE *file;

    talloc_free(store);
    store = NULL;
    unlink(TEST_STORE);
    ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    file = fopen(TEST_STORE, "w");
    fputs("not a store", file);
    fclose(file);
    ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(tli_store_open(NULL, TEST_STORE, &range, 1, &store), 0);
    ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_UNAVAIL); /* ours, but no agent runs */
    put_alice();
    ck_assert_int_eq(all_hits(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss_threads");
    TCase *tcase = tcase_create("module");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, forks_among_threads);
    tcase_add_test(tcase, in_signal_handlers);
    tcase_add_test(tcase, files_come_and_go);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
