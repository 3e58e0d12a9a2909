/* SPDX-License-Identifier: MIT
 *
 * explain.h - why a logon failed: the cause behind the KDC's code.
 *
 * A KDC gives one code (7, 35, 6) for many causes; only the directory tells them apart.
 * It is read after a failure only, within explain_timeout, and never changes the status
 * that a user sees.
 */
#ifndef TL_LOGON_EXPLAIN_H
#define TL_LOGON_EXPLAIN_H

#include <trustlogon/logon.h>

#include "machine/directory.h"

/*
 * After a failure that another route might not have met: read the trusts of the
 * machine's own side again, since the snapshot may be older than a trust, and route by
 * them. True if the route changed, so that the exchange is worth repeating. *own stays
 * open for tli_explain_failure(); NULL where the directory could not be read.
 */
bool tli_logon_reroute(struct tl_logon *logon, tl_deadline deadline,
                       struct tli_machine_directory **own);

/* Refine logon->outcome (reason, subject, attribute). Returns the new reason. */
enum tl_reason tli_explain_failure(struct tl_logon *logon,
                                   struct tli_machine_directory *own,
                                   tl_deadline deadline);

/* Write the trusts that were read as the snapshot. */
void tli_logon_save_trusts(struct tl_logon *logon);
/* Whether tl_logon_explain_proof() may say more about the outcome. */
bool tli_proof_needs_words(const struct tl_logon *logon);

/* explain_trusts.c: a finer cause; status, stage, hop and code stay as they are. */
void tli_explain_refine(struct tl_outcome *out, enum tl_reason reason,
                        const char *subject, const char *attribute);
/* The trusts on the path, as both sides hold them, then their encryption types, then the
 * walk policy, then what cannot be read; `own_read`: the trusts of the own side are those
 * of now. True: the first that explains the failure is the reason now. */
bool tli_explain_trusts(struct tl_logon *logon, const char *user_domain, bool own_read,
                        tl_deadline deadline);
/* DOMAIN_UNKNOWN becomes the fault of a trust that may have been meant. */
void tli_explain_unknown_domain(struct tl_logon *logon);

/* DOMAIN_UNKNOWN by a machine that could not read its trusts becomes why it could not.
 * Returns the outcome's reason. */
enum tl_reason tli_explain_unread(struct tl_logon *logon);

#endif
