/* SPDX-License-Identifier: MIT
 *
 * op_auth.c - a logon: the name, the password or the card, the verdict.
 *
 * The order keeps the conversation the same for every name that is not this
 * machine's: the password is asked for before anything is looked up.
 */
#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

#include "cached.h"
#include "backoff.h"

#define FILETIME_UNIX_EPOCH 116444736000000000LL /* 1970 in 100 ns since 1601 */
#define SECONDS_PER_DAY 86400

/* Days until the password must be changed + 1; 0: never, or not known. */
static uint32_t days_left(const struct tl_pac *pac, time_t now)
{
    int64_t end;

    if (pac == NULL || pac->pw_must_change <= FILETIME_UNIX_EPOCH ||
        pac->pw_must_change == INT64_MAX)
        return 0;
    end = (pac->pw_must_change - FILETIME_UNIX_EPOCH) / 10000000;
    if (end <= now || (end - now) / SECONDS_PER_DAY > 10000)
        return 0;
    return (uint32_t)((end - now) / SECONDS_PER_DAY) + 1;
}

static bool on_this_line(const struct tla_conv *conv, const char *option)
{
    const char *line = conv->request.options;
    size_t len = strlen(option);

    while (line != NULL && !(strncmp(line, option, len) == 0 && line[len] == '=')) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return line != NULL;
}

/* Rules are pam_acct_mgmt's. Those that stand on the line of pam_authenticate would be
 * in vain, so they are judged here and told there: a barred user and a wrong password
 * differ for whoever has the password only. */
static void judge_this_line(struct tla_conv *conv, struct tl_logon *logon,
                            struct tla_pending *pending)
{
    struct tl_outcome *verdict = tl_outcome_new(pending);
    struct tl_config line = *conv->config;
    struct tl_rules_input in = {
        .config = &line, .ws = logon->ws, .topo = logon->topology};
    enum tl_reason reason;

    if (!on_this_line(conv, "allow_groups"))
        line.allow_groups = NULL;
    if (!on_this_line(conv, "deny_groups"))
        line.deny_groups = NULL;
    if (!on_this_line(conv, "allow_users"))
        line.allow_users = NULL;
    if (verdict == NULL) {
        pending->refused = "out of memory"; /* whom a rule may be about, too */
        return;
    }
    reason = logon->member != NULL ? tl_logon_rules(logon, &line, verdict)
                                   : tl_rules_check(&in, pending->member, verdict);
    if (reason == TL_REASON_OK)
        return;
    pending->refused = verdict->subject != NULL ? verdict->subject : "the rules";
    pending->detail = verdict->detail;
}

/* For root's programs, which go on to store tickets, and for the proven user himself,
 * whose locker refreshes what his session has. */
static enum tl_reason keep_tickets(struct tla_conv *conv, struct tl_logon *logon,
                                   const char *canonical, int64_t proven_at,
                                   struct tla_pending **kept)
{
    struct tla_pending *pending = NULL;
    const char *run_dir = conv->config->run_dir;
    int rc;

    *kept = NULL;
    if (conv->peer != 0 && conv->peer != logon->identity->uid)
        return TL_REASON_OK;
    rc = tla_pending_new(conv, run_dir, &pending);
    if (rc == 0) {
        pending->user = conv->request.user;
        pending->canonical = canonical;
        pending->expires = days_left(logon->pac, time(NULL));
        pending->uid = logon->identity->uid;
        pending->gid = logon->identity->gid;
        rc = tl_krb_save_pending(logon->krb, pending->ticket_path);
    }
    if (rc == 0)
        rc = tla_keep_groups(conv, logon, proven_at);
    if (rc == 0) {
        pending->member = logon->member;
        pending->domain = logon->domain;
        judge_this_line(conv, logon, pending);
        rc = tla_pending_save(run_dir, pending);
    }
    if (rc != 0)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CCACHE_FAILED,
                               "%s/pending: %s", run_dir, strerror(-rc));
    *kept = pending;
    return TL_REASON_OK;
}

/* A success that is none: without a proof; or of a locker whose name, which only the
 * store gives to its uid, is another account's by now. */
static bool proven(const struct tla_conv *conv, struct tl_logon *logon)
{
    if (logon->outcome->reason != TL_REASON_OK)
        return false;
    if (logon->pac == NULL || logon->identity == NULL)
        tl_outcome_fail(logon->outcome, TL_STAGE_PROOF, TL_REASON_INTERNAL,
                        "a success without a proof and an identity is none");
    else if (conv->peer_by_store && logon->identity->uid != conv->peer)
        tl_outcome_fail(logon->outcome, TL_STAGE_PROOF, TL_REASON_DENIED, NULL);
    else
        return true;
    logon->words = NULL;
    return false;
}

/* `password`: the one that was proven, if any was; NULL with a card. */
static int answer(struct tla_conv *conv, struct tl_logon *logon, const char *password)
{
    struct tl_words_input in = {.user = conv->request.user};
    bool success = logon != NULL && proven(conv, logon);
    struct tl_words *words = logon != NULL ? logon->words : NULL;
    struct tla_pending *pending = NULL;
    struct tli_wire_msg done = {0};
    int64_t now = (int64_t)time(NULL);
    int rc;

    if (success) {
        success = tla_keep_identity(conv, logon) == TL_REASON_OK &&
                  keep_tickets(conv, logon, logon->identity->canonical, now, &pending) ==
                      TL_REASON_OK;
        if (success)
            done.canonical = logon->identity->canonical;
        if (!success)
            words = NULL;
    }
    if (logon != NULL)
        conv->outcome = logon->outcome;
    if (words == NULL)
        words = tl_outcome_words(conv, conv->outcome, &in);
    if (pending != NULL) {
        done.session = pending->token;
        done.expires = pending->expires;
    }
    (void)tla_named(conv, logon);
    tla_journal_logon(conv, conv->outcome, words, done.canonical);
    rc = tla_done(conv, words, done);
    if (pending != NULL && password != NULL)
        tla_cached_keep(conv, &logon->identity->sid, now, password);
    if (success)
        tla_name_groups(conv, logon);
    return rc;
}

/* The session of a cached logon: known by the last proof, and without tickets yet. */
static int make_pending(struct tla_conv *conv, struct tl_logon *logon,
                        const struct tla_cached *who, struct tla_pending **kept)
{
    const char *run_dir = conv->config->run_dir;
    const char *at = strrchr(who->user.canonical, '@');
    struct tla_pending *pending = NULL;
    char *sam, *realm;
    int rc = at == NULL ? -EBADMSG : tla_pending_new(conv, run_dir, &pending);

    *kept = NULL;
    if (rc != 0)
        return rc;
    pending->user = conv->request.user;
    pending->canonical = who->user.canonical;
    pending->uid = who->user.uid;
    pending->gid = who->user.gid;
    pending->member = who->known->member;
    pending->domain = at + 1;
    sam =
        talloc_strndup(pending, who->user.canonical, (size_t)(at - who->user.canonical));
    realm = tl_realm_of(pending, at + 1);
    rc = sam != NULL && realm != NULL
             ? tl_krb_save_empty(sam, realm, pending->ticket_path)
             : -ENOMEM;
    if (rc == 0) {
        judge_this_line(conv, logon, pending);
        rc = tla_pending_save(run_dir, pending);
    }
    if (rc == 0)
        *kept = pending;
    return rc;
}

/* Nobody could be asked, and the password is that of the last proof. */
static int answer_cached(struct tla_conv *conv, struct tl_logon *logon,
                         const struct tla_cached *who, const char *password)
{
    struct tli_wire_msg done = {.canonical = who->user.canonical};
    struct tla_pending *pending = NULL;
    int rc = make_pending(conv, logon, who, &pending);

    if (rc != 0)
        tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL, TL_REASON_CCACHE_FAILED,
                        "%s/pending: %s", conv->config->run_dir, strerror(-rc));
    else
        rc = tla_tell(conv, TL_STYLE_INFO, TLA_CACHED_SENTENCE);
    if (rc == 0)
        tla_journal_line(LOG_NOTICE, "%s is logged on with cached credentials (%s): %s",
                         who->user.canonical,
                         conv->request.service != NULL ? conv->request.service : "?",
                         tl_reason_info(logon->outcome->reason)->slug);
    if (pending != NULL) {
        done.session = pending->token;
        tla_when_back_note(conv, pending);
    }
    rc = tla_done(conv, NULL, done);
    if (rc == 0 && pending != NULL)
        tla_when_back(conv, pending, &who->user.sid, password);
    return rc;
}

/* What one waits in line is not of the logon's own time. With that it is as much as a
 * program waits for us by default (pam_trustlogon(8), timeout). */
#define IN_LINE 3 /* times logon_timeout */

static struct tla_turn *wait_for_turn(struct tla_conv *conv, struct tl_logon *logon)
{
    const char *realm = logon->route->realm, *who = conv->request.caller;
    tl_deadline until = tl_deadline_in_ms((int64_t)conv->config->logon_timeout * IN_LINE);
    struct tla_turn *turn = NULL;

    if (realm == NULL)
        return NULL;
    if (conv->peer != 0)
        who = talloc_asprintf(conv, "%u", (unsigned int)conv->peer);
    tla_end_with_client(conv, true);
    turn = tla_turn_wait(conv, conv->config->run_dir, realm, who, until);
    logon->trace = tla_turn_trace(turn);
    return turn;
}

/* Hold a password against the domain's, by whatever step: a KDC may say "expired" without
 * looking at the password (MIT's does), and what comes next is a guess as well. `card`:
 * NULL, or what is used instead of a password. */
static void ask_domain(struct tla_conv *conv, struct tl_logon *logon,
                       const char *password,
                       enum tl_reason (*step)(struct tl_logon *logon, const char *old),
                       const struct tla_card_answer *card)
{
    struct tla_guesses *guesses = NULL;
    struct tla_turn *turn;
    int rc = 0;

    if (conv->peer != 0) {
        tla_end_with_client(conv, true);
        rc = tla_guesses_enter(conv, conv->config->run_dir, conv->peer, &guesses);
    }
    turn = wait_for_turn(conv, logon);
    tla_watch_client(conv, true);
    if (rc == 0 && card != NULL)
        (void)tl_logon_card(logon, card->card, card->pin);
    else if (rc == 0)
        (void)step(logon, password);
    else
        tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                        "wrong passwords cannot be counted: %s", strerror(-rc));
    tla_turn_leave(turn);
    tla_guesses_leave(guesses, logon->outcome->reason);
    tla_watch_client(conv, false);
}

/*
 * The domain wants a new password first: the change happens here, as on Windows,
 * and then the logon with the new one, to its proof. What is proven before that is
 * the old password to whoever plays the KDC, which must not be a success for a
 * program that never calls pam_acct_mgmt() (docs/decisions.md).
 */
static int change_first(struct tla_conv *conv, struct tl_logon *logon, const char *old,
                        char **fresh)
{
    const char *wanted = talloc_strdup(conv, logon->words->message);
    enum tl_reason reason;
    int rc = 0;

    tla_journal_logon(conv, logon->outcome, logon->words, NULL);
    ask_domain(conv, logon, old, tl_password_prove, NULL);
    reason = logon->outcome->reason;
    /* who does not know the old one learns nothing about the account */
    if (reason == TL_REASON_OK || reason == TL_REASON_PASSWORD_UNREACHABLE)
        rc = tla_tell(conv, TL_STYLE_INFO, wanted);
    if (rc != 0 || reason != TL_REASON_OK)
        return rc;
    rc = tla_change_password(conv, logon, old, wanted, fresh);
    if (rc == 0 && *fresh != NULL) {
        rc = tla_tell(conv, TL_STYLE_INFO, "Your password has been changed.");
        if (rc == 0)
            ask_domain(conv, logon, *fresh, tl_logon_password, NULL);
    }
    return rc;
}

/* The cable must not bring back what the domain has ended. */
static void forget_ended(struct tla_conv *conv, const struct tl_logon *logon)
{
    struct tla_user user;

    if (tla_cached_is_over(logon->outcome->reason) &&
        tla_find_user(conv, conv->config->state_dir, conv->request.user, &user) == 0)
        tla_cached_forget(conv, &user.sid);
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

/* What OpenSSH (auth-pam.c) hands to PAM instead of the password of a user whom
 * getpwnam() does not know, in the password's length. Asked of a KDC it would count as a
 * wrong one and, a few times over, lock out an account that exists after all. */
static bool withheld(const char *password)
{
    static const char junk[] = "\b\n\r\177INCORRECT";
    size_t i = 0;

    while (password[i] != '\0' && password[i] == junk[i % (sizeof(junk) - 1)])
        i++;
    return i > 0 && password[i] == '\0';
}

/* A card has been used, or must be used and cannot. Nothing but the network knows a
 * certificate again: there is no cached logon with one. */
static int with_card(struct tla_conv *conv, struct tl_logon *logon,
                     struct tla_card_answer *card)
{
    int rc;

    if (!card->over && logon->outcome->reason == TL_REASON_OK)
        ask_domain(conv, logon, NULL, NULL, card);
    forget_ended(conv, logon);
    rc = answer(conv, logon, NULL);
    talloc_free(card->pin);
    return rc;
}

int tla_op_auth(struct tla_conv *conv)
{
    struct tl_logon *logon;
    enum tl_reason reason = tla_prepare(conv, &logon);
    char *password = NULL, *fresh = NULL;
    struct tla_cached *who = NULL;
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
    /* No second copy stays behind: this process may wait for a DC for hours. */
    password = (char *)(uintptr_t)conv->request.secret;
    conv->request.secret = NULL;
    rc =
        password == NULL ? tla_prompt(conv, TL_STYLE_SECRET, "Password: ", &password) : 0;
    if (rc != 0)
        return rc;
    /* A name that no domain can hold has been asked for its password like any
     * other; now it fails like a wrong one. So does an empty password, whatever
     * PAM_DISALLOW_NULL_AUTHTOK says: libkrb5 takes it for none at all, and no
     * domain should let anybody in by it. */
    if (reason == TL_REASON_OK && password[0] == '\0')
        tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_WRONG_PASSWORD,
                        "the password is empty");
    else if (reason == TL_REASON_OK && withheld(password))
        tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_PASSWORD_WITHHELD, NULL);
    else if (reason == TL_REASON_OK)
        ask_domain(conv, logon, password, tl_logon_password, NULL);
    forget_ended(conv, logon);
    if (wants_new_password(logon))
        rc = change_first(conv, logon, password, &fresh);
    if (rc == 0 && tla_cached_check(conv, logon, password, &who) == TL_REASON_OK &&
        who != NULL)
        rc = answer_cached(conv, logon, who, password);
    else if (rc == 0)
        rc = answer(conv, logon, fresh != NULL ? fresh : password);
    talloc_free(password);
    talloc_free(fresh);
    return rc;
}
