/* SPDX-License-Identifier: MIT
 *
 * test_ask.c - one bounded look-up: what is asked arrives, what is answered comes
 * back, and whatever else the other side does ends in time and leaves nothing open.
 */
#include "wire/ask.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wire/io.h"

#define LIMIT_MS 300
#define LATEST_MS 3000 /* two slow cores under sanitizers */

static char folder[] = "/tmp/trustlogon-ask.XXXXXX", path[64];
static int listener = -1;
static pid_t server;

enum behaviour {
    ANSWERS,
    IS_SILENT,
    CLOSES,
    CLOSES_AFTER_READING,
    SAYS_GARBAGE,
    SAYS_NOTHING_LONG,
    SAYS_HALF,
    PROMPTS,
    SENDS_A_DESCRIPTOR,
    IS_LATE
};

static int listen_at(int backlog)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

static void setup(void)
{
    strcpy(folder + sizeof(folder) - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/lookup", folder);
    server = 0;
    listener = -1;
}

static void teardown(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    if (listener >= 0)
        close(listener);
    unlink(path);
    rmdir(folder);
}

static void send_descriptor(int fd)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    char done[] = "TLW1\001\006\0";
    struct iovec iov = {done, 8};
    struct msghdr head = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.space,
                          .msg_controllen = sizeof(control.space)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&head);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
    (void)sendmsg(fd, &head, 0);
}

/* The answer is the status that the question's numbers and name make. */
static void answer(int fd, const struct tl_wire_msg *request)
{
    static uint8_t buf[TL_WIRE_MAX];
    struct tl_wire_msg done = {.type = TL_WIRE_DONE};

    done.ntstatus = request->op * 1000000 + request->lookup * 100000 + request->id +
                    (request->user != NULL ? (uint32_t)strlen(request->user) : 0);
    (void)tl_wire_send(fd, &done, buf, 1000);
}

static void serve(int fd, enum behaviour behaviour)
{
    static uint8_t buf[TL_WIRE_MAX], huge[4096];
    struct tl_wire_msg msg, prompt = {.type = TL_WIRE_PROMPT, .text = "Password:"};

    if (behaviour == CLOSES)
        return;
    if (tl_wire_recv(fd, &msg, buf, 2000) != 0)
        return;
    if (behaviour == IS_LATE)
        usleep(5000000);
    if (behaviour == ANSWERS || behaviour == IS_LATE)
        answer(fd, &msg);
    if (behaviour == SAYS_GARBAGE)
        (void)send(fd, "not the wire", 12, MSG_NOSIGNAL);
    if (behaviour == SAYS_NOTHING_LONG)
        (void)send(fd, huge, sizeof(huge), MSG_NOSIGNAL);
    if (behaviour == SAYS_HALF)
        (void)send(fd, "TLW1\001\006\001\0\007\001\0\0\004", 13, MSG_NOSIGNAL);
    if (behaviour == PROMPTS)
        (void)tl_wire_send(fd, &prompt, buf, 1000);
    if (behaviour == SENDS_A_DESCRIPTOR)
        send_descriptor(fd);
    if (behaviour == IS_SILENT || behaviour == SENDS_A_DESCRIPTOR)
        usleep(5000000);
}

static void start(enum behaviour behaviour)
{
    int fd;

    listener = listen_at(8);
    server = fork();
    ck_assert_int_ge(server, 0);
    if (server > 0)
        return;
    for (;;) {
        fd = accept(listener, NULL, NULL);
        serve(fd, behaviour);
        close(fd);
    }
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static int ask_name(const char *name, uint32_t *status)
{
    return tl_ask_lookup_of(geteuid(), path, TL_LOOKUP_USER_NAME, name, 0, LIMIT_MS,
                            status);
}

/* Within the bound, and with nothing left behind. */
static int ask_checked(uint32_t *status)
{
    int before = open_descriptors(), ret;
    int64_t began = tl_wire_now(), took;

    errno = 42;
    *status = 1;
    ret = ask_name("CONTOSO\\alice", status);
    took = tl_wire_now() - began;
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
    enum behaviour behaviour;
    int expect;
} cases[] = {
    {ANSWERS, 0},
    {IS_SILENT, -ETIMEDOUT},
    {CLOSES, -ECONNRESET},
    {CLOSES_AFTER_READING, -ECONNRESET},
    {SAYS_GARBAGE, -EBADMSG},
    {SAYS_NOTHING_LONG, -EMSGSIZE},
    {SAYS_HALF, -EBADMSG},
    {PROMPTS, -EBADMSG},
    {SENDS_A_DESCRIPTOR, -EBADMSG},
    {IS_LATE, -ETIMEDOUT},
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

    start(ANSWERS);
    ck_assert_int_eq(
        tl_ask_lookup_of(me, path, TL_LOOKUP_GROUP_ID, NULL, UINT32_MAX, 2000, &status),
        0);
    ck_assert_uint_eq(status, 7400000U + UINT32_MAX);
    ck_assert_int_eq(
        tl_ask_lookup_of(me, path, TL_LOOKUP_USER_ID, NULL, 0, 2000, &status), 0);
    ck_assert_uint_eq(status, 7200000);
    memset(longest, 'x', TL_ASK_NAME_MAX + 1);
    ck_assert_int_eq(
        tl_ask_lookup_of(me, path, TL_LOOKUP_GROUP_NAME, longest, 0, 2000, &status),
        -ENAMETOOLONG);
    longest[TL_ASK_NAME_MAX] = '\0';
    ck_assert_int_eq(
        tl_ask_lookup_of(me, path, TL_LOOKUP_GROUP_NAME, longest, 0, 2000, &status), 0);
    ck_assert_uint_eq(status, 7300000 + TL_ASK_NAME_MAX);
}
END_TEST

START_TEST(no_question)
{
    uint32_t status;

    ck_assert_int_eq(tl_ask_lookup(path, 0, "a@b", 0, 100, &status), -EINVAL);
    ck_assert_int_eq(tl_ask_lookup(path, 5, NULL, 7, 100, &status), -EINVAL);
    ck_assert_int_eq(tl_ask_lookup(path, TL_LOOKUP_USER_NAME, NULL, 7, 100, &status),
                     -EINVAL);
    ck_assert_int_eq(tl_ask_lookup(path, TL_LOOKUP_USER_ID, "a@b", 7, 100, &status),
                     -EINVAL);
    ck_assert_int_eq(tl_ask_lookup(path, TL_LOOKUP_USER_ID, NULL, 7, -1, &status),
                     -EINVAL);
}
END_TEST

START_TEST(nobody_there)
{
    static char far[200] = "/tmp/";
    uint32_t status;

    ck_assert_int_eq(ask_checked(&status), -ENOENT);
    close(listen_at(1)); /* a socket that its process left behind */
    ck_assert_int_eq(ask_checked(&status), -ECONNREFUSED);
    memset(far + 5, 'x', sizeof(far) - 6);
    ck_assert_int_eq(tl_ask_lookup(far, TL_LOOKUP_USER_ID, NULL, 7, 100, &status),
                     -ENAMETOOLONG);
}
END_TEST

START_TEST(another_owner)
{
    uint32_t status;

    start(ANSWERS);
    ck_assert_int_eq(tl_ask_lookup_of(geteuid() + 1, path, TL_LOOKUP_USER_ID, NULL, 7,
                                      LIMIT_MS, &status),
                     -EACCES);
    ck_assert_int_eq(tl_ask_lookup(path, TL_LOOKUP_USER_ID, NULL, 7, LIMIT_MS, &status),
                     geteuid() == 0 ? 0 : -EACCES);
}
END_TEST

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
    alarms++;
}

/* Nobody accepts, and the queue is full: connecting waits, but not for ever, and not
 * longer because signals come. */
START_TEST(a_full_queue)
{
    struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fds[16];
    uint32_t status;

    listener = listen_at(2);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&addr, sizeof(addr));
    }
    ck_assert_int_eq(ask_checked(&status), -ETIMEDOUT);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ck_assert_int_eq(ask_checked(&status), -ETIMEDOUT);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_gt(alarms, 2);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
}
END_TEST

/* With the standard descriptors closed, the question is not where output goes. */
START_TEST(above_the_standard_descriptors)
{
    int status;
    pid_t pid;

    start(ANSWERS);
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

static void *ask_for_long(void *started)
{
    uint32_t status;

    atomic_store((atomic_bool *)started, true);
    (void)ask_name("a@b", &status);
    for (;;)
        pause();
    return NULL;
}

START_TEST(a_cancelled_thread)
{
    atomic_bool started = false;
    int before = open_descriptors();
    pthread_t thread;
    void *result;

    start(IS_SILENT);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_for_long, &started), 0);
    while (!atomic_load(&started))
        usleep(1000);
    usleep(50000);
    ck_assert_int_eq(pthread_cancel(thread), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert_int_eq(open_descriptors(), before + 1); /* the listener */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ask");
    TCase *tc = tcase_create("look-up");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, what_the_other_side_does, 0, (int)COUNT(cases));
    tcase_add_test(tc, every_question_arrives);
    tcase_add_test(tc, no_question);
    tcase_add_test(tc, nobody_there);
    tcase_add_test(tc, another_owner);
    tcase_add_test(tc, a_full_queue);
    tcase_add_test(tc, above_the_standard_descriptors);
    tcase_add_test(tc, a_cancelled_thread);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
