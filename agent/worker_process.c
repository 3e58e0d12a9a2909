/* SPDX-License-Identifier: MIT
 *
 * worker_process.c - start a worker, serve it, take its result.
 */
#include "worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/directory.h>
#include <trustlogon/tickets.h>

#include "journal.h"
#include "preload.h"
#include "sandbox.h"
#include "secret.h"
#include "worker_message.h"
#include "worker_requests.h"

#define WORKER_FD 3
#define SPARE_S 10
#define KILL_MS 1000

/* Longer than anything that a worker does may take by the library's own deadlines. */
static unsigned int limit_s(const struct tla_work *work)
{
    const struct tl_config *config = work->conv->config;
    unsigned int work_ms;

    if (work->clients > 0)
        return TLA_SERVES_S;
    if (work->at_most_ms > 0)
        return (unsigned int)work->at_most_ms / 1000 + 1;
    work_ms = work->logon->deadline != 0
                  ? (unsigned int)tl_deadline_left_ms(work->logon->deadline)
                  : 2 * (unsigned int)config->logon_timeout;

    return (work_ms + 2 * (unsigned int)config->explain_timeout) / 1000 + SPARE_S;
}

/* Nothing of the monitor's stays open: not the client, not the keytab's folder. */
static int keep_only(int fd, int clients)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int apart = clients > 0 ? fcntl(clients, F_DUPFD_CLOEXEC, TLA_CLIENTS_FD + 1) : 0;

    for (int standard = 0; standard <= STDERR_FILENO; standard++)
        if (null < 0 || dup2(null, standard) < 0)
            return -errno;
    if (fd != WORKER_FD && dup2(fd, WORKER_FD) < 0)
        return -errno;
    if (apart < 0 || (clients > 0 && dup2(apart, TLA_CLIENTS_FD) < 0))
        return -errno;
    return close_range(clients > 0 ? TLA_CLIENTS_FD + 1 : WORKER_FD + 1, ~0U, 0) == 0
               ? 0
               : -errno;
}

/* The keys go with the process that becomes the worker. A keytab that cannot be read is
 * found out again by the work, with its reason. */
static int take_keys(struct tla_work *work)
{
    struct tl_machine *machine = work->logon->machine;
    struct tl_config *config =
        talloc_memdup(work->logon, machine->config, sizeof(*machine->config));

    if (config == NULL)
        return -ENOMEM;
    machine->config = config;
    (void)tl_keytab_into_memory(config, &config->keytab, NULL);
    return 0;
}

static int confine(const struct tla_work *work)
{
    const struct tla_worker_user *user = &work->conv->setup->user;

    if (work->card)
        return tla_sandbox_stay_alone();
    return work->conv->config->sandbox ? tla_sandbox_enter(user)
                                       : tla_sandbox_become(user);
}

static void run_worker(struct tla_work *work, int fd, pid_t monitor)
{
    json_t *result = NULL, *message;
    int rc;

    (void)prctl(PR_SET_NAME, "trustlogond");
    tla_secrets_forget(work->secrets, sizeof(work->secrets) / sizeof(work->secrets[0]));
    (void)signal(SIGIO, SIG_DFL);
    alarm(limit_s(work));
    rc = work->keys ? take_keys(work) : 0;
    if (rc == 0)
        rc = keep_only(fd, work->clients);
    if (rc == 0)
        rc = confine(work);
    if (rc == 0 && getppid() != monitor)
        rc = -ECHILD;
    work->fd = WORKER_FD;
    if (rc == 0) {
        tla_requests_begin(work);
        result = work->run(work);
        rc = result != NULL ? 0 : -ENOMEM;
    }
    message = rc == 0 ? json_pack("{s:o}", "result", result)
                      : json_pack("{s:i}", "failed", -rc);
    rc = message != NULL
             ? tla_message_send(WORKER_FD, message, tl_deadline_in_ms(SPARE_S * 1000))
             : -ENOMEM;
    json_decref(message);
    _exit(rc == 0 ? 0 : 1);
}

/* What the listener does for all its children, once, where there is no listener. */
static void prepare(struct tla_conv *conv)
{
    static bool prepared;

    if (!conv->setup->single || prepared)
        return;
    prepared = true;
    tla_preload(conv);
    (void)tl_gss_settings_keep(conv->config->run_dir);
    (void)tla_sandbox_filter_make();
}

static int start(struct tla_work *work, pid_t *pid)
{
    pid_t monitor = getpid();
    int ends[2];

    prepare(work->conv);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    *pid = fork();
    if (*pid == 0)
        run_worker(work, ends[1], monitor);
    close(ends[1]);
    if (work->clients > 0)
        close(work->clients); /* it is the worker's: its clients see when that ends */
    if (*pid < 0) {
        int rc = -errno;

        close(ends[0]);
        return rc;
    }
    work->fd = ends[0];
    return 0;
}

/* A worker belongs to another user, and a monitor may not send it a signal; a child that
 * becomes that user may. `pid` has not been waited for, so it is still the worker's. */
static void kill_worker(const struct tla_conv *conv, pid_t pid)
{
    const struct tla_worker_user *user = &conv->setup->user;
    pid_t child;

    if (kill(pid, SIGKILL) == 0) /* it did not get so far as to become the user */
        return;
    child = fork();
    if (child == 0) {
        tla_secrets_forget(NULL, 0);
        if (setgroups(0, NULL) == 0 && setresgid(user->gid, user->gid, user->gid) == 0 &&
            setresuid(user->uid, user->uid, user->uid) == 0 &&
            tla_sandbox_stay_alone() == 0)
            (void)kill(pid, SIGKILL);
        _exit(0);
    }
    /* Another process of that user may stop this one, but not the monitor's waiting. */
    for (int i = 0; child > 0 && i < KILL_MS && waitpid(child, NULL, WNOHANG) == 0; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Workers that are ending or have ended. Nobody waits for that; one that has not ended
 * when the next work is done is killed. All are when their monitor ends. */
#define ENDING_MAX 16
#define ENDING_S 1
#define COLLECT_MS 100
static struct {
    pid_t pid;
    time_t since; /* monotonic */
} ending[ENDING_MAX];

static time_t seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* One more, or 0. How many have not ended yet. */
static int collect(const struct tla_conv *conv, pid_t one)
{
    int left = 0;

    for (size_t i = 0; i < ENDING_MAX; i++) {
        if (ending[i].pid > 0 && waitpid(ending[i].pid, NULL, WNOHANG) != 0)
            ending[i].pid = 0;
        if (ending[i].pid > 0 && seconds() - ending[i].since > ENDING_S)
            kill_worker(conv, ending[i].pid);
        if (ending[i].pid == 0 && one > 0) {
            ending[i].pid = one;
            ending[i].since = seconds();
            one = 0;
        }
        left += ending[i].pid > 0;
    }
    return left;
}

/* A worker that stays may be silent for an hour. Those that worked for it are not left as
 * zombies meanwhile. */
static void collect_while_waiting(const struct tla_work *work)
{
    struct pollfd silent = {.fd = work->fd, .events = POLLIN};

    while (work->clients > 0 && collect(work->conv, 0) > 0 &&
           poll(&silent, 1, COLLECT_MS) == 0)
        ;
}

/* What a worker says of its own failure, which ends it in any case. */
static int error_of(const json_t *number)
{
    json_int_t error = json_integer_value(number);

    return error > 0 && error < 4096 ? -(int)error : -EBADMSG;
}

/* Until the result; every other message is a request. */
static int serve(struct tla_work *work, json_t **result)
{
    tl_deadline deadline = tl_deadline_in_ms((int64_t)limit_s(work) * 1000);
    const json_t *found;
    json_t *message;
    int rc;

    for (;;) {
        collect_while_waiting(work);
        rc = tla_message_receive(work->fd, deadline, &message);
        if (rc != 0)
            return rc;
        found = json_object_get(message, "result");
        if (json_is_object(found)) {
            *result = json_incref((json_t *)(uintptr_t)found);
            json_decref(message);
            return 0;
        }
        found = json_object_get(message, "failed");
        rc = found != NULL ? error_of(found) : tla_request_serve(work, message, deadline);
        json_decref(message);
        if (rc != 0)
            return rc;
    }
}

/* How it ended, if it did so by itself: then *pid is 0, for it need not be collected. */
static void log_failure(int rc, pid_t *pid)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    int status = 0;

    (void)nanosleep(&moment, NULL);
    if (*pid > 0 && waitpid(*pid, &status, WNOHANG) == *pid)
        *pid = 0;
    if (*pid == 0 && WIFSIGNALED(status))
        tla_journal_line(LOG_ERR, "a worker was killed by signal %d", WTERMSIG(status));
    else
        tla_journal_line(LOG_ERR, "a worker failed: %s", strerror(-rc));
}

int tla_work_do(struct tla_work *work, json_t **result)
{
    pid_t pid = 0;
    int rc;

    *result = NULL;
    work->requests = work->loans = 0;
    (void)collect(work->conv, 0);
    rc = start(work, &pid);
    if (rc == 0) {
        rc = serve(work, result);
        close(work->fd);
    }
    if (rc != 0)
        log_failure(rc, &pid);
    if (rc != 0 && pid > 0)
        kill_worker(work->conv, pid); /* perhaps it goes on */
    if (pid > 0)
        (void)collect(work->conv, pid);
    if (rc == 0)
        return 0;
    tl_outcome_reset(work->logon->outcome);
    tl_outcome_fail(work->logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                    "the process that asks the domain controllers has ended: %s",
                    strerror(-rc));
    return rc;
}
