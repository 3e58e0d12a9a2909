/* SPDX-License-Identifier: MIT
 *
 * spawn.c - start the agent for one conversation, as a child of init that inherits
 * nothing from this process or its caller. What can be reset after exec is reset by the
 * agent itself (agent/reset_process.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"

#define CONVERSATION_FD 3

/* The caller of su chooses its limits: a file size of 0 would end the agent in the
 * middle of a write to a file that all users share. */
static void lift_limits(void)
{
    static const struct {
        int resource;
        rlim_t least;
    } wanted[] = {{RLIMIT_FSIZE, RLIM_INFINITY},  {RLIMIT_CPU, RLIM_INFINITY},
                  {RLIMIT_AS, RLIM_INFINITY},     {RLIMIT_DATA, RLIM_INFINITY},
                  {RLIMIT_LOCKS, RLIM_INFINITY},  {RLIMIT_NPROC, RLIM_INFINITY},
                  {RLIMIT_RTTIME, RLIM_INFINITY}, {RLIMIT_STACK, 8 << 20},
                  {RLIMIT_MEMLOCK, 64 << 10},     {RLIMIT_NOFILE, 1024},
                  {RLIMIT_SIGPENDING, 1024}};
    struct rlimit had, limit;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (getrlimit(wanted[i].resource, &had) != 0 || had.rlim_cur >= wanted[i].least)
            continue;
        limit.rlim_cur = wanted[i].least;
        limit.rlim_max = had.rlim_max > wanted[i].least ? had.rlim_max : wanted[i].least;
        if (setrlimit(wanted[i].resource, &limit) == 0)
            continue;
        limit.rlim_cur = limit.rlim_max = had.rlim_max; /* a container may set bounds */
        (void)setrlimit(wanted[i].resource, &limit);
    }
}

/* Everything the host process could have left behind: descriptors, handlers, a
 * signal mask, limits, a real uid that differs (sudo), groups, a terminal. */
static void become_agent(int fd, const char *path)
{
    static char arg1[] = "--conversation";
    static char path_var[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    static char lang_var[] = "LANG=C.UTF-8";
    static char *const envp[] = {path_var, lang_var, NULL};
    char *const argv[] = {(char *)(uintptr_t)path, arg1, NULL};
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigset_t none;
    int null;

    for (int sig = 1; sig < NSIG; sig++)
        (void)sigaction(sig, &dfl, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* Out of the way of 0 to 3 before those are laid out. */
    fd = fcntl(fd, F_DUPFD, CONVERSATION_FD + 1);
    null = open("/dev/null", O_RDWR | O_NOCTTY);
    if (fd < 0 || null < 0)
        _exit(127);
    for (int i = 0; i < CONVERSATION_FD; i++) {
        if (dup2(null, i) < 0)
            _exit(127);
    }
    if (dup2(fd, CONVERSATION_FD) < 0)
        _exit(127);
    if (close_range(CONVERSATION_FD + 1, ~0U, 0) != 0) {
        for (int i = CONVERSATION_FD + 1; i < 65536; i++)
            (void)close(i);
    }
    (void)setsid();
    (void)umask(077);
    (void)personality(PER_LINUX);
    lift_limits();
    if (chdir("/") != 0 || setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 ||
        setresuid(0, 0, 0) != 0)
        _exit(127);
    execve(path, argv, envp);
    _exit(127);
}

/* Forked twice, so that the agent is init's child: a server that reaps all its
 * children or ignores SIGCHLD never reaps one it does not know. The child in
 * between lives for microseconds, with SIGCHLD at its default for as long. */
int tlp_spawn(int fd, const char *path)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL}, saved;
    int status = 0, rc = 0;
    pid_t pid, got;

    if (sigaction(SIGCHLD, &dfl, &saved) != 0)
        return -errno;
    pid = fork();
    if (pid == 0) {
        pid = fork();
        if (pid == 0)
            become_agent(fd, path);
        _exit(pid < 0 ? 1 : 0);
    }
    if (pid < 0) {
        rc = -errno;
    } else {
        do {
            got = waitpid(pid, &status, 0);
        } while (got < 0 && errno == EINTR);
        /* ECHILD: another thread of the server reaped it; the socket shows the failure.
         */
        if (got == pid && status != 0)
            rc = -EAGAIN;
    }
    (void)sigaction(SIGCHLD, &saved, NULL);
    return rc;
}
