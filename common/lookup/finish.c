/* SPDX-License-Identifier: MIT
 *
 * finish.c - from what was found to the answer: the identity that a logon would make, and
 * only of the account that was asked for.
 */
#include "query.h"

#include <trustlogon/name.h>

/* Whether what was found is what was asked for: by SID, by id, or by one of the names
 * that it has on this machine. A DC may answer with another account. */
static bool answers(const struct tli_lookup_query *query, const struct tl_sid *sid,
                    uint32_t id, const char *const *names, size_t count)
{
    char *full = NULL;
    bool found = false;

    if (query->plan->by == TL_LOOKUP_BY_SID)
        return tl_sid_equal(sid, &query->plan->sid);
    if (query->plan->by == TL_LOOKUP_BY_ID)
        return id == query->plan->id;
    if (query->by_upn)
        return true;
    full = query->plan->by == TL_LOOKUP_BY_UPN
               ? talloc_strdup(query->answer, query->plan->name)
               : talloc_asprintf(query->answer, "%s\\%s", query->domain->dns,
                                 query->plan->name);
    for (size_t i = 0; full != NULL && !found && i < count; i++)
        found = tl_name_equal(full, names[i]);
    talloc_free(full);
    return found;
}

/* SID rules, own-domain groups, identity: the same steps in the same order as after the
 * proof of a logon, so that both give an account the same ids, names and refusals. */
enum tl_reason tli_query_identify(struct tli_lookup_query *query, struct tl_pac *account)
{
    const struct tl_lookup_input *in = &query->lookup->in;
    struct tl_identity_input input = {.config = in->machine->config,
                                      .ws = in->machine->workstation,
                                      .topo = in->machine->topology,
                                      .pac = account,
                                      .local = in->local,
                                      .trace = in->trace};
    char *realm = tl_realm_of(query->answer, query->domain->dns);
    enum tl_reason reason;

    input.client = talloc_asprintf(query->answer, "%s@%s", account->account,
                                   realm != NULL ? realm : "");
    if (realm == NULL || input.client == NULL)
        return tli_query_no_memory(query);
    reason = tl_pac_apply_rules(account, in->machine->topology, NULL, input.client,
                                in->machine->workstation, in->trace, query->out);
    if (reason == TL_REASON_OK && !query->domain->own_forest)
        reason = tli_query_resources(query, account);
    input.facts = query->facts;
    if (reason == TL_REASON_OK)
        reason = tl_identity_build(query->answer, &input, &query->answer->identity,
                                   query->out);
    if (reason == TL_REASON_OK &&
        !answers(query, &query->answer->identity->sid, query->answer->identity->uid,
                 (const char *const *)query->answer->identity->names,
                 query->answer->identity->num_names))
        reason = tli_query_unknown(query,
                                   "the account found does not have the name requested");
    if (reason == TL_REASON_OK && query->resources != NULL)
        reason = tli_query_add_groups(query, query->resources);
    return reason;
}

enum tl_reason tli_query_add_group(const struct tli_lookup_query *query,
                                   const struct tl_sid *sid, const char *name)
{
    const struct tl_identity_input in = {.config = query->lookup->in.machine->config,
                                         .facts = query->facts,
                                         .local = query->lookup->in.local};
    struct tl_lookup_answer *answer = query->answer;
    struct tl_group **grown =
        talloc_realloc(answer, answer->groups, struct tl_group *, answer->num_groups + 1);
    enum tl_reason reason = tli_query_map(query);

    if (reason != TL_REASON_OK)
        return reason;
    if (grown == NULL)
        return tli_query_no_memory(query);
    answer->groups = grown;
    reason = tl_group_build(answer, &in, query->lookup->map, sid, name,
                            &grown[answer->num_groups], query->out);
    if (reason == TL_REASON_OK)
        answer->num_groups++;
    return reason;
}

enum tl_reason tli_query_check_group(const struct tli_lookup_query *query)
{
    const struct tl_group *made = query->answer->groups[query->answer->num_groups - 1];

    if (!answers(query, &made->sid, made->gid, (const char *const *)made->names,
                 made->num_names))
        return tli_query_unknown(query,
                                 "the group found does not have the name requested");
    return TL_REASON_OK;
}

static bool is_in(const struct tl_identity *identity, const struct tl_sid *sid)
{
    for (size_t i = 0; i < identity->num_groups; i++)
        if (tl_sid_equal(&identity->groups[i].sid, sid))
            return true;
    return false;
}

enum tl_reason tli_query_add_groups(const struct tli_lookup_query *query,
                                    const struct tl_dir_names *names)
{
    enum tl_reason reason = TL_REASON_OK;

    for (size_t i = 0; reason == TL_REASON_OK && i < names->count; i++) {
        const struct tl_dir_name *name = &names->names[i];

        if (name->kind != TL_DIR_GROUP || name->name == NULL ||
            !is_in(query->answer->identity, &name->sid))
            continue;
        reason = tli_query_add_group(query, &name->sid, name->name);
        if (reason != TL_REASON_NO_MEMORY && reason != TL_REASON_OK) {
            tl_outcome_reset(query->out);
            reason = TL_REASON_OK;
        }
    }
    return reason;
}
