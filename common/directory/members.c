/* SPDX-License-Identifier: MIT
 *
 * members.c - the members of a group.
 *
 * Two searches for each group. Its own `member`, read in ranges, has every SID, also of
 * members from other domains of the forest, but no names. A paged search for accounts
 * that have the group in memberOf or as their primary group has names and kinds. Both are
 * put together by SID.
 *
 * Nested groups are opened one by one. LDAP_MATCHING_RULE_IN_CHAIN would need one search,
 * but leaves primary groups out and makes the server look at each object of the domain,
 * where most groups hold no group at all.
 */
#include <errno.h>
#include <string.h>

#include "people.h"

#define GROUPS_MAX 1000
/* The most values that Active Directory returns at once; other servers would return
 * all. */
#define PIECE 1500
/* The members of all groups that are examined for one answer: bounds memory. */
#define GATHERED_MAX (8 * (size_t)TL_DIR_MEMBERS_MAX)

/* A group by DN, with its SID. */
struct group {
    const char *dn;
    struct tl_sid sid;
};

/* The members gathered so far, and the groups whose members are still to be read. */
struct gathering {
    struct tl_directory *dir;
    struct tli_people_domain domain;
    struct tl_dir_names *found; /* owns all */
    struct group *groups;       /* to open, and opened */
    size_t num_groups;
    size_t gathered;
    bool nested;
    struct tl_outcome *out;
};

/* The first members by SID, up to the limit; each is found twice, or in many groups. */
static void tidy(struct tl_dir_names *found)
{
    found->count = tli_dir_names_unique(found->names, found->count);
    if (found->count > TL_DIR_MEMBERS_MAX) {
        found->count = TL_DIR_MEMBERS_MAX;
        found->cut = true;
    }
}

/* Whether the limit of examined members is reached. */
static bool enough(struct gathering *g)
{
    if (g->gathered < GATHERED_MAX)
        return false;
    g->found->cut = true;
    return true;
}

static int add(struct gathering *g, const struct tl_dir_name *name)
{
    struct tl_dir_names *found = g->found;
    size_t room = found->names != NULL ? talloc_array_length(found->names) : 0;

    g->gathered++;
    if (found->count >= 2 * (size_t)TL_DIR_MEMBERS_MAX)
        tidy(found);
    if (found->names == NULL || found->count == room) {
        struct tl_dir_name *more =
            talloc_realloc(found, found->names, struct tl_dir_name, 2 * room + 16);

        if (more == NULL)
            return -ENOMEM;
        found->names = more;
    }
    found->names[found->count++] = *name;
    return 0;
}

/* Remember a group to be opened, once. */
static int add_group(struct gathering *g, const char *dn, const struct tl_sid *sid)
{
    struct group *more;

    for (size_t i = 0; i < g->num_groups; i++)
        if (tl_sid_equal(&g->groups[i].sid, sid))
            return 0;
    if (g->num_groups == GROUPS_MAX) {
        g->found->cut = true;
        return 0;
    }
    more = talloc_realloc(g->found, g->groups, struct group, g->num_groups + 1);
    if (more == NULL)
        return -ENOMEM;
    g->groups = more;
    more[g->num_groups] = (struct group){talloc_strdup(g->found, dn), *sid};
    return more[g->num_groups++].dn != NULL ? 0 : -ENOMEM;
}

/* The values of one piece. *next: where the next begins, 0 for the last. */
static enum tl_reason take_piece(struct gathering *g, const struct tli_entries *entries,
                                 size_t asked, size_t *next)
{
    const struct tli_attribute *values =
        entries->count == 1 ? tli_entry_attribute(&entries->entries[0], "member") : NULL;
    size_t first;
    int ret;

    *next = 0;
    if (values == NULL)
        return TL_REASON_OK; /* no members, or no more members */
    ret = tli_range_parse(values->options, &first, next);
    if (ret == -EBADMSG || (ret == 0 && first != asked) ||
        (ret == 0 && *next != 0 && *next <= asked))
        return tli_connection_fail(g->dir->ldap, g->out,
                                   "the ranges of a group's members do not fit together");
    for (size_t i = 0; i < values->count && !enough(g); i++) {
        struct tl_dir_name name = {.kind = TL_DIR_UNKNOWN};
        bool foreign;

        ret = tli_extended_dn_sid(&values->values[i], &name.sid, &foreign);
        if (foreign && !tli_sid_is_local(&g->domain, &name.sid, true))
            name.kind = TL_DIR_FOREIGN;
        g->found->cut |= ret == -EBADMSG;
        if (ret == 0 && add(g, &name) != 0)
            return tli_people_no_memory(g->out);
    }
    g->found->cut |= entries->cut;
    return TL_REASON_OK;
}

static enum tl_reason read_values(struct gathering *g, const struct group *group)
{
    const char *attributes[] = {NULL, NULL};
    const struct tli_search search = {
        group->dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 1, true};
    enum tl_reason reason;
    size_t first = 0;

    do {
        TALLOC_CTX *tmp = talloc_new(NULL);
        struct tli_entries *entries = NULL;
        size_t next = 0;

        attributes[0] =
            talloc_asprintf(tmp, "member;range=%zu-%zu", first, first + PIECE - 1);
        reason = attributes[0] != NULL
                     ? tli_connection_search(tmp, g->dir->ldap, &search, &entries, g->out)
                     : tli_people_no_memory(g->out);
        if (reason == TL_REASON_OK)
            reason = take_piece(g, entries, first, &next);
        talloc_free(tmp);
        first = next;
        if (first >= TL_DIR_MEMBERS_MAX) {
            g->found->cut = true;
            first = 0;
        }
    } while (reason == TL_REASON_OK && first != 0);
    return reason;
}

/* A BUILTIN group is never a primary group, even if its RID is that of one. */
static char *member_filter(TALLOC_CTX *ctx, const struct gathering *g,
                           const struct group *group)
{
    char *dn = tl_ldap_escape(ctx, (const uint8_t *)group->dn, strlen(group->dn));
    struct tl_sid domain;
    uint32_t rid;

    if (dn == NULL)
        return NULL;
    if (!tl_sid_in_domain(&group->sid, &g->domain.sid) ||
        tl_sid_split(&group->sid, &domain, &rid) != 0)
        return talloc_asprintf(ctx, "(memberOf=%s)", dn);
    return talloc_asprintf(ctx, "(|(memberOf=%s)(primaryGroupID=%u))", dn, rid);
}

static enum tl_reason take_entries(struct gathering *g, const struct tli_entries *entries)
{
    for (size_t i = 0; i < entries->count && !enough(g); i++) {
        struct tl_dir_name name;
        int ret = tli_name_from_entry(g->found, &g->domain, &entries->entries[i], &name);

        if (ret == -EBADMSG) /* a contact; or one that is refused, and keeps its SID */
            continue;
        if (ret == 0)
            ret = add(g, &name);
        if (ret == 0 && g->nested && name.kind == TL_DIR_GROUP)
            ret = add_group(g, entries->entries[i].dn, &name.sid);
        if (ret != 0)
            return tli_people_no_memory(g->out);
    }
    g->found->cut |= entries->cut;
    return TL_REASON_OK;
}

static enum tl_reason read_names(struct gathering *g, const struct group *group)
{
    static const char *const attributes[] = {"objectClass", "objectSid", "sAMAccountName",
                                             "sAMAccountType", NULL};
    struct tli_search search = {g->dir->default_nc, LDAP_SCOPE_SUBTREE, NULL,
                                attributes,         TL_DIR_MEMBERS_MAX, false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    search.filter = member_filter(tmp, g, group);
    reason = search.filter != NULL
                 ? tli_connection_search(tmp, g->dir->ldap, &search, &entries, g->out)
                 : tli_people_no_memory(g->out);
    if (reason == TL_REASON_OK)
        reason = take_entries(g, entries);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_members(TALLOC_CTX *ctx, struct tl_directory *dir,
                                    const struct tl_dir_group *group, bool nested,
                                    struct tl_dir_names **members, struct tl_outcome *out)
{
    struct gathering g = {.dir = dir, .nested = nested, .out = out};
    enum tl_reason reason;

    *members = NULL;
    g.found = talloc_zero(ctx, struct tl_dir_names);
    if (g.found == NULL || add_group(&g, group->dn, &group->sid) != 0) {
        reason = tli_people_no_memory(out);
        goto cleanup;
    }
    reason = tli_people_domain_of(dir, &g.domain, out);
    for (size_t i = 0; i < g.num_groups && reason == TL_REASON_OK && !enough(&g); i++) {
        const struct group next = g.groups[i];

        reason = read_values(&g, &next);
        if (reason == TL_REASON_OK)
            reason = read_names(&g, &next);
    }
    if (reason != TL_REASON_OK)
        goto cleanup;
    tidy(g.found);
    *members = g.found;
    return TL_REASON_OK;

cleanup:
    talloc_free(g.found);
    return reason;
}
