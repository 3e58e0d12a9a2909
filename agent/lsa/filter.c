/* SPDX-License-Identifier: MIT
 *
 * filter.c - the system calls that are left while Samba decodes what a DC sent.
 *
 * Every other one fails with ENOSYS. The process cannot create or change a file, start a
 * process, change its user or listen.
 */
#include "lsa.h"

#include <fcntl.h>

#include "../syscall_table.h"

/* A file may be opened to read only: with these flags of open(2) equal to O_RDONLY.
 * O_TMPFILE needs a mode for writing. */
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct tla_syscall allowed[] = {
    /* files: read; a memory file for krb5's settings */
    ALLOW(access),
    ALLOW(close),
    ALLOW(dup),
    ALLOW(faccessat),
    ALLOW(faccessat2),
    ALLOW(fcntl),
    ALLOW(flock),
    ALLOW(fstat),
    ALLOW(fstatfs),
    ALLOW(getcwd),
    ALLOW(getdents64),
    ALLOW(ioctl),
    ALLOW(lseek),
    ALLOW(lstat),
    ALLOW(memfd_create),
    ALLOW(newfstatat),
    ALLOW_IF(open, 1, WRITES, O_RDONLY),
    ALLOW_IF(openat, 2, WRITES, O_RDONLY),
    ALLOW(pipe2),
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
    /* sockets and waiting */
    ALLOW(accept4),
    ALLOW(bind),
    ALLOW(connect),
    ALLOW(epoll_create),
    ALLOW(epoll_create1),
    ALLOW(epoll_ctl),
    ALLOW(epoll_pwait),
    ALLOW(epoll_wait),
    ALLOW(eventfd2),
    ALLOW(getpeername),
    ALLOW(getsockname),
    ALLOW(getsockopt),
    ALLOW(poll),
    ALLOW(ppoll),
    ALLOW(pselect6),
    ALLOW(recvfrom),
    ALLOW(recvmsg),
    ALLOW(select),
    ALLOW(sendmsg),
    ALLOW(sendto),
    ALLOW(setsockopt),
    ALLOW(shutdown),
    ALLOW(socket),
    /* memory */
    ALLOW(brk),
    ALLOW(futex),
    ALLOW(madvise),
    ALLOW(mlock),
    ALLOW(mmap),
    ALLOW(mprotect),
    ALLOW(mremap),
    ALLOW(munlock),
    ALLOW(munmap),
    /* time */
    ALLOW(clock_getres),
    ALLOW(clock_gettime),
    ALLOW(clock_nanosleep),
    ALLOW(gettimeofday),
    ALLOW(nanosleep),
    ALLOW(setitimer),
    ALLOW(time),
    /* this process */
    ALLOW(exit),
    ALLOW(exit_group),
    ALLOW(getegid),
    ALLOW(geteuid),
    ALLOW(getgid),
    ALLOW(getgroups),
    ALLOW(getpgrp),
    ALLOW(getpid),
    ALLOW(getppid),
    ALLOW(getrandom),
    ALLOW(getresgid),
    ALLOW(getresuid),
    ALLOW(getrlimit),
    ALLOW(gettid),
    ALLOW(getuid),
    ALLOW(prlimit64),
    ALLOW(restart_syscall),
    ALLOW(rseq),
    ALLOW(rt_sigaction),
    ALLOW(rt_sigprocmask),
    ALLOW(rt_sigreturn),
    ALLOW(sched_getaffinity),
    ALLOW(sched_yield),
    ALLOW(set_robust_list),
    ALLOW(sysinfo),
    ALLOW(tgkill), /* abort() */
    ALLOW(uname),
    /* the tickets */
    ALLOW(add_key),
    ALLOW(keyctl),
};

int lsa_filter(void)
{
    const struct tla_calls list = TLA_CALLS(allowed);

    return tla_allow_only(&list);
}
