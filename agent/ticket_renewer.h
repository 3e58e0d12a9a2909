/* SPDX-License-Identifier: MIT
 *
 * ticket_renewer.h - tickets last as long as the session, by a child of the listener.
 */
#ifndef TLA_TICKET_RENEWER_H
#define TLA_TICKET_RENEWER_H

#include "agent.h"

/* Look at the tickets of each session (sessions.h) once: exit status of the child. */
int tla_renew_tickets(const struct tla_setup *setup);

#endif
