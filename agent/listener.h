/* SPDX-License-Identifier: MIT
 *
 * listener.h - accept, count, fork.
 */
#ifndef TLA_LISTENER_H
#define TLA_LISTENER_H

#include "agent.h"

/* Listen until a signal or idle_exit ends it: exit status of the program. */
int tla_listen(const struct tla_setup *setup);

#endif
