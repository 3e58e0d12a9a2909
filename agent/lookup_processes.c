/* SPDX-License-Identifier: MIT
 *
 * lookup_processes.c - which process reads the directory of which domain.
 *
 * A process ends by itself: when nobody has asked for some time, or with the listener.
 * The next call starts another one. A process that is replaced is killed, because it may
 * have been taken over; a client that waits for its answer retries with the new one.
 */
#include "lookup_processes.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "journal.h"

/* At the same time; the one that was asked longest ago makes room. */
#define PROCESSES_MAX 32
/* Bytes of a socket's queue, so of some twenty clients: sockets that are on their way and
 * not taken count against all of this user's. */
#define QUEUE_BYTES 16384

struct process {
    struct tla_lookup_call call; /* that it was started for */
    pid_t pid;                   /* of its monitor; 0: reaped */
    int clients;                 /* where it takes clients from */
    uint64_t asked;              /* the number of its last call */
};

struct tla_lookups {
    tla_lookup_start_fn start;
    void *arg;
    int ends[2]; /* the listener's, the monitors' */
    uint64_t calls;
    size_t count;
    struct process all[PROCESSES_MAX];
};

int tla_socket_pass(int over, const void *call, size_t len, int passed)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = (void *)(uintptr_t)call, .iov_len = len};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &passed, sizeof(int));
    if (sendmsg(over, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
        return 0;
    return errno == ECONNRESET ? -EPIPE : -errno;
}

int tla_socket_take(int over, void *call, size_t len)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = call, .iov_len = len};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(over, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    int passed = -1;

    if (got <= 0)
        return got == 0 || errno == ECONNRESET ? -EPIPE : -errno;
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&passed, CMSG_DATA(head), sizeof(int));
    if (passed >= 0 && got == (ssize_t)len)
        return passed;
    if (passed >= 0)
        close(passed);
    return -EBADMSG;
}

struct tla_lookups *tla_lookups_new(TALLOC_CTX *ctx, tla_lookup_start_fn start, void *arg)
{
    struct tla_lookups *lookups = talloc_zero(ctx, struct tla_lookups);

    if (lookups == NULL)
        return NULL;
    lookups->start = start;
    lookups->arg = arg;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, lookups->ends) != 0)
        TALLOC_FREE(lookups);
    return lookups;
}

int tla_lookups_for_monitors(const struct tla_lookups *lookups)
{
    return lookups != NULL ? lookups->ends[1] : -1;
}

int tla_lookups_fd(const struct tla_lookups *lookups)
{
    return lookups != NULL ? lookups->ends[0] : -1;
}

void tla_lookups_forget(struct tla_lookups *lookups)
{
    if (lookups == NULL)
        return;
    close(lookups->ends[0]);
    for (size_t i = 0; i < lookups->count; i++)
        close(lookups->all[i].clients);
    lookups->count = 0;
}

/* Its worker ends with it. */
static void dismiss(struct tla_lookups *lookups, struct process *process)
{
    if (process->pid > 0)
        (void)kill(process->pid, SIGTERM);
    close(process->clients);
    *process = lookups->all[--lookups->count];
}

void tla_lookups_reaped(struct tla_lookups *lookups, pid_t pid)
{
    for (size_t i = 0; lookups != NULL && i < lookups->count; i++)
        if (lookups->all[i].pid == pid)
            lookups->all[i].pid = 0;
}

static struct process *find(struct tla_lookups *lookups,
                            const struct tla_lookup_call *call)
{
    for (size_t i = 0; i < lookups->count; i++)
        if (strcmp(lookups->all[i].call.domain, call->domain) == 0 &&
            lookups->all[i].call.asker == call->asker)
            return &lookups->all[i];
    return NULL;
}

static bool is_old(const struct process *process, const struct tla_lookup_call *call)
{
    return process->call.stamp != call->stamp || process->call.taken < call->taken;
}

/* Users push out each other's before those of root's programs and of logons. */
static bool goes_before(const struct process *a, const struct process *b)
{
    return a->call.asker != b->call.asker ? a->call.asker < b->call.asker
                                          : a->asked < b->asked;
}

static void make_room(struct tla_lookups *lookups)
{
    struct process *first = &lookups->all[0];

    if (lookups->count < PROCESSES_MAX)
        return;
    for (size_t i = 1; i < lookups->count; i++)
        if (goes_before(&lookups->all[i], first))
            first = &lookups->all[i];
    dismiss(lookups, first);
}

/* It is in the table before the fork: the child closes what is in it, and must not hold
 * the listener's end of its own socket. */
static struct process *start(struct tla_lookups *lookups,
                             const struct tla_lookup_call *call)
{
    const int queue = QUEUE_BYTES;
    struct process *process;
    pid_t pid;
    int ends[2];

    make_room(lookups);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return NULL;
    process = &lookups->all[lookups->count++];
    *process = (struct process){.call = *call, .clients = ends[0]};
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &queue, sizeof(queue));
    pid = lookups->start(lookups->arg, call->domain, ends[1]);
    close(ends[1]);
    if (pid > 0) {
        process->pid = pid;
        return process;
    }
    tla_journal_line(LOG_ERR, "cannot start a process for look-ups");
    dismiss(lookups, process);
    return NULL;
}

/* To the process that there is, or a new one if that has ended. A client that cannot be
 * passed on sees its socket closed. */
static void give(struct tla_lookups *lookups, const struct tla_lookup_call *call,
                 int client)
{
    struct process *process = find(lookups, call);
    int rc = -EPIPE;

    if (process != NULL && is_old(process, call)) {
        dismiss(lookups, process);
        process = NULL;
    }
    if (process != NULL)
        rc = tla_socket_pass(process->clients, "", 1, client);
    if (process != NULL && rc == -EPIPE) {
        dismiss(lookups, process);
        process = NULL;
    }
    if (process == NULL) {
        process = start(lookups, call);
        if (process != NULL)
            (void)tla_socket_pass(process->clients, "", 1, client);
    }
    if (process != NULL)
        process->asked = ++lookups->calls;
}

void tla_lookups_ready(struct tla_lookups *lookups)
{
    struct tla_lookup_call call;
    int client = tla_socket_take(lookups->ends[0], &call, sizeof(call));

    if (client < 0)
        return;
    call.domain[sizeof(call.domain) - 1] = '\0';
    give(lookups, &call, client);
    close(client);
}

int tla_lookup_send(int lookups, const struct tla_lookup_call *call, int client)
{
    return lookups > 0 ? tla_socket_pass(lookups, call, sizeof(*call), client)
                       : -ENOTCONN;
}
