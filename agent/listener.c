/* SPDX-License-Identifier: MIT
 *
 * listener.c - accept, count, fork: one monitor for each conversation.
 *
 * A plain poll loop over the two sockets, a signalfd and a socket from which it passes
 * monitors' sockets on. It reads nothing from clients, so nothing that one sends can harm
 * the others.
 */
#include "listener.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trustlogon/directory.h>
#include <trustlogon/machine.h>

#include "config.h"
#include "endpoint.h"
#include "harden.h"
#include "journal.h"
#include "lookup_processes.h"
#include "lookup_worker.h"
#include "lsa_service.h"
#include "pending.h"
#include "preload.h"
#include "sessions.h"
#include "ticket_renewer.h"
#include "topology_refresher.h"
#include "monitor.h"

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

/* Seconds: after a refresh that failed, and of one poll at most. */
#define RETRY_SECONDS 60
#define LONGEST_WAIT 3600

/* A monitor, and what it is counted for. */
struct child {
    pid_t pid;
    uid_t uid;
    struct tla_endpoint *endpoint;
};

struct listener {
    struct tla_setup *setup;
    struct tl_config *config;
    struct tla_endpoint endpoints[TLA_ENDPOINTS];
    struct child *children;
    size_t count;
    struct tla_lsa *lsa;
    struct tla_lookups *lookups;
    int signals;              /* signalfd */
    bool activated;           /* systemd holds the sockets */
    pid_t refresher, renewer; /* 0: does not run */
    /* Seconds of the monotonic clock. */
    int64_t next_refresh, next_renew, last_client;
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

/* In a child: close what belongs to the listener. The next listener takes a socket that
 * a child still holds for another agent's. */
static void close_inherited(struct listener *l)
{
    sigset_t none;

    for (size_t i = 0; i < TLA_ENDPOINTS; i++)
        (void)close(l->endpoints[i].fd); /* -1: not open */
    close(l->signals);
    tla_lsa_forget(l->lsa);
    tla_lookups_forget(l->lookups);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_monitor(struct listener *l, int fd, enum tla_endpoint_kind kind)
{
    close_inherited(l);
    _exit(tla_serve(l->setup, fd, kind) == 0 ? 0 : 1);
}

/* A child for work without a client, which ends with the listener: 0 in it, else its pid
 * or -1. */
static pid_t fork_own(struct listener *l)
{
    pid_t listener = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    close_inherited(l);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != listener ||
        tla_harden() != 0)
        _exit(1);
    return 0;
}

/* Its pid, or 0. */
static pid_t start_own(struct listener *l, int (*work)(const struct tla_setup *setup))
{
    pid_t pid = fork_own(l);

    if (pid == 0)
        _exit(work(l->setup));
    return pid > 0 ? pid : 0;
}

static pid_t start_lookups(void *arg, const char *domain, int clients)
{
    struct listener *l = arg;
    pid_t pid = fork_own(l);

    if (pid == 0)
        _exit(tla_lookup_keep(l->setup, domain, clients));
    return pid;
}

static void start_monitor(struct listener *l, struct tla_endpoint *endpoint, int fd,
                          uid_t uid)
{
    struct child *grown = talloc_realloc(l, l->children, struct child, l->count + 1);
    pid_t pid;

    if (grown != NULL)
        l->children = grown;
    pid = grown != NULL ? fork() : -1;
    if (pid == 0)
        run_monitor(l, fd, endpoint->kind);
    if (pid < 0) {
        tla_journal_line(LOG_ERR, "cannot start a monitor: %s",
                         grown != NULL ? strerror(errno) : "out of memory");
        tla_limits_leave(endpoint->limits, uid);
        return;
    }
    l->children[l->count++] =
        (struct child){.pid = pid, .uid = uid, .endpoint = endpoint};
}

static void accept_one(struct listener *l, struct tla_endpoint *endpoint)
{
    int fd = accept4(endpoint->fd, NULL, NULL, SOCK_CLOEXEC);
    uid_t uid;

    if (fd < 0)
        return;
    l->last_client = now_s();
    tl_machine_keep_snapshot(l->config);
    if (tla_endpoint_admit(endpoint, fd, l->last_client, &uid))
        start_monitor(l, endpoint, fd, uid);
    close(fd);
}

/* The refresher, the renewer, trustlogon-lsa, one that reads a directory, or a monitor,
 * whose client then no longer counts, and which SIGIO ends (client_watch.c). */
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
        if (pid == l->renewer) {
            l->renewer = 0;
            continue;
        }
        if (tla_lsa_reaped(l->lsa, pid, status))
            continue;
        tla_lookups_reaped(l->lookups, pid);
        for (size_t i = 0; i < l->count; i++) {
            if (l->children[i].pid != pid)
                continue;
            if (WIFSIGNALED(status) && WTERMSIG(status) != SIGIO)
                tla_journal_line(LOG_ERR, "monitor %d was killed by signal %d", (int)pid,
                                 WTERMSIG(status));
            tla_limits_leave(l->children[i].endpoint->limits, l->children[i].uid);
            l->children[i] = l->children[--l->count];
            break;
        }
    }
}

/* false: SIGTERM or SIGINT. */
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
           l->refresher == 0 && l->renewer == 0 &&
           now - l->last_client >= l->config->idle_exit;
}

/* Milliseconds until the next work that is due by the clock. */
static int wait_ms(const struct listener *l, int64_t now)
{
    int64_t until = l->refresher == 0 ? l->next_refresh : now + LONGEST_WAIT;

    if (l->config->renew_interval > 0 && l->renewer == 0 && l->next_renew < until)
        until = l->next_renew;
    if (l->activated && l->config->idle_exit > 0 &&
        l->last_client + l->config->idle_exit < until)
        until = l->last_client + l->config->idle_exit;
    until = until > now + LONGEST_WAIT ? now + LONGEST_WAIT : until;
    return until > now ? (int)(until - now) * 1000 : 1000;
}

static bool renews(const struct listener *l)
{
    return l->config->renew_interval > 0;
}

static void start_children(struct listener *l, int64_t now)
{
    if (l->refresher == 0 && now >= l->next_refresh) {
        tla_pending_sweep(l->config->run_dir, time(NULL));
        l->refresher = start_own(l, tla_refresh_topology);
        l->next_refresh = now + RETRY_SECONDS;
    }
    if (renews(l) && l->renewer == 0 && now >= l->next_renew) {
        l->next_renew = now + l->config->renew_interval;
        if (tla_session_any(l->config->run_dir))
            l->renewer = start_own(l, tla_renew_tickets);
    }
}

/* Ends by a signal, or after idle_exit seconds without work if systemd holds the sockets.
 * Sessions whose tickets are renewed count as work. */
static int loop(struct listener *l)
{
    struct pollfd fds[] = {{.fd = l->signals, .events = POLLIN},
                           {.fd = l->endpoints[0].fd, .events = POLLIN},
                           {.fd = l->endpoints[1].fd, .events = POLLIN},
                           {.fd = tla_lookups_fd(l->lookups), .events = POLLIN},
                           {.events = POLLIN}};
    const size_t count = sizeof(fds) / sizeof(fds[0]);
    int64_t now;

    for (;;) {
        now = now_s();
        if (idle_too_long(l, now)) {
            if (!renews(l) || !tla_session_any(l->config->run_dir))
                return 0;
            l->last_client = now; /* their tickets have to be renewed */
        }
        start_children(l, now);
        for (size_t i = 0; i < count; i++)
            fds[i].revents = 0;
        fds[count - 1].fd = tla_lsa_fd(l->lsa);
        if (poll(fds, count, wait_ms(l, now)) < 0 && errno != EINTR)
            return 1;
        if ((fds[0].revents & POLLIN) != 0 && !handle_signals(l))
            return 0;
        for (size_t i = 0; i < TLA_ENDPOINTS; i++) {
            if ((fds[1 + i].revents & POLLIN) != 0)
                accept_one(l, &l->endpoints[i]);
        }
        if ((fds[1 + TLA_ENDPOINTS].revents & POLLIN) != 0)
            tla_lookups_ready(l->lookups);
        if ((fds[count - 1].revents & POLLIN) != 0)
            tla_lsa_ready(l->lsa);
    }
}

static int fail(const struct tla_setup *setup, const char *what, const char *why)
{
    tla_journal_line(LOG_ERR, "%s: %s", what, why);
    if (!setup->to_stderr)
        fprintf(stderr, "trustlogond: %s: %s\n", what, why);
    return 1;
}

/* Once, and not with each worker. Without the list of system calls none runs. */
static void tell_sandbox(const struct tl_config *config)
{
    if (!config->sandbox)
        tla_journal_line(LOG_WARNING, "sandbox = no: what reads the network is confined "
                                      "by its user alone");
    else if (!HAVE_SECCOMP)
        tla_journal_line(LOG_ERR, "built without libseccomp: every logon fails unless "
                                  "'sandbox = no' is set in [agent]");
    else if (tla_landlock_version() == 0)
        tla_journal_line(LOG_WARNING,
                         "this kernel has no Landlock: what reads the network "
                         "may read every file that all users may");
}

static int open_endpoints(struct listener *l)
{
    int rc = tla_endpoint_open(&l->endpoints[0], l, TLA_ENDPOINT_LOGON, l->setup,
                               l->config, false);

    l->activated = l->endpoints[0].given;
    if (rc == 0)
        rc = tla_endpoint_open(&l->endpoints[1], l, TLA_ENDPOINT_LOOKUP, l->setup,
                               l->config, l->activated);
    return rc;
}

static void close_endpoints(struct listener *l)
{
    for (size_t i = 0; i < TLA_ENDPOINTS; i++) {
        if (!l->activated)
            (void)unlink(l->endpoints[i].path);
    }
}

/* The sockets come before the signals and the preloaded libraries: if another agent runs,
 * this one ends without having done anything. */
int tla_listen(const struct tla_setup *setup)
{
    struct listener *l = talloc_zero(NULL, struct listener);
    struct tla_setup *own = talloc_memdup(l, setup, sizeof(*setup));
    struct tl_outcome *out = tl_outcome_new(l);
    int rc = 1;

    if (l == NULL || own == NULL || out == NULL)
        return fail(setup, "start", "out of memory");
    l->setup = own;
    if (tla_config(l, setup, NULL, NULL, &l->config, out) != TL_REASON_OK) {
        rc = fail(setup, "configuration", out->detail != NULL ? out->detail : "?");
        goto done;
    }
    /* The agent recognises its own look-ups by this process group (tla_peer_is_agent). */
    (void)setpgid(0, 0);
    rc = open_endpoints(l);
    if (rc != 0) {
        rc = fail(setup, setup->socket, strerror(-rc));
        goto done;
    }
    l->signals = open_signals();
    if (l->signals < 0) {
        rc = fail(setup, setup->socket, "cannot create a signalfd");
        goto done;
    }
    l->lsa = tla_lsa_open(l, l->config->run_dir);
    l->lookups = tla_lookups_new(l, start_lookups, l);
    l->setup->lookups = tla_lookups_for_monitors(l->lookups);
    tla_preload(l);
    (void)tla_filter_make(); /* what fails here fails again, and is told, in a monitor */
    (void)tla_sandbox_filter_make();
    if (tl_gss_settings_keep(l->config->run_dir) != 0)
        tla_journal_line(LOG_WARNING, "cannot write to %s", l->config->run_dir);
    tell_sandbox(l->config);
    l->last_client = now_s();
    notify("READY=1");
    tla_journal_line(LOG_INFO, "listening on %s", setup->socket);
    rc = loop(l);
    notify("STOPPING=1");
    close_endpoints(l);
done:
    talloc_free(l);
    return rc;
}
