/* SPDX-License-Identifier: MIT
 *
 * trustlogon/sidrules.h - which SIDs of a verified PAC this workstation accepts
 * [MS-PAC 4.1.2.2]. Pure.
 */
#ifndef TRUSTLOGON_SIDRULES_H
#define TRUSTLOGON_SIDRULES_H

#include <trustlogon/outcome.h>
#include <trustlogon/pac.h>
#include <trustlogon/route.h>
#include <trustlogon/trace.h>

/*
 * Apply the member rule and, for a user of another forest, the rules of the
 * boundary crossed. The workstation's KDC should have done the latter; Samba's
 * does not, so this is the only filter there.
 *
 * `client` is the ticket's client "alice@CONTOSO.TEST": its realm says whose
 * SIDs are to be expected. NULL: the route's user_domain. `topo` and `trace` may
 * be NULL; without a topology only SIDs of the user's own domain pass.
 *
 * The user: the SID must belong to that domain, as far as its SID is known, and
 * never to the own forest if the domain does not; PAC_SID_FILTERED, TRUST_SID
 * or DOMAIN_SID_DISABLED otherwise.
 * A requestor's SID other than the user's is PAC_INVALID. Extra SIDs and resource
 * groups that may not pass are taken out of `pac`, each with a TL_EVENT_SID.
 */
TL_PUBLIC enum tl_reason
tl_pac_apply_rules(struct tl_pac *pac, const struct tl_topology *topo,
                   const struct tl_route *route, const char *client,
                   const struct tl_workstation *ws, const struct tl_trace *trace,
                   struct tl_outcome *out);

/* Whether these rules refused for what the directory says of the user's domain. */
TL_PUBLIC bool tl_is_sid_refusal(enum tl_reason reason);

#endif
