/* SPDX-License-Identifier: MIT
 *
 * test_agent_kdc_queue.c - a crowd goes to the KDCs of a realm a few at a time, waits
 * while they answer, and not for a KDC that does not.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/kdc_queue_internal.h"
#include "agent/lock_file.h"
#include "scratch.h"
#include "status/lock.h"

#define LONG_MS 60000

static struct tla_kdc_place *held[TLA_KDC_PLACES];

static void teardown(void)
{
    unlink(talloc_asprintf(ctx, "%s/" TLA_KDC_QUEUE_FILE, folder));
    unlink(talloc_asprintf(ctx, "%s/" TLA_LOCK_KEY_FILE, folder));
    scratch_teardown_empty();
}

static struct tla_kdc_place *take_as(const char *who, const char *realm, int64_t ms)
{
    struct tla_kdc_place *place =
        tla_kdc_queue_wait(ctx, folder, realm, who, tl_deadline_in_ms(ms));

    ck_assert_ptr_nonnull(place);
    return place;
}

static struct tla_kdc_place *take(const char *realm, int64_t ms)
{
    return take_as(NULL, realm, ms);
}

static int count_free(const char *realm)
{
    int fd = tla_lock_open(folder, TLA_KDC_QUEUE_FILE), n = 0;
    uint64_t hash;

    ck_assert_int_eq(tla_lock_hash(folder, realm, &hash), 0);
    for (int i = 0; i < TLA_KDC_PLACES; i++)
        n += tli_lock_byte_now(fd, tla_kdc_places_at(hash) + i) == 0;
    close(fd);
    return n;
}

static void take_all(const char *realm)
{
    for (int i = 0; i < TLA_KDC_PLACES; i++)
        held[i] = take(realm, LONG_MS);
    ck_assert_int_eq(count_free(realm), 0);
}

static void tell_reply(const struct tla_kdc_place *place)
{
    struct tl_event event = {.kind = TL_EVENT_REPLY};

    tl_trace_event(tla_kdc_place_trace(place), &event);
}

START_TEST(test_places)
{
    struct tla_kdc_place *more;

    take_all("CONTOSO.TEST");
    ck_assert_int_eq(count_free("FABRIKAM.TEST"), TLA_KDC_PLACES);
    more = take("FABRIKAM.TEST", LONG_MS);
    ck_assert_int_eq(count_free("FABRIKAM.TEST"), TLA_KDC_PLACES - 1);
    tla_kdc_place_leave(more);
    tla_kdc_place_leave(more); /* twice is once */
    ck_assert_int_eq(count_free("FABRIKAM.TEST"), TLA_KDC_PLACES);
    tla_kdc_place_leave(held[3]);
    talloc_free(held[4]);
    ck_assert_int_eq(count_free("CONTOSO.TEST"), 2);
    take("CONTOSO.TEST", LONG_MS);
    ck_assert_int_eq(count_free("CONTOSO.TEST"), 1);
    tla_kdc_place_leave(NULL);
    ck_assert_ptr_null(tla_kdc_place_trace(NULL));
}
END_TEST

/* One user has two places, all users half of them, and root's own programs the rest. */
START_TEST(test_callers)
{
    const char *const users[] = {"1000", "1000", "bob", "1001"};
    int64_t began;

    for (int i = 0; i < 4; i++) {
        held[i] = take_as(users[i], "CONTOSO.TEST", LONG_MS);
        ck_assert_int_eq(count_free("CONTOSO.TEST"), TLA_KDC_PLACES - 1 - i);
        if (i == 1) {
            began = tl_now_us();
            take_as("1000", "CONTOSO.TEST", 100);
            ck_assert_int_ge(tl_now_us() - began, 100000);
            ck_assert_int_eq(count_free("CONTOSO.TEST"), TLA_KDC_PLACES - 2);
        }
    }
    take_as("1002", "CONTOSO.TEST", 100);
    ck_assert_int_eq(count_free("CONTOSO.TEST"), TLA_KDC_PLACES - TLA_KDC_PLACES_OTHERS);
    for (int i = 0; i < TLA_KDC_PLACES - TLA_KDC_PLACES_OTHERS; i++)
        take("CONTOSO.TEST", LONG_MS);
    ck_assert_int_eq(count_free("CONTOSO.TEST"), 0);
}
END_TEST

/* No KDC answers: the worker leaves the queue without a place, long before the
 * deadline. */
START_TEST(test_stalled)
{
    int64_t began, took;

    take_all("CONTOSO.TEST");
    tell_reply(held[0]); /* long ago, for a later worker */
    began = tl_now_us();
    take("CONTOSO.TEST", LONG_MS);
    took = tl_now_us() - began;
    ck_assert_int_ge(took, TLA_KDC_STALLED_US);
    ck_assert_int_lt(took, LONG_MS * 1000LL / 2);
}
END_TEST

static int64_t leave_at;

/* The others' replies come in this process, too: what holds it up holds up both. */
static void others_go_on(int number)
{
    (void)number;
    tell_reply(held[0]);
    if (tl_now_us() >= leave_at)
        tla_kdc_place_leave(held[1]);
}

static void start_others(void)
{
    const struct itimerval often = {{0, 50000}, {0, 50000}};
    struct sigaction action = {.sa_handler = others_go_on};

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void stop_others(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}

/* They reply: the worker waits for a place, longer than for a silent KDC. */
START_TEST(test_progress)
{
    take_all("CONTOSO.TEST");
    leave_at = tl_now_us() + TLA_KDC_STALLED_US * 4 / 3;
    start_others();
    take("CONTOSO.TEST", LONG_MS);
    stop_others();
    ck_assert_int_ge(tl_now_us(), leave_at);
    ck_assert_int_eq(held[1]->fd, -1);
    ck_assert_int_eq(count_free("CONTOSO.TEST"), 0);
}
END_TEST

START_TEST(test_deadline)
{
    int64_t began = tl_now_us();

    take_all("CONTOSO.TEST");
    leave_at = INT64_MAX;
    start_others();
    take("CONTOSO.TEST", TLA_KDC_STALLED_US / 4 / 1000);
    stop_others();
    ck_assert_int_ge(tl_now_us() - began, TLA_KDC_STALLED_US / 4);
    ck_assert_int_ge(held[1]->fd, 0);
}
END_TEST

/* An impossible time, of an earlier boot or a broken disk, is ignored. */
START_TEST(test_strange_time)
{
    int64_t future = INT64_MAX;

    take_all("CONTOSO.TEST");
    ck_assert_int_eq(
        pwrite(held[0]->fd, &future, sizeof(future), tla_kdc_reply_at(held[0])),
        sizeof(future));
    ck_assert_int_eq(tla_kdc_last_reply(held[0], tl_now_us()), 0);
}
END_TEST

START_TEST(test_file)
{
    struct tla_kdc_place *place = take("CONTOSO.TEST", LONG_MS);
    struct stat st;

    tell_reply(place);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/" TLA_KDC_QUEUE_FILE, folder), &st),
                     0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_le(st.st_size, TLA_KDC_PLACES_FROM);
    /* What cannot be counted is not refused. */
    place = tla_kdc_queue_wait(ctx, "/nonexistent", "CONTOSO.TEST", NULL,
                               tl_deadline_in_ms(LONG_MS));
    ck_assert_ptr_nonnull(place);
    tell_reply(place);
    tla_kdc_place_leave(place);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("agent_kdc_queue");
    TCase *tcase = tcase_create("agent_kdc_queue");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, scratch_setup, teardown);
    tcase_add_test(tcase, test_places);
    tcase_add_test(tcase, test_callers);
    tcase_add_test(tcase, test_stalled);
    tcase_add_test(tcase, test_progress);
    tcase_add_test(tcase, test_deadline);
    tcase_add_test(tcase, test_strange_time);
    tcase_add_test(tcase, test_file);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
