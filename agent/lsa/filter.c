/* SPDX-License-Identifier: MIT
 *
 * filter.c - the system calls that are left while Samba decodes what a DC sent.
 *
 * Every other one fails with ENOSYS. The process cannot create or change a file, start a
 * process, change its user or listen.
 */
#include "lsa.h"

#include <errno.h>

#include "tl_build.h"

#if HAVE_SECCOMP

#include <fcntl.h>
#include <seccomp.h>

#define ALLOW(name) SCMP_SYS(name)

static const int allowed[] = {
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

/* To read only. O_TMPFILE is for writing too. */
static int allow_open(scmp_filter_ctx filter, int call, unsigned int flags)
{
    if (call < 0) /* this architecture has no such call */
        return 0;
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, call, 1,
        SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

int lsa_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int rc = filter == NULL ? -ENOMEM : 0;

    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0; i++) {
        if (allowed[i] >= 0)
            rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    if (rc == 0)
        rc = allow_open(filter, SCMP_SYS(open), 1);
    if (rc == 0)
        rc = allow_open(filter, SCMP_SYS(openat), 2);
    if (rc == 0)
        rc = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    return rc;
}

#else

int lsa_filter(void)
{
    return 0;
}

#endif
