/* SPDX-License-Identifier: MIT
 *
 * agent.c - reach the agent: its socket, or a process of its own.
 *
 * The password goes to whoever answers, so the socket's folder and the socket
 * must belong to root and the peer must be root. Where no socket answers and
 * the caller is root, the agent is started for this one conversation.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "module.h"
#include "tl_build.h"

#define CONVERSATION_FD 3

static bool only_root_writes(const struct stat *st)
{
    return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* A folder anyone may write to would let anyone put a socket there. */
static bool folder_is_roots(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    struct stat st;

    memcpy(folder, path, len);
    folder[len] = '\0';
    return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && only_root_writes(&st);
}

static int connect_socket(const char *path, int *out, const char **why)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t len = sizeof(peer);
    struct stat st;
    int fd, rc;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        *why = "its socket's path is too long";
        return -ENAMETOOLONG;
    }
    if (lstat(path, &st) != 0) {
        *why = "its socket does not exist";
        return -errno;
    }
    if (!S_ISSOCK(st.st_mode) || st.st_uid != 0 || !folder_is_roots(path)) {
        *why = "its socket or the folder of it is not root's alone";
        return -EACCES;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        *why = "no socket could be made";
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        *why = "nobody answers at its socket";
        rc = -errno;
    } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
               peer.uid != 0) {
        *why = "the process at its socket is not root's";
        rc = -EACCES;
    } else {
        *out = fd;
        return 0;
    }
    close(fd);
    return rc;
}

/* Whoever calls su chooses its limits: a file size of 0 would end the agent in the
 * middle of a write to what all users share. */
static void lift_limits(void)
{
    static const struct {
        int resource;
        rlim_t least;
    } wanted[] = {{RLIMIT_FSIZE, RLIM_INFINITY}, {RLIMIT_CPU, RLIM_INFINITY},
                  {RLIMIT_AS, RLIM_INFINITY},    {RLIMIT_DATA, RLIM_INFINITY},
                  {RLIMIT_STACK, 8 << 20},       {RLIMIT_NOFILE, 1024}};
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
    lift_limits();
    if (chdir("/") != 0 || setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 ||
        setresuid(0, 0, 0) != 0)
        _exit(127);
    execve(path, argv, envp);
    _exit(127);
}

/* Forked twice, so that the agent is init's child: a server that reaps all its
 * children or ignores SIGCHLD never meets one it does not know. The child in
 * between lives for microseconds, with SIGCHLD at its default for as long. */
static int spawn(int fd, const char *path)
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
        /* ECHILD: another thread of the server reaped it; the socket tells. */
        if (got == pid && status != 0)
            rc = -EAGAIN;
    }
    (void)sigaction(SIGCHLD, &saved, NULL);
    return rc;
}

static int start(const char *path, int *out, const char **why)
{
    int pair[2], rc;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR) == 0) {
        *why = "it is not installed";
        return -ENOENT;
    }
    if (!only_root_writes(&st)) {
        *why = "others than root may write to its program";
        return -EACCES;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        *why = "no socket pair could be made";
        return -errno;
    }
    rc = spawn(pair[1], path);
    close(pair[1]);
    if (rc != 0) {
        *why = "it could not be started";
        close(pair[0]);
        return rc;
    }
    *out = pair[0];
    return 0;
}

int tlp_agent_open(struct tlp *m, int *fd, const char **why)
{
    const char *path = m->options.socket != NULL ? m->options.socket : TL_SOCKET;
    const char *program = m->options.agent != NULL ? m->options.agent : TL_AGENT_PATH;
    int rc;

    *fd = -1;
    rc = connect_socket(path, fd, why);
    if (rc == 0 || geteuid() != 0)
        return rc;
    tlp_debug(m, "agent: %s (%s); starting %s", *why, strerror(-rc), program);
    return start(program, fd, why);
}
