/* SPDX-License-Identifier: MIT
 *
 * machine/evidence.h - what directories say about a logon that failed: the trusts of both
 * sides, and whose the machine's host service name is.
 */
#ifndef TL_MACHINE_EVIDENCE_H
#define TL_MACHINE_EVIDENCE_H

#include <trustlogon/evidence.h>

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

/* The machine's own account, and whose its host service name is: as facts of
 * TL_PLACE_OWN. What cannot be read adds none. */
void tli_machine_facts_read(struct tl_facts *facts, struct tl_directory *dir,
                            const struct tl_workstation *ws);
/* The same from `opened`, with which the own directory could not be opened: what its KDC
 * says of the machine's account. */
void tli_machine_facts_of_failure(struct tl_facts *facts, const struct tl_outcome *opened,
                                  const struct tl_workstation *ws);
/* What the keytab and krb5.conf say of this machine's realm, as a fact of TL_PLACE_HERE.
 */
void tli_machine_facts_of_files(struct tl_facts *facts, const struct tl_config *config,
                                const struct tl_workstation *ws);

#endif
