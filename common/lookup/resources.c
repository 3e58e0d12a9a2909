/* SPDX-License-Identifier: MIT
 *
 * resources.c - the groups of the machine's own domain that a user of another forest is
 * in. No directory of the user's forest knows them. At a logon a Windows KDC adds them to
 * the ticket; a Samba KDC adds some or none.
 */
#include "query.h"

#define ATTRIBUTES 0x20000007U /* enabled; SE_GROUP_RESOURCE [MS-PAC 2.2.1] */

/* All SIDs with which the account can be a member of a group. */
static struct tl_sid *collect(TALLOC_CTX *ctx, const struct tl_pac *account,
                              size_t *count)
{
    struct tl_sid *sids =
        talloc_array(ctx, struct tl_sid, 2 + account->num_groups + account->num_extra);

    *count = 0;
    if (sids == NULL)
        return NULL;
    sids[(*count)++] = account->user_sid;
    if (tl_sid_append(&account->domain_sid, account->primary_group_rid, &sids[1]) == 0)
        (*count)++;
    for (size_t i = 0; i < account->num_groups; i++)
        sids[(*count)++] = account->groups[i].sid;
    for (size_t i = 0; i < account->num_extra; i++)
        sids[(*count)++] = account->extra[i].sid;
    return sids;
}

/* Only those of the own domain: BUILTIN groups are local to each machine. */
static int give(struct tl_pac *account, const struct tl_dir_names *found,
                const struct tl_sid *domain)
{
    account->resource =
        talloc_zero_array(account, struct tl_pac_group, (unsigned int)found->count + 1);
    if (account->resource == NULL)
        return -1;
    for (size_t i = 0; i < found->count; i++)
        if (tl_sid_in_domain(&found->names[i].sid, domain))
            account->resource[account->num_resource++] =
                (struct tl_pac_group){.sid = found->names[i].sid,
                                      .attributes = ATTRIBUTES | TL_MEMBER_DIRECTORY};
    return 0;
}

/* Ask the directory of the machine's own domain; own->domain is set to it. OK with *found
 * NULL: the topology does not have the domain. */
static enum tl_reason find_own_groups(struct tli_lookup_query *own,
                                      struct tl_lookup_plan *plan,
                                      const struct tl_pac *account,
                                      struct tl_dir_names **found)
{
    const struct tl_lookup_input *in = &own->lookup->in;
    struct tli_reading_question question = {.kind = TLI_READ_FOREIGN_GROUPS,
                                            .unix_ids = own->facts != NULL};
    struct tl_sid *sids = collect(plan, account, &question.count);
    struct tli_reading *reading = NULL;
    enum tl_reason reason;

    *found = NULL;
    if (sids == NULL ||
        tli_lookup_add_domain(plan, in->machine->workstation, in->machine->topology,
                              in->machine->workstation->domain) != 0)
        return tli_query_no_memory(own);
    if (plan->num_domains == 0)
        return TL_REASON_OK;
    own->domain = &plan->domains[0];
    question.sids = sids;
    reason = tli_query_read(own, &question, &reading);
    if (reason == TL_REASON_OK && tli_query_take_gids(own, reading) != 0)
        reason = tli_query_no_memory(own);
    if (reason == TL_REASON_OK)
        *found = reading->names;
    return reason;
}

/* An own domain that cannot be read costs its groups only: a user from outside is the
 * same user without them, and answer->own_unread says that they are missing. */
enum tl_reason tli_query_resources(struct tli_lookup_query *query, struct tl_pac *account)
{
    const struct tl_lookup_input *in = &query->lookup->in;
    struct tl_lookup_plan *plan = talloc_zero(query->answer, struct tl_lookup_plan);
    struct tl_dir_names *found = NULL;
    struct tli_lookup_query own = *query;
    enum tl_reason reason;

    if (plan == NULL)
        return tli_query_no_memory(query);
    reason = find_own_groups(&own, plan, account, &found);
    if (reason == TL_REASON_OK && found != NULL &&
        give(account, found, &own.domain->sid) != 0)
        reason = tli_query_no_memory(query);
    talloc_free(plan);
    if (reason == TL_REASON_NO_MEMORY)
        return reason;
    if (reason == TL_REASON_OK)
        query->resources = found;
    else
        tl_trace_note(in->trace, "groups of the own domain could not be read: %s",
                      tl_reason_info(reason)->slug);
    query->answer->own_unread = reason != TL_REASON_OK;
    tl_outcome_reset(query->out);
    return TL_REASON_OK;
}

/* For a logon, whose query has neither plan nor question: only the names come back. */
enum tl_reason tl_lookup_own_groups(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                    const struct tl_pac *account,
                                    struct tl_dir_names **groups, struct tl_outcome *out)
{
    struct tli_lookup_query own = {.lookup = lookup, .out = out};
    struct tl_lookup_plan *plan = NULL;
    struct tl_dir_names *found = NULL;
    enum tl_reason reason;
    size_t kept = 0;

    *groups = NULL;
    own.answer = talloc_zero(lookup, struct tl_lookup_answer);
    plan = talloc_zero(own.answer, struct tl_lookup_plan);
    if (plan == NULL) {
        talloc_free(own.answer);
        return tli_query_no_memory(&own);
    }
    reason = find_own_groups(&own, plan, account, &found);
    if (reason == TL_REASON_OK && found == NULL)
        reason = tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                                 "the SID of the own domain is not known");
    if (reason == TL_REASON_OK && found != NULL) {
        for (size_t i = 0; i < found->count; i++)
            if (tl_sid_in_domain(&found->names[i].sid, &own.domain->sid))
                found->names[kept++] = found->names[i];
        found->count = kept;
        *groups = talloc_steal(ctx, found);
    }
    talloc_free(own.answer);
    return reason;
}
