/* SPDX-License-Identifier: MIT
 *
 * op_account_external.c - pam_acct_mgmt for a user who did not log on through the agent
 * (ssh keys, GSSAPI, cron).
 *
 * Nothing is proven here; another module vouches for the user. The identity store has the
 * account. Its directory is asked whether the account may log on and which groups it has,
 * if the machine may read there; otherwise the last proof counts for a while. If rules
 * are set and the groups are not known, the user is denied.
 */
#include "operations.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <trustlogon/rules.h>

#include "account_check.h"
#include "channel.h"
#include "client_watch.h"
#include "find_user.h"
#include "journal.h"
#include "membership_cache.h"

/* Seconds before the directory is asked again: cron starts many programs at once. */
#define CHECKED_S 300
/* Seconds for which the last proof counts if no directory can be asked. */
#define PROVEN_S (7 * 86400)

static bool is_recent(const struct tla_membership_cache *known, int64_t now)
{
    return known != NULL && known->proven <= now && now - known->proven <= PROVEN_S;
}

/* Groups of other domains are in a ticket and not in tokenGroups. They stay as of the
 * last proof, except those of `own`, whose directory has been asked. */
static int add_foreign(struct tl_membership *member,
                       const struct tla_membership_cache *known, const struct tl_sid *own,
                       int64_t now)
{
    const struct tl_membership *old = known != NULL ? known->member : NULL;
    struct tl_pac_group *all;
    struct tl_sid domain;
    uint32_t rid;

    if (old == NULL || !is_recent(known, now) ||
        tl_sid_split(&member->user, &domain, &rid) != 0)
        return 0;
    all = talloc_realloc(member, member->groups, struct tl_pac_group,
                         member->count + old->count);
    if (all == NULL)
        return -ENOMEM;
    member->groups = all;
    for (size_t i = 0; i < old->count; i++) {
        if (!tl_sid_in_domain(&old->groups[i].sid, &domain) &&
            !(own->revision != 0 && tl_sid_in_domain(&old->groups[i].sid, own)))
            member->groups[member->count++] = old->groups[i];
    }
    return 0;
}

/* No directory could be asked: use what is cached, if anything. */
static enum tl_reason from_before(struct tla_conv *conv,
                                  const struct tla_membership_cache *known, int64_t now,
                                  const struct tl_membership **member)
{
    char *why = talloc_strdup(conv, conv->outcome->detail != NULL ? conv->outcome->detail
                                                                  : "no answer");

    tl_outcome_reset(conv->outcome);
    if (is_recent(known, now)) {
        *member = known->member;
        return TL_REASON_OK;
    }
    if (!tl_rules_any(conv->config))
        return TL_REASON_OK;
    tl_outcome_fail(conv->outcome, TL_STAGE_IDENTITY, TL_REASON_ACCESS_RULE,
                    "the user's groups are not known: no logon with a password within "
                    "%d days, and %s",
                    PROVEN_S / 86400, why != NULL ? why : "no answer");
    tl_outcome_set_subject(conv->outcome, conv->request.user);
    return conv->outcome->reason;
}

static void keep(const struct tl_config *config, const struct tla_membership_cache *known,
                 struct tl_membership *member, bool own_asked, int64_t now)
{
    struct tla_membership_cache fresh = {.checked = now, .member = member};
    int rc;

    fresh.proven = known != NULL ? known->proven : 0;
    fresh.own_asked = own_asked ? now : known != NULL ? known->own_asked : 0;
    fresh.own_answered = own_asked ? now : known != NULL ? known->own_answered : 0;
    rc = tla_membership_cache_save(config, &fresh);
    if (rc != 0)
        tla_journal_line(LOG_WARNING, "cannot save the groups of %s: %s", member->account,
                         strerror(-rc));
}

/* A group that could not be read may be the one that bars the user. */
static enum tl_reason cannot_deny(struct tla_conv *conv)
{
    tl_outcome_fail(
        conv->outcome, TL_STAGE_IDENTITY, TL_REASON_ACCESS_RULE,
        "the user's groups of this machine's domain are not known: no logon "
        "with a password within %d days, and its directory does not list them",
        PROVEN_S / 86400);
    tl_outcome_set_subject(conv->outcome, conv->request.user);
    return conv->outcome->reason;
}

/* The account's groups, and whether it may log on. NULL in *member: not known, and not
 * needed. */
static enum tl_reason look(struct tla_conv *conv, const struct tl_rules_input *in,
                           const struct tla_user *user,
                           const struct tl_membership **member)
{
    struct tla_membership_cache *known = NULL;
    struct tl_membership *today = NULL;
    int64_t now = (int64_t)time(NULL);
    struct tl_sid own;
    enum tl_reason reason;

    (void)tla_membership_cache_load(conv, conv->config, &user->sid, &known);
    if (known != NULL && known->checked <= now && now - known->checked < CHECKED_S) {
        *member = known->member;
        return TL_REASON_OK;
    }
    reason = tl_rules_account(conv, in, &user->sid, &today, &own, conv->outcome);
    if (reason == TL_REASON_ACCOUNT_DISABLED || reason == TL_REASON_ACCOUNT_EXPIRED ||
        reason == TL_REASON_USER_UNKNOWN || reason == TL_REASON_NO_MEMORY)
        return reason;
    if (reason != TL_REASON_OK)
        return from_before(conv, known, now, member);
    if (add_foreign(today, known, &own, now) != 0)
        return tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    *member = today;
    if (own.revision != 0 || is_recent(known, now))
        keep(conv->config, known, today, own.revision != 0, now);
    else if (conv->config->deny_groups != NULL)
        return cannot_deny(conv);
    return TL_REASON_OK;
}

static enum tl_reason judge(struct tla_conv *conv, const struct tla_user *user)
{
    struct tl_rules_input in;
    const struct tl_membership *member = NULL;
    enum tl_reason reason = tla_account_check_owner(conv, user->uid);

    if (reason == TL_REASON_OK)
        reason = tla_account_rules_input(conv, NULL, &in);
    if (reason != TL_REASON_OK)
        return reason;
    tla_end_with_client(conv, true);
    reason = look(conv, &in, user, &member);
    if (reason == TL_REASON_OK && member != NULL)
        reason = tl_rules_check(&in, member, conv->outcome);
    tla_end_with_client(conv, false);
    return reason;
}

/* Whether the name has a domain that the agent serves. */
static bool is_of_known_domain(struct tla_conv *conv)
{
    struct tl_machine *machine = NULL;
    struct tl_logon *logon;

    if (tl_machine_open(conv, conv->config, &machine, NULL) != TL_REASON_OK)
        return false;
    logon = tl_logon_new(conv, machine, NULL);
    return logon != NULL && tl_logon_prepare(logon, conv->request.user) == TL_REASON_OK &&
           (logon->name->form != TL_NAME_BARE || machine->workstation->bare_names) &&
           logon->route->user_domain != NULL;
}

/* The store does not know the user. Another module of nsswitch.conf may, and the rules
 * must hold for its answer, too. */
static int not_known(struct tla_conv *conv)
{
    struct tli_wire_msg done = {.local_user = 1};

    if (tl_rules_any(conv->config) && is_of_known_domain(conv)) {
        tl_outcome_fail(conv->outcome, TL_STAGE_IDENTITY, TL_REASON_ACCESS_RULE,
                        "the user is not known on this machine, not even the SID");
        tl_outcome_set_subject(conv->outcome, conv->request.user);
        return tla_account_refuse(conv, NULL);
    }
    tl_outcome_fail(conv->outcome, TL_STAGE_NAME, TL_REASON_NAME_LOCAL, NULL);
    return tla_done(conv, NULL, done);
}

int tla_op_account_external(struct tla_conv *conv)
{
    struct tli_wire_msg done = {0};
    struct tla_user user;

    if (tla_find_user(conv, conv->config->state_dir, conv->request.user, &user) != 0)
        return not_known(conv);
    if (judge(conv, &user) != TL_REASON_OK)
        return tla_account_refuse(conv, user.canonical);
    tla_journal_line(
        LOG_INFO, "account of %s accepted without a logon through the agent (%s)",
        user.canonical, conv->request.service != NULL ? conv->request.service : "?");
    done.canonical = user.canonical;
    return tla_done(conv, NULL, done);
}
