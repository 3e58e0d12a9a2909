/* SPDX-License-Identifier: MIT
 *
 * syscall_filter.c - the system calls a worker may make; every other one fails with
 * ENOSYS, upon which a C library newer than this list takes the older call.
 *
 * An allow-list: files, sockets, memory, time, the user's uid, keyrings, and a
 * child of its own. Not in it, among others: exec, ptrace, mounts, namespaces,
 * modules, bpf, io_uring, foreign memory, and the clock. A build with sanitizers needs
 * nothing more, since workers end with _exit().
 */
#include "harden.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "tl_build.h"

#if HAVE_SECCOMP

#include <sched.h>
#include <seccomp.h>

#define ALLOW(name) SCMP_SYS(name)

static const int allowed[] = {
    /* files */
    ALLOW(access),
    ALLOW(chdir),
    ALLOW(chmod),
    ALLOW(chown),
    ALLOW(close),
    ALLOW(close_range),
    ALLOW(dup),
    ALLOW(dup2),
    ALLOW(dup3),
    ALLOW(faccessat),
    ALLOW(faccessat2),
    ALLOW(fallocate),
    ALLOW(fchdir),
    ALLOW(fchmod),
    ALLOW(fchmodat),
    ALLOW(fchown),
    ALLOW(fchownat),
    ALLOW(fcntl),
    ALLOW(fdatasync),
    ALLOW(flock),
    ALLOW(fstat),
    ALLOW(fstatfs),
    ALLOW(fsync),
    ALLOW(ftruncate),
    ALLOW(getcwd),
    ALLOW(getdents),
    ALLOW(getdents64),
    ALLOW(ioctl),
    ALLOW(link),
    ALLOW(linkat),
    ALLOW(lseek),
    ALLOW(lstat),
    ALLOW(mkdir),
    ALLOW(mkdirat),
    ALLOW(newfstatat),
    ALLOW(open),
    ALLOW(openat),
    ALLOW(openat2),
    ALLOW(pipe),
    ALLOW(pipe2),
    ALLOW(pread64),
    ALLOW(preadv),
    ALLOW(pwrite64),
    ALLOW(pwritev),
    ALLOW(read),
    ALLOW(readlink),
    ALLOW(readlinkat),
    ALLOW(readv),
    ALLOW(rename),
    ALLOW(renameat),
    ALLOW(renameat2),
    ALLOW(rmdir),
    ALLOW(stat),
    ALLOW(statfs),
    ALLOW(statx),
    ALLOW(symlinkat),
    ALLOW(truncate),
    ALLOW(umask),
    ALLOW(unlink),
    ALLOW(unlinkat),
    ALLOW(utimensat),
    ALLOW(write),
    ALLOW(writev),
    ALLOW(memfd_create),
    ALLOW(copy_file_range),
    ALLOW(sendfile),
    ALLOW(fadvise64),
    /* sockets and waiting */
    ALLOW(accept),
    ALLOW(accept4),
    ALLOW(bind),
    ALLOW(connect),
    ALLOW(getpeername),
    ALLOW(getsockname),
    ALLOW(getsockopt),
    ALLOW(listen),
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
    ALLOW(socket),
    ALLOW(socketpair),
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
    ALLOW(inotify_init1),
    ALLOW(inotify_add_watch),
    ALLOW(inotify_rm_watch),
    /* memory and threads */
    ALLOW(brk),
    ALLOW(futex),
    ALLOW(get_robust_list),
    ALLOW(madvise),
    ALLOW(membarrier),
    ALLOW(mincore),
    ALLOW(mlock),
    ALLOW(mlock2),
    ALLOW(mmap),
    ALLOW(mprotect),
    ALLOW(mremap),
    ALLOW(munlock),
    ALLOW(munmap),
    ALLOW(rseq),
    ALLOW(sched_getaffinity),
    ALLOW(sched_yield),
    ALLOW(set_robust_list),
    ALLOW(set_tid_address),
    ALLOW(arch_prctl),
    ALLOW(prctl),
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
    /* this process, its children, its signals */
    ALLOW(exit),
    ALLOW(exit_group),
    ALLOW(fork),
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
    ALLOW(capget),
    ALLOW(capset),
    ALLOW(kill),
    ALLOW(tgkill),
    ALLOW(pause),
    ALLOW(prlimit64),
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
    ALLOW(vfork),
    ALLOW(wait4),
    ALLOW(waitid),
    /* becoming the user; keyring caches */
    ALLOW(setfsgid),
    ALLOW(setfsuid),
    ALLOW(setgid),
    ALLOW(setgroups),
    ALLOW(setregid),
    ALLOW(setresgid),
    ALLOW(setresuid),
    ALLOW(setreuid),
    ALLOW(setrlimit),
    ALLOW(setsid),
    ALLOW(setuid),
    ALLOW(add_key),
    ALLOW(keyctl),
    ALLOW(request_key),
};

/* A child or a thread, in the same namespaces. clone3 has its flags in memory, which a
 * filter cannot read, so it is not allowed; the C library falls back to clone. */
static int allow_clone(scmp_filter_ctx filter)
{
    const uint64_t namespaces = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET |
                                CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS;

#if defined(__s390__) || defined(__s390x__)
    const unsigned int flags = 1;
#else
    const unsigned int flags = 0;
#endif
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, namespaces, 0));
}

int tla_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int rc = filter == NULL ? -ENOMEM : 0;

    /* A negative number: this architecture has no such call. */
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0; i++) {
        if (allowed[i] >= 0)
            rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    if (rc == 0)
        rc = allow_clone(filter);
    if (rc == 0)
        rc = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    return rc;
}

#else

int tla_filter(void)
{
    return 0;
}

#endif
