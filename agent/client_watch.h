/* SPDX-License-Identifier: MIT
 *
 * client_watch.h - a monitor ends when its client hangs up.
 */
#ifndef TLA_CLIENT_WATCH_H
#define TLA_CLIENT_WATCH_H

#include "agent.h"

/* From now on the process ends (by SIGIO) when the client hangs up or speaks out of
 * turn, or (off) it does not. */
void tla_end_with_client(struct tla_conv *conv, bool on);
/* The same around a step that asks the network (busy), with an alarm besides: the step
 * has time limits of its own, and the alarm ends a monitor that does not keep them. */
void tla_watch_client(struct tla_conv *conv, bool busy);

#endif
