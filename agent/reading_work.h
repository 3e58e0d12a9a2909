/* SPDX-License-Identifier: MIT
 *
 * reading_work.h - one question to the directory of a domain, asked by a worker of its
 * own: as a user, or where no listener keeps a process for the domain.
 */
#ifndef TLA_READING_WORK_H
#define TLA_READING_WORK_H

#include <trustlogon/tickets.h>

#include "agent.h"
#include "lookup/reading.h"

/* As the machine, or, with `tickets`, as the user whose they are. What
 * tl_lookup_reader.read() returns; the answer is not judged yet. */
enum tl_reason tla_reading_work(TALLOC_CTX *ctx, const struct tla_conv *conv,
                                const struct tl_machine *machine,
                                const struct tl_tickets *tickets,
                                const struct tl_lookup_domain *domain,
                                const struct tli_reading_question *question,
                                tl_deadline deadline, struct tli_reading **reading,
                                struct tl_outcome *out);

#endif
