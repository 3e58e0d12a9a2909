/* SPDX-License-Identifier: MIT
 *
 * rule_cache.c - the SIDs of names in access rules, kept between logons.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <trustlogon/name.h>
#include <unistd.h>

#include "rule_cache.h"

/* A list has at most 1000 characters, but each PAM service may have lists of its own. */
#define NAMES_MAX 1024
#define FILE_MAX (512 * 1024)

static bool same(const struct tli_rule_name *a, const struct tli_rule_name *b)
{
    return a->group == b->group && strcmp(a->domain, b->domain) == 0 &&
           strcmp(a->name, b->name) == 0;
}

/* "group contoso.test S-1-5-21-... 1764000000 linux users" */
static int parse_line(TALLOC_CTX *ctx, char *line, struct tli_rule_name *entry)
{
    char *part[4], *end = NULL;

    for (size_t i = 0; i < 4; i++) {
        part[i] = strsep(&line, " ");
        if (line == NULL || part[i][0] == '\0')
            return -EBADMSG;
    }
    entry->group = strcmp(part[0], "group") == 0;
    if ((!entry->group && strcmp(part[0], "user") != 0) || !tl_dns_valid(part[1]) ||
        tl_sid_parse(part[2], &entry->sid) != 0 || line[0] == '\0')
        return -EBADMSG;
    entry->found = strtoll(part[3], &end, 10);
    if (part[3][0] < '0' || part[3][0] > '9' || *end != '\0' || entry->found < 0)
        return -EBADMSG;
    entry->domain = talloc_strdup(ctx, part[1]);
    entry->name = talloc_strdup(ctx, line);
    return entry->domain != NULL && entry->name != NULL ? 0 : -ENOMEM;
}

int tli_rule_cache_parse(struct tli_rule_cache *cache, const char *text, size_t len)
{
    char *copy = talloc_strndup(cache, text, len), *rest = copy;
    int ret = copy != NULL ? 0 : -ENOMEM;

    cache->count = 0;
    if (len > 0 && (memchr(text, '\0', len) != NULL || text[len - 1] != '\n'))
        ret = -EBADMSG;
    while (ret == 0 && *rest != '\0') {
        if (cache->count == NAMES_MAX)
            ret = -EBADMSG;
        else
            ret = parse_line(cache->names, strsep(&rest, "\n"),
                             &cache->names[cache->count]);
        cache->count += ret == 0;
    }
    if (ret != 0)
        cache->count = 0;
    talloc_free(copy);
    return ret;
}

/* The bytes of the file, if no other user can write it. */
static char *read_own(TALLOC_CTX *ctx, const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    char *text = NULL;
    ssize_t got;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size <= FILE_MAX)
        text = talloc_zero_size(ctx, (size_t)st.st_size + 1);
    got = text != NULL ? read(fd, text, (size_t)st.st_size) : -1;
    close(fd);
    if (got < 0)
        TALLOC_FREE(text);
    *len = got > 0 ? (size_t)got : 0;
    return text;
}

struct tli_rule_cache *tli_rule_cache_load(TALLOC_CTX *ctx,
                                           const struct tl_config *config)
{
    struct tli_rule_cache *cache = talloc_zero(ctx, struct tli_rule_cache);
    size_t len = 0;
    char *text;

    if (cache == NULL)
        return NULL;
    cache->path = talloc_asprintf(cache, "%s/%s", config->state_dir, TL_RULES_FILE);
    cache->names = talloc_zero_array(cache, struct tli_rule_name, NAMES_MAX);
    if (cache->path == NULL || cache->names == NULL) {
        talloc_free(cache);
        return NULL;
    }
    text = read_own(cache, cache->path, &len);
    if (text != NULL)
        (void)tli_rule_cache_parse(cache, text, len);
    talloc_free(text);
    return cache;
}

/* Of the future, or past every lifetime that can be configured. */
static bool too_old(const struct tli_rule_name *entry, int64_t now)
{
    return entry->found > now || now - entry->found > 31536000 + TL_RULE_STALE_S;
}

static int make_key(TALLOC_CTX *ctx, bool group, const char *domain, const char *name,
                    struct tli_rule_name *key)
{
    *key = (struct tli_rule_name){
        .group = group, .domain = tl_fold(ctx, domain), .name = tl_fold(ctx, name)};
    return key->domain != NULL && key->name != NULL ? 0 : -ENOMEM;
}

static struct tli_rule_name *find(const struct tli_rule_cache *cache,
                                  const struct tli_rule_name *key)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (same(&cache->names[i], key))
            return &cache->names[i];
    }
    return NULL;
}

const struct tli_rule_name *tli_rule_cache_find(const struct tli_rule_cache *cache,
                                                bool group, const char *domain,
                                                const char *name, int64_t now)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    const struct tli_rule_name *found = NULL;
    struct tli_rule_name key;

    if (make_key(tmp, group, domain, name, &key) == 0)
        found = find(cache, &key);
    talloc_free(tmp);
    return found != NULL && !too_old(found, now) ? found : NULL;
}

int tli_rule_cache_put(struct tli_rule_cache *cache, bool group, const char *domain,
                       const char *name, const struct tl_sid *sid, int64_t now)
{
    struct tli_rule_name key, *entry;

    if (make_key(cache->names, group, domain, name, &key) != 0)
        return -ENOMEM;
    entry = find(cache, &key);
    if (sid == NULL) {
        if (entry == NULL)
            return 0;
        *entry = cache->names[--cache->count];
    } else {
        if (entry == NULL && cache->count == NAMES_MAX)
            return 0; /* no room: it is looked up each time */
        if (entry == NULL)
            entry = &cache->names[cache->count++];
        *entry = key;
        entry->sid = *sid;
        entry->found = now;
    }
    cache->changed = true;
    return 0;
}

static char *make_text(const struct tli_rule_cache *cache, int64_t now)
{
    char *text = talloc_strdup(NULL, "");
    char sid[TL_SID_STRING_MAX];

    for (size_t i = 0; i < cache->count && text != NULL; i++) {
        const struct tli_rule_name *entry = &cache->names[i];

        if (!too_old(entry, now))
            text = talloc_asprintf_append_buffer(
                text, "%s %s %s %" PRId64 " %s\n", entry->group ? "group" : "user",
                entry->domain, tl_sid_format(&entry->sid, sid), entry->found,
                entry->name);
    }
    return text;
}

/* Written beside and renamed, so that readers see the old file or the new one. */
int tli_rule_cache_save(struct tli_rule_cache *cache, int64_t now)
{
    char *beside = talloc_asprintf(NULL, "%s.XXXXXX", cache->path);
    char *text = cache->changed ? make_text(cache, now) : NULL;
    int fd = -1, ret = beside != NULL ? 0 : -ENOMEM;
    size_t len;

    if (ret != 0 || !cache->changed)
        goto done;
    ret = text != NULL ? 0 : -ENOMEM;
    if (ret == 0 && (fd = mkostemp(beside, O_CLOEXEC)) < 0) /* mode 0600 */
        ret = -errno;
    if (ret != 0)
        goto done;
    len = strlen(text);
    if (write(fd, text, len) != (ssize_t)len || fsync(fd) != 0)
        ret = -EIO;
    else if (rename(beside, cache->path) != 0)
        ret = -errno;
    if (ret != 0)
        (void)unlink(beside);
    else
        cache->changed = false;

done:
    if (fd >= 0)
        close(fd);
    talloc_free(text);
    talloc_free(beside);
    return ret;
}
