/* SPDX-License-Identifier: MIT
 *
 * fuzz_kdc_conn.c - a KDC's reply over TCP, in pieces: a whole message or a dead
 * connection, and no more memory than bytes that came.
 *
 * The first byte is the length of the pieces, less one.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "kerberos/transport/kdc_conn.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_reply(struct tli_conn *conn)
{
    size_t len;
    uint8_t *reply = tli_conn_take(conn, conn, &len);

    if (len < 2 || len > TL_KDC_REPLY_MAX || reply == NULL ||
        conn->state != TL_CONN_READY)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_conn *conn = talloc_zero(NULL, struct tli_conn);
    size_t piece, at = 1;
    int pair[2];

    if (size == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) {
        talloc_free(conn);
        return 0;
    }
    piece = (size_t)data[0] + 1;
    conn->fd = pair[0];
    talloc_set_destructor(conn, conn_destroy);
    conn->state = TL_CONN_READING;
    while (conn->state == TL_CONN_READING && at < size) {
        size_t part = size - at < piece ? size - at : piece;

        if (send(pair[1], data + at, part, MSG_NOSIGNAL) != (ssize_t)part)
            abort();
        at += part;
        tli_conn_handle(conn, POLLIN);
        if (conn->in_size > FIRST_READ && conn->in_size > 2 * size)
            abort();
    }
    close(pair[1]);
    if (conn->state == TL_CONN_READING)
        tli_conn_handle(conn, POLLIN);
    if (conn->state == TL_CONN_DONE)
        judge_reply(conn);
    else if (conn->state != TL_CONN_DEAD || conn->why == NULL)
        abort();
    talloc_free(conn);
    return 0;
}
