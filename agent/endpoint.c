/* SPDX-License-Identifier: MIT
 *
 * endpoint.c - one of the listener's two sockets, and which clients it admits.
 */
#include "endpoint.h"

#include <errno.h>

#include "journal.h"
#include "peer.h"
#include "sockets.h"

/* Seconds between two lines about refused clients. */
#define REFUSALS_EVERY 60

/* Logons of one uid: ten at once after a rest, ten a minute. */
#define LOGON_BURST 10
#define LOGON_EVERY 6

/* Room for the owners in a foreign file system, and for a parallel build. */
static const struct tla_bounds lookup_bounds = {
    .all = 64, .per_uid = 16, .burst = 500, .more = 50, .every = 1};

int tla_endpoint_open(struct tla_endpoint *endpoint, TALLOC_CTX *ctx,
                      enum tla_endpoint_kind kind, const struct tla_setup *setup,
                      const struct tl_config *config, bool activated)
{
    const struct tla_bounds logon_bounds = {.all = config->max_conversations,
                                            .per_uid = config->max_per_uid,
                                            .burst = LOGON_BURST,
                                            .more = 1,
                                            .every = LOGON_EVERY};
    bool logon = kind == TLA_ENDPOINT_LOGON;

    endpoint->kind = kind;
    endpoint->path = logon ? setup->socket : setup->lookup_socket;
    endpoint->limits = tla_limits_new(ctx, logon ? &logon_bounds : &lookup_bounds);
    if (endpoint->limits == NULL)
        return -ENOMEM;
    /* The unit file may name any path for logons. */
    endpoint->fd = logon ? tla_socket_given(NULL, setup->lookup_socket)
                         : tla_socket_given(endpoint->path, NULL);
    endpoint->given = endpoint->fd >= 0;
    /* With systemd, only its sockets are used: a socket of the agent's own would be gone
     * whenever the agent is idle. */
    if (endpoint->given || activated)
        return 0;
    endpoint->fd = tla_socket_bind(endpoint->path, config->run_dir);
    return endpoint->fd < 0 ? endpoint->fd : 0;
}

/* Each refusal of root is logged; those of others once a minute, with their number. */
static void log_refusal(struct tla_endpoint *endpoint, const char *why, uid_t uid,
                        int64_t now)
{
    endpoint->refused++;
    if (uid != 0 && now < endpoint->next_line)
        return;
    endpoint->next_line = now + REFUSALS_EVERY;
    tla_journal_line(LOG_WARNING, "uid %u %s: refused (%u times)", (unsigned int)uid, why,
                     endpoint->refused);
    endpoint->refused = 0;
}

bool tla_endpoint_admit(struct tla_endpoint *endpoint, int fd, int64_t now, uid_t *uid)
{
    struct ucred peer;
    const char *why = NULL;

    *uid = (uid_t)-1;
    if (tla_peer_read(fd, &peer) != 0)
        return false; /* the client has gone */
    if (endpoint->kind == TLA_ENDPOINT_LOOKUP && tla_peer_is_agent(&peer))
        why = "sends a look-up from inside the agent";
    else if (!tla_limits_enter(endpoint->limits, peer.uid, now))
        why = "has too many conversations";
    if (why != NULL) {
        log_refusal(endpoint, why, peer.uid, now);
        return false;
    }
    *uid = peer.uid;
    return true;
}
