/* SPDX-License-Identifier: MIT
 *
 * worker_message.c - messages between the monitor and a worker.
 */
#include "worker_message.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD 4

/* 0 when the socket is ready for it, or the error. */
static int wait_for(int fd, short what, tl_deadline deadline)
{
    struct pollfd pfd = {.fd = fd, .events = what};
    int left = tl_deadline_left_ms(deadline), ready;

    if (left == 0)
        return -ETIMEDOUT; /* even if there is always something to do */
    ready = poll(&pfd, 1, left);
    if (ready < 0 && errno != EINTR)
        return -errno;
    return ready == 0 ? -ETIMEDOUT : 0;
}

static int send_all(int fd, const void *bytes, size_t len, tl_deadline deadline)
{
    const uint8_t *at = bytes;
    int rc = 0;

    while (len > 0 && rc == 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EINTR) {
            rc = wait_for(fd, POLLOUT, deadline);
        } else {
            rc = errno == ECONNRESET ? -EPIPE : -errno;
        }
    }
    return rc;
}

int tla_message_send(int fd, const json_t *message, tl_deadline deadline)
{
    char *text = json_dumps(message, JSON_COMPACT);
    size_t len = text != NULL ? strlen(text) : 0;
    const uint8_t head[HEAD] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                                (uint8_t)(len >> 24)};
    int rc = text == NULL ? -ENOMEM : len > TLA_MESSAGE_MAX ? -E2BIG : 0;

    if (rc == 0)
        rc = send_all(fd, head, sizeof(head), deadline);
    if (rc == 0)
        rc = send_all(fd, text, len, deadline);
    if (text != NULL)
        explicit_bzero(text, len); /* tickets */
    free(text);
    return rc;
}

static int receive_all(int fd, tl_deadline deadline, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    int rc = 0;

    while (len > 0 && rc == 0) {
        ssize_t got = 0;

        rc = wait_for(fd, POLLIN, deadline);
        if (rc == 0)
            got = recv(fd, at, len, MSG_DONTWAIT);
        if (rc == 0 && got < 0 && errno != EINTR && errno != EAGAIN)
            rc = errno == ECONNRESET ? -EPIPE : -errno;
        else if (rc == 0 && got == 0)
            rc = -EPIPE;
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
    return rc;
}

json_t *tla_message_parse(const char *bytes, size_t len)
{
    json_error_t error;
    json_t *message = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);

    if (message != NULL && !json_is_object(message)) {
        json_decref(message);
        return NULL;
    }
    return message;
}

int tla_message_receive(int fd, tl_deadline deadline, json_t **message)
{
    return tla_message_receive_most(fd, deadline, TLA_MESSAGE_MAX, message);
}

int tla_message_receive_most(int fd, tl_deadline deadline, size_t most, json_t **message)
{
    uint8_t head[HEAD] = {0};
    int rc = receive_all(fd, deadline, head, sizeof(head));
    char *text = NULL;
    size_t len;

    *message = NULL;
    if (rc != 0)
        return rc;
    len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
          (size_t)head[3] << 24;
    if (len == 0 || len > most)
        return -EBADMSG;
    text = malloc(len);
    if (text == NULL)
        return -ENOMEM;
    rc = receive_all(fd, deadline, text, len);
    if (rc == 0)
        *message = tla_message_parse(text, len);
    explicit_bzero(text, len);
    free(text);
    return rc == 0 && *message == NULL ? -EBADMSG : rc;
}
