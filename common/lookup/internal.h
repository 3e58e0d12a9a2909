/* SPDX-License-Identifier: MIT
 *
 * internal.h - what the files of common/lookup share; the door is <trustlogon/lookup.h>.
 */
#ifndef TL_LOOKUP_INTERNAL_H
#define TL_LOOKUP_INTERNAL_H

#include <trustlogon/kerberos.h>
#include <trustlogon/lookup.h>
#include <trustlogon/people.h>
#include <trustlogon/sidrules.h>

/* --- domains.c: pure --- */

/* Add the domain with this DNS name to the plan if its users may log on here. */
int tli_lookup_add_domain(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const char *dns);
/* All domains of the forest behind a trust; of the own forest, own domain first, for
 * NULL. */
int tli_lookup_add_forest(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const struct tl_tdo *tdo);

/* --- account.c: pure --- */

/*
 * What a logon's PAC would say of this user, from what a directory does: one set of SID
 * rules and one making of identities serve both. `groups` are tokenGroups, `names` what
 * they are called, in the same order. `own`: the domain is the workstation's, whose
 * domain-local groups count here; those of others do not, and no PAC brings them.
 */
int tli_lookup_account(TALLOC_CTX *ctx, const struct tl_dir_user *user,
                       const struct tl_dir_names *groups, bool own,
                       const struct tl_trace *trace, struct tl_pac **pac);
/* The same from SID and name alone: the primary group is Domain Users, as winbind has it
 * until the first logon. */
int tli_lookup_account_bare(TALLOC_CTX *ctx, const struct tl_sid *sid, const char *sam,
                            struct tl_pac **pac);

/* --- source.c: tickets and connections --- */

struct tl_lookup {
    struct tl_lookup_input in;
    struct tl_locator *locator;
    struct tl_krb *krb;   /* as the machine; NULL until a ticket is needed */
    const char *tickets;  /* where the machine's are kept */
    bool kept;            /* krb's come from there */
    bool fresh;           /* krb has some that are not there */
    struct tl_idmap *map; /* once needed */
    bool sam_only;        /* what knew nobody of this name may not know UPNs */
    size_t num_open;
    struct tl_directory **open; /* one for each domain asked */
    const char **open_domains;
};

/* The directory of a domain, opened as the machine. TRUST_DIRECTION: its own side has no
 * tickets for this machine. */
enum tl_reason tli_lookup_directory(struct tl_lookup *lookup, const char *domain,
                                    struct tl_directory **dir, struct tl_outcome *out);

#endif
