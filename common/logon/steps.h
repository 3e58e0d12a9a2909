/* SPDX-License-Identifier: MIT
 *
 * steps.h - the steps that a logon and a change of the password have in common.
 * Each fails into logon->outcome.
 */
#ifndef TL_LOGON_STEPS_H
#define TL_LOGON_STEPS_H

#include <trustlogon/logon.h>

/* --- way.c --- */

/* NULL for a snapshot that was taken as a member of another domain: it tells nothing of
 * this one. */
struct tl_topology *tli_topology_of(struct tl_topology *topo,
                                    const struct tl_workstation *ws);
/* Route the name by the present topology, replacing an earlier route. */
enum tl_reason tli_logon_route(struct tl_logon *logon);
/* The account of this machine was unknown to its own KDC: the keytab may have another
 * (machine/keytab_machines.h), which logon->ws then is. */
bool tli_logon_other_machine(struct tl_logon *logon);
/* Route and locator: logon->route->realm is set. The session of before ends. */
enum tl_reason tli_logon_find_route(struct tl_logon *logon, tl_deadline deadline);

/* --- the others --- */

/* OK or PASSWORD_NOT_UTF8; no packet is sent. */
enum tl_reason tli_logon_check_text(struct tl_logon *logon, const char *password);
/* A fresh Kerberos session in logon->krb. */
enum tl_reason tli_logon_session(struct tl_logon *logon, tl_deadline deadline);
/* own_groups.c: what the own domain's directory says of a user from outside, into
 * logon->own and the resource groups of logon->pac. OK or NO_MEMORY. */
enum tl_reason tl_own_groups(struct tl_logon *logon, tl_deadline deadline);
/* logon->words, from the outcome. */
void tli_logon_set_words(struct tl_logon *logon);

#endif
