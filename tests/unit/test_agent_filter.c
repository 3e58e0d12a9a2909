/* SPDX-License-Identifier: MIT
 *
 * test_agent_filter.c - what a worker may still do, and what it may not.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/harden.h"
#include "run_suite.h"
#include "tl_build.h"

/* Exit status of `fn` in a child behind the filter. */
static int behind(int (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || tla_filter() != 0)
            _exit(99);
        _exit(fn());
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int child(void)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(7);
    return waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7 ? 0 : 1;
}

static int file(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 ? 0 : 1;
}

static int network(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && close(fd) == 0 ? 0 : 1;
}

/* 0 if refused with the error that a C library takes for a missing system call. */
static int refused(long rc)
{
    return rc == -1 && errno == ENOSYS ? 0 : 1;
}

static int exec_program(void)
{
    char *const argv[] = {NULL};

    return refused(execve("/bin/true", argv, argv));
}

static int user_namespace(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return refused(pid);
}

static int namespace_by_clone3(void)
{
    struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof(args));

    if (pid == 0)
        _exit(0);
    return refused(pid);
}

static int leave_namespace(void)
{
    return refused(unshare(CLONE_NEWUSER));
}

static int trace_parent(void)
{
    return refused(syscall(SYS_ptrace, 16, getppid(), 0, 0));
}

static int mount_something(void)
{
    return refused(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int call_of_tomorrow(void)
{
    return refused(syscall(100000));
}

static int (*const tests[])(void) = {child,           file,           network,
                                     exec_program,    user_namespace, namespace_by_clone3,
                                     leave_namespace, trace_parent,   mount_something,
                                     call_of_tomorrow};

START_TEST(test_one)
{
    ck_assert_int_eq(behind(tests[_i]), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_filter");
    TCase *tc = tcase_create("filter");

    if (!HAVE_SECCOMP)
        return 77;
    tcase_add_loop_test(tc, test_one, 0, COUNT(tests));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
