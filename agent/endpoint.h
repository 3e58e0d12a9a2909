/* SPDX-License-Identifier: MIT
 *
 * endpoint.h - one of the listener's two sockets, and which clients it admits.
 */
#ifndef TLA_ENDPOINT_H
#define TLA_ENDPOINT_H

#include "agent.h"
#include "limits.h"

struct tla_endpoint {
    enum tla_endpoint_kind kind;
    /* The listening socket; -1: not open. */
    int fd;
    const char *path;
    /* systemd holds the socket. */
    bool given;
    struct tla_limits *limits;
    /* When the next line about refusals may be written (seconds of the monotonic clock),
     * so that a flood does not fill the journal, and how many there were since the last
     * one. */
    int64_t next_line;
    unsigned refused;
};

/* Take systemd's socket, or, unless `activated` (systemd holds the other one), make one.
 * The limits are children of ctx. 0 or -errno. */
int tla_endpoint_open(struct tla_endpoint *endpoint, TALLOC_CTX *ctx,
                      enum tla_endpoint_kind kind, const struct tla_setup *setup,
                      const struct tl_config *config, bool activated);
/* May the client that was accepted at `now` have a monitor? true: counted for *uid in
 * endpoint->limits. A refusal is logged. */
bool tla_endpoint_admit(struct tla_endpoint *endpoint, int fd, int64_t now, uid_t *uid);

#endif
