/* SPDX-License-Identifier: MIT
 *
 * lookup_worker.h - the process that reads the directory of one domain for look-ups, and
 * its monitor.
 */
#ifndef TLA_LOOKUP_WORKER_H
#define TLA_LOOKUP_WORKER_H

#include "agent.h"

/* What ps(1) calls these processes. */
#define TLA_LOOKUP_NAME "trustlogond-dir"

/*
 * In a child of the listener, which becomes the monitor of a worker (worker_process.h):
 * as long as that answers look-ups of the domain. Clients come over `clients`, each a
 * socket over which questions go (reading_codec.h). The worker has no keys and no TGT;
 * its monitor lends it the tickets for this domain's LDAP servers. 0, or 1 after a
 * failure.
 */
int tla_lookup_keep(const struct tla_setup *setup, const char *domain, int clients);

#endif
