/* SPDX-License-Identifier: MIT
 *
 * lookup.c - one question, asked where the plan says.
 */
#include "lookup/internal.h"

#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

struct asking {
    struct tl_lookup *lookup;
    const struct tl_lookup_plan *plan;
    const struct tl_question *question;
    const struct tl_lookup_domain *domain; /* the one being asked */
    struct tl_lookup_answer *answer;
    struct tl_outcome *out;
};

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

static enum tl_reason unknown(const struct asking *a, const char *why)
{
    return tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN, "%s", why);
}

/* A server that calls itself the directory of this domain and has the SID of another
 * one would give its users the ids of that one's. */
static enum tl_reason check_domain(const struct asking *a, struct tl_directory *dir)
{
    struct tl_sid sid;
    enum tl_reason reason = tl_directory_domain_sid(dir, &sid, a->out);

    if (reason != TL_REASON_OK)
        return reason;
    if (!a->domain->has_sid || !tl_sid_equal(&sid, &a->domain->sid))
        return tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                               "the directory of %s has not the SID that the trust names",
                               a->domain->dns);
    return TL_REASON_OK;
}

/* Whether what was found is what was asked for, by the names it may have here. */
static bool answers(const struct asking *a, const struct tl_sid *sid,
                    const char *const *names, size_t count)
{
    char *full = NULL;
    bool found = false;

    if (a->plan->by == TL_LOOKUP_BY_SID)
        return tl_sid_equal(sid, &a->plan->sid);
    full = a->plan->by == TL_LOOKUP_BY_UPN
               ? talloc_strdup(a->answer, a->plan->name)
               : talloc_asprintf(a->answer, "%s\\%s", a->domain->dns, a->plan->name);
    for (size_t i = 0; full != NULL && !found && i < count; i++)
        found = tl_name_equal(full, names[i]);
    talloc_free(full);
    return found;
}

static enum tl_reason identify(const struct asking *a, struct tl_pac *account)
{
    const struct tl_lookup_input *in = &a->lookup->in;
    struct tl_identity_input input = {.config = in->config,
                                      .ws = in->ws,
                                      .topo = in->topo,
                                      .pac = account,
                                      .local = in->local,
                                      .trace = in->trace};
    char *realm = tl_realm_of(a->answer, a->domain->dns);
    enum tl_reason reason;

    input.client =
        talloc_asprintf(a->answer, "%s@%s", account->account, realm != NULL ? realm : "");
    if (realm == NULL || input.client == NULL)
        return no_memory(a->out);
    reason = tl_pac_apply_rules(account, in->topo, NULL, input.client, in->ws, in->trace,
                                a->out);
    if (reason == TL_REASON_OK)
        reason = tl_identity_build(a->answer, &input, &a->answer->identity, a->out);
    if (reason == TL_REASON_OK &&
        !answers(a, &a->answer->identity->sid,
                 (const char *const *)a->answer->identity->names,
                 a->answer->identity->num_names))
        reason = unknown(a, "the account found has not the name that was asked for");
    return reason;
}

static enum tl_reason make_map(const struct asking *a)
{
    const struct tl_lookup_input *in = &a->lookup->in;
    char *error = NULL;
    int ret = 0;

    if (a->lookup->map == NULL)
        ret = tl_idmap_new(a->lookup, in->config, in->ws->domain, in->topo, NULL,
                           &a->lookup->map, &error);
    if (ret == -EINVAL)
        return tl_outcome_fail(a->out, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID, "%s",
                               error);
    return ret == 0 ? TL_REASON_OK : no_memory(a->out);
}

static enum tl_reason add_group(const struct asking *a, const struct tl_sid *sid,
                                const char *name)
{
    struct tl_lookup_answer *answer = a->answer;
    struct tl_group **grown =
        talloc_realloc(answer, answer->groups, struct tl_group *, answer->num_groups + 1);
    enum tl_reason reason;

    if (grown == NULL)
        return no_memory(a->out);
    answer->groups = grown;
    reason = tl_group_build(answer, a->lookup->map, a->lookup->in.local, sid, name,
                            &grown[answer->num_groups], a->out);
    if (reason == TL_REASON_OK)
        answer->num_groups++;
    return reason;
}

static bool is_in(const struct tl_identity *identity, const struct tl_sid *sid)
{
    for (size_t i = 0; i < identity->num_groups; i++)
        if (tl_sid_equal(&identity->groups[i].sid, sid))
            return true;
    return false;
}

/* Those that the identity has; one that cannot be shown costs nobody the user. */
static enum tl_reason add_groups(const struct asking *a, const struct tl_dir_names *names)
{
    enum tl_reason reason = make_map(a);

    for (size_t i = 0; reason == TL_REASON_OK && i < names->count; i++) {
        const struct tl_dir_name *name = &names->names[i];

        if (name->kind != TL_DIR_GROUP || name->name == NULL ||
            !is_in(a->answer->identity, &name->sid))
            continue;
        reason = add_group(a, &name->sid, name->name);
        if (reason != TL_REASON_NO_MEMORY && reason != TL_REASON_OK) {
            tl_outcome_reset(a->out);
            reason = TL_REASON_OK;
        }
    }
    return reason;
}

static enum tl_reason find_user(const struct asking *a, struct tl_directory *dir,
                                struct tl_dir_user **user)
{
    switch (a->plan->by) {
    case TL_LOOKUP_BY_SAM:
        return tl_directory_user_by_sam(a->answer, dir, a->plan->name, user, a->out);
    case TL_LOOKUP_BY_UPN:
        return tl_directory_user_by_upn(a->answer, dir, a->plan->name, user, a->out);
    default:
        return tl_directory_user_by_sid(a->answer, dir, &a->plan->sid, user, a->out);
    }
}

static enum tl_reason user_from(const struct asking *a, struct tl_directory *dir)
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
        reason = tl_directory_names(a->answer, dir, sids, count, &names, a->out);
    if (reason == TL_REASON_OK &&
        tl_lookup_account(a->answer, user, names, a->domain->own, a->lookup->in.trace,
                          &account) != 0)
        reason = no_memory(a->out);
    if (reason == TL_REASON_OK)
        reason = identify(a, account);
    if (reason == TL_REASON_OK)
        reason = add_groups(a, names);
    return reason;
}

/* Where each user of a domain has a group of his own, its name and id are his. */
static enum tl_reason own_group(const struct asking *a, struct tl_directory *dir)
{
    enum tl_reason reason = user_from(a, dir);

    if (reason == TL_REASON_OK && !a->answer->identity->private_group)
        reason = unknown(a, "it is a user");
    return reason;
}

static enum tl_reason group_from(const struct asking *a, struct tl_directory *dir)
{
    struct tl_dir_group *group = NULL;
    const struct tl_group *made;
    enum tl_reason reason;

    if (a->plan->by == TL_LOOKUP_BY_SID)
        reason = tl_directory_group_by_sid(a->answer, dir, &a->plan->sid, &group, a->out);
    else
        reason =
            tl_directory_group_by_name(a->answer, dir, a->plan->name, &group, a->out);
    if (reason == TL_REASON_USER_UNKNOWN)
        return own_group(a, dir);
    if (reason == TL_REASON_OK && (group->type & TL_GROUP_SECURITY) == 0)
        reason = unknown(a, "the group is for mail only, and in nobody's token");
    if (reason == TL_REASON_OK && (group->type & TL_GROUP_DOMAIN_LOCAL) != 0 &&
        !a->domain->own)
        reason = unknown(a, "a domain-local group of another domain means nothing here");
    if (reason == TL_REASON_OK)
        reason = make_map(a);
    if (reason == TL_REASON_OK)
        reason = add_group(a, &group->sid, group->name);
    if (reason != TL_REASON_OK)
        return reason;
    made = a->answer->groups[0];
    if (!answers(a, &made->sid, (const char *const *)made->names, made->num_names))
        return unknown(a, "the group found has not the name that was asked for");
    return TL_REASON_OK;
}

static enum tl_reason ask_directory(struct asking *a)
{
    struct tl_directory *dir = NULL;
    enum tl_reason reason = tl_lookup_directory(a->lookup, a->domain->dns, &dir, a->out);

    if (reason != TL_REASON_OK)
        return reason;
    a->answer->source = TL_LOOKUP_LDAP;
    reason = check_domain(a, dir);
    if (reason == TL_REASON_OK)
        reason = a->question->group ? group_from(a, dir) : user_from(a, dir);
    return reason;
}

/* Of this account something is known that makes it nobody here, for good. */
static bool cannot_be(enum tl_reason reason)
{
    return reason == TL_REASON_ID_UNMAPPABLE || reason == TL_REASON_ID_COLLISION ||
           reason == TL_REASON_ID_NAME_UNSAFE || reason == TL_REASON_COMPUTER_ACCOUNT ||
           reason == TL_REASON_PAC_SID_FILTERED;
}

static enum tl_reason ask_domain(struct asking *a)
{
    enum tl_reason reason = TL_REASON_TRUST_DIRECTION;

    tl_outcome_reset(a->out);
    if (a->domain->two_way)
        reason = ask_directory(a);
    return reason;
}

enum tl_reason tl_lookup_find(struct tl_lookup *lookup, const struct tl_lookup_plan *plan,
                              const struct tl_question *question,
                              struct tl_lookup_answer **answer, struct tl_outcome *out)
{
    struct asking a = {.lookup = lookup, .plan = plan, .question = question, .out = out};
    enum tl_reason reason = TL_REASON_USER_UNKNOWN, unsure = TL_REASON_OK;

    *answer = NULL;
    tl_outcome_fail(out, TL_STAGE_ROUTE, TL_REASON_USER_UNKNOWN, "%s",
                    plan->why != NULL ? plan->why : "nobody can be asked");
    for (size_t i = 0; i < plan->num_domains; i++) {
        a.domain = &plan->domains[i];
        TALLOC_FREE(a.answer);
        a.answer = talloc_zero(lookup, struct tl_lookup_answer);
        if (a.answer == NULL)
            return no_memory(out);
        reason = ask_domain(&a);
        if (reason == TL_REASON_OK) {
            *answer = a.answer;
            return TL_REASON_OK;
        }
        if (reason != TL_REASON_USER_UNKNOWN && !cannot_be(reason))
            unsure = reason;
        if (tl_deadline_left_ms(lookup->in.deadline) == 0)
            break;
    }
    talloc_free(a.answer);
    if (unsure != TL_REASON_OK)
        return unsure;
    return TL_REASON_USER_UNKNOWN;
}
