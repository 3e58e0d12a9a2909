/* SPDX-License-Identifier: MIT
 *
 * wire_io.c - whole packets over the socket between a module and the agent.
 *
 * The socket may be blocking or not, and may be shared across a fork: every transfer is
 * non-blocking behind a poll, so the time limit holds even if another process took the
 * packet that poll announced.
 */
#include "io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int64_t tli_wire_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t tli_wire_deadline(int timeout_ms)
{
    return timeout_ms < 0 ? TL_WIRE_FOREVER : tli_wire_now() + timeout_ms;
}

static int wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd pfd = {.fd = fd, .events = events};
    int64_t left = -1;
    int n;

    for (;;) {
        if (deadline != TL_WIRE_FOREVER) {
            left = deadline - tli_wire_now();
            if (left < 0)
                left = 0;
        }
        n = poll(&pfd, 1, (int)left);
        if (n > 0)
            return 0;
        if (n == 0)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

static bool again(int err)
{
    return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static int peer_errno(int err)
{
    return err == EPIPE ? -ECONNRESET : -err;
}

int tli_wire_send_by(int fd, const struct tli_wire_msg *msg, uint8_t *buf, size_t cap,
                     int64_t deadline)
{
    size_t len;
    int ret;

    ret = tli_wire_encode(msg, buf, cap, &len);
    if (ret == -ENOSPC)
        return -EMSGSIZE;
    if (ret != 0)
        return ret;
    for (;;) {
        ret = wait_for(fd, POLLOUT, deadline);
        if (ret != 0)
            return ret;
        /* SOCK_SEQPACKET sends a packet whole or not at all. */
        if (send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (!again(errno))
            return peer_errno(errno);
    }
}

int tli_wire_recv_by(int fd, struct tli_wire_msg *msg, uint8_t *buf, size_t cap,
                     int64_t deadline)
{
    struct iovec iov = {.iov_base = buf, .iov_len = cap};
    struct msghdr head;
    ssize_t len;
    int ret;

    memset(msg, 0, sizeof(*msg));
    do {
        ret = wait_for(fd, POLLIN, deadline);
        if (ret != 0)
            return ret;
        memset(&head, 0, sizeof(head));
        head.msg_iov = &iov;
        head.msg_iovlen = 1;
        len = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (len < 0 && again(errno));
    if (len < 0)
        return peer_errno(errno);
    if (head.msg_flags & MSG_TRUNC)
        return -EMSGSIZE;
    /* The protocol passes no descriptors. With no room given for them the kernel has
     * closed them already; the sender is not an agent or a module. */
    if (head.msg_flags & MSG_CTRUNC)
        return -EBADMSG;
    if (len == 0)
        return -ECONNRESET;
    return tli_wire_decode(buf, (size_t)len, msg);
}

int tli_wire_send(int fd, const struct tli_wire_msg *msg, uint8_t *buf, int timeout_ms)
{
    return tli_wire_send_by(fd, msg, buf, TL_WIRE_MAX, tli_wire_deadline(timeout_ms));
}

int tli_wire_recv(int fd, struct tli_wire_msg *msg, uint8_t *buf, int timeout_ms)
{
    return tli_wire_recv_by(fd, msg, buf, TL_WIRE_MAX, tli_wire_deadline(timeout_ms));
}
