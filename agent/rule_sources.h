/* SPDX-License-Identifier: MIT
 *
 * rule_sources.h - the processes that read directories for the access rules of a
 * conversation.
 */
#ifndef TLA_RULE_SOURCES_H
#define TLA_RULE_SOURCES_H

#include <trustlogon/rules.h>
#include <trustlogon/tickets.h>

#include "agent.h"

/* `tickets`: the user's, or NULL. A child of ctx, as long as which all that is given
 * lives. NULL: no memory. */
const struct tl_rules_sources *tla_rule_sources_new(TALLOC_CTX *ctx,
                                                    struct tla_conv *conv,
                                                    const struct tl_machine *machine,
                                                    const struct tl_tickets *tickets);

#endif
