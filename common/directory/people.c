/* SPDX-License-Identifier: MIT
 *
 * people.c - asking a domain for a user, a group, a user's groups, names of SIDs.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

#include "people.h"

/* sAMAccountType of a person's account [ADTS 2.2.11], which no computer's and no
 * trust's has; it is indexed. */
#define IS_USER "(sAMAccountType=805306368)"
#define IS_GROUP "(objectClass=group)"

char *tli_people_sid_value(TALLOC_CTX *ctx, const struct tl_sid *sid)
{
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];

    return tl_ldap_escape(ctx, packed, tl_sid_encode(sid, packed));
}

enum tl_reason tl_directory_domain_sid(struct tl_directory *dir, struct tl_sid *sid,
                                       struct tl_outcome *out)
{
    static const char *const attributes[] = {"objectSid", NULL};
    const struct tli_search search = {
        dir->default_nc, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 1, false};
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    *sid = (struct tl_sid){0};
    if (!dir->has_sid) {
        reason = tli_connection_search(dir, dir->ldap, &search, &entries, out);
        if (reason != TL_REASON_OK)
            return reason;
        dir->has_sid = entries->count == 1 &&
                       tli_entry_sid(&entries->entries[0], "objectSid", &dir->sid) == 0;
        talloc_free(entries);
    }
    if (!dir->has_sid)
        return tli_connection_fail(dir->ldap, out, "the domain returns no SID");
    *sid = dir->sid;
    return TL_REASON_OK;
}

enum tl_reason tli_people_domain_of(struct tl_directory *dir,
                                    struct tli_people_domain *domain,
                                    struct tl_outcome *out)
{
    domain->nc = dir->default_nc;
    return tl_directory_domain_sid(dir, &domain->sid, out);
}

/* Everything in the domain that has this value of an attribute. */
static enum tl_reason find(TALLOC_CTX *ctx, struct tl_directory *dir, const char *kind,
                           const char *attribute, const char *escaped,
                           const char *const *attributes, struct tli_entries **entries,
                           struct tl_outcome *out)
{
    struct tli_search search = {
        dir->default_nc, LDAP_SCOPE_SUBTREE, NULL, attributes, 2, false};

    *entries = NULL;
    if (escaped == NULL)
        return tli_people_no_memory(out);
    if (*escaped == '\0') {
        tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN,
                        "the name is empty");
        return TL_REASON_USER_UNKNOWN;
    }
    search.filter = talloc_asprintf(ctx, "(&%s(%s=%s))", kind, attribute, escaped);
    if (search.filter == NULL)
        return tli_people_no_memory(out);
    return tli_connection_search(ctx, dir->ldap, &search, entries, out);
}

/* Exactly one must be found. A name of two accounts identifies neither; two accounts with
 * one id share their files. */
static enum tl_reason only_one(const struct tli_entries *entries, const char *attribute,
                               struct tl_outcome *out)
{
    size_t len = strlen(attribute);
    bool by_id = len > 6 && strcmp(attribute + len - 6, "Number") == 0;
    enum tl_reason reason =
        entries->count > 1 && by_id ? TL_REASON_ID_COLLISION : TL_REASON_USER_UNKNOWN;

    if (entries->count == 1)
        return TL_REASON_OK;
    tl_outcome_fail(out, TL_STAGE_IDENTITY, reason, "%s this %s",
                    entries->count == 0 ? "no account has" : "several accounts have",
                    by_id ? attribute : "name");
    return reason;
}

static enum tl_reason refused(struct tl_directory *dir, int ret, const char *what,
                              const char *why, struct tl_outcome *out)
{
    if (ret == -ENOMEM)
        return tli_people_no_memory(out);
    return tli_connection_fail(dir->ldap, out, "the %s found is refused: %s", what, why);
}

#define USER_ATTRIBUTES                                                                  \
    "sAMAccountName", "userPrincipalName", "objectSid", "primaryGroupID", "displayName", \
        "unixHomeDirectory", "loginShell", "uidNumber", "gidNumber",                     \
        "userAccountControl", "accountExpires"

static const char *const user_attributes[] = {USER_ATTRIBUTES, NULL};
static const char *const whole_attributes[] = {USER_ATTRIBUTES, "tokenGroups", NULL};

static enum tl_reason take_user(TALLOC_CTX *ctx, struct tl_directory *dir,
                                const struct tli_entries *entries, const char *attribute,
                                struct tl_dir_user **user, struct tl_outcome *out)
{
    struct tli_people_domain domain;
    enum tl_reason reason = only_one(entries, attribute, out);
    const char *why = NULL;
    int ret;

    if (reason == TL_REASON_OK)
        reason = tli_people_domain_of(dir, &domain, out);
    if (reason != TL_REASON_OK)
        return reason;
    ret = tli_user_from_entry(ctx, &domain, &entries->entries[0], user, &why);
    return ret == 0 ? TL_REASON_OK : refused(dir, ret, "user", why, out);
}

enum tl_reason tli_people_user(TALLOC_CTX *ctx, TALLOC_CTX *tmp, struct tl_directory *dir,
                               const char *attribute, const char *escaped,
                               struct tl_dir_user **user, struct tl_outcome *out)
{
    struct tli_entries *entries;
    enum tl_reason reason;

    *user = NULL;
    reason = find(tmp, dir, IS_USER, attribute, escaped, user_attributes, &entries, out);
    if (reason == TL_REASON_OK)
        reason = take_user(ctx, dir, entries, attribute, user, out);
    return reason;
}

enum tl_reason tl_directory_user_by_sam(TALLOC_CTX *ctx, struct tl_directory *dir,
                                        const char *sam, struct tl_dir_user **user,
                                        struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *escaped = tl_ldap_escape(tmp, (const uint8_t *)sam, strlen(sam));
    enum tl_reason reason;

    reason = tli_people_user(ctx, tmp, dir, "sAMAccountName", escaped, user, out);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_user_by_upn(TALLOC_CTX *ctx, struct tl_directory *dir,
                                        const char *upn, struct tl_dir_user **user,
                                        struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    const char *at = strrchr(upn, '@');
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    *user = NULL;
    reason = find(tmp, dir, IS_USER, "userPrincipalName",
                  tl_ldap_escape(tmp, (const uint8_t *)upn, strlen(upn)), user_attributes,
                  &entries, out);
    if (reason == TL_REASON_OK && entries->count == 0 && at != NULL &&
        tl_dns_equal(at + 1, dir->domain))
        reason = find(tmp, dir, IS_USER, "sAMAccountName",
                      tl_ldap_escape(tmp, (const uint8_t *)upn, (size_t)(at - upn)),
                      user_attributes, &entries, out);
    if (reason == TL_REASON_OK)
        reason = take_user(ctx, dir, entries, "userPrincipalName", user, out);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_user_by_sid(TALLOC_CTX *ctx, struct tl_directory *dir,
                                        const struct tl_sid *sid,
                                        struct tl_dir_user **user, struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    enum tl_reason reason;

    reason = tli_people_user(ctx, tmp, dir, "objectSid", tli_people_sid_value(tmp, sid),
                             user, out);
    talloc_free(tmp);
    return reason;
}

/* The tokenGroups of an entry. */
static enum tl_reason take_groups(TALLOC_CTX *ctx, struct tl_directory *dir,
                                  const struct tli_entries *entries, const char *sam,
                                  struct tl_sid **sids, size_t *count,
                                  struct tl_outcome *out)
{
    const struct tli_attribute *groups = NULL;
    size_t first, next = 0;
    int ret;

    if (entries->count == 1)
        groups = tli_entry_attribute(&entries->entries[0], "tokenGroups");
    /* Every user has a primary group. Without any SID, the groups may not be read. */
    if (groups == NULL || entries->cut)
        return tli_connection_fail(dir->ldap, out, "the groups of %.256s %s", sam,
                                   groups == NULL ? "are not returned" : "are too many");
    ret = tli_sids_from_values(ctx, groups, sids, count);
    if (ret == 0 &&
        (tli_range_parse(groups->options, &first, &next) == -EBADMSG || next != 0)) {
        /* A token has at most 1,024 of them [KB328889]; a range has 1,500 or more. */
        TALLOC_FREE(*sids);
        *count = 0;
        ret = -EBADMSG;
    }
    return ret == 0 ? TL_REASON_OK
                    : refused(dir, ret, "group list",
                              "it is cut, or a value is not a SID", out);
}

enum tl_reason tl_directory_user_groups(TALLOC_CTX *ctx, struct tl_directory *dir,
                                        const struct tl_dir_user *user,
                                        struct tl_sid **sids, size_t *count,
                                        struct tl_outcome *out)
{
    static const char *const attributes[] = {"tokenGroups", NULL};
    const struct tli_search search = {
        user->dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 1, false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    enum tl_reason reason;

    *sids = NULL;
    *count = 0;
    reason = tli_connection_search(tmp, dir->ldap, &search, &entries, out);
    if (reason == TL_REASON_OK)
        reason = take_groups(ctx, dir, entries, user->sam, sids, count, out);
    talloc_free(tmp);
    return reason;
}

/* By the SID in the place of a DN [ADTS 3.1.1.3.1.2.4]: tokenGroups is computed only for
 * the base of a search. */
enum tl_reason tl_directory_user_whole(TALLOC_CTX *ctx, struct tl_directory *dir,
                                       const struct tl_sid *sid,
                                       struct tl_dir_user **user, struct tl_sid **sids,
                                       size_t *count, struct tl_outcome *out)
{
    struct tli_search search = {NULL, LDAP_SCOPE_BASE, IS_USER, whole_attributes, 1,
                                false};
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_entries *entries = NULL;
    char text[TL_SID_STRING_MAX];
    enum tl_reason reason;

    *user = NULL;
    *sids = NULL;
    *count = 0;
    search.base = talloc_asprintf(tmp, "<SID=%s>", tl_sid_format(sid, text));
    reason = search.base != NULL
                 ? tli_connection_search(tmp, dir->ldap, &search, &entries, out)
                 : tli_people_no_memory(out);
    if (reason == TL_REASON_OK)
        reason = take_user(ctx, dir, entries, "objectSid", user, out);
    if (reason == TL_REASON_OK)
        reason = take_groups(ctx, dir, entries, (*user)->sam, sids, count, out);
    if (reason != TL_REASON_OK)
        TALLOC_FREE(*user);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tli_people_group(TALLOC_CTX *ctx, TALLOC_CTX *tmp,
                                struct tl_directory *dir, const char *attribute,
                                const char *escaped, struct tl_dir_group **group,
                                struct tl_outcome *out)
{
    static const char *const attributes[] = {"sAMAccountName", "objectSid", "groupType",
                                             "gidNumber", NULL};
    struct tli_people_domain domain;
    struct tli_entries *entries;
    const char *why = NULL;
    enum tl_reason reason;
    int ret;

    *group = NULL;
    reason = find(tmp, dir, IS_GROUP, attribute, escaped, attributes, &entries, out);
    if (reason == TL_REASON_OK)
        reason = only_one(entries, attribute, out);
    if (reason == TL_REASON_OK)
        reason = tli_people_domain_of(dir, &domain, out);
    if (reason != TL_REASON_OK)
        return reason;
    ret = tli_group_from_entry(ctx, &domain, &entries->entries[0], group, &why);
    return ret == 0 ? TL_REASON_OK : refused(dir, ret, "group", why, out);
}

enum tl_reason tl_directory_group_by_name(TALLOC_CTX *ctx, struct tl_directory *dir,
                                          const char *name, struct tl_dir_group **group,
                                          struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *escaped = tl_ldap_escape(tmp, (const uint8_t *)name, strlen(name));
    enum tl_reason reason;

    reason = tli_people_group(ctx, tmp, dir, "sAMAccountName", escaped, group, out);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_directory_group_by_sid(TALLOC_CTX *ctx, struct tl_directory *dir,
                                         const struct tl_sid *sid,
                                         struct tl_dir_group **group,
                                         struct tl_outcome *out)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    enum tl_reason reason;

    reason = tli_people_group(ctx, tmp, dir, "objectSid", tli_people_sid_value(tmp, sid),
                              group, out);
    talloc_free(tmp);
    return reason;
}
