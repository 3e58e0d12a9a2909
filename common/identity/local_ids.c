/* SPDX-License-Identifier: MIT
 *
 * local_ids.c - the ids and names that passwd, group, subuid and subgid of this machine
 * have taken, and that no user of a domain may have.
 *
 * The accounts are read by store/passwd_file.h; the ranges that subuid(5) and subgid(5)
 * lend to them by getline(), for a line of any length.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/identity.h>

#include "store/passwd_file.h"

/* Ids of one file, and the names that have them, at the same index. */
struct ids {
    size_t count;
    uint32_t *id;
    const char **name;
};

/* Ranges of one file, in its order. */
struct lent {
    size_t count;
    struct tl_subids *each;
};

/* passwd, group, subuid and subgid. */
struct tl_local_ids {
    struct ids users, groups;
    struct lent uids, gids;
};

static int add(TALLOC_CTX *ctx, struct ids *ids, const char *name, uint32_t id)
{
    if ((ids->count & (ids->count + 1)) == 0) { /* 0, 1, 3, 7, ...: room is doubled */
        size_t room = 2 * ids->count + 1;
        uint32_t *id_room = talloc_realloc(ctx, ids->id, uint32_t, (unsigned int)room);
        const char **name_room;

        if (id_room == NULL)
            return -ENOMEM;
        ids->id = id_room;
        name_room = talloc_realloc(ctx, ids->name, const char *, (unsigned int)room);
        if (name_room == NULL)
            return -ENOMEM;
        ids->name = name_room;
    }
    ids->name[ids->count] = talloc_strdup(ctx, name);
    if (ids->name[ids->count] == NULL)
        return -ENOMEM;
    ids->id[ids->count++] = id;
    return 0;
}

/* The reading of one file. */
struct reading {
    TALLOC_CTX *ctx;
    struct ids *ids;
    int ret;
};

static bool add_line(void *data, const struct tli_passwd_line *line)
{
    struct reading *reading = data;

    if (!tli_passwd_line_counts(line))
        return true;
    if (!line->has_id)
        reading->ret = -EBADMSG;
    else /* a name too long for a user of a domain can only collide by its id */
        reading->ret = add(reading->ctx, reading->ids,
                           line->name != NULL ? line->name : "", line->id);
    return reading->ret == 0;
}

static int read_accounts(TALLOC_CTX *ctx, const char *path, struct ids *ids)
{
    struct reading reading = {.ctx = ctx, .ids = ids};
    int rc = tli_passwd_read(path, add_line, &reading);

    return reading.ret != 0 ? reading.ret : rc == -ENOENT ? 0 : rc;
}

/* 0 and *value, for a number as shadow's getulong() takes it, also hexadecimal and octal.
 */
static int subid_number(const char *text, const char *end, uint64_t *value)
{
    char *stop = NULL;

    if (text == end || *text < '0' || *text > '9')
        return -EBADMSG;
    errno = 0;
    *value = strtoull(text, &stop, 0);
    return errno == 0 && stop == end ? 0 : -EBADMSG;
}

/* owner:first:count in subuid(5) and subgid(5). A malformed line lends nothing:
 * newuidmap(1) skips it, and so does this. */
static int add_subids(TALLOC_CTX *ctx, struct lent *lent, const char *line)
{
    size_t len = strcspn(line, ":\n");
    const char *first = line + len + 1, *count, *end;
    struct tl_subids *grown;
    uint64_t from, many;

    if (len == 0 || line[len] != ':' || line[0] == '#')
        return 0;
    count = first + strcspn(first, ":\n");
    if (*count++ != ':')
        return 0;
    end = count + strcspn(count, ":\n");
    if (*end == ':' || subid_number(first, count - 1, &from) != 0 ||
        subid_number(count, end, &many) != 0 || many == 0 || from > UINT32_MAX)
        return 0;
    grown = talloc_realloc(ctx, lent->each, struct tl_subids, lent->count + 1);
    if (grown == NULL)
        return -ENOMEM;
    lent->each = grown;
    grown[lent->count] = (struct tl_subids){
        .owner = talloc_strndup(ctx, line, len),
        .first = (uint32_t)from,
        .last = many - 1 > UINT32_MAX - from ? UINT32_MAX : (uint32_t)(from + many - 1)};
    return grown[lent->count++].owner != NULL ? 0 : -ENOMEM;
}

static int read_subids(TALLOC_CTX *ctx, const char *path, struct lent *lent)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    int ret = 0;

    if (file == NULL)
        return errno == ENOENT ? 0 : -errno;
    while (ret == 0 && getline(&line, &room, file) >= 0)
        ret = add_subids(ctx, lent, line);
    if (ret == 0 && ferror(file))
        ret = -EIO;
    free(line); /* getline()'s, not talloc's */
    fclose(file);
    return ret;
}

/* The file of this name beside `passwd`. */
static int read_beside(TALLOC_CTX *ctx, const char *passwd, const char *name,
                       struct lent *lent)
{
    const char *slash = strrchr(passwd, '/');
    char *path = talloc_asprintf(
        ctx, "%.*s%s", slash != NULL ? (int)(slash + 1 - passwd) : 0, passwd, name);
    int ret = path != NULL ? read_subids(ctx, path, lent) : -ENOMEM;

    talloc_free(path);
    return ret == -ENOTDIR ? 0 : ret;
}

int tl_local_ids_load(TALLOC_CTX *ctx, const char *passwd, const char *group,
                      struct tl_local_ids **result)
{
    struct tl_local_ids *ids = talloc_zero(ctx, struct tl_local_ids);
    int ret;

    *result = NULL;
    if (ids == NULL)
        return -ENOMEM;
    ret = read_accounts(ids, passwd, &ids->users);
    if (ret == 0)
        ret = read_accounts(ids, group, &ids->groups);
    if (ret == 0)
        ret = read_beside(ids, passwd, "subuid", &ids->uids);
    if (ret == 0)
        ret = read_beside(ids, passwd, "subgid", &ids->gids);
    if (ret != 0) {
        talloc_free(ids);
        return ret;
    }
    *result = ids;
    return 0;
}

static bool has_id(const struct ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->id[i] == id)
            return true;
    }
    return false;
}

bool tl_local_has_uid(const struct tl_local_ids *ids, uint32_t uid)
{
    return has_id(&ids->users, uid);
}

bool tl_local_has_gid(const struct tl_local_ids *ids, uint32_t gid)
{
    return has_id(&ids->groups, gid);
}

static bool is_lent(const struct lent *lent, uint32_t id)
{
    for (size_t i = 0; i < lent->count; i++)
        if (id >= lent->each[i].first && id <= lent->each[i].last)
            return true;
    return false;
}

const struct tl_subids *tl_local_subids(const struct tl_local_ids *ids, bool of_groups,
                                        size_t *count)
{
    const struct lent *lent = of_groups ? &ids->gids : &ids->uids;

    *count = lent->count;
    return lent->each;
}

enum tl_reason tl_local_judge_uid(const struct tl_local_ids *ids, uint32_t uid,
                                  const char **why)
{
    *why = "an account in /etc/passwd has this user id";
    if (tl_local_has_uid(ids, uid))
        return TL_REASON_ID_COLLISION;
    *why = "/etc/subuid reserves the user id for another account";
    if (is_lent(&ids->uids, uid))
        return TL_REASON_ID_SUBORDINATE;
    *why = NULL;
    return TL_REASON_OK;
}

enum tl_reason tl_local_judge_gid(const struct tl_local_ids *ids, uint32_t gid,
                                  const char **why)
{
    *why = "a group in /etc/group has its id";
    if (tl_local_has_gid(ids, gid))
        return TL_REASON_ID_COLLISION;
    *why = "/etc/subgid reserves its id for another account";
    if (is_lent(&ids->gids, gid))
        return TL_REASON_ID_SUBORDINATE;
    *why = NULL;
    return TL_REASON_OK;
}

static bool has_name(const struct ids *ids, const char *name)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (strcmp(ids->name[i], name) == 0)
            return true;
    }
    return false;
}

bool tl_local_has_user(const struct tl_local_ids *ids, const char *name)
{
    return has_name(&ids->users, name);
}

bool tl_local_has_group(const struct tl_local_ids *ids, const char *name)
{
    return has_name(&ids->groups, name);
}
