/* SPDX-License-Identifier: MIT
 *
 * test_nss_ask.c - the NSS module and an agent, good or bad: when it is asked, which of
 * its answers count, and that every call ends in time with the right status.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/fake_agent.h"
#include "../unit/run_suite.h"
#include "module.h"
#include "store/writer.h"
#include "wire/io.h"

#define SID "S-1-5-21-1-2-3-"
#define UID 201105
#define GID 200513
#define NAME "alice@contoso.test"
#define GROUP "linux users@contoso.test"
#define BOUND_MS 1000
#define LATEST_MS 4000 /* two slow cores under sanitizers */
#define UNREACHABLE 0xC000005EU

static const struct tli_store_range range = {200000, 399999};
static struct tli_store *store;
static struct nss_module nss;
static struct fake_agent agent;
static char buffer[512];
static struct passwd pw;
static struct group gr;
static int err;

static struct tli_store_life life_of(int64_t fresh_for)
{
    uint64_t now = tli_store_now();

    return (struct tli_store_life){.fresh_until = now + (uint64_t)fresh_for,
                                   .valid_until = now + 100000};
}

static void put(int64_t fresh_for)
{
    struct tli_store_life life = life_of(fresh_for);
    const uint32_t gids[] = {GID, 300001};
    struct tli_store_user user = {.name = NAME,
                                  .sid = SID "1105",
                                  .uid = UID,
                                  .gid = GID,
                                  .home = "/home/alice",
                                  .shell = "/bin/sh",
                                  .life = life};
    struct tli_store_group group = {
        .name = GROUP, .sid = SID "1200", .gid = 300001, .life = life};

    if (tli_store_put_user(store, &user) != 0 ||
        tli_store_put_group(store, &group) != 0 ||
        tli_store_put_gids(store, UID, gids, 2, &life) != 0)
        abort();
}

/* What agents say. */
static uint32_t knows(const struct tli_wire_msg *request)
{
    if (request->op != TL_OP_LOOKUP)
        return 1;
    put(1000);
    return 0;
}

static uint32_t knows_nobody(const struct tli_wire_msg *request)
{
    return request->lookup <= TL_LOOKUP_USER_ID ? TL_WIRE_NO_SUCH_USER
                                                : TL_WIRE_NO_SUCH_GROUP;
}

static uint32_t remembers_nobody(const struct tli_wire_msg *request)
{
    if (tli_store_put_missing_name(store, TL_STORE_USER_NAME, NAME,
                                   tli_store_now() + 100) != 0)
        abort();
    return 0;
}

static uint32_t cannot_tell(const struct tli_wire_msg *request)
{
    return UNREACHABLE;
}

static uint32_t lies(const struct tli_wire_msg *request)
{
    return 0;
}

static uint32_t is_slow(const struct tli_wire_msg *request)
{
    usleep(5000);
    return TL_WIRE_NO_SUCH_USER;
}

static void start(enum fake_behaviour behaviour,
                  uint32_t (*answer)(const struct tli_wire_msg *))
{
    agent = (struct fake_agent){
        .path = TEST_SOCKET, .behaviour = behaviour, .answer = answer};
    fake_agent_start(&agent);
}

static unsigned questions(void)
{
    return atomic_load(agent.questions);
}

static void setup(void)
{
    unlink(TEST_STORE);
    unlink(TEST_SOCKET);
    agent.pid = 0;
    ck_assert_int_eq(tli_store_open(NULL, TEST_STORE, &range, 1, &store), 0);
    ck_assert(nss_module_open(TEST_MODULE, "trustlogon", &nss));
}

static void teardown(void)
{
    fake_agent_stop(&agent);
    talloc_free(store);
    unlink(TEST_STORE);
    unlink(TEST_STORE ".lock");
    unlink(TEST_SOCKET);
}

static enum nss_status by_name(void)
{
    return nss.getpwnam(NAME, &pw, buffer, sizeof(buffer), &err);
}

static enum nss_status by_uid(void)
{
    return nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err);
}

static enum nss_status group_by_name(void)
{
    return nss.getgrnam(GROUP, &gr, buffer, sizeof(buffer), &err);
}

static enum nss_status group_by_gid(void)
{
    return nss.getgrgid(300001, &gr, buffer, sizeof(buffer), &err);
}

static enum nss_status groups_of(void)
{
    long at = 1, size = 1;
    gid_t *groups = calloc(1, sizeof(*groups));
    enum nss_status status = nss.initgroups(NAME, GID, &at, &size, &groups, 0, &err);

    if (status == NSS_STATUS_SUCCESS && (at != 2 || groups[1] != 300001))
        abort();
    free(groups);
    return status;
}

static enum nss_status (*const calls[])(void) = {by_name, by_uid, group_by_name,
                                                 group_by_gid, groups_of};

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* In its time, errno as it was, nothing left open. */
static enum nss_status call(enum nss_status (*one)(void))
{
    int before = open_descriptors();
    int64_t began = tli_wire_now();
    enum nss_status status;

    errno = 42;
    err = 0;
    status = one();
    ck_assert_int_eq(errno, 42);
    ck_assert_int_lt(tli_wire_now() - began, LATEST_MS);
    ck_assert_int_eq(err, status == NSS_STATUS_UNAVAIL ? EAGAIN : 0);
    /* The store's own descriptor is closed too once it is mapped. */
    ck_assert_int_eq(open_descriptors(), before);
    return status;
}

START_TEST(a_miss_is_asked_once)
{
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(no_user_of_that_name)
{
    start(FAKE_ANSWERS, knows_nobody);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(known_not_to_exist)
{
    start(FAKE_ANSWERS, remembers_nobody);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(call(by_name), NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(call(groups_of), NSS_STATUS_NOTFOUND);
        ck_assert_uint_eq(questions(), 1);
    }
}
END_TEST

START_TEST(the_agent_cannot_tell)
{
    start(FAKE_ANSWERS, cannot_tell);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_UNAVAIL);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

/* An agent that says "done" but stored nothing: the user is not found. */
START_TEST(an_empty_promise)
{
    start(FAKE_ANSWERS, lies);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_UNAVAIL);
}
END_TEST

START_TEST(stale_is_asked_again)
{
    put(-10);
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

START_TEST(stale_is_better_than_nothing)
{
    put(-10);
    start(FAKE_ANSWERS, cannot_tell);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
    fake_agent_stop(&agent);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_SUCCESS);
}
END_TEST

START_TEST(stale_and_gone)
{
    put(-10);
    start(FAKE_ANSWERS, knows_nobody);
    ck_assert_int_eq(call(calls[_i]), NSS_STATUS_NOTFOUND);
}
END_TEST

/* The user is known, the list of groups is not. */
START_TEST(groups_are_asked_for_alone)
{
    put(1000);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_GIDS, UID), 0);
    start(FAKE_ANSWERS, knows);
    ck_assert_int_eq(call(groups_of), NSS_STATUS_SUCCESS);
    ck_assert_uint_eq(questions(), 1);
    fake_agent_stop(&agent);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_GIDS, UID), 0);
    ck_assert_int_eq(call(groups_of), NSS_STATUS_UNAVAIL);
}
END_TEST

START_TEST(what_is_not_ours_is_not_asked)
{
    static const char *const names[] = {"", "root", "alice", "contoso.test"};
    static const uint32_t ids[] = {0, 999, 1000, 199999, 400000, UINT32_MAX};
    static char endless[10000];

    start(FAKE_ANSWERS, knows);
    for (size_t i = 0; i < COUNT(names); i++) {
        ck_assert_int_eq(nss.getpwnam(names[i], &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(nss.getgrnam(names[i], &gr, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        ck_assert_int_eq(nss.getpwuid(ids[i], &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(nss.getgrgid(ids[i], &gr, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
    }
    memset(endless, '@', sizeof(endless) - 1);
    ck_assert_int_eq(nss.getpwnam(endless, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(questions(), 0);
}
END_TEST

/* The first name may be asked for; the owner of an id is not known yet. */
START_TEST(no_store_yet)
{
    start(FAKE_ANSWERS, cannot_tell);
    unlink(TEST_STORE);
    ck_assert_int_eq(call(by_uid), NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(call(group_by_gid), NSS_STATUS_NOTFOUND);
    ck_assert_uint_eq(questions(), 0);
    ck_assert_int_eq(call(by_name), NSS_STATUS_UNAVAIL);
    ck_assert_uint_eq(questions(), 1);
}
END_TEST

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
    Suite *suite = suite_create("nss_ask");
    TCase *tcase = tcase_create("module and agent");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_miss_is_asked_once, 0, COUNT(calls));
    tcase_add_loop_test(tcase, no_user_of_that_name, 0, COUNT(calls));
    tcase_add_test(tcase, known_not_to_exist);
    tcase_add_loop_test(tcase, the_agent_cannot_tell, 0, COUNT(calls));
    tcase_add_loop_test(tcase, an_empty_promise, 0, COUNT(calls));
    tcase_add_loop_test(tcase, stale_is_asked_again, 0, COUNT(calls));
    tcase_add_loop_test(tcase, stale_is_better_than_nothing, 0, COUNT(calls));
    tcase_add_loop_test(tcase, stale_and_gone, 0, COUNT(calls));
    tcase_add_test(tcase, groups_are_asked_for_alone);
    tcase_add_test(tcase, what_is_not_ours_is_not_asked);
    tcase_add_test(tcase, no_store_yet);
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
