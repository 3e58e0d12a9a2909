/* SPDX-License-Identifier: MIT
 *
 * directory.c - a user or a group from the directory of its own domain.
 */
#include "query.h"

/* The question of the plan. */
static struct tli_reading_question question_of(const struct tli_lookup_query *query,
                                               enum tli_reading_kind kind)
{
    const struct tl_lookup_plan *plan = query->plan;
    const struct tl_config *config = query->lookup->in.machine->config;

    return (struct tli_reading_question){.kind = kind,
                                         .by = plan->by,
                                         .name = plan->name,
                                         .upn = plan->by == TL_LOOKUP_BY_SAM ? plan->upn
                                                                             : NULL,
                                         .sid = plan->sid,
                                         .id = plan->id,
                                         .unix_ids = config->idmap == TL_IDMAP_RFC2307,
                                         .primary_group = config->unix_primary_group};
}

/* The user with groups and their names: what a PAC would bring, so that the identity
 * comes out as at a logon. */
static enum tl_reason read_user(struct tli_lookup_query *query)
{
    const struct tli_reading_question question = question_of(query, TLI_READ_USER);
    struct tli_reading *reading = NULL;
    struct tl_pac *account = NULL;
    enum tl_reason reason = tli_query_read(query, &question, &reading);

    if (reason != TL_REASON_OK)
        return reason;
    query->by_upn = reading->by_upn;
    query->facts = reading->facts;
    if (tli_lookup_account(query->answer, reading->user, reading->names,
                           query->domain->own, query->lookup->in.trace, &account) != 0)
        return tli_query_no_memory(query);
    reason = tli_query_identify(query, account);
    return reason == TL_REASON_OK ? tli_query_add_groups(query, reading->names) : reason;
}

/* Where each user of a domain has a private group, a question about a group may mean it:
 * name and id are the user's. */
static enum tl_reason read_own_group(struct tli_lookup_query *query)
{
    enum tl_reason reason = read_user(query);

    if (reason == TL_REASON_OK && !query->answer->identity->private_group)
        reason = tli_query_unknown(query, "it is a user");
    return reason;
}

/* The group, and in answer->entry what its members can be read by. Distribution groups
 * are refused, since no token has them. */
static enum tl_reason read_group(struct tli_lookup_query *query)
{
    const struct tli_reading_question question = question_of(query, TLI_READ_GROUP);
    struct tli_reading *reading = NULL;
    const struct tl_dir_group *group;
    enum tl_reason reason = tli_query_read(query, &question, &reading);

    if (reason == TL_REASON_USER_UNKNOWN) {
        tl_outcome_reset(query->out);
        return read_own_group(query);
    }
    if (reason != TL_REASON_OK)
        return reason;
    group = reading->group;
    if ((group->type & TL_GROUP_SECURITY) == 0)
        return tli_query_unknown(query,
                                 "it is a distribution group, which no token contains");
    query->facts = reading->facts;
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
    query->answer->source = TL_LOOKUP_LDAP;
    return query->question->group ? read_group(query) : read_user(query);
}
