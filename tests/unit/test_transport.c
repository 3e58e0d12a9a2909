/* SPDX-License-Identifier: MIT
 *
 * test_transport.c - the transport against KDCs that misbehave: processes on 127.0.0.1,
 * each on a port of its own. Asserted are the KDC that answered, how often each was
 * asked, and the reason; never how long something took, except for generous limits.
 */
#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_kdcs.h"

/* A kdc_race_delay that ends after every question: the next KDC is asked because of what
 * the first one does, and never because time has passed. */
#define NEVER_BY_TIME 60000

static const struct {
    enum habit first, second;
    int answers;      /* which of the two answers */
    bool first_fails; /* is the first reported to the locator as failed? */
    int race_delay;   /* if the first does nothing, the second waits for time alone */
} pairs[] = {
    {ANSWERS, HANGS, 0, false, NEVER_BY_TIME},
    {DRIPS, HANGS, 0, false, NEVER_BY_TIME},
    {TOO_MANY_BYTES, HANGS, 0, false, NEVER_BY_TIME},
    {REFUSES, ANSWERS, 1, true, NEVER_BY_TIME},
    {GARBAGE, ANSWERS, 1, true, NEVER_BY_TIME},
    {HUGE_LENGTH, ANSWERS, 1, true, NEVER_BY_TIME},
    {CLOSES, ANSWERS, 1, true, NEVER_BY_TIME},
    {CLOSES_WITHIN, ANSWERS, 1, true, NEVER_BY_TIME},
    {UNAVAILABLE, ANSWERS, 1, true, NEVER_BY_TIME},
    {FILTERED, ANSWERS, 1, true, 30},
    {HANGS, ANSWERS, 1, false, 30},
};

START_TEST(test_pair)
{
    config->kdc_race_delay = pairs[_i].race_delay;
    add_kdc(pairs[_i].first);
    add_kdc(pairs[_i].second);
    ck_assert_int_eq(asked_ok(false), pairs[_i].answers);
    ck_assert_int_eq(num_failed, pairs[_i].first_fails);
    ck_assert_int_eq(num_worked, 1);
    ck_assert_str_eq(last_worked, kdcs[pairs[_i].answers].dc.host);
    if (pairs[_i].answers == 0)
        ck_assert_int_eq(counters[1].connections, 0);
    ck_assert_int_eq(num_forced, 0);
}
END_TEST

START_TEST(test_race_delay)
{
    int64_t start = tl_now_us();

    config->kdc_race_delay = 900;
    config->kdc_connect_timeout = 30000;
    add_kdc(HANGS);
    add_kdc(ANSWERS);
    ck_assert_int_eq(asked_ok(false), 1);
    ck_assert_int_ge((tl_now_us() - start) / 1000, 850);
}
END_TEST

static const struct {
    enum habit habit;
    enum tl_reason reason;
} alone[] = {
    {REFUSES, TL_REASON_PORT88_REFUSED}, {FILTERED, TL_REASON_PORT88_FILTERED},
    {GARBAGE, TL_REASON_KDC_GARBAGE},    {HUGE_LENGTH, TL_REASON_KDC_GARBAGE},
    {CLOSES, TL_REASON_KDC_SILENT},      {CLOSES_WITHIN, TL_REASON_KDC_SILENT},
    {HANGS, TL_REASON_KDC_SILENT},
};

START_TEST(test_alone)
{
    struct tli_transport_answer answer;
    char *kdc;

    if (alone[_i].habit == FILTERED)
        config->kdc_connect_timeout = 400;
    add_kdc(alone[_i].habit);
    ck_assert_int_eq(ask(false, 3000, &answer), alone[_i].reason);
    ck_assert_int_eq(out->reason, alone[_i].reason);
    ck_assert_uint_eq(out->ntstatus, TL_NT_NO_LOGON_SERVERS);
    ck_assert_int_eq(out->stage, TL_STAGE_AS);
    ck_assert_str_eq(out->realm, "CONTOSO.TEST");
    kdc = talloc_asprintf(mem, "dc1.contoso.test (127.0.0.1) %u/tcp",
                          ntohs(((struct sockaddr_in *)&kdcs[0].dc.addr)->sin_port));
    ck_assert_str_eq(out->kdc, kdc);
    ck_assert_ptr_nonnull(strstr(out->detail, kdc));
    ck_assert_ptr_null(answer.data);
    ck_assert_int_eq(num_failed, 1);
    ck_assert_int_eq(num_worked, 0);
    ck_assert_uint_eq(tli_transport_open_count(net), 0);
}
END_TEST

START_TEST(test_one_connection_serves_all)
{
    add_kdc(ANSWERS);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(asked_ok(i % 2), 0);
    ck_assert_int_eq(counters[0].connections, 1);
    ck_assert_int_eq(counters[0].requests, 5);
    ck_assert_int_eq(num_finds, 1);
    ck_assert_int_eq(num_worked, 1);
    ck_assert_uint_eq(tli_transport_open_count(net), 1);
}
END_TEST

START_TEST(test_long_reply)
{
    struct tli_transport_answer answer;

    add_kdc(BIG);
    ck_assert_int_eq(ask(false, 20000, &answer), TL_REASON_OK);
    ck_assert_uint_eq(answer.len, BIG_REPLY);
}
END_TEST

/* A KDC may close an idle connection when it likes (RFC 4120 7.2.2); on one that
 * brought more than the reply, nothing more is asked. */
START_TEST(test_reconnects)
{
    config->kdc_race_delay = NEVER_BY_TIME;
    add_kdc((enum habit[]){CLOSES_AFTER, CLOSES_ON_SECOND, TOO_MANY_BYTES}[_i]);
    ck_assert_int_eq(asked_ok(false), 0);
    usleep(20000);
    ck_assert_int_eq(asked_ok(false), 0);
    ck_assert_int_eq(counters[0].connections, 2);
    ck_assert_int_eq(num_failed, 0);
}
END_TEST

START_TEST(test_dies_between_exchanges)
{
    add_kdc(ANSWERS);
    add_kdc(ANSWERS);
    config->kdc_race_delay = NEVER_BY_TIME;
    ck_assert_int_eq(asked_ok(false), 0);
    kill(-kdcs[0].pid, SIGKILL);
    waitpid(kdcs[0].pid, NULL, 0);
    kdcs[0].pid = 0;
    close(kdcs[0].fd);
    kdcs[0].fd = -1;
    usleep(50000); /* its connections are closed by the kernel */
    ck_assert_int_eq(asked_ok(true), 1);
    ck_assert_int_eq(num_failed, 1);
}
END_TEST

/* A wrong password counts at each KDC that is asked: the second is asked late,
 * but it is. */
START_TEST(test_costly_waits_longer)
{
    struct tli_transport_answer answer;

    add_kdc(HANGS);
    add_kdc(ANSWERS);
    config->kdc_race_delay = 1000; /* so the second would be asked after 4 s */
    ck_assert_int_eq(ask(true, 2000, &answer), TL_REASON_KDC_SILENT);
    ck_assert_int_eq(counters[0].requests, 1);
    ck_assert_int_eq(counters[1].requests, 0);
    config->kdc_race_delay = 30;
    ck_assert_int_eq(asked_ok(true), 1);
}
END_TEST

START_TEST(test_unavailable_where_no_other_answers)
{
    struct tli_transport_answer answer;

    add_kdc(UNAVAILABLE);
    ck_assert_int_eq(ask(false, 20000, &answer), TL_REASON_OK);
    ck_assert_int_eq(answer.data[3], 29);
    ck_assert_ptr_nonnull(answer.kdc);
}
END_TEST

/* All DCs of the locator's cache are down: it is asked past its cache, once. */
START_TEST(test_search_past_the_cache)
{
    add_kdc(REFUSES);
    add_kdc(ANSWERS);
    first_list_len = 1;
    ck_assert_int_eq(asked_ok(false), 1);
    ck_assert_int_eq(num_forced, 1);
    ck_assert_int_eq(num_finds, 2);
}
END_TEST

/* Candidates that the caller has located spare the search, until all have failed. */
START_TEST(test_given_candidates)
{
    struct tl_dc_list *list;

    add_kdc(REFUSES);
    add_kdc(ANSWERS);
    first_list_len = 1;
    ck_assert_int_eq(fake_find(mem, NULL, "contoso.test", 0, 0, &list, out),
                     TL_REASON_OK);
    ck_assert_int_eq(tli_transport_set_candidates(net, "CONTOSO.TEST", list, 0), 0);
    num_finds = 0;
    ck_assert_int_eq(asked_ok(false), 1);
    ck_assert_int_eq(num_finds, 1);
    ck_assert_int_eq(num_forced, 1);
}
END_TEST

/* The search has used up the time for a connection: the wait for one is short. */
START_TEST(test_search_took_all_the_time)
{
    struct tl_dc_list *list;
    struct tli_transport_answer answer;

    add_kdc(FILTERED);
    config->kdc_race_delay = 1;
    ck_assert_int_eq(fake_find(mem, NULL, "contoso.test", 0, 0, &list, out),
                     TL_REASON_OK);
    ck_assert_int_eq(
        tli_transport_set_candidates(net, "CONTOSO.TEST", list, 10 * 1000 * 1000), 0);
    ck_assert_int_eq(ask(false, 60000, &answer), TL_REASON_PORT88_FILTERED);
}
END_TEST

/* A cached DC that answers neither 88/tcp nor the new search is gone, not filtered. */
START_TEST(test_gone)
{
    struct tli_transport_answer answer;

    config->kdc_connect_timeout = 400;
    add_kdc(FILTERED);
    forced_fails = true;
    ck_assert_int_eq(ask(false, 20000, &answer), TL_REASON_NO_LOGON_SERVERS);
    ck_assert_int_eq(num_forced, 1);
    ck_assert_ptr_nonnull(strstr(out->kdc, "dc1."));
}
END_TEST

START_TEST(test_no_kdc_known)
{
    struct tli_transport_answer answer;

    ck_assert_int_eq(ask(false, 1000, &answer), TL_REASON_DNS_NO_RECORDS);
    ck_assert_int_eq(out->stage, TL_STAGE_LOCATE);
    ck_assert_int_eq(num_finds, 1);
}
END_TEST

START_TEST(test_no_time)
{
    struct tli_transport_answer answer;

    add_kdc(ANSWERS);
    ck_assert_int_eq(ask(false, 0, &answer), TL_REASON_DEADLINE);
    ck_assert_int_eq(counters[0].requests, 0);
}
END_TEST

/* The result of every candidate is reported; the first is named. */
START_TEST(test_all_dead)
{
    struct tli_transport_answer answer;
    int64_t start = tl_now_us();

    config->kdc_connect_timeout = 400;
    add_kdc(FILTERED);
    add_kdc(REFUSES);
    add_kdc(CLOSES);
    ck_assert_int_eq(ask(false, 20000, &answer), TL_REASON_PORT88_FILTERED);
    ck_assert_ptr_nonnull(strstr(out->kdc, "dc1."));
    ck_assert_ptr_nonnull(strstr(out->detail, "dc2."));
    ck_assert_ptr_nonnull(strstr(out->detail, "dc3."));
    ck_assert_int_eq(num_failed, 3);
    /* bounded by kdc_connect_timeout (0.4 s here), not by the deadline */
    ck_assert_int_lt(tl_now_us() - start, 10000000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transport");
    TCase *tc = tcase_create("transport");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_pair, 0, COUNT(pairs));
    tcase_add_test(tc, test_race_delay);
    tcase_add_loop_test(tc, test_alone, 0, COUNT(alone));
    tcase_add_test(tc, test_one_connection_serves_all);
    tcase_add_test(tc, test_long_reply);
    tcase_add_loop_test(tc, test_reconnects, 0, 3);
    tcase_add_test(tc, test_dies_between_exchanges);
    tcase_add_test(tc, test_costly_waits_longer);
    tcase_add_test(tc, test_unavailable_where_no_other_answers);
    tcase_add_test(tc, test_search_past_the_cache);
    tcase_add_test(tc, test_given_candidates);
    tcase_add_test(tc, test_search_took_all_the_time);
    tcase_add_test(tc, test_gone);
    tcase_add_test(tc, test_no_kdc_known);
    tcase_add_test(tc, test_no_time);
    tcase_add_test(tc, test_all_dead);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
