/* SPDX-License-Identifier: MIT
 *
 * membership_cache.c - the groups of a user by the last proof, for logons without one
 * (ssh keys, cron).
 *
 * STATE_DIR/members/<SID>, of root, 0600 in a folder of 0700: other users may see groups
 * as ids only, and what is written here decides which logons are granted.
 */
#include "membership_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text_file.h"

#define FOLDER "members"
#define FILE_MAX (8 << 20) /* as many groups as a PAC can have */

static char *folder_of(TALLOC_CTX *ctx, const struct tl_config *config)
{
    return talloc_asprintf(ctx, "%s/" FOLDER, config->state_dir);
}

int tla_membership_cache_save(const struct tl_config *config,
                              const struct tla_membership_cache *cache)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *folder = folder_of(tmp, config), *groups = NULL, *text, *path;
    char sid[TL_SID_STRING_MAX];
    int rc =
        folder != NULL ? tl_membership_to_text(tmp, cache->member, &groups) : -ENOMEM;

    if (rc != 0)
        goto cleanup;
    text = talloc_asprintf(
        tmp,
        "proven %" PRId64 "\nchecked %" PRId64 "\nown %" PRId64 "\ntold %" PRId64 "\n%s",
        cache->proven, cache->checked, cache->own_asked, cache->own_answered, groups);
    path =
        talloc_asprintf(tmp, "%s/%s", folder, tl_sid_format(&cache->member->user, sid));
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

int tla_membership_cache_parse(TALLOC_CTX *ctx, char *text,
                               struct tla_membership_cache *cache)
{
    struct tl_membership *member = NULL;
    int rc;

    if (!take_time(&text, "proven", &cache->proven) ||
        !take_time(&text, "checked", &cache->checked))
        return -EBADMSG;
    /* Files of older versions have no such lines. */
    if (strncmp(text, "own ", 4) == 0 && !take_time(&text, "own", &cache->own_asked))
        return -EBADMSG;
    cache->own_answered = cache->own_asked;
    if (strncmp(text, "told ", 5) == 0 && !take_time(&text, "told", &cache->own_answered))
        return -EBADMSG;
    rc = tl_membership_from_text(ctx, text, strlen(text), &member);
    cache->member = member;
    return rc;
}

int tla_membership_cache_load(TALLOC_CTX *ctx, const struct tl_config *config,
                              const struct tl_sid *sid,
                              struct tla_membership_cache **result)
{
    struct tla_membership_cache *cache = talloc_zero(ctx, struct tla_membership_cache);
    char *folder = folder_of(cache, config), *text = NULL, *path;
    char string[TL_SID_STRING_MAX];
    size_t len;
    int rc = -ENOMEM;

    *result = NULL;
    path = talloc_asprintf(cache, "%s/%s", folder, tl_sid_format(sid, string));
    if (cache != NULL && folder != NULL && path != NULL)
        rc = tla_file_read(cache, path, S_IWGRP | S_IWOTH, FILE_MAX, &text, &len);
    if (rc == 0)
        rc = tla_membership_cache_parse(cache, text, cache);
    if (rc == 0 && !tl_sid_equal(&cache->member->user, sid))
        rc = -EBADMSG;
    if (rc != 0) {
        talloc_free(cache);
        return rc;
    }
    *result = cache;
    return 0;
}
