/* SPDX-License-Identifier: MIT
 *
 * kdc_conn.c - one non-blocking TCP connection to a KDC (RFC 4120 7.2.2): four bytes of
 * length, then the message. Length and message leave in one write: apart they cost 40 ms
 * each time, Nagle's algorithm against the delayed acknowledgement.
 */
#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A reply is short but for large PACs; grow only as bytes really arrive, so that a length
 * field alone causes no allocation. */
#define FIRST_READ 16384U

static int conn_destroy(struct tli_conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    return 0;
}

void tli_conn_kill(struct tli_conn *conn, enum tl_reason reason, const char *why)
{
    conn_destroy(conn);
    conn->state = TL_CONN_DEAD;
    conn->reason = reason;
    conn->why = why;
}

static void kill_by_errno(struct tli_conn *conn, int err)
{
    switch (err) {
    case ECONNREFUSED:
        tli_conn_kill(conn, TL_REASON_PORT88_REFUSED, "connection refused");
        break;
    case ETIMEDOUT:
        tli_conn_kill(conn, TL_REASON_PORT88_FILTERED,
                      "no answer to the connection request");
        break;
    case EHOSTUNREACH:
    case ENETUNREACH:
        tli_conn_kill(conn, TL_REASON_NO_LOGON_SERVERS, "no route to it");
        break;
    default:
        tli_conn_kill(conn, TL_REASON_NO_LOGON_SERVERS, strerrordesc_np(err));
    }
}

static char *describe(TALLOC_CTX *ctx, const struct tl_dc *dc, uint16_t port)
{
    return talloc_asprintf(ctx, "%s (%s) %u/tcp", dc->host != NULL ? dc->host : "?",
                           dc->address != NULL ? dc->address : "?", port);
}

/* The address with its port: the one given, else its own, else 88. */
static uint16_t set_port(struct sockaddr_storage *addr, uint16_t port)
{
    in_port_t *field;

    if (addr->ss_family == AF_INET6)
        field = &((struct sockaddr_in6 *)(void *)addr)->sin6_port;
    else
        field = &((struct sockaddr_in *)(void *)addr)->sin_port;
    if (port != 0)
        *field = htons(port);
    else if (*field == 0)
        *field = htons(88);
    return ntohs(*field);
}

/* A connection that fails at once is returned DEAD with its reason, like one that
 * fails later: the race treats both alike. */
struct tli_conn *tli_conn_new(TALLOC_CTX *ctx, const struct tl_dc *dc, uint16_t port)
{
    struct tli_conn *conn = talloc_zero(ctx, struct tli_conn);
    struct sockaddr_storage addr = dc->addr;
    int one = 1;

    if (conn == NULL)
        return NULL;
    conn->fd = -1;
    talloc_set_destructor(conn, conn_destroy);
    conn->dc = *dc;
    conn->dc.host = talloc_strdup(conn, dc->host);
    conn->dc.domain = talloc_strdup(conn, dc->domain);
    conn->dc.address = talloc_strdup(conn, dc->address);
    conn->kdc = describe(conn, dc, set_port(&addr, port));
    if (conn->kdc == NULL) {
        talloc_free(conn);
        return NULL;
    }
    conn->started_us = tl_now_us();
    conn->fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) {
        kill_by_errno(conn, errno);
        return conn;
    }
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(conn->fd, (struct sockaddr *)(void *)&addr, dc->addr_len) == 0)
        conn->state = TL_CONN_READY;
    else if (errno == EINPROGRESS)
        conn->state = TL_CONN_CONNECTING;
    else
        kill_by_errno(conn, errno);
    return conn;
}

int tli_conn_send(struct tli_conn *conn, const uint8_t *request, size_t len)
{
    uint8_t *out = talloc_array(conn, uint8_t, len + 4);

    if (out == NULL)
        return -ENOMEM;
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(len >> (24 - 8 * i));
    memcpy(out + 4, request, len);
    talloc_free(conn->out);
    conn->out = out;
    conn->out_len = len + 4;
    conn->out_done = 0;
    conn->in_len = 0;
    conn->state = TL_CONN_WRITING;
    conn->sent_us = tl_now_us();
    /* the socket nearly always takes it at once; save a turn of poll() */
    tli_conn_handle(conn, POLLOUT);
    return 0;
}

short tli_conn_events(const struct tli_conn *conn)
{
    switch (conn->state) {
    case TL_CONN_CONNECTING:
    case TL_CONN_WRITING:
        return POLLOUT;
    case TL_CONN_READING:
        return POLLIN;
    default:
        return 0;
    }
}

static void finish_connect(struct tli_conn *conn)
{
    int err = 0;
    socklen_t len = sizeof(err);

    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        err = errno;
    if (err != 0)
        kill_by_errno(conn, err);
    else
        conn->state = TL_CONN_READY;
}

static void write_some(struct tli_conn *conn)
{
    ssize_t n = send(conn->fd, conn->out + conn->out_done, conn->out_len - conn->out_done,
                     MSG_NOSIGNAL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        tli_conn_kill(conn, TL_REASON_KDC_SILENT, "connection closed without an answer");
        return;
    }
    conn->out_done += (size_t)n;
    if (conn->out_done == conn->out_len)
        conn->state = TL_CONN_READING;
}

/* Room for the next bytes; false: dead. */
static bool make_room(struct tli_conn *conn)
{
    size_t size;
    uint8_t *in;

    if (conn->in_len < conn->in_size)
        return true;
    size = conn->in_size == 0 ? FIRST_READ : conn->in_size * 2;
    in = talloc_realloc(conn, conn->in, uint8_t, size);
    if (in == NULL) {
        tli_conn_kill(conn, TL_REASON_NO_MEMORY, "out of memory");
        return false;
    }
    conn->in = in;
    conn->in_size = size;
    return true;
}

/* Enough bytes for a verdict? Judge the length, the end, the first byte. */
static void judge(struct tli_conn *conn)
{
    const uint8_t *in = conn->in;
    uint32_t len;

    if (conn->in_len < 4)
        return;
    len = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
    if (len > TL_KDC_REPLY_MAX || len < 2) {
        tli_conn_kill(conn, TL_REASON_KDC_GARBAGE, "the length is not that of a reply");
        return;
    }
    if (!conn->any_reply && conn->in_len > 4 && in[4] != 0x6b && in[4] != 0x6d &&
        in[4] != 0x7e) {
        tli_conn_kill(conn, TL_REASON_KDC_GARBAGE,
                      "the first byte is not that of an AS-REP, TGS-REP or KRB-ERROR");
        return;
    }
    if (conn->in_len - 4 < len)
        return;
    /* What follows the reply was not asked for. The reply proves itself; the connection
     * is out of step. */
    conn->spent = conn->in_len - 4 > len;
    conn->in_len = (size_t)len + 4;
    conn->state = TL_CONN_DONE;
}

static void read_some(struct tli_conn *conn)
{
    ssize_t n;

    if (!make_room(conn))
        return;
    n = recv(conn->fd, conn->in + conn->in_len, conn->in_size - conn->in_len, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        tli_conn_kill(conn, TL_REASON_KDC_SILENT,
                      conn->in_len == 0 ? "connection closed without an answer"
                                        : "connection closed within the answer");
        return;
    }
    conn->in_len += (size_t)n;
    judge(conn);
}

void tli_conn_handle(struct tli_conn *conn, short revents)
{
    if (revents == 0)
        return;
    if (conn->state == TL_CONN_CONNECTING)
        finish_connect(conn);
    else if (conn->state == TL_CONN_WRITING)
        write_some(conn);
    else if (conn->state == TL_CONN_READING)
        read_some(conn);
}

uint8_t *tli_conn_take(TALLOC_CTX *ctx, struct tli_conn *conn, size_t *len)
{
    uint8_t *reply = talloc_memdup(ctx, conn->in + 4, conn->in_len - 4);

    *len = conn->in_len - 4;
    TALLOC_FREE(conn->out);
    TALLOC_FREE(conn->in);
    conn->in_len = conn->in_size = 0;
    conn->state = TL_CONN_READY;
    conn->reused = true;
    return reply;
}
