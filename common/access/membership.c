/* SPDX-License-Identifier: MIT
 *
 * membership.c - the SIDs that rules are held against: out of a PAC, and as lines of
 * a file, since pam_authenticate and pam_acct_mgmt may be different processes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/access.h>

#define GROUPS_MAX                                                                       \
    (3 * TL_PAC_MAX_GROUPS + 2) /* the unproven ones are among the extra                 \
                                 */
#define ACCOUNT_MAX 1024
/* SE_GROUP_MANDATORY, ENABLED_BY_DEFAULT, ENABLED [MS-PAC 2.2.1] */
#define ORDINARY 7U

static void add(struct tl_membership *member, const struct tl_pac_group *groups,
                size_t count)
{
    if (count > 0)
        memcpy(member->groups + member->count, groups, count * sizeof(*groups));
    member->count += count;
}

/* By rule the primary group is one of pac->groups, but a KDC may leave it out. One that
 * is listed as deny-only must not be added as an ordinary one. */
static void add_primary(struct tl_membership *member, const struct tl_pac *pac)
{
    struct tl_pac_group primary = {.attributes = ORDINARY};

    if (tl_sid_append(&pac->domain_sid, pac->primary_group_rid, &primary.sid) != 0)
        return;
    for (size_t i = 0; i < pac->num_groups; i++) {
        if (tl_sid_equal(&pac->groups[i].sid, &primary.sid))
            return;
    }
    add(member, &primary, 1);
}

struct tl_sid tl_sid_organization(bool other)
{
    return (struct tl_sid){.revision = 1,
                           .num_subs = 1,
                           .authority = {0, 0, 0, 0, 0, 5},
                           .subs = {other ? 1000 : 15}};
}

static void add_organization(struct tl_membership *member)
{
    const struct tl_sid other = tl_sid_organization(true);
    struct tl_pac_group this = {.sid = tl_sid_organization(false),
                                .attributes = ORDINARY};

    for (size_t i = 0; i < member->count; i++) {
        if (tl_sid_equal(&member->groups[i].sid, &this.sid) ||
            tl_sid_equal(&member->groups[i].sid, &other))
            return;
    }
    add(member, &this, 1);
}

int tl_membership_from_pac(TALLOC_CTX *ctx, const struct tl_pac *pac,
                           struct tl_membership **result)
{
    struct tl_membership *member = talloc_zero(ctx, struct tl_membership);

    *result = NULL;
    if (member == NULL)
        return -ENOMEM;
    member->account = talloc_strdup(member, pac->account);
    member->groups = talloc_zero_array(member, struct tl_pac_group,
                                       pac->num_groups + pac->num_extra +
                                           pac->num_resource + pac->num_unproven + 2);
    if (member->account == NULL || member->groups == NULL) {
        talloc_free(member);
        return -ENOMEM;
    }
    member->user = pac->user_sid;
    add(member, pac->groups, pac->num_groups);
    add(member, pac->extra, pac->num_extra);
    add(member, pac->resource, pac->num_resource);
    add_primary(member, pac);
    add_organization(member);
    add(member, pac->unproven, pac->num_unproven);
    for (size_t i = member->count - pac->num_unproven; i < member->count; i++)
        member->groups[i].attributes = TL_MEMBER_UNPROVEN | TL_MEMBER_DENY_ONLY;
    *result = member;
    return 0;
}

int tl_membership_to_text(TALLOC_CTX *ctx, const struct tl_membership *member,
                          char **result)
{
    char sid[TL_SID_STRING_MAX];
    char *text = talloc_asprintf(ctx, "account %s\nuser %s\n", member->account,
                                 tl_sid_format(&member->user, sid));
    bool whole = text != NULL;

    *result = NULL;
    /* A name with control characters would break the lines. */
    for (const char *c = member->account; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20) {
            talloc_free(text);
            return -EINVAL;
        }
    }
    for (size_t i = 0; whole && i < member->count; i++) {
        text = talloc_asprintf_append_buffer(text, "group %s %" PRIu32 "\n",
                                             tl_sid_format(&member->groups[i].sid, sid),
                                             member->groups[i].attributes);
        whole = text != NULL;
    }
    if (whole)
        text = talloc_asprintf_append_buffer(text, "end %zu\n", member->count);
    if (!whole || text == NULL)
        return -ENOMEM;
    *result = text;
    return 0;
}

/* The rest of a line that begins with `word` and a blank, or NULL. */
static char *after(char *line, const char *word)
{
    size_t len = strlen(word);

    return line != NULL && strncmp(line, word, len) == 0 && line[len] == ' '
               ? line + len + 1
               : NULL;
}

static int read_group(char *rest, struct tl_pac_group *group)
{
    char *blank = strchr(rest, ' '), *end = NULL;
    unsigned long attributes;

    if (blank == NULL || blank[1] < '0' || blank[1] > '9')
        return -EBADMSG;
    *blank = '\0';
    attributes = strtoul(blank + 1, &end, 10);
    if (*end != '\0' || attributes > UINT32_MAX || tl_sid_parse(rest, &group->sid) != 0)
        return -EBADMSG;
    group->attributes = (uint32_t)attributes;
    return 0;
}

static int read_groups(struct tl_membership *member, char **save)
{
    for (;;) {
        char *line = strtok_r(NULL, "\n", save);
        char *rest = after(line, "group"), *end = after(line, "end");
        char count[32];

        if (end != NULL) {
            snprintf(count, sizeof(count), "%zu", member->count);
            return strcmp(end, count) == 0 && **save == '\0' ? 0 : -EBADMSG;
        }
        if (rest == NULL || member->count == talloc_array_length(member->groups) ||
            read_group(rest, &member->groups[member->count]) != 0)
            return -EBADMSG;
        member->count++;
    }
}

static size_t lines_of(const char *text, size_t len)
{
    size_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Although the text is root's own file, none of it is used unless all of it is what
 * tl_membership_to_text() writes: half a membership could miss the group that denies. */
int tl_membership_from_text(TALLOC_CTX *ctx, const char *text, size_t len,
                            struct tl_membership **result)
{
    struct tl_membership *member;
    size_t lines = lines_of(text, len);
    char *copy, *save = NULL, *account, *user;
    int ret = -EBADMSG;

    *result = NULL;
    if (lines > GROUPS_MAX + 3 || memchr(text, '\0', len) != NULL)
        return -EBADMSG;
    member = talloc_zero(ctx, struct tl_membership);
    copy = talloc_strndup(member, text, len);
    if (copy != NULL)
        member->groups = talloc_zero_array(member, struct tl_pac_group, lines);
    if (copy == NULL || member->groups == NULL) {
        ret = -ENOMEM;
        goto cleanup;
    }
    account = after(strtok_r(copy, "\n", &save), "account");
    user = after(strtok_r(NULL, "\n", &save), "user");
    if (account == NULL || strlen(account) > ACCOUNT_MAX || user == NULL ||
        tl_sid_parse(user, &member->user) != 0)
        goto cleanup;
    member->account = account;
    ret = read_groups(member, &save);
    if (ret != 0)
        goto cleanup;
    *result = member;
    return 0;

cleanup:
    talloc_free(member);
    return ret;
}
