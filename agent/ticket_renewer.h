/* SPDX-License-Identifier: MIT
 *
 * ticket_renewer.h - a child of the listener that renews the tickets of sessions.
 */
#ifndef TLA_TICKET_RENEWER_H
#define TLA_TICKET_RENEWER_H

#include "agent.h"

/* Check and renew the tickets of each session (sessions.h) once: exit status of the
 * child. */
int tla_renew_tickets(const struct tla_setup *setup);

#endif
