/* SPDX-License-Identifier: MIT
 *
 * op_chauthtok.c - pam_chauthtok: prove the old password, then change it.
 *
 * pam_chauthtok() calls twice, and so two monitors do this: the first proves the old
 * password and looks for a password service, so that no other module changes
 * anything before; the second changes it. root is asked for the old one, too: only
 * a domain controller may reset a password without it.
 */
#include "operations.h"

#include <string.h>

#include "cached_logon.h"
#include "channel.h"
#include "client_watch.h"
#include "find_user.h"
#include "journal.h"
#include "logon_prepare.h"
#include "logon_worker.h"
#include "password_dialogue.h"
#include "secret.h"

static int answer(struct tla_conv *conv, struct tl_logon *logon)
{
    struct tl_words_input in = {.user = conv->request.user};
    struct tl_words *words = logon != NULL ? logon->words : NULL;
    struct tli_wire_msg done = {0};

    if (logon != NULL)
        conv->outcome = logon->outcome;
    if (conv->outcome->reason == TL_REASON_OK && logon != NULL)
        done.canonical = logon->client;
    if (words == NULL)
        words = tl_outcome_words(conv, conv->outcome, &in);
    return tla_done(conv, words, done);
}

static int change(struct tla_conv *conv, struct tl_logon *logon, const char *old)
{
    struct tla_user user;
    char *fresh = NULL;
    int rc = 0;

    if (conv->request.new_secret != NULL)
        (void)tla_password_change(conv, logon, old, conv->request.new_secret);
    else
        rc = tla_password_dialogue(conv, logon, old, NULL, &fresh);
    talloc_free(fresh);
    /* The old password must not open the machine while no domain controller answers. */
    if (rc == 0 && logon->outcome->reason == TL_REASON_OK &&
        tla_find_user(conv, conv->config->state_dir, conv->request.user, &user) == 0)
        tla_cached_logon_drop(conv, &user.sid);
    return rc;
}

static int serve(struct tla_conv *conv, struct tl_logon *logon, const char *old)
{
    const uint32_t flags = conv->request.flags;
    bool needed = true;
    int rc = 0;

    tla_watch_client(conv, true);
    if ((flags & TL_WIRE_F_EXPIRED) != 0)
        (void)tla_worker_password_is_over(logon, old, &needed);
    else
        (void)tla_worker_password_prove(logon, old);
    tla_watch_client(conv, false);
    (void)tla_journal_may_name(conv, logon);
    if (logon->outcome->reason != TL_REASON_OK)
        tla_journal_password(conv, logon->outcome, logon->words, NULL);
    else if (needed && (flags & TL_WIRE_F_PRELIM) == 0)
        rc = change(conv, logon, old);
    return rc != 0 ? rc : answer(conv, logon);
}

int tla_op_chauthtok(struct tla_conv *conv)
{
    struct tl_logon *logon;
    char *old = NULL;
    enum tl_reason reason = tla_logon_prepare(conv, &logon);
    int rc;

    if (logon == NULL)
        return answer(conv, NULL);
    if (reason == TL_REASON_NAME_LOCAL) {
        conv->outcome = logon->outcome;
        return tla_done(conv, NULL, (struct tli_wire_msg){.local_user = 1});
    }
    if (conv->request.secret != NULL)
        old = tla_secret(conv, conv->request.secret);
    rc = old == NULL ? tla_prompt(conv, TL_STYLE_SECRET, "Current password: ", &old) : 0;
    if (rc != 0)
        return rc;
    if (reason == TL_REASON_OK && old[0] == '\0')
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_WRONG_PASSWORD,
                                 "the password is empty");
    rc = reason == TL_REASON_OK ? serve(conv, logon, old) : answer(conv, logon);
    talloc_free(old);
    return rc;
}
