/* SPDX-License-Identifier: MIT
 *
 * rule_account.c - an account without a fresh proof, as its directory has it today:
 * whether it may log on at all, and its groups.
 */
#include <errno.h>
#include <time.h>
#include <trustlogon/name.h>

#include "rule_names.h"

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

/* `other`: the account comes over selective authentication. A ticket would bring one of
 * the two organization SIDs; here it is added. */
static enum tl_reason read_groups(TALLOC_CTX *ctx, struct tl_directory *dir,
                                  const struct tl_dir_user *user, bool other,
                                  struct tl_membership **result, struct tl_outcome *out)
{
    struct tl_membership *member = talloc_zero(ctx, struct tl_membership);
    struct tl_sid *sids = NULL;
    size_t count = 0;
    enum tl_reason reason;

    if (member == NULL) {
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        return TL_REASON_NO_MEMORY;
    }
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
        tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
        return TL_REASON_NO_MEMORY;
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

static bool same_domain(const char *a, const char *b)
{
    return tl_dns_equal(a, b);
}

/* A member from another domain of the own forest is in a group by its own name, which the
 * directory does not find by the SID. */
static bool is_of_own_forest(const struct tl_rules_input *in, const char *domain)
{
    for (size_t i = 0;
         in->machine->topology != NULL && i < in->machine->topology->num_domains; i++)
        if (same_domain(in->machine->topology->domains[i].dns, domain))
            return true;
    return false;
}

static int append(struct tl_membership *member, const struct tl_dir_names *found,
                  const struct tl_sid *own)
{
    struct tl_pac_group *all =
        talloc_realloc(member, member->groups, struct tl_pac_group,
                       (unsigned int)(member->count + found->count));

    if (all == NULL)
        return -ENOMEM;
    member->groups = all;
    for (size_t i = 0; i < found->count; i++) {
        if (tl_sid_in_domain(&found->names[i].sid, own))
            all[member->count++] = (struct tl_pac_group){
                .sid = found->names[i].sid, .attributes = ORDINARY | TL_MEMBER_DIRECTORY};
    }
    return 0;
}

/* The groups of the machine's own domain that the account is in. At a logon the KDC adds
 * them to the ticket; without them a rule that denies by such a group would not apply. */
static void add_own(struct tli_rule_names *names, const struct tl_rules_input *in,
                    const struct tl_known_domain *users, struct tl_membership *member,
                    struct tl_sid *own)
{
    struct tl_known_domain domain;
    struct tl_dir_names *found = NULL;
    struct tl_directory *dir = NULL;
    const char *why;
    struct tl_sid *sids;

    if (!tli_rule_names_domain(names, in->machine->workstation->domain, NULL, true,
                               &domain, &why))
        return;
    if (same_domain(users->dns, in->machine->workstation->domain)) {
        *own = domain.sid; /* the account's own directory has listed them all */
        return;
    }
    sids = talloc_array(names, struct tl_sid, (unsigned int)(member->count + 1));
    if (sids != NULL && !is_of_own_forest(in, users->dns))
        dir = tli_rule_names_open(names, &domain, &why);
    if (dir == NULL)
        return;
    sids[0] = member->user;
    for (size_t i = 0; i < member->count; i++)
        sids[1 + i] = member->groups[i].sid;
    if (tl_directory_foreign_groups(names, dir, sids, member->count + 1, &found, NULL) ==
            TL_REASON_OK &&
        append(member, found, &domain.sid) == 0)
        *own = domain.sid;
}

/* Read with the machine's tickets, since the agent has no tickets of a user who logged on
 * by other means. */
enum tl_reason tl_rules_account(TALLOC_CTX *ctx, const struct tl_rules_input *in,
                                const struct tl_sid *sid, struct tl_membership **member,
                                struct tl_sid *own, struct tl_outcome *out)
{
    struct tli_rule_names *names = tli_rule_names_new(NULL, in);
    struct tl_directory *dir = NULL;
    struct tl_dir_user *user = NULL;
    struct tl_known_domain domain;
    const char *why = "out of memory";
    enum tl_reason reason;

    *member = NULL;
    *own = (struct tl_sid){0};
    if (names != NULL && tli_rule_names_domain(names, NULL, sid, true, &domain, &why))
        dir = tli_rule_names_open(names, &domain, &why);
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
    if (reason == TL_REASON_OK)
        add_own(names, in, &domain, *member, own);

cleanup:
    talloc_free(names);
    return reason;
}
