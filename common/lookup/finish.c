/* SPDX-License-Identifier: MIT
 *
 * finish.c - from what somebody told of an account to the answer: the same identity as
 * a logon would make, and only if it is what was asked for.
 */
#include "asking.h"

#include <errno.h>

#include <trustlogon/name.h>

enum tl_reason tli_asking_no_memory(const struct tli_asking *a)
{
    return tl_outcome_fail(a->out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

enum tl_reason tli_asking_unknown(const struct tli_asking *a, const char *why)
{
    return tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN, "%s", why);
}

/* Whether what was found is what was asked for, by the names it may have here. */
static bool answers(const struct tli_asking *a, const struct tl_sid *sid, uint32_t id,
                    const char *const *names, size_t count)
{
    char *full = NULL;
    bool found = false;

    if (a->plan->by == TL_LOOKUP_BY_SID)
        return tl_sid_equal(sid, &a->plan->sid);
    if (a->plan->by == TL_LOOKUP_BY_ID)
        return id == a->plan->id;
    if (a->by_upn)
        return true;
    full = a->plan->by == TL_LOOKUP_BY_UPN
               ? talloc_strdup(a->answer, a->plan->name)
               : talloc_asprintf(a->answer, "%s\\%s", a->domain->dns, a->plan->name);
    for (size_t i = 0; full != NULL && !found && i < count; i++)
        found = tl_name_equal(full, names[i]);
    talloc_free(full);
    return found;
}

enum tl_reason tli_asking_identify(struct tli_asking *a, struct tl_pac *account)
{
    const struct tl_lookup_input *in = &a->lookup->in;
    struct tl_identity_input input = {.config = in->machine->config,
                                      .ws = in->machine->workstation,
                                      .topo = in->machine->topology,
                                      .pac = account,
                                      .local = in->local,
                                      .trace = in->trace};
    char *realm = tl_realm_of(a->answer, a->domain->dns);
    enum tl_reason reason;

    input.client =
        talloc_asprintf(a->answer, "%s@%s", account->account, realm != NULL ? realm : "");
    if (realm == NULL || input.client == NULL)
        return tli_asking_no_memory(a);
    reason = tl_pac_apply_rules(account, in->machine->topology, NULL, input.client,
                                in->machine->workstation, in->trace, a->out);
    if (reason == TL_REASON_OK && !a->domain->own_forest)
        reason = tli_asking_resources(a, account);
    input.facts = a->facts;
    if (reason == TL_REASON_OK)
        reason = tl_identity_build(a->answer, &input, &a->answer->identity, a->out);
    if (reason == TL_REASON_OK &&
        !answers(a, &a->answer->identity->sid, a->answer->identity->uid,
                 (const char *const *)a->answer->identity->names,
                 a->answer->identity->num_names))
        reason = tli_asking_unknown(
            a, "the account found has not the name that was asked for");
    if (reason == TL_REASON_OK && a->resources != NULL)
        reason = tli_asking_add_groups(a, a->resources);
    return reason;
}

enum tl_reason tli_asking_map(const struct tli_asking *a)
{
    const struct tl_lookup_input *in = &a->lookup->in;
    char *error = NULL;
    int ret = 0;

    if (a->lookup->map == NULL)
        ret =
            tl_idmap_new(a->lookup, in->machine->config, in->machine->workstation->domain,
                         in->machine->topology, NULL, &a->lookup->map, &error);
    if (ret == -EINVAL)
        return tl_outcome_fail(a->out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID, "%s",
                               error);
    return ret == 0 ? TL_REASON_OK : tli_asking_no_memory(a);
}

enum tl_reason tli_asking_add_group(const struct tli_asking *a, const struct tl_sid *sid,
                                    const char *name)
{
    const struct tl_identity_input in = {.config = a->lookup->in.machine->config,
                                         .facts = a->facts,
                                         .local = a->lookup->in.local};
    struct tl_lookup_answer *answer = a->answer;
    struct tl_group **grown =
        talloc_realloc(answer, answer->groups, struct tl_group *, answer->num_groups + 1);
    enum tl_reason reason = tli_asking_map(a);

    if (reason != TL_REASON_OK)
        return reason;
    if (grown == NULL)
        return tli_asking_no_memory(a);
    answer->groups = grown;
    reason = tl_group_build(answer, &in, a->lookup->map, sid, name,
                            &grown[answer->num_groups], a->out);
    if (reason == TL_REASON_OK)
        answer->num_groups++;
    return reason;
}

enum tl_reason tli_asking_check_group(const struct tli_asking *a)
{
    const struct tl_group *made = a->answer->groups[a->answer->num_groups - 1];

    if (!answers(a, &made->sid, made->gid, (const char *const *)made->names,
                 made->num_names))
        return tli_asking_unknown(a,
                                  "the group found has not the name that was asked for");
    return TL_REASON_OK;
}

static bool is_in(const struct tl_identity *identity, const struct tl_sid *sid)
{
    for (size_t i = 0; i < identity->num_groups; i++)
        if (tl_sid_equal(&identity->groups[i].sid, sid))
            return true;
    return false;
}

enum tl_reason tli_asking_add_groups(const struct tli_asking *a,
                                     const struct tl_dir_names *names)
{
    enum tl_reason reason = TL_REASON_OK;

    for (size_t i = 0; reason == TL_REASON_OK && i < names->count; i++) {
        const struct tl_dir_name *name = &names->names[i];

        if (name->kind != TL_DIR_GROUP || name->name == NULL ||
            !is_in(a->answer->identity, &name->sid))
            continue;
        reason = tli_asking_add_group(a, &name->sid, name->name);
        if (reason != TL_REASON_NO_MEMORY && reason != TL_REASON_OK) {
            tl_outcome_reset(a->out);
            reason = TL_REASON_OK;
        }
    }
    return reason;
}
