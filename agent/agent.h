/* SPDX-License-Identifier: MIT
 *
 * agent.h - the setup of trustlogond, and one conversation with a client.
 *
 * One process per conversation: it holds one user's secrets, talks to one
 * client, and its end takes everything with it. The listener only accepts,
 * counts and forks; it never reads a byte that came from a client or a network.
 *
 * Every file of the agent has a header of its own name; this one has only what
 * they share.
 */
#ifndef TLA_AGENT_H
#define TLA_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <talloc.h>
#include <trustlogon/config.h>
#include <trustlogon/outcome.h>

#include "sandbox.h"
#include "tl_build.h"
#include "wire/wire.h"

/*
 * Where a conversation came in. Look-ups have a socket of their own, so that limits
 * apply before a byte is read, and many of them do not delay a logon.
 */
enum tla_endpoint_kind { TLA_ENDPOINT_LOGON, TLA_ENDPOINT_LOOKUP };
#define TLA_ENDPOINTS 2

/* The command line. */
struct tla_setup {
    /* --conf, or NULL: the built-in path. */
    const char *conf;
    /* Where to listen for logons and for look-ups. */
    const char *socket, *lookup_socket;
    /* --run-dir, --state-dir, --cache-dir; NULL: as the configuration has them. */
    const char *run_dir, *state_dir, *cache_dir;
    /* --stderr: log there, not to the journal. */
    bool to_stderr;
    /* Whom workers become. */
    struct tla_worker_user user;
    /* --conversation: one conversation, after which the process must end. */
    bool single;
    /* Where a monitor sends calls to the processes that read directories
     * (lookup_processes.h); 0: no listener keeps any. */
    int lookups;
};

/* One conversation: the context of everything that its monitor allocates. */
struct tla_conv {
    const struct tla_setup *setup;
    /* The client's socket, and where it was accepted. */
    int fd;
    enum tla_endpoint_kind endpoint;
    /* The client's uid, by SO_PEERCRED. */
    uid_t peer;
    /* The client is a locker whose account NSS knows from the identity store only: the
     * logon must prove that the account has this uid. */
    bool peer_by_store;
    /* Read for this conversation (config.h); NULL before that. */
    struct tl_config *config;
    /* What is asked; the strings are children of the conversation. */
    struct tli_wire_msg request;
    /* What DONE carries. */
    struct tl_outcome *outcome;
    /* The user's name may be a mistyped password: it must not be logged
     * (tla_journal_may_name). */
    bool unnamed;
    /* A worker has found more of the machine's domain controllers than it may write to
     * the cache (worker_requests.c). */
    bool own_dcs_unknown;
    /* One packet, sent or received; wiped after each use. */
    uint8_t buf[TL_WIRE_MAX];
};

/* For work of the agent's own, without a configuration yet. NULL: no memory. */
struct tla_conv *tla_conv_without_client(const struct tla_setup *setup);

#endif
