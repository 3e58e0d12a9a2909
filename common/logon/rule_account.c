/* SPDX-License-Identifier: MIT
 *
 * rule_account.c - an account that did not just prove itself, as its directory has it
 * today: whether it may log on at all, and its groups.
 */
#include <errno.h>
#include <time.h>
#include <trustlogon/logon.h>

#include "logon/rule_names.h"

#define UF_ACCOUNTDISABLE 0x2U /* [ADTS 2.2.16] */
/* SE_GROUP_MANDATORY, ENABLED_BY_DEFAULT, ENABLED: as in a ticket. */
#define ORDINARY 7U

static enum tl_reason judge(const struct tl_dir_user *user, const char *domain,
                            struct tl_outcome *out)
{
    enum tl_reason reason = TL_REASON_OK;

    if (user->has_control && (user->user_account_control & UF_ACCOUNTDISABLE) != 0)
        reason = TL_REASON_ACCOUNT_DISABLED;
    else if (user->expires != 0 && user->expires <= (int64_t)time(NULL))
        reason = TL_REASON_ACCOUNT_EXPIRED;
    if (reason == TL_REASON_OK)
        return reason;
    tl_outcome_fail(out, TL_STAGE_IDENTITY, reason, NULL);
    tl_outcome_set_realm(out, domain);
    return reason;
}

static enum tl_reason read_groups(TALLOC_CTX *ctx, struct tl_directory *dir,
                                  const struct tl_dir_user *user, bool other,
                                  struct tl_membership **result, struct tl_outcome *out)
{
    struct tl_membership *member = talloc_zero(ctx, struct tl_membership);
    struct tl_sid *sids = NULL;
    size_t count = 0;
    enum tl_reason reason;

    if (member == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tl_directory_user_groups(member, dir, user, &sids, &count, out);
    if (reason != TL_REASON_OK) {
        talloc_free(member);
        return reason;
    }
    member->account = talloc_strdup(member, user->sam);
    member->user = user->sid;
    member->groups = talloc_zero_array(member, struct tl_pac_group, count + 1);
    if (member->account == NULL || member->groups == NULL) {
        talloc_free(member);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    for (size_t i = 0; i < count; i++)
        member->groups[i] = (struct tl_pac_group){.sid = sids[i], .attributes = ORDINARY};
    member->groups[count] =
        (struct tl_pac_group){.sid = tl_sid_organization(other), .attributes = ORDINARY};
    member->count = count + 1;
    talloc_free(sids);
    *result = member;
    return TL_REASON_OK;
}

enum tl_reason tl_rules_account(TALLOC_CTX *ctx, const struct tl_rules_input *in,
                                const struct tl_sid *sid, struct tl_membership **member,
                                struct tl_outcome *out)
{
    struct tl_rule_names *names = tl_rule_names_new(NULL, in);
    struct tl_directory *dir = NULL;
    struct tl_dir_user *user = NULL;
    struct tl_known_domain domain;
    const char *why = "out of memory";
    enum tl_reason reason;

    *member = NULL;
    if (names != NULL && tl_rule_names_domain(names, NULL, sid, true, &domain, &why))
        dir = tl_rule_names_open(names, &domain, &why);
    if (dir == NULL) {
        reason = tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                                 "%s", why);
        goto cleanup;
    }
    reason = tl_directory_user_by_sid(names, dir, sid, &user, out);
    if (reason == TL_REASON_USER_UNKNOWN)
        tl_outcome_set_realm(out, domain.dns);
    if (reason == TL_REASON_OK)
        reason = judge(user, domain.dns, out);
    if (reason == TL_REASON_OK)
        reason = read_groups(ctx, dir, user, domain.other_organization, member, out);

cleanup:
    talloc_free(names);
    return reason;
}
