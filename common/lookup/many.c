/* SPDX-License-Identifier: MIT
 *
 * many.c - many SIDs at once: the members of a group, the groups of a user.
 */
#include "asking.h"

#include <errno.h>
#include <string.h>

/* Of one answer, one round trip each; more are left without a name. */
#define LSA_MOST 64
/* The same of those of other domains, by directories. */
#define NAMED_MOST 2000

const struct tl_lookup_domain *tli_asking_domain_of(const struct tli_asking *a,
                                                    struct tl_lookup_plan *plan,
                                                    const struct tl_sid *sid)
{
    const struct tl_idmap_domain *known = NULL;
    struct tl_sid domain;
    uint32_t rid;

    if (tl_sid_split(sid, &domain, &rid) != 0)
        return NULL;
    for (size_t i = 0; i < plan->num_domains; i++)
        if (plan->domains[i].has_sid && tl_sid_equal(&plan->domains[i].sid, &domain))
            return &plan->domains[i];
    if (a->lookup->map != NULL)
        known = tl_idmap_domain(a->lookup->map, &domain);
    if (known == NULL ||
        tli_lookup_add_domain(plan, a->lookup->in.machine->workstation,
                              a->lookup->in.machine->topology, known->dns) != 0)
        return NULL;
    for (size_t i = 0; i < plan->num_domains; i++)
        if (plan->domains[i].has_sid && tl_sid_equal(&plan->domains[i].sid, &domain))
            return &plan->domains[i];
    return NULL;
}

/* Those of a->domain that have no name, by its directory. */
static enum tl_reason by_directory(const struct tli_asking *a, struct tl_dir_name *names,
                                   const size_t *which, size_t count)
{
    struct tl_sid *sids = talloc_array(a->answer, struct tl_sid, count);
    struct tl_directory *dir = NULL;
    struct tl_dir_names *found = NULL;
    enum tl_reason reason;

    if (sids == NULL)
        return tli_asking_no_memory(a);
    for (size_t i = 0; i < count; i++)
        sids[i] = names[which[i]].sid;
    reason = tli_asking_open(a, &dir);
    if (reason == TL_REASON_OK && a->facts != NULL)
        reason = tl_unix_facts_groups(a->facts, dir, sids, count, a->out);
    if (reason == TL_REASON_OK)
        reason = tl_directory_names(a->answer, dir, sids, count, &found, a->out);
    for (size_t i = 0; reason == TL_REASON_OK && i < count; i++)
        names[which[i]] = found->names[i];
    talloc_free(sids);
    return reason;
}

static enum tl_reason by_lsa(const struct tli_asking *a, struct tl_dir_name *names,
                             const size_t *which, size_t count)
{
    enum tl_reason reason = TL_REASON_OK;

    for (size_t i = 0; i < count && i < LSA_MOST; i++) {
        struct tl_dir_name found;

        reason = tli_asking_lsa_name(a, &names[which[i]].sid, &found);
        if (reason == TL_REASON_OK)
            names[which[i]] = found;
        else if (reason != TL_REASON_USER_UNKNOWN)
            return reason;
    }
    return TL_REASON_OK;
}

static enum tl_reason name_domain(const struct tli_asking *a, struct tl_dir_name *names,
                                  const size_t *which, size_t count)
{
    enum tl_reason reason = TL_REASON_TRUST_DIRECTION;

    tl_outcome_reset(a->out);
    if (a->domain->two_way || a->lookup->in.krb != NULL)
        reason = by_directory(a, names, which, count);
    if (reason == TL_REASON_TRUST_DIRECTION) {
        tl_outcome_reset(a->out);
        reason = by_lsa(a, names, which, count);
    }
    return reason;
}

enum tl_reason tli_asking_names(const struct tli_asking *a, struct tl_dir_name *names,
                                size_t count)
{
    struct tl_lookup_plan *plan = talloc_zero(a->answer, struct tl_lookup_plan);
    size_t *which = talloc_array(plan, size_t, count + 1);
    enum tl_reason reason = TL_REASON_OK, last;

    if (which == NULL) {
        talloc_free(plan);
        return tli_asking_no_memory(a);
    }
    for (size_t i = 0; i < count; i++)
        if (names[i].name == NULL)
            (void)tli_asking_domain_of(a, plan, &names[i].sid);
    for (size_t d = 0; d < plan->num_domains; d++) {
        struct tli_asking one = *a;
        size_t num = 0;

        one.domain = &plan->domains[d];
        if (a->domain != NULL && tl_sid_equal(&one.domain->sid, &a->domain->sid))
            continue; /* it has been asked */
        for (size_t i = 0; i < count && num < NAMED_MOST; i++)
            if (names[i].name == NULL && one.domain->has_sid &&
                tl_sid_in_domain(&names[i].sid, &one.domain->sid))
                which[num++] = i;
        last = num > 0 ? name_domain(&one, names, which, num) : TL_REASON_OK;
        reason = last != TL_REASON_OK ? last : reason;
    }
    talloc_free(plan);
    return reason;
}

enum tl_reason tl_lookup_name_groups(struct tl_lookup *lookup, const struct tl_sid *sids,
                                     size_t count, struct tl_lookup_answer **answer,
                                     struct tl_outcome *out)
{
    struct tli_asking a = {.lookup = lookup, .out = out};
    struct tl_dir_name *names;
    enum tl_reason reason;

    *answer = NULL;
    a.answer = talloc_zero(lookup, struct tl_lookup_answer);
    names = talloc_zero_array(a.answer, struct tl_dir_name, count + 1);
    if (names == NULL) {
        talloc_free(a.answer);
        return tli_asking_no_memory(&a);
    }
    for (size_t i = 0; i < count; i++)
        names[i].sid = sids[i];
    a.answer->source = TL_LOOKUP_LDAP;
    if (lookup->in.machine->config->idmap == TL_IDMAP_RFC2307) {
        a.facts = talloc_zero(a.answer, struct tl_unix_facts);
        if (a.facts == NULL) {
            talloc_free(a.answer);
            return tli_asking_no_memory(&a);
        }
    }
    reason = tli_asking_map(&a);
    if (reason == TL_REASON_OK)
        reason = tli_asking_names(&a, names, count);
    for (size_t i = 0; i < count; i++)
        if (names[i].kind == TL_DIR_GROUP && names[i].name != NULL &&
            tli_asking_add_group(&a, &names[i].sid, names[i].name) == TL_REASON_NO_MEMORY)
            reason = TL_REASON_NO_MEMORY;
    *answer = a.answer;
    return reason;
}

/* NULL: it is no user, or none that can be shown. */
static enum tl_reason add_member(TALLOC_CTX *ctx, const struct tli_asking *a,
                                 struct tl_lookup_plan *plan,
                                 const struct tl_dir_name *name, const char **member)
{
    const struct tl_lookup_domain *domain = NULL;
    const char *why = NULL;
    int ret = -EINVAL;

    *member = NULL;
    if (name->kind == TL_DIR_USER && name->name != NULL)
        domain = tli_asking_domain_of(a, plan, &name->sid);
    if (domain != NULL)
        ret = tl_canonical_name(ctx, name->name, domain->dns, member, &why);
    return ret == -ENOMEM ? tli_asking_no_memory(a) : TL_REASON_OK;
}

enum tl_reason tl_lookup_members(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                 const struct tl_lookup_answer *answer,
                                 const char ***members_out, size_t *count_out,
                                 struct tl_outcome *out)
{
    struct tli_asking a = {.lookup = lookup, .domain = answer->domain, .out = out};
    struct tl_dir_names *found = NULL;
    struct tl_directory *dir = NULL;
    const char **members = NULL;
    struct tl_lookup_plan *plan;
    size_t count = 0;
    enum tl_reason reason;

    *members_out = NULL;
    *count_out = 0;
    a.answer = talloc_zero(lookup, struct tl_lookup_answer);
    plan = talloc_zero(a.answer, struct tl_lookup_plan);
    if (plan == NULL) {
        talloc_free(a.answer);
        return tli_asking_no_memory(&a);
    }
    reason = tli_asking_open(&a, &dir);
    if (reason == TL_REASON_OK)
        reason = tl_directory_members(a.answer, dir, answer->entry, true, &found, out);
    if (reason != TL_REASON_OK)
        goto cleanup;
    /* Who could not be named is left out; the others are members all the same. */
    if (tli_asking_names(&a, found->names, found->count) == TL_REASON_NO_MEMORY)
        reason = TL_REASON_NO_MEMORY;
    tl_outcome_reset(out);
    members = talloc_zero_array(ctx, const char *, found->count + 1);
    if (members == NULL)
        reason = tli_asking_no_memory(&a);
    for (size_t i = 0; reason == TL_REASON_OK && i < found->count; i++) {
        reason = add_member(members, &a, plan, &found->names[i], &members[count]);
        count += reason == TL_REASON_OK && members[count] != NULL;
    }
    if (reason != TL_REASON_OK) {
        talloc_free(members);
        goto cleanup;
    }
    *members_out = members;
    *count_out = count;

cleanup:
    talloc_free(a.answer);
    return reason;
}
