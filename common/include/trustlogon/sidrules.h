/* SPDX-License-Identifier: MIT
 *
 * trustlogon/sidrules.h - which SIDs of a verified PAC this workstation believes
 * [MS-PAC 4.1.2.2].
 */
#ifndef TRUSTLOGON_SIDRULES_H
#define TRUSTLOGON_SIDRULES_H

#include <trustlogon/outcome.h>
#include <trustlogon/pac.h>
#include <trustlogon/route.h>
#include <trustlogon/trace.h>

/*
 * Apply the member rule and, for a user of another domain, the rules of the
 * boundary crossed: the user's SID must belong to the domain the route named,
 * SIDs of the own forest or this machine are refused (user) or dropped
 * (groups), each with a TL_EVENT_SID. `topo` may be NULL. Samba's KDC filters
 * nothing, so this is the only filter there. PAC_SID_FILTERED, or OK.
 */
TL_PUBLIC enum tl_reason
tl_pac_apply_rules(struct tl_pac *pac, const struct tl_topology *topo,
                   const struct tl_route *route, const struct tl_workstation *ws,
                   const struct tl_trace *trace, struct tl_outcome *out);

#endif
