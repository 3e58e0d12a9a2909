/* SPDX-License-Identifier: MIT
 *
 * test_wire_io.c - packets over a socketpair: time limits, peers that go away,
 * packets that are too large or carry what they should not, signals.
 */
#include "wire/wire.h"
#include "run_suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int pair[2];
static uint8_t buf[TL_WIRE_MAX];
static struct tli_wire_msg msg;
static volatile sig_atomic_t alarms;

static void setup(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    alarms = 0;
}

static void teardown(void)
{
    close(pair[0]);
    close(pair[1]);
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int heard_by = -1; /* which thread gets the third alarm */

static void on_alarm(int sig)
{
    if (++alarms == 3 && heard_by >= 0)
        (void)!write(heard_by, "3", 1);
}

/* SIGALRM every 5 ms without SA_RESTART: every wait is interrupted. */
static void alarms_start(void)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval every = {{0, 5000}, {0, 5000}};

    ck_assert_int_eq(sigaction(SIGALRM, &sa, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void alarms_stop(void)
{
    struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &never, NULL);
}

START_TEST(send_and_receive)
{
    struct tli_wire_msg out = {
        .type = TL_WIRE_PROMPT, .style = TL_STYLE_SECRET, .text = "Password: "};

    ck_assert_int_eq(tli_wire_send(pair[0], &out, buf, 1000), 0);
    memset(buf, 0xff, sizeof(buf));
    ck_assert_int_eq(tli_wire_recv(pair[1], &msg, buf, 1000), 0);
    ck_assert_int_eq(msg.type, TL_WIRE_PROMPT);
    ck_assert_uint_eq(msg.style, TL_STYLE_SECRET);
    ck_assert_str_eq(msg.text, "Password: ");
}
END_TEST

START_TEST(receiving_times_out)
{
    int64_t began = now_ms(), took;

    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, 60), -ETIMEDOUT);
    took = now_ms() - began;
    ck_assert_msg(took >= 55 && took < 2000, "%ld ms", (long)took);
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, 0), -ETIMEDOUT);
}
END_TEST

START_TEST(sending_times_out)
{
    struct tli_wire_msg out = {.type = TL_WIRE_SAY, .text = "x"};
    int ret = 0;

    for (int i = 0; i < 100000 && ret == 0; i++)
        ret = tli_wire_send(pair[0], &out, buf, 20);
    ck_assert_int_eq(ret, -ETIMEDOUT);
}
END_TEST

START_TEST(the_peer_closed)
{
    struct tli_wire_msg out = {.type = TL_WIRE_CANCEL};

    ck_assert_int_eq(tli_wire_send(pair[1], &out, buf, 100), 0);
    close(pair[1]);
    pair[1] = -1;
    /* What it said before it left is still heard. */
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, -1), 0);
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, -1), -ECONNRESET);
    /* A SIGPIPE would end this test, and in real life sshd. */
    signal(SIGPIPE, SIG_DFL);
    ck_assert_int_eq(tli_wire_send(pair[0], &out, buf, -1), -ECONNRESET);
}
END_TEST

START_TEST(an_oversize_packet)
{
    static uint8_t huge[TL_WIRE_MAX + 1];

    ck_assert_int_eq(send(pair[1], huge, sizeof(huge), 0), sizeof(huge));
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, 100), -EMSGSIZE);
    ck_assert_int_eq(send(pair[1], huge, TL_WIRE_MAX, 0), TL_WIRE_MAX);
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, 100), -EBADMSG);
}
END_TEST

START_TEST(a_message_too_large_to_send)
{
    static char big[TL_WIRE_STRING_MAX];
    struct tli_wire_msg out = {
        .type = TL_WIRE_SAY, .text = big, .user = big, .conf = big, .tty = big};

    memset(big, 'x', sizeof(big) - 1);
    ck_assert_int_eq(tli_wire_send(pair[0], &out, buf, 100), -EMSGSIZE);
    ck_assert_int_eq(tli_wire_recv(pair[1], &msg, buf, 0), -ETIMEDOUT);
}
END_TEST

START_TEST(signals_do_not_prolong_the_wait)
{
    int64_t began = now_ms(), took;

    alarms_start();
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, 200), -ETIMEDOUT);
    alarms_stop();
    took = now_ms() - began;
    ck_assert_msg(took >= 195 && took < 5000, "%ld ms", (long)took);
    ck_assert_int_gt(alarms, 0);
}
END_TEST

START_TEST(signals_do_not_end_the_wait)
{
    struct tli_wire_msg out = {.type = TL_WIRE_DONE, .reason = "ok"};
    int third[2];
    pid_t child;
    char one;

    ck_assert_int_eq(pipe(third), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(read(third[0], &one, 1) == 1 && tli_wire_send(pair[1], &out, buf, 1000) == 0
                  ? 0
                  : 1);
    heard_by = third[1];
    alarms_start();
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, -1), 0);
    alarms_stop();
    ck_assert_str_eq(msg.reason, "ok");
    ck_assert_int_gt(alarms, 2);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(descriptors_are_refused)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct tli_wire_msg out = {.type = TL_WIRE_CANCEL};
    struct iovec iov = {.iov_base = buf};
    struct msghdr head = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.space,
                          .msg_controllen = sizeof(control.space)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&head);
    int probe = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

    ck_assert_int_ge(probe, 0);
    ck_assert_int_eq(tli_wire_encode(&out, buf, sizeof(buf), &iov.iov_len), 0);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &probe, sizeof(probe));
    ck_assert_int_gt(sendmsg(pair[1], &head, 0), 0);
    close(probe);
    ck_assert_int_eq(tli_wire_recv(pair[0], &msg, buf, 100), -EBADMSG);
    /* And nothing stayed open: the number is free again. */
    after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(after, probe);
    close(after);
}
END_TEST

START_TEST(no_socket)
{
    struct tli_wire_msg out = {.type = TL_WIRE_CANCEL};
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    ck_assert_int_eq(tli_wire_send(fd, &out, buf, 100), -ENOTSOCK);
    ck_assert_int_eq(tli_wire_recv(fd, &msg, buf, 100), -ENOTSOCK);
    close(fd);
    ck_assert_int_eq(tli_wire_recv(fd, &msg, buf, 100), -EBADF);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire_io");
    TCase *tc = tcase_create("io");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, send_and_receive);
    tcase_add_test(tc, receiving_times_out);
    tcase_add_test(tc, sending_times_out);
    tcase_add_test(tc, the_peer_closed);
    tcase_add_test(tc, an_oversize_packet);
    tcase_add_test(tc, a_message_too_large_to_send);
    tcase_add_test(tc, signals_do_not_prolong_the_wait);
    tcase_add_test(tc, signals_do_not_end_the_wait);
    tcase_add_test(tc, descriptors_are_refused);
    tcase_add_test(tc, no_socket);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
