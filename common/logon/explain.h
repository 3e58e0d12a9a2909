/* SPDX-License-Identifier: MIT
 *
 * explain.h - why a logon failed: the cause behind the KDC's code.
 *
 * A KDC gives one code (7, 35, 6) for many causes; only the directory tells
 * them apart. This is done after a failure and only then, within
 * explain_timeout, and never changes the status a user sees.
 */
#ifndef TL_LOGON_EXPLAIN_H
#define TL_LOGON_EXPLAIN_H

#include <trustlogon/directory.h>
#include <trustlogon/logon.h>

/*
 * The site whose DCs come first: the configuration's, else the topology's, else
 * (topo NULL) the saved snapshot's; NULL if none is known. Everybody asks here:
 * the locator's cache is kept by site.
 */
const char *tli_site(TALLOC_CTX *ctx, const struct tl_config *config,
                     const struct tl_topology *topo);

/* Write the snapshot file; a failure is only noted. */
void tli_snapshot_save(const struct tl_config *config, const struct tl_topology *topo,
                       const struct tl_trace *trace);

/* A directory of the workstation's own domain, opened as the machine. */
struct tli_machine_directory {
    struct tl_locator *locator;
    struct tl_krb *krb;
    struct tl_directory *dir;
    struct tl_dc_list *dcs;
    const struct tl_dc *dc; /* of these, whose directory it is */
};
enum tl_reason tli_machine_directory_open(TALLOC_CTX *ctx, const struct tl_config *config,
                                          const struct tl_workstation *ws,
                                          const struct tl_trace *trace,
                                          tl_deadline deadline,
                                          struct tli_machine_directory **own,
                                          struct tl_outcome *out);

/*
 * The directory of a domain, opened with the tickets of a user's session.
 */
enum tl_reason tli_user_directory_open(TALLOC_CTX *ctx, struct tl_krb *krb,
                                       struct tl_locator *locator, const char *domain,
                                       const struct tl_trace *trace, tl_deadline deadline,
                                       struct tl_directory **dir, struct tl_outcome *out);

/*
 * What directories say of the logon's user, after its proof (idmap = rfc2307). *facts is
 * a child of the logon. ID_UNMAPPABLE names the attribute that cannot be read.
 */
enum tl_reason tli_unix_facts_read(struct tl_logon *logon, tl_deadline deadline,
                                   struct tl_unix_facts **facts);

/*
 * The TDOs of the user's domain, read with the user's own ticket: the machine
 * itself cannot read them over a one-way or broken trust. Added to `topo`.
 */
enum tl_reason tli_user_trusts_read(struct tl_krb *krb, struct tl_locator *locator,
                                    const char *domain, const struct tl_trace *trace,
                                    tl_deadline deadline, struct tl_topology *topo,
                                    struct tl_outcome *out);

/* Whether the KDCs found for a name are a Kerberos realm's, and no domain's. */
bool tli_is_plain_realm(struct tl_locator *locator, const char *domain,
                        tl_deadline deadline);

/*
 * The same, and the TDOs of the realm in between that refused the walk, if it was one:
 * those of neither side tell its fault.
 */
enum tl_reason tli_path_trusts_read(struct tl_krb *krb, struct tl_locator *locator,
                                    const char *user_domain,
                                    const struct tl_workstation *ws,
                                    const struct tl_outcome *walk,
                                    const struct tl_trace *trace, tl_deadline deadline,
                                    struct tl_topology *topo, struct tl_outcome *out);

/*
 * After a failure that another route might not have met: read the own side
 * anew, since the snapshot may be older than a trust, and route by it. True if
 * the route changed, so that the exchange is worth repeating. *own stays open
 * for tli_explain_failure(); NULL where the directory could not be read.
 */
bool tli_logon_reroute(struct tl_logon *logon, tl_deadline deadline,
                       struct tli_machine_directory **own);

/* Refine logon->outcome (reason, subject, attribute). Returns the new reason. */
enum tl_reason tli_explain_failure(struct tl_logon *logon,
                                   struct tli_machine_directory *own,
                                   tl_deadline deadline);

/* DOMAIN_UNKNOWN by a machine that could not read its trusts becomes why it could not.
 * Returns the outcome's reason. */
enum tl_reason tli_explain_unread(struct tl_logon *logon);

/* SPN_MISSING or SPN_DUPLICATE, or OK, with *subject and *attribute children of ctx. */
enum tl_reason tli_judge_spn(TALLOC_CTX *ctx, struct tl_directory *dir,
                             const struct tl_workstation *ws, const char **subject,
                             const char **attribute);

#endif
