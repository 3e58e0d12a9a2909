/* SPDX-License-Identifier: MIT
 *
 * internal.h - what the files of common/lookup share; the public side is
 * <trustlogon/lookup.h>.
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
/* All domains of the forest behind the trust `tdo`; for NULL those of the machine's own
 * forest, its own domain first. */
int tli_lookup_add_forest(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const struct tl_tdo *tdo);

/* --- account.c: pure --- */

/*
 * What a logon's PAC would say about this user, made of what a directory says, so that
 * one set of SID rules and one way to make identities serve both. `groups` are the
 * tokenGroups with their names. `own`: the domain is the machine's, whose domain-local
 * groups count here; those of other domains do not, and no PAC brings them.
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
    struct tl_krb *krb;   /* in.krb, or the machine's; NULL until a ticket is needed */
    const char *tickets;  /* the file of the saved machine tickets */
    bool kept;            /* krb's tickets were loaded from it */
    bool fresh;           /* krb has tickets that are not in it */
    struct tl_idmap *map; /* NULL until it is needed */
    bool sam_only;        /* see tl_lookup_sam_only() */
    size_t num_open;
    struct tl_directory **open; /* one for each domain that was asked */
    const char **open_domains;  /* their DNS names, by the same index */
};

/* The directory of a domain, opened with in.krb or as the machine. TRUST_DIRECTION: its
 * KDCs have no ticket for this machine. */
enum tl_reason tli_lookup_directory(struct tl_lookup *lookup, const char *domain,
                                    struct tl_directory **dir, struct tl_outcome *out);

#endif
