/* SPDX-License-Identifier: MIT
 *
 * filtered_port.h - a TCP port that no connection gets an answer from, as behind a
 * firewall.
 */
#ifndef TL_TEST_FILTERED_PORT_H
#define TL_TEST_FILTERED_PORT_H

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

/* Listens on a bound socket and fills its queue, which nothing empties: Linux then drops
 * further SYNs. The queue is full when the socket is readable, however long that takes.
 * Returns the connection that fills it, for the caller to close. */
static inline int listen_filtered(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);
    struct pollfd full = {.fd = fd, .events = POLLIN};
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    ck_assert_int_ge(filler, 0);
    ck_assert_int_eq(listen(fd, 0), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    (void)connect(filler, (struct sockaddr *)&addr, len);
    ck_assert_int_eq(poll(&full, 1, -1), 1);
    return filler;
}

#endif
