/* SPDX-License-Identifier: MIT
 *
 * op_auth.c - a logon: the name, the password or the card, the verdict.
 *
 * The order keeps the conversation the same for every name that does not belong to this
 * machine: the password is asked for before anything is looked up.
 */
#include "operations.h"

#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

#include "backoff.h"
#include "cached_logon.h"
#include "card_dialogue.h"
#include "channel.h"
#include "client_watch.h"
#include "deferred_note.h"
#include "deferred_tickets.h"
#include "find_user.h"
#include "journal.h"
#include "kdc_queue.h"
#include "logon_commit.h"
#include "logon_prepare.h"
#include "logon_worker.h"
#include "name_groups.h"
#include "password_dialogue.h"
#include "pending.h"

/* Whether the success is proven. It is not without a ticket and an identity, nor for a
 * locker whose name, which only the store maps to its uid, now belongs to another
 * account. */
static bool proven(const struct tla_conv *conv, struct tl_logon *logon)
{
    if (logon->outcome->reason != TL_REASON_OK)
        return false;
    if (logon->pac == NULL || logon->identity == NULL)
        tl_outcome_fail(logon->outcome, TL_STAGE_PROOF, TL_REASON_INTERNAL,
                        "success without a verified ticket and an identity");
    else if (conv->peer_by_store && logon->identity->uid != conv->peer)
        tl_outcome_fail(logon->outcome, TL_STAGE_PROOF, TL_REASON_DENIED, NULL);
    else
        return true;
    logon->words = NULL;
    return false;
}

/* Each step may still refuse the logon, which then is answered as a failure. A client
 * that gets no tickets has no pending record, and its groups are not saved. */
static bool commit(struct tla_conv *conv, struct tl_logon *logon, int64_t proven_at,
                   struct tla_pending **pending)
{
    int rc;

    *pending = NULL;
    if (tla_commit_identity(conv, logon) != TL_REASON_OK) {
        logon->words = NULL;
        return false;
    }
    rc = tla_commit_tickets(conv, logon, pending);
    if (rc == 0 && *pending != NULL)
        rc = tla_commit_groups(conv, logon, proven_at);
    if (rc == 0 && *pending != NULL)
        rc = tla_commit_pending(conv, logon, *pending);
    if (rc == 0)
        return true;
    *pending = NULL;
    logon->words = NULL;
    tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CCACHE_FAILED,
                    "%s/pending: %s", conv->config->run_dir, strerror(-rc));
    return false;
}

/*
 * The end of a logon that the domain answered, or that could not be tried (`logon` NULL):
 * commits, journal, answer, and then the work for which no client waits. `password`: the
 * proven one, if any; NULL with a card.
 */
static int answer(struct tla_conv *conv, struct tl_logon *logon, const char *password)
{
    struct tl_words_input in = {.user = conv->request.user};
    struct tla_pending *pending = NULL;
    struct tli_wire_msg done = {0};
    int64_t now = (int64_t)time(NULL);
    bool success =
        logon != NULL && proven(conv, logon) && commit(conv, logon, now, &pending);
    struct tl_words *words = logon != NULL ? logon->words : NULL;
    int rc;

    if (logon != NULL)
        conv->outcome = logon->outcome;
    if (words == NULL)
        words = tl_outcome_words(conv, conv->outcome, &in);
    if (success)
        done.canonical = logon->identity->canonical;
    if (pending != NULL) {
        done.session = pending->token;
        done.expires = pending->expires;
    }
    (void)tla_journal_may_name(conv, logon);
    tla_journal_logon(conv, conv->outcome, words, done.canonical);
    rc = tla_done(conv, words, done);
    if (pending != NULL && password != NULL)
        tla_cached_logon_save(conv, &logon->identity->sid, now, password);
    if (success)
        tla_name_groups(conv, logon);
    if (logon != NULL)
        tla_worker_find_own(conv, logon);
    return rc;
}

/* The end of a logon for which no KDC could be asked, with the password of the last
 * proof. */
static int answer_cached(struct tla_conv *conv, struct tl_logon *logon,
                         const struct tla_cached_user *who, const char *password)
{
    struct tli_wire_msg done = {.canonical = who->user.canonical};
    struct tla_pending *pending = NULL;
    int rc = tla_commit_cached(conv, logon, who, &pending);

    if (rc != 0)
        tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL, TL_REASON_CCACHE_FAILED,
                        "%s/pending: %s", conv->config->run_dir, strerror(-rc));
    else
        rc = tla_say(conv, TL_STYLE_INFO, TLA_CACHED_LOGON_TEXT);
    if (rc == 0)
        tla_journal_line(LOG_NOTICE, "%s logged on with cached credentials (%s): %s",
                         who->user.canonical,
                         conv->request.service != NULL ? conv->request.service : "?",
                         tl_reason_info(logon->outcome->reason)->slug);
    if (pending != NULL) {
        done.session = pending->token;
        tla_deferred_note_begin(conv, pending);
    }
    rc = tla_done(conv, NULL, done);
    tla_worker_find_own(conv, logon); /* or that none answers */
    if (rc == 0 && pending != NULL)
        tla_deferred_tickets(conv, pending, &who->user.sid, password);
    return rc;
}

/* Waiting in the queue is not part of the logon's own time. Both together are as long as
 * a program waits for the agent by default (pam_trustlogon(8), timeout). */
#define IN_QUEUE 3 /* times logon_timeout */

static struct tla_kdc_place *wait_for_kdc(struct tla_conv *conv, struct tl_logon *logon)
{
    const char *realm = logon->route->realm, *who = conv->request.caller;
    tl_deadline until =
        tl_deadline_in_ms((int64_t)conv->config->logon_timeout * IN_QUEUE);
    struct tla_kdc_place *place = NULL;

    if (realm == NULL)
        return NULL;
    if (conv->peer != 0)
        who = talloc_asprintf(conv, "%u", (unsigned int)conv->peer);
    tla_end_with_client(conv, true);
    place = tla_kdc_queue_wait(conv, conv->config->run_dir, realm, who, until);
    logon->trace = tla_kdc_place_trace(place);
    return place;
}

static enum tl_reason prove_old(struct tl_logon *logon,
                                const struct tl_credential *credential)
{
    return tla_worker_password_prove(logon, credential->password);
}

/* Try a credential at the domain, by the given step. Each step counts as a guess: a KDC
 * may answer "expired" without checking the password (MIT's does), and the next step then
 * tests it. */
static void ask_domain(struct tla_conv *conv, struct tl_logon *logon,
                       const struct tl_credential *credential,
                       enum tl_reason (*step)(struct tl_logon *logon,
                                              const struct tl_credential *credential))
{
    struct tla_backoff *backoff = NULL;
    struct tla_kdc_place *place;
    int rc = 0;

    if (conv->peer != 0) {
        tla_end_with_client(conv, true);
        rc = tla_backoff_enter(conv, conv->config->run_dir, conv->peer, &backoff);
    }
    place = wait_for_kdc(conv, logon);
    tla_watch_client(conv, true);
    if (rc == 0)
        (void)step(logon, credential);
    else
        tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "wrong passwords cannot be counted: %s", strerror(-rc));
    tla_kdc_place_leave(place);
    tla_backoff_leave(backoff, logon->outcome->reason);
    tla_watch_client(conv, false);
}

/*
 * The domain wants a new password first: the change happens here, as on Windows, and then
 * the logon with the new one, to its proof. Before that, the old password is proven only
 * to the party that plays the KDC, which must not be a success for a program that never
 * calls pam_acct_mgmt() (docs/decisions/agent.md#expired-password).
 */
static int change_first(struct tla_conv *conv, struct tl_logon *logon, const char *old,
                        char **fresh)
{
    const char *wanted = talloc_strdup(conv, logon->words->message);
    enum tl_reason reason;
    int rc = 0;

    tla_journal_logon(conv, logon->outcome, logon->words, NULL);
    ask_domain(conv, logon, &(struct tl_credential){.password = old}, prove_old);
    reason = logon->outcome->reason;
    /* a client without the old password learns nothing about the account */
    if (reason == TL_REASON_OK || reason == TL_REASON_PASSWORD_UNREACHABLE)
        rc = tla_say(conv, TL_STYLE_INFO, wanted);
    if (rc != 0 || reason != TL_REASON_OK)
        return rc;
    rc = tla_password_dialogue(conv, logon, old, wanted, fresh);
    if (rc == 0 && *fresh != NULL) {
        rc = tla_say(conv, TL_STYLE_INFO, "Your password has been changed.");
        if (rc == 0)
            ask_domain(conv, logon, &(struct tl_credential){.password = *fresh},
                       tl_logon_run);
    }
    return rc;
}

/* An offline logon must not outlive a disabled account. */
static void forget_ended(struct tla_conv *conv, const struct tl_logon *logon)
{
    struct tla_user user;

    if (tla_cached_logon_is_ended(logon->outcome->reason) &&
        tla_find_user(conv, conv->config->state_dir, conv->request.user, &user) == 0)
        tla_cached_logon_drop(conv, &user.sid);
}

static bool wants_new_password(const struct tl_logon *logon)
{
    return logon->words != NULL &&
           (logon->outcome->reason == TL_REASON_PASSWORD_EXPIRED ||
            logon->outcome->reason == TL_REASON_PASSWORD_MUST_CHANGE);
}

static int local_name(struct tla_conv *conv)
{
    tl_outcome_fail(conv->outcome, TL_STAGE_NAME, TL_REASON_NAME_LOCAL, NULL);
    return tla_done(conv, NULL, (struct tli_wire_msg){.local_user = 1});
}

/* What OpenSSH (auth-pam.c) passes to PAM, in the password's length, in place of the
 * password of a user that getpwnam() does not find. At a KDC it would count as a wrong
 * password and, after a few of them, lock out an account that does exist. */
static bool withheld(const char *password)
{
    static const char junk[] = "\b\n\r\177INCORRECT";
    size_t i = 0;

    while (password[i] != '\0' && password[i] == junk[i % (sizeof(junk) - 1)])
        i++;
    return i > 0 && password[i] == '\0';
}

/* A card has been used, or must be used and cannot. A card has no cached logon, since
 * only a KDC verifies a certificate. */
static int with_card(struct tla_conv *conv, struct tl_logon *logon,
                     struct tla_card_answer *card)
{
    int rc;

    if (!card->over && logon->outcome->reason == TL_REASON_OK)
        ask_domain(conv, logon,
                   &(struct tl_credential){.card = card->card, .pin = card->pin},
                   tl_logon_run);
    forget_ended(conv, logon);
    rc = answer(conv, logon, NULL);
    talloc_free(card->pin);
    return rc;
}

/* Card, password, expired password, cached logon, in this order: each is tried only if
 * the one before it has not decided. */
int tla_op_auth(struct tla_conv *conv)
{
    struct tl_logon *logon;
    enum tl_reason reason = tla_logon_prepare(conv, &logon);
    char *password = NULL, *fresh = NULL;
    struct tla_cached_user *who = NULL;
    struct tla_card_answer card;
    int rc;

    if (logon == NULL)
        return answer(conv, NULL, NULL);
    if (reason == TL_REASON_NAME_LOCAL)
        return local_name(conv);
    rc = tla_card_ask(conv, logon, &card);
    if (rc != 0)
        return rc;
    if (card.card != NULL || card.over)
        return with_card(conv, logon, &card);
    /* Keep no second copy of the password: this process may wait for a DC for hours. */
    password = (char *)(uintptr_t)conv->request.secret;
    conv->request.secret = NULL;
    rc =
        password == NULL ? tla_prompt(conv, TL_STYLE_SECRET, "Password: ", &password) : 0;
    if (rc != 0)
        return rc;
    /* A name that is invalid in any domain has been asked for its password like any
     * other, and now fails like a wrong one. So does an empty password, even without
     * PAM_DISALLOW_NULL_AUTHTOK: libkrb5 takes it for no password, and no logon may
     * succeed with it. */
    if (reason == TL_REASON_OK && password[0] == '\0')
        tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_WRONG_PASSWORD,
                        "the password is empty");
    else if (reason == TL_REASON_OK && withheld(password))
        tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_PASSWORD_WITHHELD, NULL);
    else if (reason == TL_REASON_OK)
        ask_domain(conv, logon, &(struct tl_credential){.password = password},
                   tl_logon_run);
    forget_ended(conv, logon);
    if (wants_new_password(logon))
        rc = change_first(conv, logon, password, &fresh);
    if (rc == 0 && tla_cached_logon_check(conv, logon, password, &who) == TL_REASON_OK &&
        who != NULL)
        rc = answer_cached(conv, logon, who, password);
    else if (rc == 0)
        rc = answer(conv, logon, fresh != NULL ? fresh : password);
    talloc_free(password);
    talloc_free(fresh);
    return rc;
}
