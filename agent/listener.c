/* SPDX-License-Identifier: MIT
 *
 * listener.c - accept, count, fork: one worker for each conversation.
 *
 * A plain poll loop over the socket and a signalfd. It reads nothing from
 * clients, so nothing a client sends can harm the others.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define RETRY_SECONDS 60 /* after a refresh that failed */
#define BACKLOG 128
#define LONGEST_WAIT 3600 /* seconds */

struct child {
    pid_t pid;
    uid_t uid;
};

struct listener {
    const struct tla_setup *setup;
    struct tl_config *config;
    struct tla_limits *limits;
    struct child *children;
    size_t count;
    int fd, signals;
    bool activated; /* systemd holds the socket */
    pid_t refresher;
    int64_t next_refresh, last_client; /* seconds of the monotonic clock */
};

static int64_t now_s(void)
{
    return tl_now_us() / 1000000;
}

static void notify(const char *state)
{
#if HAVE_SYSTEMD
    (void)sd_notify(0, state);
#endif
}

static int activated_socket(void)
{
#if HAVE_SYSTEMD
    if (sd_listen_fds(1) == 1 &&
        sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET, 1, NULL, 0) > 0)
        return SD_LISTEN_FDS_START;
#endif
    return -1;
}

/* The folder is reachable, the socket open to all: who may do what is decided by
 * the peer's uid. */
static int bind_socket(const char *path, const char *run_dir)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    mode_t mask;
    int fd, rc;

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, strlen(path) + 1);
    if (mkdir(run_dir, 0755) == 0 && chmod(run_dir, 0755) != 0)
        return -errno;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* One that answers is another agent; one that does not is a leftover. */
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0) {
        close(fd);
        return -EADDRINUSE;
    }
    (void)unlink(path);
    mask = umask(0);
    rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : -errno;
    umask(mask);
    if (rc == 0 && (chmod(path, 0666) != 0 || listen(fd, BACKLOG) != 0))
        rc = -errno;
    if (rc != 0) {
        close(fd);
        return rc;
    }
    return fd;
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -errno;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void run_worker(struct listener *l, int fd)
{
    sigset_t none;

    close(l->fd);
    close(l->signals);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(tla_serve(l->setup, fd) == 0 ? 0 : 1);
}

static void start_worker(struct listener *l, int fd, uid_t uid)
{
    struct child *grown = talloc_realloc(l, l->children, struct child, l->count + 1);
    pid_t pid;

    if (grown != NULL)
        l->children = grown;
    pid = grown != NULL ? fork() : -1;
    if (pid == 0)
        run_worker(l, fd);
    if (pid < 0) {
        tla_journal_line(LOG_ERR, "no worker could be started");
        tla_limits_leave(l->limits, uid);
        return;
    }
    l->children[l->count++] = (struct child){.pid = pid, .uid = uid};
}

static void accept_one(struct listener *l)
{
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    uid_t uid;

    if (fd < 0)
        return;
    l->last_client = now_s();
    if (tla_peer_uid(fd, &uid) != 0) {
        close(fd);
        return;
    }
    if (tla_limits_enter(l->limits, uid, l->last_client))
        start_worker(l, fd, uid);
    else
        tla_journal_line(LOG_WARNING, "uid %u has too many conversations: refused",
                         (unsigned int)uid);
    close(fd);
}

static void reap(struct listener *l)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == l->refresher) {
            l->refresher = 0;
            l->next_refresh =
                now_s() + (status == 0 ? l->config->topology_refresh : RETRY_SECONDS);
            continue;
        }
        for (size_t i = 0; i < l->count; i++) {
            if (l->children[i].pid != pid)
                continue;
            if (WIFSIGNALED(status) && WTERMSIG(status) != SIGIO)
                tla_journal_line(LOG_ERR, "worker %d was ended by signal %d", (int)pid,
                                 WTERMSIG(status));
            tla_limits_leave(l->limits, l->children[i].uid);
            l->children[i] = l->children[--l->count];
            break;
        }
    }
}

/* false: it is time to end. */
static bool handle_signals(struct listener *l)
{
    struct signalfd_siginfo info;
    bool go_on = true;

    while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGCHLD)
            go_on = false;
    }
    reap(l);
    return go_on;
}

static bool idle_too_long(const struct listener *l, int64_t now)
{
    return l->activated && l->config->idle_exit > 0 && l->count == 0 &&
           l->refresher == 0 && now - l->last_client >= l->config->idle_exit;
}

/* Until the next thing that no client and no child announces. */
static int wait_ms(const struct listener *l, int64_t now)
{
    int64_t until = l->refresher == 0 ? l->next_refresh : now + LONGEST_WAIT;

    if (l->activated && l->config->idle_exit > 0 &&
        l->last_client + l->config->idle_exit < until)
        until = l->last_client + l->config->idle_exit;
    if (until > now + LONGEST_WAIT)
        until = now + LONGEST_WAIT;
    return until > now ? (int)(until - now) * 1000 : 1000;
}

static int loop(struct listener *l)
{
    struct pollfd fds[2] = {{.fd = l->fd, .events = POLLIN},
                            {.fd = l->signals, .events = POLLIN}};
    int64_t now;

    for (;;) {
        now = now_s();
        if (idle_too_long(l, now))
            return 0;
        if (l->refresher == 0 && now >= l->next_refresh) {
            tla_pending_sweep(l->config->run_dir, time(NULL));
            l->refresher = tla_refresh_start(l->setup);
            if (l->refresher < 0)
                l->refresher = 0;
            l->next_refresh = now + RETRY_SECONDS;
        }
        if (poll(fds, 2, wait_ms(l, now)) < 0 && errno != EINTR)
            return 1;
        if ((fds[1].revents & POLLIN) != 0 && !handle_signals(l))
            return 0;
        if ((fds[0].revents & POLLIN) != 0)
            accept_one(l);
        fds[0].revents = fds[1].revents = 0;
    }
}

static int fail(const struct tla_setup *setup, const char *what, const char *why)
{
    tla_journal_line(LOG_ERR, "%s: %s", what, why);
    if (!setup->to_stderr)
        fprintf(stderr, "trustlogond: %s: %s\n", what, why);
    return 1;
}

int tla_listen(const struct tla_setup *setup)
{
    struct listener *l = talloc_zero(NULL, struct listener);
    struct tl_outcome *out = tl_outcome_new(l);
    int rc = 1;

    if (l == NULL || out == NULL)
        return fail(setup, "start", "out of memory");
    l->setup = setup;
    if (tla_config(l, setup, NULL, NULL, &l->config, out) != TL_REASON_OK) {
        rc = fail(setup, "configuration", out->detail != NULL ? out->detail : "?");
        goto done;
    }
    l->limits = tla_limits_new(l, l->config->max_conversations, l->config->max_per_uid);
    l->fd = activated_socket();
    l->activated = l->fd >= 0;
    if (!l->activated)
        l->fd = bind_socket(setup->socket, l->config->run_dir);
    l->signals = open_signals();
    if (l->fd < 0 || l->signals < 0 || l->limits == NULL) {
        rc = fail(setup, setup->socket, l->fd < 0 ? strerror(-l->fd) : "no signals");
        goto done;
    }
    tla_warm(l);
    l->last_client = now_s();
    notify("READY=1");
    tla_journal_line(LOG_INFO, "listening at %s", setup->socket);
    rc = loop(l);
    notify("STOPPING=1");
    if (!l->activated)
        (void)unlink(setup->socket);
done:
    talloc_free(l);
    return rc;
}
