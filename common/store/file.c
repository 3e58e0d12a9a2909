/* SPDX-License-Identifier: MIT
 *
 * file.c - opening the identity store to write: its lock, and repairs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status/lock.h"
#include "writer_internal.h"

#define LOCK_WAIT_MS 2000

/* Each change takes its own lock: one taken before a fork would be the child's as well.
 * It is not on the store itself, which every user may open and lock. */
static int take_lock(const struct tli_store *store, int *lock)
{
    char *path = talloc_asprintf(NULL, "%s.lock", store->path);
    int fd, rc = 0;

    *lock = -1;
    if (path == NULL)
        return -ENOMEM;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        rc = -errno;
    talloc_free(path);
    if (rc == 0)
        rc = tli_lock_file(fd, tl_deadline_in_ms(LOCK_WAIT_MS));
    if (rc == -ETIMEDOUT)
        rc = -EBUSY;
    if (rc != 0 && fd >= 0)
        close(fd);
    if (rc == 0)
        *lock = fd;
    return rc;
}

void tli_store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

static int map_path(struct tli_store *store)
{
    struct tli_store_map map;
    struct stat st = {0};
    int fd = open(store->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int rc;

    if (fd < 0)
        return errno == ELOOP || errno == ENXIO || errno == EISDIR ? -EUCLEAN : -errno;
    rc = tli_store_map_writable(fd, &map, &st);
    close(fd);
    if (rc == 0)
        tli_store_adopt(store, &map, &st);
    return rc;
}

static bool tail_is_sane(const struct tli_store_map *map)
{
    uint64_t tail = atomic_load(&store_header_of(map)->tail);

    return tail >= map->data && tail <= map->size && tail % TL_STORE_UNIT == 0;
}

static bool same_ranges(const struct tli_store *store)
{
    return store->num_ranges == store->map.num_ranges &&
           memcmp(store->ranges, store->map.ranges, sizeof(store->ranges)) == 0;
}

/* The mapping is the file at the path; what a dead writer began is done. */
static int settle(struct tli_store *store)
{
    struct store_header *header;
    struct stat st;
    int rc = 0;

    if (store->map.base == NULL || lstat(store->path, &st) != 0 ||
        st.st_dev != store->dev || st.st_ino != store->ino)
        rc = map_path(store);
    /* Removed or overwritten by hand: what we have mapped becomes the file again. */
    if (rc == -ENOENT || rc == -EUCLEAN) {
        if (store->map.base != NULL &&
            atomic_load(&store_header_of(&store->map)->superseded) ==
                TL_STORE_SUPERSEDED) {
            tli_store_unmap(store); /* it is older than the file that replaced it */
            store->map.base = NULL;
        }
        return tli_store_rewrite(store, 0);
    }
    if (rc != 0)
        return rc;
    if (!tail_is_sane(&store->map))
        return tli_store_rewrite(store, 0);
    header = store_header_of(&store->map);
    if (atomic_load(&header->superseded) != TL_STORE_CURRENT)
        atomic_store(&header->superseded, TL_STORE_CURRENT);
    if (atomic_load(&header->pending) != 0)
        tli_store_finish(&store->map);
    return 0;
}

int tli_store_lock(struct tli_store *store, int *lock)
{
    int rc = take_lock(store, lock);

    if (rc == 0)
        rc = settle(store);
    if (rc != 0) {
        tli_store_unlock(*lock);
        *lock = -1;
    }
    return rc;
}

/*
 * After a power failure any page may be missing: the tail must not be before something
 * that can be reached, or it would be written over under its readers. Without a power
 * failure nothing is missing, even if writers were killed. So this is done once in each
 * boot: it takes 30 ms per 10,000 users, and every logon opens the store.
 */
static int repair(struct tli_store *store)
{
    struct store_header *header = store_header_of(&store->map);
    uint64_t boot = tli_store_boot();
    TALLOC_CTX *tmp;
    struct store_walk walk;
    int rc;

    if (boot != 0 && atomic_load(&header->boot) == boot)
        return same_ranges(store) ? 0 : tli_store_rewrite(store, 0);
    tmp = talloc_new(NULL);
    rc = tli_store_walk(tmp, &store->map, &walk);
    if (rc == 0 && (walk.damaged > 0 || walk.dead_keys > 0 ||
                    atomic_load(&header->tail) < walk.end || !same_ranges(store)))
        rc = tli_store_rewrite(store, 0);
    else if (rc == 0)
        atomic_store(&header->boot, boot);
    talloc_free(tmp);
    return rc;
}

int tli_store_open(TALLOC_CTX *ctx, const char *path,
                   const struct tli_store_range *ranges, size_t num_ranges,
                   struct tli_store **out)
{
    struct tli_store *store;
    int rc, lock;

    *out = NULL;
    if (num_ranges > TL_STORE_RANGES)
        return -E2BIG;
    for (size_t i = 0; i < num_ranges; i++) {
        /* Lower ids are the machine's own accounts; the highest mean "no change". */
        if (ranges[i].first < 1000 || ranges[i].last < ranges[i].first ||
            ranges[i].last >= UINT32_MAX - 1)
            return -ERANGE;
    }
    store = talloc_zero(ctx, struct tli_store);
    if (store == NULL)
        return -ENOMEM;
    talloc_set_destructor(store, tli_store_unmap);
    store->path = talloc_strdup(store, path);
    store->num_ranges = (uint32_t)num_ranges;
    if (num_ranges > 0)
        memcpy(store->ranges, ranges, num_ranges * sizeof(*ranges));
    rc = store->path == NULL ? -ENOMEM : tli_store_lock(store, &lock);
    if (rc == 0) {
        rc = repair(store);
        tli_store_unlock(lock);
    }
    if (rc == 0)
        *out = store;
    else
        talloc_free(store);
    return rc;
}
