/* SPDX-License-Identifier: MIT
 *
 * worker_process.h - work in a process that owns nothing.
 *
 * The process of a conversation is its monitor: it has the client, the keytab, the store
 * and the journal, and reads nothing from the network that a user's domain sends. For
 * that it forks a worker, which inherits all that was read and decided so far, enters the
 * sandbox (sandbox.h), does one piece of work, sends its result, and ends. What a worker
 * may ask of its monitor meanwhile is in worker_requests.c, and nothing else.
 */
#ifndef TLA_WORKER_PROCESS_H
#define TLA_WORKER_PROCESS_H

#include <jansson.h>

#include <trustlogon/logon.h>
#include <trustlogon/tickets.h>

#include "agent.h"

#define TLA_CLIENTS_FD 4
/* A worker that stays ends by itself long before (lookup_worker.c). */
#define TLA_SERVES_S 7200

struct tla_work {
    struct tla_conv *conv;
    struct tl_logon *logon;
    /* In the worker: a new reference to the result, or NULL. */
    json_t *(*run)(struct tla_work *work);
    const void *arg;
    /* It uses a smart card, and keeps what its PKCS #11 module may need (sandbox.h). */
    bool card;
    /* It has the machine's keys, and gets tickets for other workers. */
    bool keys;
    /* It speaks with this machine's domain alone. */
    bool own;
    /* It reads the directory of this domain, by its DNS name, with borrowed tickets; or
     * NULL. */
    const char *serves;
    /* It does so for as long as this brings clients (lookup_worker.c): a descriptor that
     * goes with the worker, which has it as TLA_CLIENTS_FD. 0 for a piece of work. */
    int clients;
    /* What it needs of the user's secrets (secret.h); all others it forgets. */
    const char *secrets[2];
    /* Get the machine's tickets for it (machine_loan.h); NULL: it may not ask for them.
     */
    enum tl_reason (*lend)(const struct tla_work *work, const struct tl_loan *loan,
                           struct tl_tickets **tickets, struct tl_outcome *out);
    /* The worker's end of the socket, in the worker; the monitor's, in the monitor. */
    int fd;
    unsigned int requests, loans; /* that the monitor has answered so far ... */
    int64_t counted_us;           /* ... since then */
    int at_most_ms; /* it is given up after that; 0: after what its kind may take */
};

/*
 * Do it. *result is a new reference. 0; or -errno, with the outcome of work->logon set to
 * an internal error: the worker could not be started, has died, or does not keep to the
 * protocol, which is in the journal.
 */
int tla_work_do(struct tla_work *work, json_t **result);

#endif
