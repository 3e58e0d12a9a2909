/* SPDX-License-Identifier: MIT
 *
 * password_dialogue.c - the dialogue of a password change.
 *
 * It is the same for passwd(1) and for a logon whose password has expired: the old
 * password is proven first, before the user types a new one; then the new one is
 * prompted for until the domain accepts it.
 */
#include "password_dialogue.h"

#include <errno.h>
#include <string.h>

#include "channel.h"
#include "client_watch.h"
#include "journal.h"
#include "logon_worker.h"

#define TRIES 3

/* Why this new password is not tried, or NULL. A program that answers every prompt
 * with the one password it has (sshd without keyboard-interactive, simple lockers) must
 * not "change" it to itself, which a domain without a history allows. */
static const char *useless(const char *old, const char *fresh, const char *again)
{
    if (fresh[0] == '\0')
        return "No new password was typed.";
    if (!tl_password_is_text(fresh))
        return "The new password is not UTF-8.";
    if (strcmp(fresh, old) == 0)
        return "The new password is the old one.";
    if (again != NULL && strcmp(fresh, again) != 0)
        return "The passwords do not match.";
    return NULL;
}

/* sudo silences messages (PAM_SILENT), but not prompts: there the question begins with
 * the reason for a new password. A child of conv. */
static const char *question(struct tla_conv *conv, const char *why)
{
    static const char plain[] = "New password: ";
    const char *text = NULL;

    if (why != NULL && (conv->request.flags & TL_WIRE_F_SILENT) != 0)
        text = talloc_asprintf(conv, "%s\n%s", why, plain);
    return text != NULL ? text : plain;
}

static int ask(struct tla_conv *conv, struct tl_logon *logon, const char *old,
               const char *why, char **fresh)
{
    const char *wrong;
    char *again = NULL;
    int rc = tla_prompt(conv, TL_STYLE_NEW_SECRET, question(conv, why), fresh);

    if (rc != 0)
        return rc;
    wrong = useless(old, *fresh, NULL);
    if (wrong == NULL) {
        rc = tla_prompt(conv, TL_STYLE_SECRET, "Retype new password: ", &again);
        if (rc == 0)
            wrong = useless(old, *fresh, again);
        talloc_free(again);
    }
    if (wrong != NULL) {
        tl_outcome_reset(logon->outcome);
        tl_outcome_fail(logon->outcome, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_NOT_GIVEN,
                        "%s", wrong);
    }
    return rc;
}

static void log_change(struct tla_conv *conv, const struct tl_logon *logon)
{
    (void)tla_journal_may_name(conv, logon);
    tla_journal_password(conv, logon->outcome, logon->words, logon->client);
}

enum tl_reason tla_password_change(struct tla_conv *conv, struct tl_logon *logon,
                                   const char *old, const char *fresh)
{
    const char *wrong = useless(old, fresh, NULL);
    enum tl_reason reason;

    if (wrong != NULL) {
        TALLOC_FREE(logon->words); /* the words of an earlier step */
        return tl_outcome_fail(logon->outcome, TL_STAGE_PASSWORD,
                               TL_REASON_PASSWORD_NOT_GIVEN, "%s", wrong);
    }
    tla_watch_client(conv, true);
    reason = tla_worker_password_change(logon, old, fresh);
    tla_watch_client(conv, false);
    log_change(conv, logon);
    return reason;
}

/* Whether another password may be accepted. */
static bool worth_another(const struct tl_outcome *out)
{
    return out->ntstatus == TL_NT_PASSWORD_RESTRICTION &&
           out->reason != TL_REASON_PASSWORD_TOO_YOUNG;
}

/* Each refusal is shown before the next try, and is the reason for the next question. */
int tla_password_dialogue(struct tla_conv *conv, struct tl_logon *logon, const char *old,
                          const char *why, char **fresh)
{
    const struct tl_outcome *out = logon->outcome;

    *fresh = NULL;
    for (int tries = TRIES; tries > 0; tries--) {
        char *typed = NULL;
        int rc;

        tl_outcome_reset(logon->outcome);
        TALLOC_FREE(logon->words);
        rc = ask(conv, logon, old, why, &typed);
        if (rc == 0 && out->reason == TL_REASON_OK &&
            tla_password_change(conv, logon, old, typed) == TL_REASON_OK) {
            *fresh = typed;
            return 0;
        }
        talloc_free(typed);
        if (rc != 0)
            return rc;
        if (logon->words == NULL)
            logon->words = tl_outcome_words(logon, out, NULL);
        if (tries == 1 || !worth_another(out))
            return 0;
        /* the last refusal is the end of the conversation */
        if (logon->words == NULL)
            return -ENOMEM;
        why = talloc_strdup(conv, logon->words->message);
        rc = tla_say(conv, TL_STYLE_ERROR, logon->words->message);
        if (rc != 0)
            return rc;
    }
    return 0;
}
