/* SPDX-License-Identifier: MIT
 *
 * op_auth.c - a logon: the name, the password, the verdict.
 *
 * The order keeps the conversation the same for every name that is not this
 * machine's: the password is asked for before anything is looked up.
 */
#include <errno.h>
#include <string.h>

#include "agent.h"

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

    if (!on_this_line(conv, "allow_groups"))
        line.allow_groups = NULL;
    if (!on_this_line(conv, "deny_groups"))
        line.deny_groups = NULL;
    if (!on_this_line(conv, "allow_users"))
        line.allow_users = NULL;
    if (verdict == NULL || tl_logon_rules(logon, &line, verdict) == TL_REASON_OK)
        return;
    pending->refused = verdict->subject != NULL ? verdict->subject : "the rules";
    pending->detail = verdict->detail;
}

/* What pam_acct_mgmt will hold the rules against, now and for users without a password.
 */
static void keep_groups(struct tla_conv *conv, struct tl_logon *logon,
                        struct tla_pending *pending)
{
    int64_t now = (int64_t)time(NULL);
    struct tla_known known = {.proven = now, .checked = now};
    int rc;

    /* Names are looked up while the user's ticket is at hand, and remembered. */
    (void)tl_logon_rules(logon, conv->config, NULL);
    if (logon->member == NULL)
        return;
    judge_this_line(conv, logon, pending);
    pending->member = logon->member;
    pending->domain = logon->domain;
    known.member = logon->member;
    rc = tla_known_save(conv->config, &known);
    if (rc != 0)
        tla_journal_line(LOG_WARNING, "the groups of %s are not kept: %s",
                         pending->canonical, strerror(-rc));
}

/* Only root's programs go on to store tickets; a locker wanted the proof. */
static enum tl_reason keep_tickets(struct tla_conv *conv, struct tl_logon *logon,
                                   const char *canonical, struct tla_pending **kept)
{
    struct tla_pending *pending = NULL;
    const char *run_dir = conv->config->run_dir;
    int rc;

    *kept = NULL;
    if (conv->peer != 0)
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
    if (rc == 0) {
        keep_groups(conv, logon, pending);
        rc = pending->member != NULL ? tla_pending_save(run_dir, pending) : -ENOMEM;
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

static enum tl_reason remember(struct tla_conv *conv, struct tl_logon *logon)
{
    const struct tl_identity *identity = logon->identity;
    char sid[TL_SID_STRING_MAX];
    struct tla_book *book = NULL;
    int rc = tla_book_open(conv, conv->config, &book);

    if (rc == 0)
        rc = tla_remember_user(book, identity, NULL, TL_STORE_SOURCE_PAC);
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

static int answer(struct tla_conv *conv, struct tl_logon *logon)
{
    struct tl_words_input in = {.user = conv->request.user};
    bool success = logon != NULL && proven(conv, logon);
    struct tl_words *words = logon != NULL ? logon->words : NULL;
    struct tla_pending *pending = NULL;
    struct tl_wire_msg done = {0};
    int rc;

    if (success) {
        success = remember(conv, logon) == TL_REASON_OK &&
                  keep_tickets(conv, logon, logon->identity->canonical, &pending) ==
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
    tla_journal_logon(conv, conv->outcome, words, conv->request.user, done.canonical,
                      conv->request.service);
    rc = tla_done(conv, words, done);
    if (success)
        tla_name_groups(conv, logon);
    return rc;
}

static void log_on(struct tla_conv *conv, struct tl_logon *logon, const char *password)
{
    tla_busy(conv, true);
    (void)tl_logon_password(logon, password);
    tla_busy(conv, false);
}

/*
 * The domain wants a new password first: the change happens here, as on Windows,
 * and then the logon with the new one, to its proof. What is proven before that is
 * the old password to whoever plays the KDC, which must not be a success for a
 * program that never calls pam_acct_mgmt() (docs/decisions.md).
 */
static int change_first(struct tla_conv *conv, struct tl_logon *logon, const char *old)
{
    const char *wanted = talloc_strdup(conv, logon->words->message);
    char *fresh = NULL;
    enum tl_reason reason;
    int rc = 0;

    tla_journal_logon(conv, logon->outcome, logon->words, conv->request.user, NULL,
                      conv->request.service);
    tla_busy(conv, true);
    reason = tl_password_prove(logon, old);
    tla_busy(conv, false);
    /* who does not know the old one learns nothing about the account */
    if (reason == TL_REASON_OK || reason == TL_REASON_PASSWORD_UNREACHABLE)
        rc = tla_tell(conv, TL_STYLE_INFO, wanted);
    if (rc != 0 || reason != TL_REASON_OK)
        return rc;
    rc = tla_change_password(conv, logon, old, &fresh);
    if (rc == 0 && fresh != NULL) {
        rc = tla_tell(conv, TL_STYLE_INFO, "Your password has been changed.");
        if (rc == 0)
            log_on(conv, logon, fresh);
    }
    talloc_free(fresh);
    return rc;
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
    return tla_done(conv, NULL, (struct tl_wire_msg){.local_user = 1});
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

int tla_op_auth(struct tla_conv *conv)
{
    struct tl_logon *logon;
    enum tl_reason reason = tla_prepare(conv, &logon);
    char *password = NULL;
    int rc;

    if (logon == NULL)
        return answer(conv, NULL);
    if (reason == TL_REASON_NAME_LOCAL)
        return local_name(conv);
    if (conv->request.secret != NULL)
        password = tla_secret(conv, conv->request.secret);
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
        log_on(conv, logon, password);
    if (wants_new_password(logon))
        rc = change_first(conv, logon, password);
    talloc_free(password);
    return rc != 0 ? rc : answer(conv, logon);
}
