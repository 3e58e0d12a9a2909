/* SPDX-License-Identifier: MIT
 *
 * inspect.c - reading the whole identity store for the command and for tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trustlogon/name.h>

#include "writer_internal.h"

static int destroy(struct tli_store_view *view)
{
    if (view->map.base != NULL)
        munmap((void *)(uintptr_t)view->map.base, view->map.size);
    return 0;
}

static int map_readable(int fd, struct tli_store_view *view)
{
    struct stat st;
    void *base;

    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EUCLEAN;
    if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return -EPERM;
    if (st.st_size < TL_STORE_PAGE || (uint64_t)st.st_size > TL_STORE_SIZE_MAX)
        return -EUCLEAN;
    base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return -errno;
    if (tli_store_map_bytes(base, (size_t)st.st_size, &view->map))
        return 0;
    munmap(base, (size_t)st.st_size);
    view->map.base = NULL;
    return -EUCLEAN;
}

int tli_store_view_open(TALLOC_CTX *ctx, const char *path, struct tli_store_view **out)
{
    struct tli_store_view *view = talloc_zero(ctx, struct tli_store_view);
    int fd, rc;

    *out = NULL;
    if (view == NULL)
        return -ENOMEM;
    talloc_set_destructor(view, destroy);
    view->path = talloc_strdup(view, path);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        rc = errno == ELOOP || errno == ENXIO ? -EUCLEAN : -errno;
    else
        rc = view->path == NULL ? -ENOMEM : map_readable(fd, view);
    if (fd >= 0)
        close(fd);
    if (rc == 0)
        *out = view;
    else
        talloc_free(view);
    return rc;
}

static bool is_alive(const struct tli_store_map *map, const struct store_record *rec)
{
    return atomic_load(&rec->live) == store_live(map->seed, rec->self);
}

static bool leads_here(const struct tli_store_map *map, const struct store_record *rec,
                       const struct store_key *key)
{
    uint32_t at = tli_store_first(map, tli_store_key_hash(map, rec, key));
    const struct store_key *step;

    for (unsigned steps = 0;
         steps < TL_STORE_STEPS && (step = store_key_at(map, at)) != NULL; steps++) {
        if (step == key)
            return true;
        at = atomic_load(&step->next);
    }
    return false;
}

/*
 * From the first record to the tail. What chains cannot show: a bucket of zeroes, as a
 * page that never reached the disk has them, leads to nothing without a sign of it.
 */
static int scan(TALLOC_CTX *ctx, const struct tli_store_map *map, uint64_t tail,
                struct store_walk *walk)
{
    uint64_t at = map->data, gap = 0;
    int rc = 0;

    while (rc == 0 && at < tail) {
        const struct store_record *rec =
            tli_store_record_at(map, (uint32_t)(at / TL_STORE_UNIT));

        if (rec == NULL) {
            gap = gap == 0 ? at : gap;
            at += TL_STORE_UNIT;
            continue;
        }
        if (gap != 0)
            rc = tli_store_note_damage(ctx, walk, gap, "bytes that are not a record");
        gap = 0;
        for (size_t i = 0; rc == 0 && i < rec->num_keys; i++) {
            if (is_alive(map, rec) && !leads_here(map, rec, &rec->keys[i]) &&
                is_alive(map, rec)) /* not just replaced */
                rc = tli_store_note_damage(ctx, walk, at,
                                           "a record that no link leads to");
        }
        at += rec->size;
    }
    if (rc == 0 && gap != 0)
        rc = tli_store_note_damage(ctx, walk, gap, "bytes that are not a record");
    return rc;
}

static void count_record(const struct store_record *rec, struct tli_store_stats *stats)
{
    if ((rec->flags & TL_STORE_NEGATIVE_FLAG) != 0)
        stats->negatives++;
    else if (rec->class == TL_STORE_USER_ID)
        stats->users++;
    else if (rec->class == TL_STORE_GROUP_ID)
        stats->groups++;
    else
        stats->gid_lists++;
    if (tli_store_now() > rec->valid_until)
        stats->ended++;
}

static int count_all(TALLOC_CTX *ctx, const struct tli_store_map *map,
                     struct store_walk *walk, struct tli_store_stats *stats)
{
    struct tli_store_entry entry;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < walk->num_records; i++) {
        const struct store_record *rec = tli_store_record_at(map, walk->records[i]);

        if (rec == NULL)
            continue; /* just now; the next check decides */
        count_record(rec, stats);
        if (!tli_store_entry_of(rec, &entry))
            rc = tli_store_note_damage(ctx, walk, (uint64_t)rec->self * TL_STORE_UNIT,
                                       "a record whose parts are not inside it");
    }
    return rc;
}

int tli_store_survey(TALLOC_CTX *ctx, const struct tli_store_map *map,
                     struct store_walk *walk, struct tli_store_stats *stats)
{
    const struct store_header *header = store_header_of(map);
    uint64_t tail = atomic_load(&header->tail);
    bool good_tail = tail >= map->data && tail <= map->size && tail % TL_STORE_UNIT == 0;
    int rc = tli_store_walk(ctx, map, walk);

    *stats = (struct tli_store_stats){.size = map->size,
                                      .used = good_tail ? tail - map->data : 0,
                                      .dead = atomic_load(&header->dead),
                                      .created = header->created,
                                      .buckets = map->buckets};
    stats->unfinished = atomic_load(&header->pending) != 0 ||
                        atomic_load(&header->superseded) != TL_STORE_CURRENT;
    if (rc == 0 &&
        (!good_tail || (atomic_load(&header->tail) < walk->end && !stats->unfinished)))
        rc = tli_store_note_damage(ctx, walk, offsetof(struct store_header, tail),
                                   "an end that is not after the last record");
    if (rc == 0 && good_tail)
        rc = scan(ctx, map, tail, walk);
    if (rc == 0)
        rc = count_all(ctx, map, walk, stats);
    stats->keys = walk->keys;
    stats->longest = walk->longest;
    stats->damaged = walk->damaged;
    return rc;
}

struct tli_store_key tli_store_item_key(const struct tli_store_item *item, uint32_t i)
{
    const struct store_record *rec = item->record;
    struct tli_store_key out = {0};

    if (rec == NULL)
        return item->keys[i];
    out.class = rec->keys[i].class;
    out.id = rec->keys[i].value;
    if (rec->keys[i].length > 0)
        out.name = (const char *)rec + rec->keys[i].value;
    return out;
}

static bool fill_item(const struct store_record *rec, struct tli_store_item *item)
{
    *item = (struct tli_store_item){
        .negative = (rec->flags & TL_STORE_NEGATIVE_FLAG) != 0,
        .num_keys = rec->num_keys,
        .record = rec,
    };
    for (size_t i = 0; i < rec->num_keys; i++) {
        const struct store_key *key = &rec->keys[i];
        const char *name = (const char *)rec + key->value;

        if (key->length == 0)
            continue;
        if (key->value >= rec->size || key->length >= rec->size - key->value ||
            name[key->length] != '\0')
            return false;
    }
    return tli_store_entry_of(rec, &item->entry);
}

/* A record that dies between the walk and the second look is left out and is not damage.
 */
int tli_store_inspect(TALLOC_CTX *ctx, const struct tli_store_view *view,
                      struct tli_store_stats *stats, struct tli_store_damage **damage,
                      struct tli_store_item **items)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tli_store_item *list = NULL;
    struct store_walk walk;
    size_t count = 0;
    int rc = tli_store_survey(tmp, &view->map, &walk, stats);

    if (damage != NULL)
        *damage = NULL;
    if (items != NULL)
        *items = NULL;
    if (rc == 0 && items != NULL) {
        list = talloc_array(tmp, struct tli_store_item, (unsigned)walk.num_records);
        rc = list == NULL ? -ENOMEM : 0;
    }
    for (size_t i = 0; list != NULL && i < walk.num_records; i++) {
        const struct store_record *rec = tli_store_record_at(&view->map, walk.records[i]);

        if (rec != NULL && fill_item(rec, &list[count]))
            count++;
    }
    if (list != NULL)
        list = talloc_realloc(tmp, list, struct tli_store_item, (unsigned)count);
    if (rc == 0 && items != NULL)
        *items = talloc_steal(ctx, list);
    if (rc == 0 && damage != NULL)
        *damage = talloc_steal(ctx, walk.damage);
    talloc_free(tmp);
    return rc;
}

static bool find_item(const struct tli_store_view *view, enum tli_store_class class,
                      const char *name, uint32_t id, struct tli_store_item *item)
{
    const struct tli_store_map *map = &view->map;
    size_t length = name == NULL ? 0 : strlen(name);
    uint64_t hash = name == NULL ? store_hash_id(map->seed, class, id)
                                 : store_hash_name(map->seed, class, name, length);
    const struct store_record *rec = tli_store_find(map, hash, class, name, length, id);

    return rec != NULL && fill_item(rec, item);
}

bool tli_store_item_by_name(const struct tli_store_view *view, enum tli_store_class class,
                            const char *name, struct tli_store_item *item)
{
    char *folded;
    bool found;

    if (name[0] == '\0' || strlen(name) > TL_STORE_NAME_MAX)
        return false;
    if (find_item(view, class, name, 0, item))
        return true;
    folded = tl_fold(NULL, name);
    found = folded != NULL && find_item(view, class, folded, 0, item);
    talloc_free(folded);
    return found;
}

bool tli_store_item_by_id(const struct tli_store_view *view, enum tli_store_class class,
                          uint32_t id, struct tli_store_item *item)
{
    return find_item(view, class, NULL, id, item);
}
