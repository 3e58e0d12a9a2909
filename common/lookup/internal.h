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

#include "reading.h"

/* --- domains.c: pure --- */

/* Add the domain with this DNS name to the plan if its users may log on here. */
int tli_lookup_add_domain(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const char *dns);
/* All domains of the forest behind the trust `tdo`; for NULL those of the machine's own
 * forest, its own domain first. */
int tli_lookup_add_forest(struct tl_lookup_plan *plan, const struct tl_workstation *ws,
                          const struct tl_topology *topo, const struct tl_tdo *tdo);

/* --- account.c: pure --- */

/* As tli_lookup_account() from SID and name alone: the primary group is Domain Users, as
 * winbind has it until the first logon. */
int tli_lookup_account_bare(TALLOC_CTX *ctx, const struct tl_sid *sid, const char *sam,
                            struct tl_pac **pac);

/* --- source.c: tickets and connections --- */

/* The directory of one domain that was asked. */
struct tli_open_directory {
    const char *domain; /* DNS name */
    struct tl_directory *dir;
    bool kept; /* from an earlier question */
};

struct tl_lookup {
    struct tl_lookup_input in;
    struct tl_locator *locator;
    struct tl_krb *krb;   /* in.krb, or the machine's; NULL until a ticket is needed */
    const char *tickets;  /* the file of the saved machine tickets */
    bool kept;            /* krb's tickets were loaded from it */
    bool fresh;           /* krb has tickets that are not in it */
    bool renew;           /* borrow a ticket that comes of a new TGT */
    int64_t refused_us;   /* when a domain had no borrowed ticket for this machine */
    struct tl_idmap *map; /* NULL until it is needed */
    bool sam_only;        /* see tl_lookup_sam_only() */
    size_t num_open;
    struct tli_open_directory *open;
};

/* The directory of a domain, opened with in.krb or as the machine. TRUST_DIRECTION: its
 * KDCs have no ticket for this machine. */
enum tl_reason tli_lookup_directory(struct tl_lookup *lookup, const char *domain,
                                    struct tl_directory **dir, struct tl_outcome *out);
/* The next question opens another. */
void tli_lookup_close(struct tl_lookup *lookup, const struct tl_directory *dir);
/* A question over this connection has failed. If it is broken it is closed, so that the
 * next question opens another; true: it was kept from an earlier question. */
bool tli_lookup_lost(struct tl_lookup *lookup, struct tl_directory *dir);

#endif
