/* SPDX-License-Identifier: MIT
 *
 * access.c - access rules: the lists as written, and the verdict.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <trustlogon/access.h>
#include <trustlogon/name.h>

/* 0, -ENOMEM, or -EINVAL with *fault. */
static int parse_entry(TALLOC_CTX *ctx, const char *text, struct tl_access_entry *entry,
                       const char **fault)
{
    enum tl_name_error error = TL_NAME_OK;
    struct tl_name *name = NULL;
    int ret;

    memset(entry, 0, sizeof(*entry));
    entry->text = text;
    /* Text that begins like a SID must be a whole one: it is never a name. */
    if (strncasecmp(text, "S-1-", 4) == 0 && strchr(text, '\\') == NULL) {
        *fault = "an entry is not a valid SID (S-1-5-21-...)";
        return tl_sid_parse(text, &entry->sid);
    }
    ret = tl_name_parse(ctx, text, strlen(text), &name, &error);
    if (ret != 0) {
        *fault = tl_name_error_text(error);
        return ret;
    }
    *fault = "an entry is neither a SID nor DOMAIN\\name";
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

/* One bad entry refuses the whole list: a rule that is silently missing could let a user
 * in whom it denies. */
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

char *tl_access_show(TALLOC_CTX *ctx, const struct tl_access_list *list)
{
    char *text = talloc_strdup(ctx, "");

    for (size_t i = 0; list != NULL && text != NULL && i < list->count; i++)
        text = talloc_asprintf_append(text, "%s%s", i > 0 ? ", " : "",
                                      list->entries[i].text);
    return text;
}

bool tl_access_has_rules(const struct tl_access *access)
{
    return access->allow_groups != NULL || access->deny_groups != NULL ||
           access->allow_users != NULL;
}

/* One verdict. */
struct check {
    const struct tl_membership *member;
    tl_access_resolve_fn resolve;
    void *arg;
    const struct tl_access_entry *unresolved; /* the first that mattered, or NULL */
    const char *why;                          /* it is not resolved */
};

static bool is_member(const struct tl_membership *member, const struct tl_sid *sid,
                      bool to_allow)
{
    for (size_t i = 0; i < member->count; i++) {
        if (tl_sid_equal(&member->groups[i].sid, sid) &&
            !(to_allow && (member->groups[i].attributes & TL_MEMBER_DENY_ONLY) != 0))
            return true;
    }
    return false;
}

static enum tl_access_answer sid_of(struct check *check,
                                    const struct tl_access_entry *entry, bool group,
                                    bool ask, struct tl_sid *sid)
{
    enum tl_access_answer answer = TL_ACCESS_UNRESOLVED;
    const char *why = "names cannot be resolved here";

    if (entry->name == NULL) {
        *sid = entry->sid;
        return TL_ACCESS_SID;
    }
    if (check->resolve != NULL)
        answer = check->resolve(check->arg, entry, group, ask, sid, &why);
    if (ask && answer == TL_ACCESS_UNRESOLVED && check->unresolved == NULL) {
        check->unresolved = entry;
        check->why = why;
    }
    return answer;
}

enum kind { DENY_GROUP, ALLOW_GROUP, ALLOW_USER };

/* The first entry that matches the user, or NULL. deny_groups may name the user's own
 * SID, and a list of users matches no group. */
static const struct tl_access_entry *
match(struct check *check, const struct tl_access_list *list, enum kind kind, bool ask)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct tl_access_entry *entry = &list->entries[i];
        struct tl_sid sid;
        bool self;

        if (sid_of(check, entry, kind != ALLOW_USER, ask, &sid) != TL_ACCESS_SID)
            continue;
        self = tl_sid_equal(&sid, &check->member->user);
        if ((kind != ALLOW_GROUP && self) ||
            (kind != ALLOW_USER && is_member(check->member, &sid, kind == ALLOW_GROUP)))
            return entry;
    }
    return NULL;
}

static enum tl_reason deny(struct tl_outcome *out, const char *subject,
                           const char *detail, const char *why)
{
    enum tl_reason reason =
        tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_ACCESS_RULE, "%s%s%s", detail,
                        why != NULL ? ": " : "", why != NULL ? why : "");

    if (out != NULL)
        tl_outcome_set_subject(out, subject);
    return reason;
}

/* Deny before allow, and each of them first by what is known already: the network is
 * asked only for a name that can still change the verdict. */
enum tl_reason tl_access_check(const struct tl_access *access,
                               const struct tl_membership *member,
                               tl_access_resolve_fn resolve, void *arg,
                               struct tl_outcome *out)
{
    struct check check = {.member = member, .resolve = resolve, .arg = arg};
    const struct tl_access_entry *entry = NULL;

    /* First with what is known without the network: that may be enough. */
    for (int ask = 0; ask < 2 && entry == NULL; ask++)
        entry = match(&check, access->deny_groups, DENY_GROUP, ask);
    if (entry != NULL)
        return deny(out, entry->text, "the user is in a group of deny_groups", NULL);
    if (check.unresolved != NULL)
        return deny(out, check.unresolved->text,
                    "a group of deny_groups cannot be resolved", check.why);
    if (access->allow_groups == NULL && access->allow_users == NULL)
        return TL_REASON_OK;
    for (int ask = 0; ask < 2 && entry == NULL; ask++) {
        entry = match(&check, access->allow_users, ALLOW_USER, ask);
        if (entry == NULL)
            entry = match(&check, access->allow_groups, ALLOW_GROUP, ask);
    }
    if (entry != NULL)
        return TL_REASON_OK;
    if (check.unresolved != NULL)
        return deny(out, check.unresolved->text,
                    "no entry of allow_groups or allow_users matches the user, and one "
                    "cannot be resolved",
                    check.why);
    return deny(out, member->account,
                "no entry of allow_groups or allow_users matches the user", NULL);
}
