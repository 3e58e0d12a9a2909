/* SPDX-License-Identifier: MIT
 *
 * pac_name_check.h - is the proven account the one whose name was given? Pure.
 */
#ifndef TRUSTLOGON_WHOSE_H
#define TRUSTLOGON_WHOSE_H

#include <trustlogon/outcome.h>
#include <trustlogon/pac.h>
#include <trustlogon/route.h>

/*
 * `pac` is verified and of the ticket's client "alice@CONTOSO.TEST". OK if the route's
 * name is one of the account's: by its sAMAccountName in the domain that was named, or by
 * its userPrincipalName; REPLY_MISMATCH otherwise, NO_MEMORY. A UPN in a domain's name
 * counts within that domain's forest (tl_same_forest). One with a suffix of its own
 * counts from the own forest, and from the forest that our side's trusts route the suffix
 * to: a topology that is older than the routing refuses what a fresh one lets pass.
 * `topo` may be NULL: nothing is known.
 */
TL_PUBLIC enum tl_reason tl_pac_check_name(const struct tl_pac *pac,
                                           const struct tl_topology *topo,
                                           const struct tl_route *route,
                                           const char *client, struct tl_outcome *out);

#endif
