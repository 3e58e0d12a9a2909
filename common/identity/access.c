/* SPDX-License-Identifier: MIT
 *
 * access.c - access rules: the lists as written, and the verdict.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <trustlogon/access.h>
#include <trustlogon/name.h>

#define DENY_ONLY 0x10U /* SE_GROUP_USE_FOR_DENY_ONLY [MS-PAC 2.2.1] */

/* 0, -ENOMEM, or -EINVAL with *fault. */
static int parse_entry(TALLOC_CTX *ctx, const char *text, struct tl_access_entry *entry,
                       const char **fault)
{
    enum tl_name_error error = TL_NAME_OK;
    struct tl_name *name = NULL;
    int ret;

    memset(entry, 0, sizeof(*entry));
    entry->text = text;
    /* What looks like a SID is none or a whole one, never a name. */
    if (strncasecmp(text, "S-1-", 4) == 0 && strchr(text, '\\') == NULL) {
        *fault = "is no SID (S-1-5-21-...)";
        if (tl_sid_parse(text, &entry->sid) != 0)
            return -EINVAL;
        entry->resolved = true;
        return 0;
    }
    ret = tl_name_parse(ctx, text, strlen(text), &name, &error);
    if (ret != 0) {
        *fault = tl_name_error_text(error);
        return ret;
    }
    *fault = "is neither a SID nor DOMAIN\\name";
    if (name->form != TL_NAME_DOWNLEVEL ||
        (!tl_dns_valid(name->domain) && !tl_netbios_valid(name->domain)))
        return -EINVAL;
    entry->domain = name->domain;
    entry->name = name->user;
    return 0;
}

static int append(TALLOC_CTX *ctx, struct tl_access_list *list,
                  const struct tl_access_entry *entry)
{
    struct tl_access_entry *grown =
        talloc_realloc(ctx, list->entries, struct tl_access_entry, list->count + 1);

    if (grown == NULL)
        return -ENOMEM;
    list->entries = grown;
    list->entries[list->count++] = *entry;
    return 0;
}

int tl_access_parse(TALLOC_CTX *ctx, const char *text, struct tl_access_list *result,
                    const char **fault)
{
    struct tl_access_list list = {0};
    TALLOC_CTX *own = talloc_new(ctx);
    int ret = own != NULL ? 0 : -ENOMEM;

    memset(result, 0, sizeof(*result));
    *fault = NULL;
    while (ret == 0) {
        struct tl_access_entry entry;
        size_t len;
        char *one;

        text += strspn(text, " \t");
        len = strcspn(text, ",");
        one = talloc_strndup(own, text, len);
        for (char *end = one != NULL ? one + strlen(one) : NULL;
             end > one && (end[-1] == ' ' || end[-1] == '\t'); end--)
            end[-1] = '\0';
        ret = one != NULL ? parse_entry(own, one, &entry, fault) : -ENOMEM;
        if (ret == 0)
            ret = append(own, &list, &entry);
        text += len;
        if (*text++ != ',')
            break;
    }
    if (ret != 0) {
        talloc_free(own);
        return ret;
    }
    *fault = NULL;
    *result = list;
    return 0;
}

static bool among(const struct tl_pac_group *groups, size_t count,
                  const struct tl_sid *sid, bool to_allow)
{
    for (size_t i = 0; i < count; i++) {
        if (tl_sid_equal(&groups[i].sid, sid) &&
            !(to_allow && (groups[i].attributes & DENY_ONLY) != 0))
            return true;
    }
    return false;
}

/* The primary group is one of pac->groups by rule; a KDC may leave it out. */
static bool is_primary(const struct tl_pac *pac, const struct tl_sid *sid)
{
    struct tl_sid primary;

    return tl_sid_append(&pac->domain_sid, pac->primary_group_rid, &primary) == 0 &&
           tl_sid_equal(&primary, sid);
}

static bool is_member(const struct tl_pac *pac, const struct tl_sid *sid, bool to_allow)
{
    if (among(pac->groups, pac->num_groups, sid, to_allow) ||
        among(pac->extra, pac->num_extra, sid, to_allow) ||
        among(pac->resource, pac->num_resource, sid, to_allow))
        return true;
    /* Listed for denying only, it must not come back by this way. */
    return is_primary(pac, sid) && !among(pac->groups, pac->num_groups, sid, false);
}

static enum tl_reason deny(struct tl_outcome *out, const char *subject,
                           const char *detail)
{
    enum tl_reason reason =
        tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_ACCESS_RULE, "%s", detail);

    if (out != NULL)
        tl_outcome_set_subject(out, subject);
    return reason;
}

enum tl_reason tl_access_check(const struct tl_access *access, const struct tl_pac *pac,
                               struct tl_outcome *out)
{
    const struct tl_access_list *denied = &access->deny_groups;
    const struct tl_access_list *groups = &access->allow_groups;
    const struct tl_access_list *users = &access->allow_users;

    for (size_t i = 0; i < denied->count; i++) {
        if (!denied->entries[i].resolved)
            return deny(out, denied->entries[i].text,
                        "a group of deny_groups cannot be resolved");
    }
    for (size_t i = 0; i < denied->count; i++) {
        if (tl_sid_equal(&denied->entries[i].sid, &pac->user_sid) ||
            is_member(pac, &denied->entries[i].sid, false))
            return deny(out, denied->entries[i].text, "a group of deny_groups");
    }
    if (groups->count == 0 && users->count == 0)
        return TL_REASON_OK;
    for (size_t i = 0; i < users->count; i++) {
        if (users->entries[i].resolved &&
            tl_sid_equal(&users->entries[i].sid, &pac->user_sid))
            return TL_REASON_OK;
    }
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->entries[i].resolved && is_member(pac, &groups->entries[i].sid, true))
            return TL_REASON_OK;
    }
    return deny(out, pac->account,
                "no entry of allow_groups or allow_users is the user's");
}
