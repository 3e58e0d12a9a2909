/* SPDX-License-Identifier: MIT
 *
 * name_groups.h - names for the groups that a PAC brought as SIDs.
 */
#ifndef TLA_NAME_GROUPS_H
#define TLA_NAME_GROUPS_H

#include <trustlogon/logon.h>

#include "agent.h"

/* After the answer of a logon, with its tickets: read the names of its groups into the
 * store, so that `id` finds them. Ends the conversation first, so that no client waits.
 */
void tla_name_groups(struct tla_conv *conv, struct tl_logon *logon);

#endif
