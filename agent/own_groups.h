/* SPDX-License-Identifier: MIT
 *
 * own_groups.h - the user's groups in this machine's own domain when its directory was
 * asked last.
 */
#ifndef TLA_OWN_GROUPS_H
#define TLA_OWN_GROUPS_H

#include <trustlogon/logon.h>

/* A tl_cached_groups_fn: from the membership cache, else from the identity store. `arg`
 * is the conversation. */
void tla_cached_own_groups(void *arg, TALLOC_CTX *ctx, const struct tl_sid *user,
                           struct tl_own_groups *known);

#endif
