/* SPDX-License-Identifier: MIT
 *
 * op_account.c - may the user of this logon go on?
 *
 * A logon exists only if the KDC gave a ticket for this workstation and the
 * ticket was proven, which covers disabled, locked and expired accounts, logon
 * hours and workstation lists. What is left is to know the logon, and to warn.
 */
#include <stdio.h>

#include "agent.h"

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
    (void)tla_tell(conv, TL_STYLE_INFO, text);
}

int tla_op_account(struct tla_conv *conv)
{
    struct tl_wire_msg done = {0};
    struct tla_pending *pending;
    int rc = tla_pending_load(conv, conv->config->run_dir, conv->request.session,
                              conv->request.user, &pending);

    if (rc != 0) {
        tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL, TL_REASON_DENIED,
                        "no logon of %s is known by this token", conv->request.user);
        tla_journal_line(LOG_NOTICE, "account of %s: no logon by this token, or too old",
                         conv->request.user);
        return tla_done(conv, NULL, done);
    }
    warn(conv, pending->expires);
    done.canonical = pending->canonical;
    done.expires = pending->expires;
    return tla_done(conv, NULL, done);
}
