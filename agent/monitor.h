/* SPDX-License-Identifier: MIT
 *
 * monitor.h - one conversation from its request to its end.
 */
#ifndef TLA_MONITOR_H
#define TLA_MONITOR_H

#include "agent.h"

/* Serve the whole conversation on `fd`; the process ends afterwards. 0 or -errno. */
int tla_serve(const struct tla_setup *setup, int fd, enum tla_endpoint_kind endpoint);

#endif
