/* SPDX-License-Identifier: MIT
 *
 * deferred_tickets.h - tickets for a session that began with a cached logon, once a
 * domain controller answers.
 */
#ifndef TLA_DEFERRED_TICKETS_H
#define TLA_DEFERRED_TICKETS_H

#include "agent.h"
#include "pending.h"

/*
 * After the answer of a cached logon, whose note (deferred_note.h) is there: wait until a
 * domain controller answers, log on with the same password, and put the tickets into the
 * session's cache. Returns at once in an agent that serves one conversation only;
 * otherwise it may take hours, and reports to the journal only.
 */
void tla_deferred_tickets(struct tla_conv *conv, const struct tla_pending *pending,
                          const struct tl_sid *sid, const char *password);

#endif
