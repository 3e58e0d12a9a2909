/* SPDX-License-Identifier: MIT
 *
 * sandbox_filter.c - the system calls that are left to a worker, and with which
 * arguments. It lies over the filter of the monitor (syscall_filter.c), from which the
 * worker was forked.
 *
 * Not in it, among others: a file opened for writing, made, moved or removed; a mapping
 * that can be executed; a child; a signal to another process; sockets other than IPv4 and
 * IPv6; listening; keyrings; a change of user or limits.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "syscall_table.h"

/* O_TMPFILE contains O_DIRECTORY. */
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
#define ALL 0xffffffffU

static const struct tla_syscall allowed[] = {
    /* files, to read */
    ALLOW(access),
    ALLOW(close),
    ALLOW(dup),
    ALLOW(dup2),
    ALLOW(dup3),
    ALLOW(faccessat),
    ALLOW(faccessat2),
    ALLOW(fstat),
    ALLOW(fstatfs),
    ALLOW(getcwd),
    ALLOW(getdents),
    ALLOW(getdents64),
    ALLOW(lseek),
    ALLOW(lstat),
    ALLOW(newfstatat),
    ALLOW(pread64),
    ALLOW(read),
    ALLOW(readlink),
    ALLOW(readlinkat),
    ALLOW(readv),
    ALLOW(stat),
    ALLOW(statfs),
    ALLOW(statx),
    ALLOW(write),
    ALLOW(writev),
    ALLOW(pipe),
    ALLOW(pipe2),
    ALLOW(fadvise64),
    ALLOW(umask),
    ALLOW_IF(open, 1, WRITING, 0),
    ALLOW_IF(openat, 2, WRITING, 0),
    ALLOW_IF(fcntl, 1, ALL, F_GETFD),
    ALLOW_IF(fcntl, 1, ALL, F_SETFD),
    ALLOW_IF(fcntl, 1, ALL, F_GETFL),
    ALLOW_IF(fcntl, 1, ALL, F_SETFL),
    ALLOW_IF(fcntl, 1, ALL, F_DUPFD),
    ALLOW_IF(fcntl, 1, ALL, F_DUPFD_CLOEXEC),
    ALLOW_IF(ioctl, 1, ALL, FIONREAD),
    ALLOW_IF(ioctl, 1, ALL, FIONBIO),
    /* sockets */
    ALLOW_IF(socket, 0, ALL, AF_INET),
    ALLOW_IF(socket, 0, ALL, AF_INET6),
    ALLOW(bind),
    ALLOW(connect),
    ALLOW(getpeername),
    ALLOW(getsockname),
    ALLOW(getsockopt),
    ALLOW(recv),
    ALLOW(recvfrom),
    ALLOW(recvmmsg),
    ALLOW(recvmsg),
    ALLOW(send),
    ALLOW(sendmmsg),
    ALLOW(sendmsg),
    ALLOW(sendto),
    ALLOW(setsockopt),
    ALLOW(shutdown),
    ALLOW(epoll_create),
    ALLOW(epoll_create1),
    ALLOW(epoll_ctl),
    ALLOW(epoll_pwait),
    ALLOW(epoll_wait),
    ALLOW(eventfd2),
    ALLOW(poll),
    ALLOW(ppoll),
    ALLOW(pselect6),
    ALLOW(select),
    /* memory */
    ALLOW(brk),
    ALLOW(futex),
    ALLOW(get_robust_list),
    ALLOW(madvise),
    ALLOW(membarrier),
    ALLOW(mincore),
    ALLOW(mlock),
    ALLOW(mlock2),
    ALLOW(mremap),
    ALLOW(munlock),
    ALLOW(munmap),
    ALLOW(rseq),
    ALLOW(sched_getaffinity),
    ALLOW(sched_yield),
    ALLOW(set_robust_list),
    ALLOW(arch_prctl),
    ALLOW_IF(prctl, 0, ALL, PR_SET_NAME),
    ALLOW_IF(prctl, 0, ALL, PR_GET_DUMPABLE),
    ALLOW_IF(prctl, 0, ALL, PR_SET_VMA),
    /* time */
    ALLOW(alarm),
    ALLOW(clock_getres),
    ALLOW(clock_gettime),
    ALLOW(clock_nanosleep),
    ALLOW(gettimeofday),
    ALLOW(nanosleep),
    ALLOW(setitimer),
    ALLOW(getitimer),
    ALLOW(time),
    ALLOW(times),
    ALLOW(timerfd_create),
    ALLOW(timerfd_settime),
    /* this process */
    ALLOW(exit),
    ALLOW(exit_group),
    ALLOW(getegid),
    ALLOW(geteuid),
    ALLOW(getgid),
    ALLOW(getgroups),
    ALLOW(getpgid),
    ALLOW(getpgrp),
    ALLOW(getpid),
    ALLOW(getppid),
    ALLOW(getrandom),
    ALLOW(getresgid),
    ALLOW(getresuid),
    ALLOW(getrlimit),
    ALLOW(getrusage),
    ALLOW(getsid),
    ALLOW(gettid),
    ALLOW(getuid),
    ALLOW(pause),
    ALLOW(restart_syscall),
    ALLOW(rt_sigaction),
    ALLOW(rt_sigpending),
    ALLOW(rt_sigprocmask),
    ALLOW(rt_sigreturn),
    ALLOW(rt_sigsuspend),
    ALLOW(rt_sigtimedwait),
    ALLOW(sigaltstack),
    ALLOW(sysinfo),
    ALLOW(uname),
    ALLOW_IF(mmap, 2, PROT_EXEC, 0),
    ALLOW_IF(mprotect, 2, PROT_EXEC, 0),
};

static struct tla_program program;

int tla_sandbox_filter_make(void)
{
    const struct tla_calls list = TLA_CALLS(allowed);

    return HAVE_SECCOMP ? tla_program_make(&list, &program) : -ENOSYS;
}

int tla_sandbox_filter(void)
{
    int rc = tla_sandbox_filter_make();

    return rc == 0 ? tla_program_load(&program) : rc;
}
