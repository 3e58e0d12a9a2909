/* SPDX-License-Identifier: MIT
 *
 * directory.c - a user or a group from the directory of its own domain.
 */
#include "asking.h"

#include <trustlogon/name.h>

/* What keeps this machine from asking says nothing of the account asked for, whatever a
 * KDC called it: nobody on the wire may so make an account unknown. */
static enum tl_reason not_asked(const struct tli_asking *a, enum tl_reason reason)
{
    char *why = NULL;

    if (reason != TL_REASON_USER_UNKNOWN && !tli_asking_cannot_be(reason))
        return reason;
    if (a->out != NULL && a->out->detail != NULL)
        why = talloc_strdup(a->answer, a->out->detail);
    return tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                           "the directory of %s could not be asked: %s", a->domain->dns,
                           why != NULL ? why : tl_reason_info(reason)->slug);
}

/* A server that calls itself the directory of this domain and has the SID of another
 * one would give its users the ids of that one's. */
enum tl_reason tli_asking_open(const struct tli_asking *a, struct tl_directory **dir)
{
    struct tl_sid sid;
    enum tl_reason reason = tli_lookup_directory(a->lookup, a->domain->dns, dir, a->out);

    if (reason == TL_REASON_OK)
        reason = tl_directory_domain_sid(*dir, &sid, a->out);
    if (reason != TL_REASON_OK)
        return not_asked(a, reason);
    if (!a->domain->has_sid || !tl_sid_equal(&sid, &a->domain->sid))
        return tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                               "the directory of %s has not the SID that the trust names",
                               a->domain->dns);
    return TL_REASON_OK;
}

/*
 * bob.smith@contoso.test may be the explicit UPN of bsmith, and CONTOSO\bob.smith means
 * him too. As at a KDC the sAMAccountName comes first [KILE 3.3.5.6.1]: only where no
 * account has it can the other be meant.
 */
static enum tl_reason find_by_upn(struct tli_asking *a, struct tl_directory *dir,
                                  struct tl_dir_user **user)
{
    enum tl_reason reason;

    tl_outcome_reset(a->out);
    reason = tl_directory_user_by_upn(a->answer, dir, a->plan->upn, user, a->out);
    if (reason == TL_REASON_OK && !tl_name_equal((*user)->upn, a->plan->upn))
        reason = tli_asking_unknown(a, "no account has this name");
    a->by_upn = reason == TL_REASON_OK;
    return reason;
}

static enum tl_reason find_user(struct tli_asking *a, struct tl_directory *dir,
                                struct tl_dir_user **user)
{
    enum tl_reason reason;
    switch (a->plan->by) {
    case TL_LOOKUP_BY_SAM:
        reason = tl_directory_user_by_sam(a->answer, dir, a->plan->name, user, a->out);
        if (reason == TL_REASON_USER_UNKNOWN && a->plan->upn != NULL)
            reason = find_by_upn(a, dir, user);
        return reason;
    case TL_LOOKUP_BY_UPN:
        return tl_directory_user_by_upn(a->answer, dir, a->plan->name, user, a->out);
    case TL_LOOKUP_BY_ID:
        return tl_directory_user_by_uid(a->answer, dir, a->plan->id, user, a->out);
    default:
        return tl_directory_user_by_sid(a->answer, dir, &a->plan->sid, user, a->out);
    }
}

/* With rfc2307 the ids are facts of the directory, too. */
static enum tl_reason add_facts(struct tli_asking *a, struct tl_directory *dir,
                                const struct tl_dir_user *user, const struct tl_sid *sids,
                                size_t count)
{
    const struct tl_config *config = a->lookup->in.machine->config;
    enum tl_reason reason = TL_REASON_OK;

    if (config->idmap != TL_IDMAP_RFC2307)
        return TL_REASON_OK;
    a->facts = talloc_zero(a->answer, struct tl_unix_facts);
    if (a->facts == NULL)
        return tli_asking_no_memory(a);
    if (user != NULL)
        reason = tl_unix_facts_user(a->facts, dir, &user->sid, config->unix_primary_group,
                                    a->out);
    if (reason == TL_REASON_OK)
        reason = tl_unix_facts_groups(a->facts, dir, sids, count, a->out);
    return reason;
}

static enum tl_reason user_from(struct tli_asking *a, struct tl_directory *dir)
{
    struct tl_dir_names *names = NULL;
    struct tl_dir_user *user = NULL;
    struct tl_pac *account = NULL;
    struct tl_sid *sids = NULL;
    enum tl_reason reason = find_user(a, dir, &user);
    size_t count = 0;

    if (reason == TL_REASON_OK)
        reason = tl_directory_user_groups(a->answer, dir, user, &sids, &count, a->out);
    if (reason == TL_REASON_OK)
        reason = add_facts(a, dir, user, sids, count);
    if (reason == TL_REASON_OK)
        reason = tl_directory_names(a->answer, dir, sids, count, &names, a->out);
    if (reason == TL_REASON_OK &&
        tli_lookup_account(a->answer, user, names, a->domain->own, a->lookup->in.trace,
                           &account) != 0)
        reason = tli_asking_no_memory(a);
    if (reason == TL_REASON_OK)
        reason = tli_asking_identify(a, account);
    if (reason == TL_REASON_OK)
        reason = tli_asking_add_groups(a, names);
    return reason;
}

/* Where each user of a domain has a group of his own, its name and id are his. */
static enum tl_reason own_group(struct tli_asking *a, struct tl_directory *dir)
{
    enum tl_reason reason = user_from(a, dir);

    if (reason == TL_REASON_OK && !a->answer->identity->private_group)
        reason = tli_asking_unknown(a, "it is a user");
    return reason;
}

static enum tl_reason group_from(struct tli_asking *a, struct tl_directory *dir)
{
    struct tl_dir_group *group = NULL;
    enum tl_reason reason;

    if (a->plan->by == TL_LOOKUP_BY_ID)
        reason = tl_directory_group_by_gid(a->answer, dir, a->plan->id, &group, a->out);
    else if (a->plan->by == TL_LOOKUP_BY_SID)
        reason = tl_directory_group_by_sid(a->answer, dir, &a->plan->sid, &group, a->out);
    else
        reason =
            tl_directory_group_by_name(a->answer, dir, a->plan->name, &group, a->out);
    if (reason == TL_REASON_USER_UNKNOWN)
        return own_group(a, dir);
    if (reason == TL_REASON_OK && (group->type & TL_GROUP_SECURITY) == 0)
        reason =
            tli_asking_unknown(a, "the group is for mail only, and in nobody's token");
    if (reason == TL_REASON_OK)
        reason = add_facts(a, dir, NULL, &group->sid, 1);
    if (reason == TL_REASON_OK)
        reason = tli_asking_add_group(a, &group->sid, group->name);
    /* A domain-local group of another domain counts there only, so nobody is a member
     * here; a Samba KDC puts it into PACs all the same, and then it needs a name. */
    if (reason == TL_REASON_OK &&
        ((group->type & TL_GROUP_DOMAIN_LOCAL) == 0 || a->domain->own))
        a->answer->entry = group;
    return reason == TL_REASON_OK ? tli_asking_check_group(a) : reason;
}

enum tl_reason tli_asking_directory(struct tli_asking *a)
{
    struct tl_directory *dir = NULL;
    enum tl_reason reason = tli_asking_open(a, &dir);

    a->answer->source = TL_LOOKUP_LDAP;
    if (reason == TL_REASON_OK)
        reason = a->question->group ? group_from(a, dir) : user_from(a, dir);
    return reason;
}
