/* SPDX-License-Identifier: MIT
 *
 * op_account.c - pam_acct_mgmt: whether the user of this logon may open a session.
 *
 * A logon exists only if the KDC gave a ticket for this workstation and the ticket was
 * proven, which covers disabled, locked and expired accounts, logon hours and workstation
 * lists. What is left is to find the logon, to check the SIDs that it proved against the
 * access rules, and to warn of a password that expires.
 */
#include "operations.h"

#include <stdio.h>

#include "account_check.h"
#include "channel.h"
#include "client_watch.h"
#include "journal.h"
#include "pending.h"

static void warn(struct tla_conv *conv, uint32_t expires)
{
    char text[128];
    int days = conv->config->password_warning;

    if (expires == 0 || days == 0 || expires - 1 > (uint32_t)days)
        return;
    if (expires == 1)
        snprintf(text, sizeof(text), "Your password expires today.");
    else
        snprintf(text, sizeof(text), "Your password expires in %u day%s.", expires - 1,
                 expires == 2 ? "" : "s");
    (void)tla_say(conv, TL_STYLE_INFO, text);
}

/* The rules on the line of pam_authenticate and on this one: both count, so that a rule
 * works on either line. */
static enum tl_reason check_rules(struct tla_conv *conv,
                                  const struct tla_pending *pending)
{
    struct tl_tickets *tickets = NULL;
    struct tl_rules_input in;
    enum tl_reason reason;

    if (pending->refused != NULL) {
        tl_outcome_fail(conv->outcome, TL_STAGE_IDENTITY, TL_REASON_ACCESS_RULE, "%s",
                        pending->detail != NULL ? pending->detail : "refused");
        tl_outcome_set_subject(conv->outcome, pending->refused);
        return conv->outcome->reason;
    }
    if (!tl_rules_any(conv->config))
        return TL_REASON_OK;
    /* None, after a cached logon. */
    if (tl_tickets_load(conv, pending->ticket_path, &tickets) == 0 && tickets->count == 0)
        TALLOC_FREE(tickets);
    reason = tla_account_rules_input(conv, tickets, &in);
    if (reason != TL_REASON_OK)
        return reason;
    in.domain = pending->domain;
    tla_end_with_client(conv, true);
    reason = tl_rules_check(&in, pending->member, conv->outcome);
    tla_end_with_client(conv, false);
    return reason;
}

int tla_op_account(struct tla_conv *conv)
{
    struct tli_wire_msg done = {0};
    struct tla_pending *pending;
    int rc;

    if (conv->request.session == NULL)
        return tla_op_account_external(conv);
    rc = tla_pending_of(conv, &pending);
    if (rc != 0) {
        tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL, TL_REASON_DENIED,
                        "no logon of %s has this token", conv->request.user);
        tla_journal_line(LOG_NOTICE,
                         "account of %s: no logon has this token, or it is too old",
                         conv->request.user);
        return tla_done(conv, NULL, done);
    }
    if (tla_account_check_owner(conv, pending->uid) != TL_REASON_OK ||
        check_rules(conv, pending) != TL_REASON_OK)
        return tla_account_refuse(conv, pending->canonical);
    warn(conv, pending->expires);
    done.canonical = pending->canonical;
    done.expires = pending->expires;
    return tla_done(conv, NULL, done);
}
