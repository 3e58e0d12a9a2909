/* SPDX-License-Identifier: MIT
 *
 * logon_commit.c - what a proof leaves behind: the identity for NSS, and the groups for
 * access rules, now and for users who come without a password.
 */
#include <errno.h>
#include <string.h>

#include "agent.h"

enum tl_reason tla_keep_identity(struct tla_conv *conv, struct tl_logon *logon)
{
    const struct tl_identity *identity = logon->identity;
    char sid[TL_SID_STRING_MAX];
    struct tla_store_handle *book = NULL;
    int rc = tla_store_open(conv, conv->config, logon->ws->domain, &book);

    if (rc == 0)
        /* By the name that was proven, too: programs go on with it. */
        rc = tla_store_user(book, identity, conv->request.user, TL_STORE_SOURCE_PAC);
    talloc_free(book);
    if (rc != 0)
        tla_journal_line(LOG_WARNING, "%s is not in the identity store: %s",
                         identity->canonical, strerror(-rc));
    if (rc != -EEXIST)
        return TL_REASON_OK;
    tl_outcome_fail(logon->outcome, TL_STAGE_IDENTITY, TL_REASON_ID_COLLISION,
                    "uid %u is another account's that this machine knows", identity->uid);
    tl_outcome_set_subject(logon->outcome, tl_sid_format(&identity->sid, sid));
    return logon->outcome->reason;
}

int tla_keep_groups(struct tla_conv *conv, struct tl_logon *logon, int64_t proven)
{
    struct tla_known known = {.proven = proven,
                              .checked = proven,
                              .own = logon->own.asked,
                              .told = logon->own.told};
    int rc;

    /* Names are looked up while the user's ticket is at hand, and remembered. */
    (void)tl_logon_rules(logon, conv->config, NULL);
    if (logon->member == NULL)
        return -ENOMEM;
    known.member = logon->member;
    rc = tla_known_save(conv->config, &known);
    if (rc != 0)
        tla_journal_line(LOG_WARNING, "the groups of %s are not kept: %s",
                         logon->identity->canonical, strerror(-rc));
    return 0;
}
