/* SPDX-License-Identifier: MIT
 *
 * unix_facts.c - uidNumber and gidNumber: of a user, of groups, and whose they are.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <trustlogon/unix_facts.h>

#include "people.h"

/* SIDs in one filter: about 5 KB of it. */
#define SIDS_AT_ONCE 50
/* More groups than a token may have [KB328889], with those of another domain. */
#define GROUPS_MAX 4096

enum tl_reason tl_directory_user_by_uid(TALLOC_CTX *ctx, struct tl_directory *dir,
                                        uint32_t uid, struct tl_dir_user **user,
                                        struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    enum tl_reason reason;

    reason = tli_people_user(ctx, tmp, dir, "uidNumber",
                             talloc_asprintf(tmp, "%" PRIu32, uid), user, out);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_group_by_gid(TALLOC_CTX *ctx, struct tl_directory *dir,
                                         uint32_t gid, struct tl_dir_group **group,
                                         struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    enum tl_reason reason;

    reason = tli_people_group(ctx, tmp, dir, "gidNumber",
                              talloc_asprintf(tmp, "%" PRIu32, gid), group, out);
    talloc_free(tmp);
    return reason;
}

/* The two would own each other's files. */
static enum tl_reason look_for_twins(struct tl_unix_facts *facts, TALLOC_CTX *tmp,
                                     struct tl_directory *dir, const struct tl_sid *user,
                                     struct tl_outcome *out)
{
    struct tl_dir_user *owner = NULL;
    enum tl_reason reason = tl_directory_user_by_uid(tmp, dir, facts->uid, &owner, out);

    /* A server whose search by this value does not find what it has just returned is not
     * reliable. */
    if (reason == TL_REASON_USER_UNKNOWN)
        return tli_connection_fail(
            dir->ldap, out, "uidNumber is returned, but a search for it finds nothing");
    facts->uid_shared = reason == TL_REASON_ID_COLLISION ||
                        (reason == TL_REASON_OK && !tl_sid_equal(&owner->sid, user));
    return reason == TL_REASON_ID_COLLISION ? TL_REASON_OK : reason;
}

bool tl_unix_facts_gid(const struct tl_unix_facts *facts, const struct tl_sid *sid,
                       uint32_t *gid)
{
    *gid = 0;
    for (size_t i = 0; i < facts->num_groups; i++) {
        if (tl_sid_equal(&facts->groups[i].sid, sid)) {
            *gid = facts->groups[i].gid;
            return true;
        }
    }
    return false;
}

int tl_unix_facts_add(struct tl_unix_facts *facts, const struct tl_sid *sid, uint32_t gid)
{
    struct tl_unix_group *grown;
    uint32_t known;

    if (tl_unix_facts_gid(facts, sid, &known) || facts->num_groups >= GROUPS_MAX)
        return 0;
    grown =
        talloc_realloc(facts, facts->groups, struct tl_unix_group, facts->num_groups + 1);
    if (grown == NULL)
        return -ENOMEM;
    facts->groups = grown;
    facts->groups[facts->num_groups++] = (struct tl_unix_group){.sid = *sid, .gid = gid};
    return 0;
}

static int append(struct tl_unix_facts *facts, const struct tl_dir_group *group)
{
    return group->has_gid ? tl_unix_facts_add(facts, &group->sid, group->gid_number) : 0;
}

static enum tl_reason look_for_group(struct tl_unix_facts *facts, TALLOC_CTX *tmp,
                                     struct tl_directory *dir, struct tl_outcome *out)
{
    struct tl_dir_group *group = NULL;
    enum tl_reason reason = tl_directory_group_by_gid(tmp, dir, facts->gid, &group, out);

    facts->gid_shared = reason == TL_REASON_ID_COLLISION;
    facts->gid_is_group = reason == TL_REASON_OK;
    if (reason == TL_REASON_OK) {
        facts->gid_sid = group->sid;
        if (append(facts, group) != 0)
            return tli_people_no_memory(out);
    }
    return reason == TL_REASON_USER_UNKNOWN || facts->gid_shared ? TL_REASON_OK : reason;
}

enum tl_reason tl_unix_facts_user(struct tl_unix_facts *facts, struct tl_directory *dir,
                                  const struct tl_sid *sid, bool primary_group,
                                  struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_dir_user *user = NULL;
    enum tl_reason reason = tl_directory_user_by_sid(tmp, dir, sid, &user, out);

    if (reason != TL_REASON_OK)
        goto cleanup;
    facts->has_uid = user->has_uid;
    facts->uid = user->uid_number;
    facts->has_gid = user->has_gid;
    facts->gid = user->gid_number;
    facts->home = talloc_steal(facts, user->home);
    facts->shell = talloc_steal(facts, user->shell);
    if (facts->has_uid)
        reason = look_for_twins(facts, tmp, dir, sid, out);
    if (reason == TL_REASON_OK && primary_group && facts->has_gid)
        reason = look_for_group(facts, tmp, dir, out);
    /* A group that is not found is not a failure of the whole. */
    if (reason == TL_REASON_OK)
        tl_outcome_reset(out);

cleanup:
    talloc_free(tmp);
    return reason;
}

/* Entries that are not groups of the domain are ignored, and not asked for again. */
static int append_all(struct tl_unix_facts *facts, TALLOC_CTX *tmp,
                      const struct tli_people_domain *domain,
                      const struct tli_entries *entries)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < entries->count; i++) {
        struct tl_dir_group *group = NULL;
        const char *why = NULL;

        ret = tli_group_from_entry(tmp, domain, &entries->entries[i], &group, &why);
        if (ret == 0)
            ret = append(facts, group);
        else if (ret == -EBADMSG)
            ret = 0;
    }
    return ret;
}

/* SIDs of other domains are left out of the filter, and without any other one nothing is
 * asked. */
static enum tl_reason some_groups(struct tl_unix_facts *facts, struct tl_directory *dir,
                                  const struct tli_people_domain *domain,
                                  const struct tl_sid *sids, size_t count,
                                  struct tl_outcome *out)
{
    static const char *const attributes[] = {"sAMAccountName", "objectSid", "groupType",
                                             "gidNumber", NULL};
    struct tli_search search = {
        dir->default_nc, LDAP_SCOPE_SUBTREE, NULL, attributes, count, false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason = TL_REASON_OK;
    char *filter = talloc_strdup(tmp, "");
    bool any = false;

    for (size_t i = 0; filter != NULL && i < count; i++) {
        char *value = tli_people_sid_value(tmp, &sids[i]);

        if (!tl_sid_in_domain(&sids[i], &domain->sid))
            continue;
        filter = value != NULL
                     ? talloc_asprintf_append_buffer(filter, "(objectSid=%s)", value)
                     : NULL;
        any = true;
    }
    if (filter != NULL)
        search.filter =
            talloc_asprintf(tmp, "(&(objectClass=group)(gidNumber=*)(|%s))", filter);
    if (search.filter == NULL)
        reason = tli_people_no_memory(out);
    else if (any)
        reason = tli_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (entries != NULL && append_all(facts, tmp, domain, entries) != 0)
        reason = tli_people_no_memory(out);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_unix_facts_groups(struct tl_unix_facts *facts, struct tl_directory *dir,
                                    const struct tl_sid *sids, size_t count,
                                    struct tl_outcome *out)
{
    struct tli_people_domain domain;
    enum tl_reason reason = tli_people_domain_of(dir, &domain, out);

    for (size_t i = 0; reason == TL_REASON_OK && i < count; i += SIDS_AT_ONCE)
        reason = some_groups(facts, dir, &domain, sids + i,
                             count - i < SIDS_AT_ONCE ? count - i : SIDS_AT_ONCE, out);
    return reason;
}
