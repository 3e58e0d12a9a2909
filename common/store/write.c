/* SPDX-License-Identifier: MIT
 *
 * write.c - the changes that the agent makes to the identity store.
 */
#include <errno.h>

#include <trustlogon/name.h>

#include "writer_internal.h"

/* A file full of negative entries is emptied of those that ended, but not more
 * often than this, or asking for made-up names would keep the writer busy. */
#define REWRITE_PAUSE 60

static bool owns(const struct tli_store *store, uint32_t id)
{
    return tli_store_owns_id(&store->map, id);
}

static int make_room_negative(struct tli_store *store, const struct store_record *rec)
{
    struct store_header *header = store_header_of(&store->map);
    bool full = atomic_load(&header->negatives) >= NEGATIVES_MAX ||
                tli_store_room(&store->map) < rec->size;
    uint64_t now = tli_store_now();
    int rc = 0;

    if (full && now >= header->created && now < header->created + REWRITE_PAUSE)
        return -ENOSPC;
    if (full)
        rc = tli_store_rewrite(store, rec->size);
    if (rc == 0 &&
        (tli_store_longest(&store->map, rec) > CHAIN_NEGATIVE ||
         atomic_load(&store_header_of(&store->map)->negatives) >= NEGATIVES_MAX))
        rc = -ENOSPC;
    return rc;
}

static int make_room(struct tli_store *store, const struct store_record *rec)
{
    if ((rec->flags & TL_STORE_NEGATIVE_FLAG) != 0)
        return make_room_negative(store, rec);
    if (tli_store_room(&store->map) >= rec->size &&
        tli_store_longest(&store->map, rec) <= CHAIN_POSITIVE)
        return 0;
    return tli_store_rewrite(store, rec->size);
}

/*
 * Whether its id is that of another account, which may still own files by it. An account
 * made again keeps its name, a renamed one its SID; with neither it is another account,
 * and the kernel cannot tell two accounts with one id apart.
 */
static bool is_anothers(const struct tli_store_map *map, const struct store_record *rec)
{
    const struct store_record *there;
    struct tli_store_entry fresh, old;

    if ((rec->flags & TL_STORE_NEGATIVE_FLAG) != 0 ||
        (rec->class != TL_STORE_USER_ID && rec->class != TL_STORE_GROUP_ID))
        return false;
    there = tli_store_find(map, store_hash_id(map->seed, rec->class, rec->id), rec->class,
                           NULL, 0, rec->id);
    return there != NULL && (there->flags & TL_STORE_NEGATIVE_FLAG) == 0 &&
           tli_store_now() <= there->valid_until && tli_store_entry_of(rec, &fresh) &&
           tli_store_entry_of(there, &old) && strcmp(fresh.sid.at, old.sid.at) != 0 &&
           strcmp(fresh.name.at, old.name.at) != 0;
}

static int put(struct tli_store *store, struct store_record *rec)
{
    int lock, rc = tli_store_lock(store, &lock);

    if (rc != 0)
        return rc;
    rc = is_anothers(&store->map, rec) ? -EEXIST : make_room(store, rec);
    if (rc == 0)
        tli_store_append(&store->map, rec);
    tli_store_unlock(lock);
    return rc;
}

static int put_made(struct tli_store *store, struct store_record *rec, int rc)
{
    if (rc == 0)
        rc = put(store, rec);
    talloc_free(rec);
    return rc;
}

/* The domain is in the part of the header that never changes, so a change makes a new
 * file. */
int tli_store_set_bare(struct tli_store *store, const char *domain, bool shown)
{
    struct tli_store_bare wanted = {0}, before;
    int lock, rc;

    if (domain != NULL) {
        wanted.length = (uint32_t)strnlen(domain, TL_STORE_DOMAIN_MAX + 1);
        wanted.shown = shown;
        if (wanted.length == 0 || wanted.length > TL_STORE_DOMAIN_MAX)
            return -EINVAL;
        for (uint32_t i = 0; i < wanted.length; i++) {
            char c = domain[i];

            if ((unsigned char)c <= 0x20 || c == 0x7f || (c >= 'A' && c <= 'Z') ||
                strchr("\\@:/", c) != NULL)
                return -EINVAL;
            wanted.domain[i] = c;
        }
    }
    rc = tli_store_lock(store, &lock);
    if (rc != 0)
        return rc;
    before = store->map.bare;
    if (before.length != wanted.length || before.shown != wanted.shown ||
        memcmp(before.domain, wanted.domain, sizeof(wanted.domain)) != 0) {
        store->map.bare = wanted;
        rc = tli_store_rewrite(store, 0);
        if (rc != 0)
            store->map.bare = before;
    }
    tli_store_unlock(lock);
    return rc;
}

int tli_store_put_user(struct tli_store *store, const struct tli_store_user *user)
{
    struct store_record *rec;

    if (!owns(store, user->uid) || !owns(store, user->gid))
        return -ERANGE;
    int rc = tli_store_make_user(NULL, user, &rec);
    return put_made(store, rec, rc);
}

int tli_store_put_group(struct tli_store *store, const struct tli_store_group *group)
{
    struct store_record *rec;

    if (!owns(store, group->gid))
        return -ERANGE;
    int rc = tli_store_make_group(NULL, group, &rec);
    return put_made(store, rec, rc);
}

int tli_store_put_gids(struct tli_store *store, uint32_t uid, const uint32_t *gids,
                       size_t count, const struct tli_store_life *life)
{
    struct store_record *rec;

    for (size_t i = 0; i < count; i++) {
        if (!owns(store, gids[i]))
            return -ERANGE;
    }
    if (!owns(store, uid))
        return -ERANGE;
    int rc = tli_store_make_gids(NULL, uid, gids, count, life, &rec);
    return put_made(store, rec, rc);
}

/* The same record again, with another life; NULL: no longer fresh. */
static int put_again(struct tli_store *store, enum tli_store_class class, uint32_t id,
                     const struct tli_store_life *life)
{
    uint64_t hash, now = tli_store_now();
    const struct store_record *rec;
    struct store_record *copy = NULL;
    int lock, rc;

    if (class != TL_STORE_USER_ID && class != TL_STORE_GROUP_ID && class != TL_STORE_GIDS)
        return -EINVAL;
    rc = tli_store_lock(store, &lock);
    if (rc != 0)
        return rc;
    hash = store_hash_id(store->map.seed, class, id);
    rec = tli_store_find(&store->map, hash, class, NULL, 0, id);
    if (rec == NULL || (rec->flags & TL_STORE_NEGATIVE_FLAG) != 0 ||
        now > rec->valid_until)
        rc = -ENOENT;
    if (rc == 0) {
        copy = talloc_memdup(NULL, rec, rec->size);
        rc = copy == NULL ? -ENOMEM : 0;
    }
    if (rc == 0) {
        copy->written = life != NULL ? now : rec->written;
        copy->fresh_until = life != NULL ? life->fresh_until : now - 1;
        copy->valid_until = life != NULL ? life->valid_until : rec->valid_until;
        rc = make_room(store, copy);
    }
    if (rc == 0)
        tli_store_append(&store->map, copy);
    tli_store_unlock(lock);
    talloc_free(copy);
    return rc;
}

int tli_store_renew(struct tli_store *store, enum tli_store_class class, uint32_t id,
                    const struct tli_store_life *life)
{
    return put_again(store, class, id, life);
}

int tli_store_expire(struct tli_store *store, enum tli_store_class class, uint32_t id)
{
    return put_again(store, class, id, NULL);
}

int tli_store_put_missing_name(struct tli_store *store, enum tli_store_class class,
                               const char *name, uint64_t until)
{
    struct store_record *rec;

    if ((class != TL_STORE_USER_NAME && class != TL_STORE_GROUP_NAME) || name == NULL)
        return -EINVAL;
    int rc = tli_store_make_missing(NULL, class, name, 0, until, &rec);
    return put_made(store, rec, rc);
}

int tli_store_put_missing_id(struct tli_store *store, enum tli_store_class class,
                             uint32_t id, uint64_t until)
{
    struct store_record *rec;

    if (class != TL_STORE_USER_ID && class != TL_STORE_GROUP_ID)
        return -EINVAL;
    if (!owns(store, id))
        return -ERANGE;
    int rc = tli_store_make_missing(NULL, class, NULL, id, until, &rec);
    return put_made(store, rec, rc);
}

static int drop(struct tli_store *store, enum tli_store_class class, const char *name,
                uint32_t id)
{
    size_t length = name == NULL ? 0 : strlen(name);
    const struct store_record *rec, *gids;
    uint64_t hash;
    int lock, rc = tli_store_lock(store, &lock);

    if (rc != 0)
        return rc;
    hash = name == NULL ? store_hash_id(store->map.seed, class, id)
                        : store_hash_name(store->map.seed, class, name, length);
    rec = tli_store_find(&store->map, hash, class, name, length, id);
    if (rec == NULL)
        rc = -ENOENT;
    if (rec != NULL && rec->class == TL_STORE_USER_ID) {
        hash = store_hash_id(store->map.seed, TL_STORE_GIDS, rec->id);
        gids = tli_store_find(&store->map, hash, TL_STORE_GIDS, NULL, 0, rec->id);
        if (gids != NULL)
            tli_store_kill(&store->map, gids);
    }
    if (rec != NULL)
        tli_store_kill(&store->map, rec);
    tli_store_unlock(lock);
    return rc;
}

int tli_store_drop_name(struct tli_store *store, enum tli_store_class class,
                        const char *name)
{
    char *folded;
    int rc;

    if (name == NULL || name[0] == '\0' || strlen(name) > TL_STORE_NAME_MAX)
        return -EINVAL;
    rc = drop(store, class, name, 0);
    if (rc != -ENOENT)
        return rc;
    folded = tl_fold(NULL, name);
    if (folded != NULL && folded[0] != '\0')
        rc = drop(store, class, folded, 0);
    talloc_free(folded);
    return rc;
}

int tli_store_drop_id(struct tli_store *store, enum tli_store_class class, uint32_t id)
{
    return drop(store, class, NULL, id);
}

int tli_store_compact(struct tli_store *store)
{
    int lock, rc = tli_store_lock(store, &lock);

    if (rc == 0) {
        rc = tli_store_rewrite(store, 0);
        tli_store_unlock(lock);
    }
    return rc;
}

int tli_store_stats(struct tli_store *store, struct tli_store_stats *stats)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct store_walk walk;
    int lock, rc = tli_store_lock(store, &lock);

    *stats = (struct tli_store_stats){0};
    if (rc == 0) {
        rc = tli_store_survey(tmp, &store->map, &walk, stats);
        tli_store_unlock(lock);
    }
    talloc_free(tmp);
    return rc;
}

int tli_store_check(struct tli_store *store)
{
    struct tli_store_stats stats;
    int rc = tli_store_stats(store, &stats);

    return rc == 0 && stats.damaged > 0 ? -EUCLEAN : rc;
}
