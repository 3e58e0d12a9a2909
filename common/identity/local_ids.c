/* SPDX-License-Identifier: MIT
 *
 * local_ids.c - what /etc/passwd and /etc/group have given away already.
 *
 * Read line by line and not with fgetpwent_r(): that needs a buffer as long as
 * the longest line, and a group of thousands must not hide those after it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/identity.h>

struct ids {
    size_t count;
    uint32_t *id;
    const char **name;
};

struct tl_local_ids {
    struct ids users, groups;
};

static int add(TALLOC_CTX *ctx, struct ids *ids, const char *name, size_t len,
               uint32_t id)
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
    ids->name[ids->count] = talloc_strndup(ctx, name, len);
    if (ids->name[ids->count] == NULL)
        return -ENOMEM;
    ids->id[ids->count++] = id;
    return 0;
}

/* name:password:number:... in either file. */
static int add_line(TALLOC_CTX *ctx, struct ids *ids, const char *line)
{
    size_t len = strcspn(line, ":\n");
    const char *number = line + len;
    char *end = NULL;
    unsigned long id;

    /* Blank lines, comments, and NIS's + and -, which glibc's `files` skips too. */
    if (len == 0 || line[0] == '#' || line[0] == '+' || line[0] == '-')
        return 0;
    for (int field = 1; field <= 2; field++) {
        number = strchr(number, ':');
        if (number == NULL)
            return -EBADMSG;
        number++;
    }
    errno = 0;
    id = strtoul(number, &end, 10);
    if (errno != 0 || end == number || *number == '-' || id > UINT32_MAX ||
        (*end != ':' && *end != '\n' && *end != '\0'))
        return -EBADMSG;
    return add(ctx, ids, line, len, (uint32_t)id);
}

static int read_file(TALLOC_CTX *ctx, const char *path, struct ids *ids)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    int ret = 0;

    if (file == NULL)
        return errno == ENOENT ? 0 : -errno;
    while (ret == 0 && getline(&line, &room, file) >= 0)
        ret = add_line(ctx, ids, line);
    if (ret == 0 && ferror(file))
        ret = -EIO;
    free(line); /* getline()'s, not talloc's */
    fclose(file);
    return ret;
}

int tl_local_ids_load(TALLOC_CTX *ctx, const char *passwd, const char *group,
                      struct tl_local_ids **result)
{
    struct tl_local_ids *ids = talloc_zero(ctx, struct tl_local_ids);
    int ret;

    *result = NULL;
    if (ids == NULL)
        return -ENOMEM;
    ret = read_file(ids, passwd, &ids->users);
    if (ret == 0)
        ret = read_file(ids, group, &ids->groups);
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
