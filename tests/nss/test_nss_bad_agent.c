/* SPDX-License-Identifier: MIT
 *
 * test_nss_bad_agent.c - the NSS module and an agent that is bad, slow, or not there:
 * every call ends in time with the right status.
 */
#include <errno.h>
#include <pthread.h>

#include "asking_module.h"

#define BOUND_MS 1000

static uint32_t is_slow(const struct tli_wire_msg *request)
{
    usleep(5000);
    return TL_WIRE_NO_SUCH_USER;
}

static const enum fake_behaviour bad[] = {
    FAKE_IS_SILENT, FAKE_CLOSES,       FAKE_CLOSES_AFTER_READING,
    FAKE_DIES,      FAKE_SAYS_GARBAGE, FAKE_SAYS_TOO_MUCH,
    FAKE_SAYS_HALF, FAKE_PROMPTS,      FAKE_SENDS_A_DESCRIPTOR,
    FAKE_IS_LATE,   FAKE_HAS_NO_TIME};

START_TEST(a_bad_agent)
{
    start(bad[_i], knows);
    ck_assert_int_eq(call(by_name), NSS_STATUS_UNAVAIL);
}
END_TEST

START_TEST(a_bad_agent_and_a_stale_entry)
{
    put(-10);
    start(bad[_i], cannot_tell);
    ck_assert_int_eq(call(by_uid), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(pw.pw_uid, UID);
}
END_TEST

/* A process that is not root's listens at the agent's socket: the module sends it
 * nothing. */
START_TEST(an_impostor)
{
    if (geteuid() != 0)
        return;
    agent = (struct fake_agent){
        .path = TEST_SOCKET, .behaviour = FAKE_ANSWERS, .answer = knows};
    fake_agent_start_as(&agent, 65534);
    ck_assert_int_eq(call(by_name), NSS_STATUS_UNAVAIL);
    ck_assert_uint_eq(questions(), 0);
}
END_TEST

/* A listing of 500 strange files waits once, and the next one soon asks again. */
START_TEST(a_wait_without_answer_is_not_repeated)
{
    int64_t began = tli_wire_now();

    start(FAKE_IS_SILENT, knows);
    for (uint32_t i = 0; i < 500; i++) {
        ck_assert_int_eq(nss.getpwuid(250000 + i, &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_UNAVAIL);
        ck_assert_int_eq(err, EAGAIN);
    }
    ck_assert_int_ge(tli_wire_now() - began, BOUND_MS - 5);
    ck_assert_int_lt(tli_wire_now() - began, LATEST_MS);
    ck_assert_uint_eq(questions(), 1);
    fake_agent_stop(&agent);
    start(FAKE_ANSWERS, knows);
    while (by_uid() != NSS_STATUS_SUCCESS) {
        ck_assert_int_lt(tli_wire_now() - began, 15000);
        usleep(20000);
    }
    ck_assert_int_ge(tli_wire_now() - began, 3000);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(no_agent_costs_nothing)
{
    int64_t began = tli_wire_now();

    for (uint32_t i = 0; i < 1000; i++)
        ck_assert_int_eq(nss.getpwuid(250000 + i, &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_UNAVAIL);
    ck_assert_int_lt(tli_wire_now() - began, BOUND_MS);
    close(fake_agent_listen(TEST_SOCKET, 1)); /* left behind by one that was killed */
    ck_assert_int_eq(call(by_name), NSS_STATUS_UNAVAIL);
    ck_assert_int_lt(tli_wire_now() - began, BOUND_MS);
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(by_name), NSS_STATUS_SUCCESS);
}
END_TEST

/* A quick "could not tell" does not stop the module from asking about other names. */
START_TEST(quick_answers_stop_no_question)
{
    start(FAKE_ANSWERS, cannot_tell);
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert_int_eq(nss.getpwuid(250000 + i, &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_UNAVAIL);
        usleep(100000);
    }
    ck_assert_uint_ge(questions(), 5);
}
END_TEST

static void *ask_forever(void *stop)
{
    char room[512];
    struct passwd one;
    int error;

    for (uint32_t i = 0; !atomic_load((atomic_bool *)stop); i++) {
        if (nss.getpwuid(210000 + i % 50000, &one, room, sizeof(room), &error) !=
            NSS_STATUS_NOTFOUND)
            return stop;
    }
    return NULL;
}

/* Children of a process whose threads are in the middle of questions. */
START_TEST(forks_among_threads)
{
    atomic_bool stop = false;
    pthread_t threads[4];
    void *failed;

    put(1000);
    start(FAKE_ANSWERS, is_slow);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, ask_forever, &stop);
    for (unsigned i = 0; i < 40; i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            alarm(20);
            for (unsigned j = 0; j < 5; j++) {
                if (by_name() != NSS_STATUS_SUCCESS ||
                    nss.getpwuid(290000 + j, &pw, buffer, sizeof(buffer), &err) !=
                        NSS_STATUS_NOTFOUND)
                    _exit(1);
            }
            _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_uint_gt(questions(), 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss_bad_agent");
    TCase *tcase = tcase_create("module and agent");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_bad_agent, 0, COUNT(bad));
    tcase_add_loop_test(tcase, a_bad_agent_and_a_stale_entry, 0, COUNT(bad));
    tcase_add_test(tcase, an_impostor);
    tcase_add_test(tcase, a_wait_without_answer_is_not_repeated);
    tcase_add_test(tcase, no_agent_costs_nothing);
    tcase_add_test(tcase, quick_answers_stop_no_question);
    tcase_add_test(tcase, forks_among_threads);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
