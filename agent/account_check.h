/* SPDX-License-Identifier: MIT
 *
 * account_check.h - what the account checks share: of users who logged on through the
 * agent (op_account.c), and of the others (op_account_external.c).
 */
#ifndef TLA_ACCOUNT_CHECK_H
#define TLA_ACCOUNT_CHECK_H

#include <trustlogon/rules.h>
#include <trustlogon/tickets.h>

#include "agent.h"

/* End the conversation with the refusal in conv->outcome, in words and in the journal. */
int tla_account_refuse(struct tla_conv *conv, const char *canonical);
/* If the request names the owner that NSS gives the user: is it this uid? OK or
 * NSS_OTHER_USER in conv->outcome. */
enum tl_reason tla_account_check_owner(struct tla_conv *conv, uint32_t uid);
/* What access rules need: the configuration, this machine, the trusts, and who reads
 * directories, with the user's tickets too unless NULL. */
enum tl_reason tla_account_rules_input(struct tla_conv *conv,
                                       const struct tl_tickets *tickets,
                                       struct tl_rules_input *in);

#endif
