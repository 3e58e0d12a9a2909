/* SPDX-License-Identifier: MIT
 *
 * logon_worker_internal.h - what the steps of a logon that a worker makes share.
 */
#ifndef TLA_LOGON_WORKER_INTERNAL_H
#define TLA_LOGON_WORKER_INTERNAL_H

#include "logon_worker.h"
#include "worker_process.h"

/* What the monitor keeps of a worker's exchange. */
struct tla_logon_worker {
    struct tl_logon_worker worker; /* first: what the logon knows */
    struct tla_conv *conv;
    struct tl_tickets *tickets; /* the user's, not read here */
};

/* --- logon_work.c --- */

struct tla_logon_worker *tla_logon_worker_of(const struct tl_logon *logon);

/* In the worker: what every result has, the outcome, the words and the client. */
json_t *tla_result_of(const struct tl_logon *logon);
/* In the monitor: do the work, and take what every result has into work->logon. */
enum tl_reason tla_logon_work(struct tla_work *work, json_t **result);
/* The result cannot be understood. */
enum tl_reason tla_result_not_understood(struct tl_logon *logon);

/* --- logon_worker_directory.c: members of struct tl_logon_worker --- */

enum tl_reason tla_worker_refresh(void *arg, struct tl_logon *logon,
                                  struct tl_outcome *out);
/* Into `machine`, which is the logon's or the one that it was made for. */
enum tl_reason tla_worker_refresh_machine(struct tl_logon *logon,
                                          struct tl_machine *machine,
                                          struct tl_outcome *out);
enum tl_reason tla_worker_explain_proof(void *arg, struct tl_logon *logon);
enum tl_reason tla_worker_own_groups(void *arg, struct tl_logon *logon,
                                     tl_deadline deadline, struct tl_dir_names **groups,
                                     struct tl_outcome *out);
enum tl_reason tla_worker_unix_facts(void *arg, struct tl_logon *logon,
                                     const char *domain, bool own,
                                     struct tl_unix_facts **facts);

#endif
