/* SPDX-License-Identifier: MIT
 *
 * test_lock.c - waiting for a lock whose holder never releases it ends in time; and the
 * keyed hash that places of locks come from.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "status/lock.h"
#include "status/siphash.h"

#define WAIT_MS 60

static temp_path path;

static void setup(void)
{
    make_temp_file(path);
}

static void teardown(void)
{
    unlink(path);
}

static int open_it(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* A process that has the file and its byte 7, and is stopped. */
static pid_t stopped_holder(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open_it();

        if (tli_lock_file(fd, tl_deadline_in_ms(0)) != 0 ||
            tli_lock_byte(fd, 7, tl_deadline_in_ms(0)) != 0)
            _exit(1);
        raise(SIGSTOP);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    return pid;
}

START_TEST(test_stopped)
{
    pid_t pid = stopped_holder();
    int fd = open_it();
    int64_t began = tl_now_us();

    ck_assert_int_eq(tli_lock_file(fd, tl_deadline_in_ms(WAIT_MS)), -ETIMEDOUT);
    ck_assert_int_eq(tli_lock_byte(fd, 7, tl_deadline_in_ms(WAIT_MS)), -ETIMEDOUT);
    ck_assert_int_ge(tl_now_us() - began, 2 * WAIT_MS * 1000);
    ck_assert_int_lt(tl_now_us() - began, 20000000);
    ck_assert_int_eq(tli_lock_byte_now(fd, 7), -EAGAIN);
    ck_assert_int_eq(tli_lock_byte_now(fd, 8), 0);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(tli_lock_file(fd, tl_deadline_in_ms(0)), 0);
    ck_assert_int_eq(tli_lock_byte(fd, 7, tl_deadline_in_ms(0)), 0);
    close(fd);
}
END_TEST

/* The lock is acquired as soon as it is free. */
START_TEST(test_waits)
{
    int held = open_it(), fd = open_it();
    pid_t pid;

    ck_assert_int_eq(tli_lock_file(held, tl_deadline_in_ms(0)), 0);
    pid = fork();
    if (pid == 0) {
        usleep(WAIT_MS * 1000);
        _exit(0);
    }
    close(held); /* the child's copy holds it */
    ck_assert_int_eq(tli_lock_file(fd, tl_deadline_in_ms(60000)), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    close(fd);
}
END_TEST

START_TEST(test_errors)
{
    ck_assert_int_eq(tli_lock_file(-1, tl_deadline_in_ms(60000)), -EBADF);
    ck_assert_int_eq(tli_lock_byte(-1, 0, tl_deadline_in_ms(60000)), -EBADF);
    ck_assert_int_eq(tli_lock_byte_now(-1, 0), -EBADF);
}
END_TEST

/* The vectors of the reference implementation: key 00 01 ... 0f, message 00 01 ... */
START_TEST(test_siphash)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)},
    };
    uint8_t key[TL_SIPHASH_KEY], message[16];

    for (uint8_t i = 0; i < 16; i++)
        key[i] = message[i] = i;
    for (size_t i = 0; i < COUNT(vectors); i++)
        ck_assert_uint_eq(tli_siphash(key, message, vectors[i].len), vectors[i].hash);
    key[0] ^= 1;
    ck_assert_uint_ne(tli_siphash(key, message, 8), vectors[3].hash);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("lock");
    TCase *tcase = tcase_create("lock");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_stopped);
    tcase_add_test(tcase, test_waits);
    tcase_add_test(tcase, test_errors);
    tcase_add_test(tcase, test_siphash);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
