/* SPDX-License-Identifier: MIT
 *
 * worker.h - one conversation from its request to its end.
 */
#ifndef TLA_WORKER_H
#define TLA_WORKER_H

#include "agent.h"

/* Serve the whole conversation on `fd`; the process ends afterwards. 0 or -errno. */
int tla_serve(const struct tla_setup *setup, int fd, enum tla_endpoint_kind endpoint);

#endif
