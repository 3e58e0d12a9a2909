/* SPDX-License-Identifier: MIT
 *
 * logon_commit.c - write what a logon leaves behind: the identity for NSS, the tickets
 * for pam_setcred, and the groups for access rules, now and for logons without a
 * password.
 */
#include "logon_commit.h"

#include <errno.h>
#include <string.h>

#include <trustlogon/rules.h>
#include <trustlogon/tickets.h>

#include "journal.h"
#include "logon_worker.h"
#include "membership_cache.h"
#include "rule_sources.h"
#include "store_update.h"

#define FILETIME_UNIX_EPOCH 116444736000000000LL /* 1970 in 100 ns since 1601 */
#define SECONDS_PER_DAY 86400

/* Days until the password must be changed, plus 1; 0: never, or not known. */
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

/* With the user's tickets, if the logon brought any. */
static const struct tl_rules_sources *sources_of(struct tla_conv *conv,
                                                 const struct tl_logon *logon)
{
    return tla_rule_sources_new(conv, conv, logon->machine,
                                tla_logon_worker_tickets(logon));
}

/* Access rules are decided in pam_acct_mgmt. Those on the line of pam_authenticate would
 * have no effect there, so they are judged here and applied there: only a client that
 * knows the password learns that the user is barred. */
static void judge_this_line(struct tla_conv *conv, struct tl_logon *logon,
                            struct tla_pending *pending)
{
    struct tl_outcome *verdict = tl_outcome_new(pending);
    struct tl_config line = *conv->config;
    struct tl_machine machine = *logon->machine;
    struct tl_rules_input in = {.machine = &machine};
    enum tl_reason reason;

    if (!on_this_line(conv, "allow_groups"))
        line.allow_groups = NULL;
    if (!on_this_line(conv, "deny_groups"))
        line.deny_groups = NULL;
    if (!on_this_line(conv, "allow_users"))
        line.allow_users = NULL;
    if (verdict == NULL) {
        pending->refused = "out of memory"; /* a rule may bar this user */
        return;
    }
    machine.config = &line;
    in.sources = sources_of(conv, logon);
    if (in.sources == NULL)
        reason = tl_outcome_fail(verdict, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    else if (logon->member != NULL)
        reason = tl_rules_check_logon(logon, &line, in.sources, verdict);
    else
        reason = tl_rules_check(&in, pending->member, verdict);
    if (reason == TL_REASON_OK)
        return;
    pending->refused = verdict->subject != NULL ? verdict->subject : "the rules";
    pending->detail = verdict->detail;
}

enum tl_reason tla_commit_identity(struct tla_conv *conv, struct tl_logon *logon)
{
    const struct tl_identity *identity = logon->identity;
    char sid[TL_SID_STRING_MAX];
    struct tla_store_handle *handle = NULL;
    int rc =
        tla_store_open(conv, conv->config, logon->machine->workstation->domain, &handle);

    if (rc == 0)
        /* Under the name that was given, too: programs continue to use it. */
        rc = tla_store_user(handle, identity, conv->request.user, TL_STORE_SOURCE_PAC);
    talloc_free(handle);
    if (rc != 0)
        tla_journal_line(LOG_WARNING, "cannot write %s to the identity store: %s",
                         identity->canonical, strerror(-rc));
    if (rc != -EEXIST)
        return TL_REASON_OK;
    tl_outcome_fail(logon->outcome, TL_STAGE_IDENTITY, TL_REASON_ID_COLLISION,
                    "uid %u already belongs to another account in the identity store",
                    identity->uid);
    tl_outcome_set_subject(logon->outcome, tl_sid_format(&identity->sid, sid));
    return logon->outcome->reason;
}

int tla_commit_groups(struct tla_conv *conv, struct tl_logon *logon, int64_t proven)
{
    struct tla_membership_cache cache = {.proven = proven,
                                         .checked = proven,
                                         .own_asked = logon->own.asked,
                                         .own_answered = logon->own.answered};
    const struct tl_rules_sources *sources = sources_of(conv, logon);
    int rc;

    /* Groups named in rules are looked up while the user's ticket is available. */
    if (sources != NULL)
        (void)tl_rules_check_logon(logon, conv->config, sources, NULL);
    if (logon->member == NULL)
        return -ENOMEM;
    cache.member = logon->member;
    rc = tla_membership_cache_save(conv->config, &cache);
    if (rc != 0)
        tla_journal_line(LOG_WARNING, "cannot save the groups of %s: %s",
                         logon->identity->canonical, strerror(-rc));
    return 0;
}

int tla_commit_tickets(struct tla_conv *conv, struct tl_logon *logon,
                       struct tla_pending **pending)
{
    struct tla_pending *fresh = NULL;
    int rc;

    *pending = NULL;
    if (conv->peer != 0 && conv->peer != logon->identity->uid)
        return 0;
    rc = tla_pending_new(conv, conv->config->run_dir, &fresh);
    if (rc != 0)
        return rc;
    fresh->user = conv->request.user;
    fresh->canonical = logon->identity->canonical;
    fresh->expires = days_left(logon->pac, time(NULL));
    fresh->uid = logon->identity->uid;
    fresh->gid = logon->identity->gid;
    rc = tla_logon_worker_save_tickets(logon, fresh->ticket_path);
    if (rc == 0)
        *pending = fresh;
    return rc;
}

int tla_commit_pending(struct tla_conv *conv, struct tl_logon *logon,
                       struct tla_pending *pending)
{
    pending->member = logon->member;
    pending->domain = logon->domain;
    judge_this_line(conv, logon, pending);
    return tla_pending_save(conv->config->run_dir, pending);
}

/* The empty cache has the principal that the tickets will be for, so that setcred can
 * make the user's cache of it now and deferred_tickets.c can fill that one later. */
int tla_commit_cached(struct tla_conv *conv, struct tl_logon *logon,
                      const struct tla_cached_user *user, struct tla_pending **pending)
{
    const char *run_dir = conv->config->run_dir, *canonical = user->user.canonical;
    const char *at = strrchr(canonical, '@');
    struct tla_pending *fresh = NULL;
    char *sam, *realm;
    int rc = at == NULL ? -EBADMSG : tla_pending_new(conv, run_dir, &fresh);

    *pending = NULL;
    if (rc != 0)
        return rc;
    fresh->user = conv->request.user;
    fresh->canonical = canonical;
    fresh->uid = user->user.uid;
    fresh->gid = user->user.gid;
    fresh->member = user->last->member;
    fresh->domain = at + 1;
    sam = talloc_strndup(fresh, canonical, (size_t)(at - canonical));
    realm = tl_realm_of(fresh, at + 1);
    rc = sam != NULL && realm != NULL ? tl_krb_save_empty(sam, realm, fresh->ticket_path)
                                      : -ENOMEM;
    if (rc == 0) {
        judge_this_line(conv, logon, fresh);
        rc = tla_pending_save(run_dir, fresh);
    }
    if (rc == 0)
        *pending = fresh;
    return rc;
}
