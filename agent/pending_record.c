/* SPDX-License-Identifier: MIT
 *
 * pending_record.c - the record of a pending logon as text, and back. Pure.
 */
#include "pending_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One line for each, in this order; the membership's own lines follow. */
enum { USER, CANONICAL, EXPIRES, UID, GID, DOMAIN, REFUSED, DETAIL, LINES };

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

int tla_pending_format(TALLOC_CTX *ctx, const struct tla_pending *pending, char **record)
{
    const char *texts[] = {pending->user, pending->canonical, or_empty(pending->domain),
                           or_empty(pending->refused)};
    char *detail = talloc_strdup(ctx, or_empty(pending->detail)), *groups;
    int rc = tl_membership_to_text(ctx, pending->member, &groups);

    *record = NULL;
    if (rc != 0 || detail == NULL)
        return rc != 0 ? rc : -ENOMEM;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strchr(texts[i], '\n') != NULL)
            return -EINVAL;
    }
    /* A server's text, which may have several lines. */
    for (char *p = detail; (p = strchr(p, '\n')) != NULL;)
        *p = ' ';
    *record = talloc_asprintf(ctx, "%s\n%s\n%u\n%u\n%u\n%s\n%s\n%s\n%s", pending->user,
                              pending->canonical, pending->expires, pending->uid,
                              pending->gid, or_empty(pending->domain),
                              or_empty(pending->refused), detail, groups);
    if (*record == NULL)
        return -ENOMEM;
    return strlen(*record) <= TLA_PENDING_RECORD_MAX ? 0 : -E2BIG;
}

static bool number(const char *text, uint32_t *value)
{
    char *end = NULL;
    unsigned long n = strtoul(text, &end, 10);

    *value = (uint32_t)n;
    return *text >= '0' && *text <= '9' && *end == '\0' && n <= UINT32_MAX;
}

int tla_pending_parse(struct tla_pending *pending, char *record)
{
    struct tl_membership *member = NULL;
    char *line[LINES];
    int rc;

    for (int i = 0; i < LINES; i++) {
        line[i] = strsep(&record, "\n");
        if (record == NULL)
            return -ENOENT;
    }
    if (!number(line[EXPIRES], &pending->expires) || !number(line[UID], &pending->uid) ||
        !number(line[GID], &pending->gid) || line[USER][0] == '\0' ||
        line[CANONICAL][0] == '\0')
        return -ENOENT;
    rc = tl_membership_from_text(pending, record, strlen(record), &member);
    if (rc != 0)
        return rc == -EBADMSG ? -ENOENT : rc;
    pending->user = line[USER];
    pending->canonical = line[CANONICAL];
    pending->domain = line[DOMAIN][0] != '\0' ? line[DOMAIN] : NULL;
    pending->refused = line[REFUSED][0] != '\0' ? line[REFUSED] : NULL;
    pending->detail = line[DETAIL][0] != '\0' ? line[DETAIL] : NULL;
    pending->member = member;
    return 0;
}
