/* SPDX-License-Identifier: MIT
 *
 * directory.c - a user or a group from the directory of its own domain.
 */
#include "query.h"

#include <trustlogon/name.h>

/*
 * bob.smith@contoso.test may be the explicit UPN of bsmith, and then CONTOSO\bob.smith
 * means bsmith too. As at a KDC the sAMAccountName comes first [KILE 3.3.5.6.1]: the UPN
 * counts only where no account has that.
 */
static enum tl_reason find_by_upn(struct tli_lookup_query *query,
                                  struct tl_directory *dir, struct tl_dir_user **user)
{
    enum tl_reason reason;

    tl_outcome_reset(query->out);
    reason =
        tl_directory_user_by_upn(query->answer, dir, query->plan->upn, user, query->out);
    if (reason == TL_REASON_OK && !tl_name_equal((*user)->upn, query->plan->upn))
        reason = tli_query_unknown(query, "no account has this name");
    query->by_upn = reason == TL_REASON_OK;
    return reason;
}

static enum tl_reason find_user(struct tli_lookup_query *query, struct tl_directory *dir,
                                struct tl_dir_user **user)
{
    enum tl_reason reason;
    switch (query->plan->by) {
    case TL_LOOKUP_BY_SAM:
        reason = tl_directory_user_by_sam(query->answer, dir, query->plan->name, user,
                                          query->out);
        if (reason == TL_REASON_USER_UNKNOWN && query->plan->upn != NULL)
            reason = find_by_upn(query, dir, user);
        return reason;
    case TL_LOOKUP_BY_UPN:
        return tl_directory_user_by_upn(query->answer, dir, query->plan->name, user,
                                        query->out);
    case TL_LOOKUP_BY_ID:
        return tl_directory_user_by_uid(query->answer, dir, query->plan->id, user,
                                        query->out);
    default:
        return tl_directory_user_by_sid(query->answer, dir, &query->plan->sid, user,
                                        query->out);
    }
}

/* With idmap = rfc2307 the ids are in the directory too: of the user, unless NULL, and of
 * the groups. */
static enum tl_reason add_facts(struct tli_lookup_query *query, struct tl_directory *dir,
                                const struct tl_dir_user *user, const struct tl_sid *sids,
                                size_t count)
{
    const struct tl_config *config = query->lookup->in.machine->config;
    enum tl_reason reason = TL_REASON_OK;

    if (config->idmap != TL_IDMAP_RFC2307)
        return TL_REASON_OK;
    query->facts = talloc_zero(query->answer, struct tl_unix_facts);
    if (query->facts == NULL)
        return tli_query_no_memory(query);
    if (user != NULL)
        reason = tl_unix_facts_user(query->facts, dir, &user->sid,
                                    config->unix_primary_group, query->out);
    if (reason == TL_REASON_OK)
        reason = tl_unix_facts_groups(query->facts, dir, sids, count, query->out);
    return reason;
}

/* The user with groups and their names: what a PAC would bring, so that the identity
 * comes out as at a logon. */
static enum tl_reason user_from(struct tli_lookup_query *query, struct tl_directory *dir)
{
    struct tl_dir_names *names = NULL;
    struct tl_dir_user *user = NULL;
    struct tl_pac *account = NULL;
    struct tl_sid *sids = NULL;
    enum tl_reason reason = find_user(query, dir, &user);
    size_t count = 0;

    if (reason == TL_REASON_OK)
        reason =
            tl_directory_user_groups(query->answer, dir, user, &sids, &count, query->out);
    if (reason == TL_REASON_OK)
        reason = add_facts(query, dir, user, sids, count);
    if (reason == TL_REASON_OK)
        reason = tl_directory_names(query->answer, dir, sids, count, &names, query->out);
    if (reason == TL_REASON_OK &&
        tli_lookup_account(query->answer, user, names, query->domain->own,
                           query->lookup->in.trace, &account) != 0)
        reason = tli_query_no_memory(query);
    if (reason == TL_REASON_OK)
        reason = tli_query_identify(query, account);
    if (reason == TL_REASON_OK)
        reason = tli_query_add_groups(query, names);
    return reason;
}

/* Where each user of a domain has a private group, a question about a group may mean it:
 * name and id are the user's. */
static enum tl_reason own_group(struct tli_lookup_query *query, struct tl_directory *dir)
{
    enum tl_reason reason = user_from(query, dir);

    if (reason == TL_REASON_OK && !query->answer->identity->private_group)
        reason = tli_query_unknown(query, "it is a user");
    return reason;
}

/* The group, and in answer->entry what its members can be read by. Distribution groups
 * are refused, since no token has them. */
static enum tl_reason group_from(struct tli_lookup_query *query, struct tl_directory *dir)
{
    struct tl_dir_group *group = NULL;
    enum tl_reason reason;

    if (query->plan->by == TL_LOOKUP_BY_ID)
        reason = tl_directory_group_by_gid(query->answer, dir, query->plan->id, &group,
                                           query->out);
    else if (query->plan->by == TL_LOOKUP_BY_SID)
        reason = tl_directory_group_by_sid(query->answer, dir, &query->plan->sid, &group,
                                           query->out);
    else
        reason = tl_directory_group_by_name(query->answer, dir, query->plan->name, &group,
                                            query->out);
    if (reason == TL_REASON_USER_UNKNOWN)
        return own_group(query, dir);
    if (reason == TL_REASON_OK && (group->type & TL_GROUP_SECURITY) == 0)
        reason = tli_query_unknown(query,
                                   "it is a distribution group, which no token contains");
    if (reason == TL_REASON_OK)
        reason = add_facts(query, dir, NULL, &group->sid, 1);
    if (reason == TL_REASON_OK)
        reason = tli_query_add_group(query, &group->sid, group->name);
    /* A domain-local group of another domain counts there only, so it has no members
     * here; a Samba KDC still puts it into PACs, and then it needs a name. */
    if (reason == TL_REASON_OK &&
        ((group->type & TL_GROUP_DOMAIN_LOCAL) == 0 || query->domain->own))
        query->answer->entry = group;
    return reason == TL_REASON_OK ? tli_query_check_group(query) : reason;
}

enum tl_reason tli_query_directory(struct tli_lookup_query *query)
{
    struct tl_directory *dir = NULL;
    enum tl_reason reason = tli_query_open(query, &dir);

    query->answer->source = TL_LOOKUP_LDAP;
    if (reason == TL_REASON_OK)
        reason = query->question->group ? group_from(query, dir) : user_from(query, dir);
    return reason;
}
