/* SPDX-License-Identifier: MIT
 *
 * machine_loan.h - the machine's tickets, for a worker that has no keys.
 */
#ifndef TLA_MACHINE_LOAN_H
#define TLA_MACHINE_LOAN_H

#include <trustlogon/tickets.h>

#include "worker_process.h"

/*
 * Of an earlier run, from the run folder, or got now by a worker of its own, which has
 * the keys. *tickets is a child of the work's logon. The reasons
 * of tl_krb_as_machine(), and ARMOR_UNAVAILABLE.
 */
enum tl_reason tla_machine_tickets(const struct tla_work *work,
                                   const struct tl_loan *loan,
                                   struct tl_tickets **tickets, struct tl_outcome *out);

#endif
