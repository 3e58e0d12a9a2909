/* SPDX-License-Identifier: MIT
 *
 * record.c - making records of the identity store from users, groups and gid lists.
 */
#include <errno.h>

#include <trustlogon/name.h>
#include <trustlogon/sid.h>

#include "writer_internal.h"

#define RECORD_MAX (UINT32_C(64) << 20)

/* A record before its strings have their places. */
struct draft {
    struct {
        enum tli_store_class class;
        char *name; /* folded; NULL for an id */
        size_t length;
        uint32_t id;
    } keys[TL_STORE_KEYS_MAX];
    struct {
        const char *bytes;
        size_t length;
    } texts[6]; /* as in struct store_record: name, gecos, home, shell, sid, list */
    struct store_record head; /* last, since it ends in an open array */
};
enum { NAME, GECOS, HOME, SHELL, SID, LIST };

/* What getent prints must parse again, and nothing may look like a local name. */
static bool name_ok(const char *name)
{
    if (!tli_store_owns_name(name) || strlen(name) > TL_STORE_NAME_MAX)
        return false;
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == ':')
            return false;
    }
    return true;
}

static bool path_ok(const char *path)
{
    return path != NULL && path[0] == '/' && strlen(path) <= TL_STORE_NAME_MAX &&
           strpbrk(path, ":\n\r") == NULL;
}

static int add_key(struct draft *draft, enum tli_store_class class, char *name,
                   uint32_t id)
{
    size_t length = name == NULL ? 0 : strlen(name), count = draft->head.num_keys;

    for (size_t i = 0; i < count; i++) {
        if (name != NULL && draft->keys[i].class == class &&
            draft->keys[i].length == length &&
            memcmp(draft->keys[i].name, name, length) == 0)
            return 0;
    }
    if (count == TL_STORE_KEYS_MAX)
        return -E2BIG;
    draft->keys[count].class = class;
    draft->keys[count].name = name;
    draft->keys[count].length = length;
    draft->keys[count].id = id;
    draft->head.num_keys++;
    return 0;
}

/* Readers fold ASCII only, so the spelling at hand is a key too. */
static int add_name(TALLOC_CTX *ctx, struct draft *draft, enum tli_store_class class,
                    const char *name)
{
    char *folded, *spelled;
    int rc;

    if (!name_ok(name))
        return -EINVAL;
    folded = tl_fold(ctx, name);
    spelled = talloc_strdup(ctx, name);
    if (spelled == NULL)
        return -ENOMEM;
    if (folded == NULL || strlen(folded) > TL_STORE_NAME_MAX)
        return -EINVAL;
    for (char *c = spelled; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    }
    rc = add_key(draft, class, folded, 0);
    return rc == 0 ? add_key(draft, class, spelled, 0) : rc;
}

static int add_names(TALLOC_CTX *ctx, struct draft *draft, enum tli_store_class class,
                     const char *name, const char *const *aliases)
{
    int rc = name != NULL && strchr(name, '/') != NULL
                 ? -EINVAL
                 : add_name(ctx, draft, class, name);

    for (size_t i = 0; rc == 0 && aliases != NULL && aliases[i] != NULL; i++)
        rc = add_name(ctx, draft, class, aliases[i]);
    return rc;
}

static int add_sid(TALLOC_CTX *ctx, struct draft *draft, const char *sid)
{
    struct tl_sid parsed;
    char *key;

    if (sid == NULL || tl_sid_parse(sid, &parsed) != 0)
        return -EINVAL;
    /* Folded, as everything that readers look for. */
    key = tl_fold(ctx, sid);
    return key == NULL ? -ENOMEM : add_key(draft, TL_STORE_SID, key, 0);
}

static void add_text(struct draft *draft, int which, const char *text)
{
    draft->texts[which].bytes = text;
    draft->texts[which].length = text == NULL ? 0 : strlen(text);
}

/* Lay the draft out: head, keys, list, strings. The list comes first of the bytes,
 * where it is aligned. */
static int build(TALLOC_CTX *ctx, struct draft *draft, struct store_record **out)
{
    static const int order[] = {LIST, NAME, GECOS, HOME, SHELL, SID};
    struct store_text *places[] = {&draft->head.name, &draft->head.gecos,
                                   &draft->head.home, &draft->head.shell,
                                   &draft->head.sid,  &draft->head.list};
    uint64_t size = sizeof(draft->head) + draft->head.num_keys * sizeof(struct store_key);
    uint64_t at = size;
    struct store_record *rec;

    for (size_t i = 0; i < 6; i++)
        size += draft->texts[i].length + 1;
    for (size_t i = 0; i < draft->head.num_keys; i++)
        size += draft->keys[i].length + 1;
    size = (size + TL_STORE_UNIT - 1) & ~(uint64_t)(TL_STORE_UNIT - 1);
    if (size > RECORD_MAX)
        return -E2BIG;
    rec = talloc_zero_size(ctx, size);
    if (rec == NULL)
        return -ENOMEM;
    draft->head.size = (uint32_t)size;
    draft->head.written = tli_store_now();
    for (size_t i = 0; i < 6; i++) {
        size_t length = draft->texts[order[i]].length;

        if (length > 0)
            memcpy((uint8_t *)rec + at, draft->texts[order[i]].bytes, length);
        *places[order[i]] = (struct store_text){(uint32_t)at, (uint32_t)length};
        at += length + 1;
    }
    memcpy(rec, &draft->head, sizeof(draft->head));
    for (size_t i = 0; i < rec->num_keys; i++) {
        struct store_key *key = &rec->keys[i];

        key->class = (uint8_t)draft->keys[i].class;
        key->value = draft->keys[i].id;
        if (draft->keys[i].name == NULL)
            continue;
        key->value = (uint32_t)at;
        key->length = (uint16_t)draft->keys[i].length;
        memcpy((uint8_t *)rec + at, draft->keys[i].name, key->length);
        at += key->length + 1U;
    }
    *out = rec;
    return 0;
}

static struct draft *new_draft(TALLOC_CTX *ctx, enum tli_store_class class, uint32_t id,
                               const struct tli_store_life *life)
{
    struct draft *draft = talloc_zero(ctx, struct draft);

    if (draft == NULL)
        return NULL;
    draft->head.class = (uint8_t) class;
    draft->head.id = id;
    draft->head.source = life->source;
    draft->head.fresh_until = life->fresh_until;
    draft->head.valid_until = life->valid_until;
    return draft;
}

/* gecos is text for people, so its bad characters are replaced; names, home and shell
 * decide something, so theirs make the record invalid. */
int tli_store_make_user(TALLOC_CTX *ctx, const struct tli_store_user *user,
                        struct store_record **rec)
{
    struct draft *draft = new_draft(ctx, TL_STORE_USER_ID, user->uid, &user->life);
    char *gecos;
    int rc;

    *rec = NULL;
    if (draft == NULL)
        return -ENOMEM;
    gecos = talloc_strdup(draft, user->gecos == NULL ? "" : user->gecos);
    if (gecos == NULL) {
        talloc_free(draft);
        return -ENOMEM;
    }
    for (char *c = gecos; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == ':')
            *c = ' ';
    }
    draft->head.gid = user->gid;
    add_text(draft, NAME, user->name);
    add_text(draft, GECOS, gecos);
    add_text(draft, HOME, user->home);
    add_text(draft, SHELL, user->shell);
    add_text(draft, SID, user->sid);
    rc = path_ok(user->home) && path_ok(user->shell) ? 0 : -EINVAL;
    if (rc == 0)
        rc = add_names(draft, draft, TL_STORE_USER_NAME, user->name, user->aliases);
    if (rc == 0)
        rc = add_key(draft, TL_STORE_USER_ID, NULL, user->uid);
    if (rc == 0)
        rc = add_sid(draft, draft, user->sid);
    if (rc == 0)
        rc = build(ctx, draft, rec);
    talloc_free(draft);
    return rc;
}

static int join_members(TALLOC_CTX *ctx, const struct tli_store_group *group,
                        struct draft *draft)
{
    uint64_t size = 0;
    char *list, *at;

    for (size_t i = 0; i < group->num_members; i++) {
        if (!name_ok(group->members[i]))
            return -EINVAL;
        size += strlen(group->members[i]) + 1;
    }
    if (size > RECORD_MAX)
        return -E2BIG;
    at = list = talloc_size(ctx, size + 1);
    if (list == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < group->num_members; i++)
        at = stpcpy(at, group->members[i]) + 1;
    draft->texts[LIST].bytes = list;
    draft->texts[LIST].length = size;
    draft->head.count = (uint32_t)group->num_members;
    return 0;
}

int tli_store_make_group(TALLOC_CTX *ctx, const struct tli_store_group *group,
                         struct store_record **rec)
{
    struct draft *draft = new_draft(ctx, TL_STORE_GROUP_ID, group->gid, &group->life);
    int rc;

    *rec = NULL;
    if (draft == NULL)
        return -ENOMEM;
    draft->head.gid = group->gid;
    draft->head.flags = group->partial ? TL_STORE_PARTIAL_FLAG : 0;
    add_text(draft, NAME, group->name);
    add_text(draft, SID, group->sid);
    rc = join_members(draft, group, draft);
    if (rc == 0)
        rc = add_names(draft, draft, TL_STORE_GROUP_NAME, group->name, group->aliases);
    if (rc == 0)
        rc = add_key(draft, TL_STORE_GROUP_ID, NULL, group->gid);
    if (rc == 0 && group->sid != NULL)
        rc = add_sid(draft, draft, group->sid);
    if (rc == 0)
        rc = build(ctx, draft, rec);
    talloc_free(draft);
    return rc;
}

int tli_store_make_gids(TALLOC_CTX *ctx, uint32_t uid, const uint32_t *gids, size_t count,
                        const struct tli_store_life *life, struct store_record **rec)
{
    struct draft *draft = new_draft(ctx, TL_STORE_GIDS, uid, life);
    int rc;

    *rec = NULL;
    if (draft == NULL)
        return -ENOMEM;
    if (count > RECORD_MAX / sizeof(uint32_t)) {
        talloc_free(draft);
        return -E2BIG;
    }
    draft->head.count = (uint32_t)count;
    draft->texts[LIST].bytes = (const char *)gids;
    draft->texts[LIST].length = count * sizeof(uint32_t);
    rc = add_key(draft, TL_STORE_GIDS, NULL, uid);
    if (rc == 0)
        rc = build(ctx, draft, rec);
    talloc_free(draft);
    return rc;
}

int tli_store_make_missing(TALLOC_CTX *ctx, enum tli_store_class class, const char *name,
                           uint32_t id, uint64_t until, struct store_record **rec)
{
    struct tli_store_life life = {until, until, TL_STORE_SOURCE_UNKNOWN};
    bool user = class == TL_STORE_USER_NAME || class == TL_STORE_USER_ID;
    struct draft *draft =
        new_draft(ctx, user ? TL_STORE_USER_ID : TL_STORE_GROUP_ID, id, &life);
    int rc;

    *rec = NULL;
    if (draft == NULL)
        return -ENOMEM;
    draft->head.flags = TL_STORE_NEGATIVE_FLAG;
    rc = name != NULL ? add_name(draft, draft, class, name)
                      : add_key(draft, class, NULL, id);
    if (rc == 0)
        rc = build(ctx, draft, rec);
    talloc_free(draft);
    return rc;
}

uint64_t tli_store_key_hash(const struct tli_store_map *map,
                            const struct store_record *rec, const struct store_key *key)
{
    /* A name outside of its record, which this writer never makes, is hashed as an id. */
    if (key->length == 0 || key->value > rec->size ||
        key->length > rec->size - key->value)
        return store_hash_id(map->seed, key->class, key->value);
    return store_hash_name(map->seed, key->class, (const char *)rec + key->value,
                           key->length);
}
