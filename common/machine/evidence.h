/* SPDX-License-Identifier: MIT
 *
 * machine/evidence.h - what directories say about a logon that failed: the trusts of both
 * sides, and whose the machine's host service name is.
 */
#ifndef TL_MACHINE_EVIDENCE_H
#define TL_MACHINE_EVIDENCE_H

#include "directory.h"

/* Whether the KDCs found for a name are those of a Kerberos realm, not of a domain. */
bool tli_is_plain_realm(struct tl_locator *locator, const char *domain,
                        tl_deadline deadline);

/*
 * Read the TDOs of the user's domain into `topo`, and, where `walk` is a walk that a
 * realm in between refused, those of that realm: the TDOs at both ends do not show its
 * fault. With the user's own tickets: over a one-way or broken trust the machine cannot
 * read there.
 */
enum tl_reason tli_path_trusts_read(struct tl_krb *krb, struct tl_locator *locator,
                                    const char *user_domain,
                                    const struct tl_workstation *ws,
                                    const struct tl_outcome *walk,
                                    const struct tl_trace *trace, tl_deadline deadline,
                                    struct tl_topology *topo, struct tl_outcome *out);

/* SPN_MISSING or SPN_DUPLICATE, or OK, with *subject and *attribute children of ctx. */
enum tl_reason tli_judge_spn(TALLOC_CTX *ctx, struct tl_directory *dir,
                             const struct tl_workstation *ws, const char **subject,
                             const char **attribute);

#endif
