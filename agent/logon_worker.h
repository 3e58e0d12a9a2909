/* SPDX-License-Identifier: MIT
 *
 * logon_worker.h - the steps of a logon, and of a change of the password, that a worker
 * makes (worker_process.h). Each returns what the library's function of that name does.
 */
#ifndef TLA_LOGON_WORKER_H
#define TLA_LOGON_WORKER_H

#include <trustlogon/logon.h>
#include <trustlogon/lookup.h>

#include "agent.h"

/* From now on tl_logon_run() has its exchange made by a worker. 0 or -ENOMEM. */
int tla_logon_worker_use(struct tla_conv *conv, struct tl_logon *logon);
/* The user's tickets, after the exchange: write them to a pending file. 0 or -errno. */
int tla_logon_worker_save_tickets(struct tl_logon *logon, const char *path);
/* The same as they are; NULL: none, or the logon has no worker. */
const struct tl_tickets *tla_logon_worker_tickets(const struct tl_logon *logon);

enum tl_reason tla_worker_password_prove(struct tl_logon *logon, const char *old);
/* tl_password_prove(), and whether the password is over. */
enum tl_reason tla_worker_password_is_over(struct tl_logon *logon, const char *old,
                                           bool *over);
enum tl_reason tla_worker_password_change(struct tl_logon *logon, const char *old,
                                          const char *fresh);
/* As tl_machine_refresh(), without a logon. */
enum tl_reason tla_worker_read_trusts(struct tla_conv *conv, struct tl_machine *machine,
                                      tl_deadline deadline, struct tl_outcome *out);
/* After the answer: search for the domain controllers of the machine's domain, for the
 * next logon, if a worker of this conversation found others than are in the cache, or a
 * search is due. */
void tla_worker_find_own(struct tla_conv *conv, struct tl_logon *logon);
/* The names of these SIDs, read with the user's tickets, or `own`: those of the machine's
 * domain, with its tickets. *groups, a child of ctx, has those that were found. */
enum tl_reason tla_worker_name_groups(TALLOC_CTX *ctx, struct tl_logon *logon,
                                      const struct tl_lookup_input *in, bool own,
                                      const struct tl_sid *sids, size_t count,
                                      struct tl_dir_names **groups);

#endif
