/* SPDX-License-Identifier: MIT
 *
 * many.c - many SIDs at once: the members of a group, the groups of a user.
 */
#include "query.h"

#include <errno.h>
#include <string.h>

/* Names asked of the LSA for one answer, one round trip each; more stay without. */
#define LSA_MOST 64
/* The same for each other domain whose directory is read. */
#define NAMED_MOST 2000

/* The domain of a SID in `plan`, or, added to it, in the topology; NULL: its users may
 * not log on here.
 */
static const struct tl_lookup_domain *domain_of(const struct tli_lookup_query *query,
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
    if (query->lookup->map != NULL)
        known = tl_idmap_domain(query->lookup->map, &domain);
    if (known == NULL ||
        tli_lookup_add_domain(plan, query->lookup->in.machine->workstation,
                              query->lookup->in.machine->topology, known->dns) != 0)
        return NULL;
    for (size_t i = 0; i < plan->num_domains; i++)
        if (plan->domains[i].has_sid && tl_sid_equal(&plan->domains[i].sid, &domain))
            return &plan->domains[i];
    return NULL;
}

/* Name those of query->domain, by its directory. */
static enum tl_reason by_directory(const struct tli_lookup_query *query,
                                   struct tl_dir_name *names, const size_t *which,
                                   size_t count)
{
    struct tl_sid *sids = talloc_array(query->answer, struct tl_sid, count);
    const struct tli_reading_question question = {.kind = TLI_READ_NAMES,
                                                  .count = count,
                                                  .sids = sids,
                                                  .unix_ids = query->facts != NULL};
    struct tli_reading *reading = NULL;
    enum tl_reason reason;

    if (sids == NULL)
        return tli_query_no_memory(query);
    for (size_t i = 0; i < count; i++)
        sids[i] = names[which[i]].sid;
    reason = tli_query_read(query, &question, &reading);
    if (reason == TL_REASON_OK && tli_query_take_gids(query, reading) != 0)
        reason = tli_query_no_memory(query);
    for (size_t i = 0; reason == TL_REASON_OK && i < count; i++)
        names[which[i]] = reading->names->names[i];
    talloc_free(sids);
    return reason;
}

static enum tl_reason by_lsa(const struct tli_lookup_query *query,
                             struct tl_dir_name *names, const size_t *which, size_t count)
{
    enum tl_reason reason = TL_REASON_OK;

    for (size_t i = 0; i < count && i < LSA_MOST; i++) {
        struct tl_dir_name found;

        reason = tli_query_lsa_name(query, &names[which[i]].sid, &found);
        if (reason == TL_REASON_OK)
            names[which[i]] = found;
        else if (reason != TL_REASON_USER_UNKNOWN)
            return reason;
    }
    return TL_REASON_OK;
}

static enum tl_reason name_domain(const struct tli_lookup_query *query,
                                  struct tl_dir_name *names, const size_t *which,
                                  size_t count)
{
    enum tl_reason reason = TL_REASON_TRUST_DIRECTION;

    tl_outcome_reset(query->out);
    if (query->domain->two_way || query->lookup->in.krb != NULL)
        reason = by_directory(query, names, which, count);
    if (reason == TL_REASON_TRUST_DIRECTION) {
        tl_outcome_reset(query->out);
        reason = by_lsa(query, names, which, count);
    }
    return reason;
}

/*
 * Fill in the names of those that have none and are not of query->domain (NULL: of any),
 * each from its own domain's directory, or a few of them through the LSA. The others stay
 * without: OK, or the reason of the last domain that could not be asked.
 */
static enum tl_reason name_all(const struct tli_lookup_query *query,
                               struct tl_dir_name *names, size_t count)
{
    struct tl_lookup_plan *plan = talloc_zero(query->answer, struct tl_lookup_plan);
    size_t *which = talloc_array(plan, size_t, count + 1);
    enum tl_reason reason = TL_REASON_OK, last;

    if (which == NULL) {
        talloc_free(plan);
        return tli_query_no_memory(query);
    }
    for (size_t i = 0; i < count; i++)
        if (names[i].name == NULL)
            (void)domain_of(query, plan, &names[i].sid);
    for (size_t d = 0; d < plan->num_domains; d++) {
        struct tli_lookup_query one = *query;
        size_t num = 0;

        one.domain = &plan->domains[d];
        if (query->domain != NULL && tl_sid_equal(&one.domain->sid, &query->domain->sid))
            continue; /* its directory has been asked */
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

/* A group that cannot be made (no id, an unsafe name) is left out of the answer. */
enum tl_reason tl_lookup_name_groups(struct tl_lookup *lookup, const struct tl_sid *sids,
                                     size_t count, struct tl_lookup_answer **answer,
                                     struct tl_outcome *out)
{
    struct tli_lookup_query query = {.lookup = lookup, .out = out};
    struct tl_dir_name *names;
    enum tl_reason reason;

    *answer = NULL;
    query.answer = talloc_zero(lookup, struct tl_lookup_answer);
    names = talloc_zero_array(query.answer, struct tl_dir_name, count + 1);
    if (names == NULL) {
        talloc_free(query.answer);
        return tli_query_no_memory(&query);
    }
    for (size_t i = 0; i < count; i++)
        names[i].sid = sids[i];
    query.answer->source = TL_LOOKUP_LDAP;
    if (lookup->in.machine->config->idmap == TL_IDMAP_RFC2307) {
        query.facts = talloc_zero(query.answer, struct tl_unix_facts);
        if (query.facts == NULL) {
            talloc_free(query.answer);
            return tli_query_no_memory(&query);
        }
    }
    reason = tli_query_map(&query);
    if (reason == TL_REASON_OK)
        reason = name_all(&query, names, count);
    for (size_t i = 0; i < count; i++)
        if (names[i].kind == TL_DIR_GROUP && names[i].name != NULL &&
            tli_query_add_group(&query, &names[i].sid, names[i].name) ==
                TL_REASON_NO_MEMORY)
            reason = TL_REASON_NO_MEMORY;
    *answer = query.answer;
    return reason;
}

/* *member is NULL where the name is not a user's, or cannot be shown. */
static enum tl_reason add_member(TALLOC_CTX *ctx, const struct tli_lookup_query *query,
                                 struct tl_lookup_plan *plan,
                                 const struct tl_dir_name *name, const char **member)
{
    const struct tl_lookup_domain *domain = NULL;
    const char *why = NULL;
    int ret = -EINVAL;

    *member = NULL;
    if (name->kind == TL_DIR_USER && name->name != NULL)
        domain = domain_of(query, plan, &name->sid);
    if (domain != NULL)
        ret = tl_canonical_name(ctx, name->name, domain->dns, member, &why);
    return ret == -ENOMEM ? tli_query_no_memory(query) : TL_REASON_OK;
}

/* The members from the group's own directory; then the names of those of
 * other domains, which that directory has as SIDs only. */
enum tl_reason tl_lookup_members(TALLOC_CTX *ctx, struct tl_lookup *lookup,
                                 const struct tl_lookup_answer *answer,
                                 const char ***members_out, size_t *count_out,
                                 struct tl_outcome *out)
{
    struct tli_lookup_query query = {
        .lookup = lookup, .domain = answer->domain, .out = out};
    const struct tli_reading_question question = {.kind = TLI_READ_MEMBERS,
                                                  .sid = answer->entry->sid};
    struct tli_reading *reading = NULL;
    struct tl_dir_names *found;
    const char **members = NULL;
    struct tl_lookup_plan *plan;
    size_t count = 0;
    enum tl_reason reason;

    *members_out = NULL;
    *count_out = 0;
    query.answer = talloc_zero(lookup, struct tl_lookup_answer);
    plan = talloc_zero(query.answer, struct tl_lookup_plan);
    if (plan == NULL) {
        talloc_free(query.answer);
        return tli_query_no_memory(&query);
    }
    reason = tli_query_read(&query, &question, &reading);
    if (reason != TL_REASON_OK)
        goto cleanup;
    found = reading->names;
    /* A member that could not be named is left out; the others are still members. */
    if (name_all(&query, found->names, found->count) == TL_REASON_NO_MEMORY)
        reason = TL_REASON_NO_MEMORY;
    tl_outcome_reset(out);
    members = talloc_zero_array(ctx, const char *, found->count + 1);
    if (members == NULL)
        reason = tli_query_no_memory(&query);
    for (size_t i = 0; reason == TL_REASON_OK && i < found->count; i++) {
        reason = add_member(members, &query, plan, &found->names[i], &members[count]);
        count += reason == TL_REASON_OK && members[count] != NULL;
    }
    if (reason != TL_REASON_OK) {
        talloc_free(members);
        goto cleanup;
    }
    *members_out = members;
    *count_out = count;

cleanup:
    talloc_free(query.answer);
    return reason;
}
