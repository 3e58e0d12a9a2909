/* SPDX-License-Identifier: MIT
 *
 * ask.c - one bounded look-up over the agent's socket.
 */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "io.h"

/* The longest name, the numbers and all headers. */
#define ASK_BUFFER (TL_ASK_NAME_MAX + 64)

/* A process may have closed its standard descriptors; a socket in their place would
 * receive what the process prints. */
static int open_above_standard(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), higher;

    if (fd < 0)
        return -errno;
    if (fd > STDERR_FILENO)
        return fd;
    higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (higher < 0)
        higher = -errno;
    close(fd);
    return higher;
}

static bool set_send_limit(int fd, int64_t left)
{
    const struct timeval limit = {.tv_sec = left / 1000,
                                  .tv_usec = (suseconds_t)(left % 1000) * 1000};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0;
}

/* A non-blocking connect to a full queue fails at once and gives nothing to poll for;
 * a blocking one waits for a place, as long as the send limit says [unix(7)]. */
static int connect_by(int fd, const char *path, int64_t deadline)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strnlen(path, sizeof(addr.sun_path));
    int64_t left;

    if (len == sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, len);
    for (;;) {
        left = deadline - tli_wire_now();
        if (left <= 0) /* a limit of 0 would be none */
            return -ETIMEDOUT;
        if (!set_send_limit(fd, left))
            return -errno;
        if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
            return 0;
        if (errno == EAGAIN)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

/* Checks the uid of the process that called listen(): with a world-writable folder
 * somewhere in the path, or a socket left behind, it could be any user. */
static int check_peer(int fd, uid_t owner)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return -errno;
    return peer.uid == owner ? 0 : -EACCES;
}

static int converse(int fd, const struct tli_wire_msg *request, int64_t deadline,
                    uint32_t *ntstatus)
{
    uint8_t buf[ASK_BUFFER];
    struct tli_wire_msg answer;
    int ret = tli_wire_send_by(fd, request, buf, sizeof(buf), deadline);

    if (ret == 0)
        ret = tli_wire_recv_by(fd, &answer, buf, sizeof(buf), deadline);
    if (ret == 0 && answer.type != TL_WIRE_DONE)
        ret = -EBADMSG;
    if (ret == 0)
        *ntstatus = answer.ntstatus;
    return ret;
}

static int ask(uid_t owner, const char *socket, const struct tli_wire_msg *request,
               int64_t deadline, uint32_t *ntstatus)
{
    int fd = open_above_standard(), ret;

    if (fd < 0)
        return fd;
    ret = connect_by(fd, socket, deadline);
    if (ret == 0)
        ret = check_peer(fd, owner);
    if (ret == 0)
        ret = converse(fd, request, deadline, ntstatus);
    close(fd);
    return ret;
}

int tli_ask_lookup_of(uid_t owner, const char *socket, uint32_t lookup, const char *name,
                      uint32_t id, int timeout_ms, uint32_t *ntstatus)
{
    const struct tli_wire_msg request = {.type = TL_WIRE_REQUEST,
                                         .op = TL_OP_LOOKUP,
                                         .lookup = lookup,
                                         .id = id,
                                         .user = name};
    const bool by_name = lookup == TL_LOOKUP_USER_NAME || lookup == TL_LOOKUP_GROUP_NAME;
    int saved = errno, cancel, ret;

    *ntstatus = 0;
    if (lookup < TL_LOOKUP_USER_NAME || lookup > TL_LOOKUP_GROUP_ID || timeout_ms < 0 ||
        by_name != (name != NULL))
        return -EINVAL;
    if (name != NULL && strnlen(name, TL_ASK_NAME_MAX + 1) > TL_ASK_NAME_MAX)
        return -ENAMETOOLONG;
    /* A thread that is cancelled in here would leave the socket open. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    ret = ask(owner, socket, &request, tli_wire_deadline(timeout_ms), ntstatus);
    pthread_setcancelstate(cancel, &cancel);
    errno = saved;
    return ret;
}

int tli_ask_lookup(const char *socket, uint32_t lookup, const char *name, uint32_t id,
                   int timeout_ms, uint32_t *ntstatus)
{
    return tli_ask_lookup_of(0, socket, lookup, name, id, timeout_ms, ntstatus);
}
