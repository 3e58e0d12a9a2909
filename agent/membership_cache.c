/* SPDX-License-Identifier: MIT
 *
 * membership_cache.c - what a user's last proof said of his groups, kept for logons
 * without one (ssh keys, cron).
 *
 * STATE_DIR/members/<SID>, of root, 0600 in a folder of 0700: which groups somebody is
 * in is for everybody to see by ids only, and whoever could write here would decide
 * who gets in.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"

#define FOLDER "members"
#define FILE_MAX (8 << 20) /* as many groups as a PAC can have */

static char *folder_of(TALLOC_CTX *ctx, const struct tl_config *config)
{
    return talloc_asprintf(ctx, "%s/" FOLDER, config->state_dir);
}

int tla_known_save(const struct tl_config *config, const struct tla_known *known)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *folder = folder_of(tmp, config), *groups = NULL, *text, *path;
    char sid[TL_SID_STRING_MAX];
    int rc =
        folder != NULL ? tl_membership_to_text(tmp, known->member, &groups) : -ENOMEM;

    if (rc != 0)
        goto cleanup;
    text = talloc_asprintf(
        tmp,
        "proven %" PRId64 "\nchecked %" PRId64 "\nown %" PRId64 "\ntold %" PRId64 "\n%s",
        known->proven, known->checked, known->own, known->told, groups);
    path =
        talloc_asprintf(tmp, "%s/%s", folder, tl_sid_format(&known->member->user, sid));
    if (text == NULL || path == NULL)
        rc = -ENOMEM;
    else if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        rc = -errno;
    else
        rc = tla_file_replace(path, text, false);

cleanup:
    talloc_free(tmp);
    return rc;
}

/* "word 123\n" at *text, which is moved behind it. */
static bool take_time(char **text, const char *word, int64_t *value)
{
    char *line = strsep(text, "\n"), *end = NULL;
    size_t len = strlen(word);

    if (line == NULL || *text == NULL || strncmp(line, word, len) != 0 ||
        line[len] != ' ' || line[len + 1] < '0' || line[len + 1] > '9')
        return false;
    *value = strtoll(line + len + 1, &end, 10);
    return *end == '\0';
}

int tla_known_load(TALLOC_CTX *ctx, const struct tl_config *config,
                   const struct tl_sid *sid, struct tla_known **result)
{
    struct tla_known *known = talloc_zero(ctx, struct tla_known);
    struct tl_membership *member = NULL;
    char *folder = folder_of(known, config), *text = NULL, *path;
    char string[TL_SID_STRING_MAX];
    size_t len;
    int rc = -ENOMEM;

    *result = NULL;
    path = talloc_asprintf(known, "%s/%s", folder, tl_sid_format(sid, string));
    if (known != NULL && folder != NULL && path != NULL)
        rc = tla_file_read(known, path, S_IWGRP | S_IWOTH, FILE_MAX, &text, &len);
    if (rc == 0 && (!take_time(&text, "proven", &known->proven) ||
                    !take_time(&text, "checked", &known->checked)))
        rc = -EBADMSG;
    /* Files of before have no such lines. */
    if (rc == 0 && strncmp(text, "own ", 4) == 0 && !take_time(&text, "own", &known->own))
        rc = -EBADMSG;
    known->told = known->own;
    if (rc == 0 && strncmp(text, "told ", 5) == 0 &&
        !take_time(&text, "told", &known->told))
        rc = -EBADMSG;
    if (rc == 0)
        rc = tl_membership_from_text(known, text, strlen(text), &member);
    if (rc == 0 && !tl_sid_equal(&member->user, sid))
        rc = -EBADMSG;
    if (rc != 0) {
        talloc_free(known);
        return rc;
    }
    known->member = member;
    *result = known;
    return 0;
}
