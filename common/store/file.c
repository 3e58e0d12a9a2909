/* SPDX-License-Identifier: MIT
 *
 * The file of the identity store, from the writer's side: its lock, opening and
 * repairing it, and writing it anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "status/lock.h"
#include "writer_internal.h"

#define CAPACITY_MIN (UINT64_C(256) << 10)
#define BYTES_PER_BUCKET 64 /* about what a record takes per key */
#define LOCK_WAIT_MS 2000

static int destroy(struct tli_store *store)
{
    if (store->map.base != NULL)
        munmap((void *)(uintptr_t)store->map.base, store->map.size);
    return 0;
}

static void adopt(struct tli_store *store, const struct tli_store_map *map,
                  const struct stat *st)
{
    destroy(store);
    store->map = *map;
    store->dev = st->st_dev;
    store->ino = st->st_ino;
}

/* A lock of its own for each change: one taken before a fork would be the child's
 * as well. Not on the store itself, which anybody may open and lock. */
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

void store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

static int map_writable(int fd, struct tli_store_map *map, struct stat *st)
{
    void *base;

    if (fstat(fd, st) != 0)
        return -errno;
    if (!S_ISREG(st->st_mode) || st->st_size < TL_STORE_PAGE ||
        (uint64_t)st->st_size > TL_STORE_SIZE_MAX || st->st_uid != geteuid() ||
        (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return -EUCLEAN;
    base = mmap(NULL, (size_t)st->st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return -errno;
    if (tli_store_map_bytes(base, (size_t)st->st_size, map))
        return 0;
    munmap(base, (size_t)st->st_size);
    return -EUCLEAN;
}

static int map_path(struct tli_store *store)
{
    struct tli_store_map map;
    struct stat st = {0};
    int fd = open(store->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int rc;

    if (fd < 0)
        return errno == ELOOP || errno == ENXIO || errno == EISDIR ? -EUCLEAN : -errno;
    rc = map_writable(fd, &map, &st);
    close(fd);
    if (rc == 0)
        adopt(store, &map, &st);
    return rc;
}

/* Zero if it cannot be known. */
static uint64_t this_boot(void)
{
    uint8_t id[40] = {0};
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, id, sizeof(id));

    if (fd >= 0)
        close(fd);
    return length < 36 ? 0 : store_final(store_sum(TL_STORE_MAGIC, id, 5)) | 1;
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

static bool in_ranges(const struct tli_store *store, uint32_t id)
{
    for (uint32_t i = 0; i < store->num_ranges; i++) {
        if (id >= store->ranges[i].first && id <= store->ranges[i].last)
            return true;
    }
    return false;
}

static bool worth_keeping(const struct tli_store *store, const struct store_record *rec,
                          uint64_t now)
{
    bool negative = (rec->flags & TL_STORE_NEGATIVE_FLAG) != 0;

    return now <= rec->valid_until && !(negative && store_is_early(rec, now)) &&
           ((negative && rec->keys[0].length != 0) || in_ranges(store, rec->id));
}

/* An empty file of the right size; its blocks exist, since a full disk would reach
 * a writer to the mapping as SIGBUS. */
static int create(const struct tli_store *store, const char *path, uint64_t capacity,
                  struct tli_store_map *map, struct stat *st, int *out)
{
    struct store_header header = {.magic = TL_STORE_MAGIC,
                                  .version = TL_STORE_VERSION,
                                  .buckets = 1,
                                  .table = TL_STORE_PAGE,
                                  .created = tli_store_now(),
                                  .num_ranges = store->num_ranges};
    int fd, rc;

    while (header.buckets < capacity / BYTES_PER_BUCKET)
        header.buckets *= 2;
    header.data = header.table + (uint64_t)header.buckets * 8;
    header.size =
        (header.data + capacity + TL_STORE_PAGE - 1) & ~(uint64_t)(TL_STORE_PAGE - 1);
    if (header.size > TL_STORE_SIZE_MAX)
        return -E2BIG;
    if (getrandom(&header.seed, sizeof(header.seed), 0) != sizeof(header.seed))
        return -EIO;
    memcpy(header.ranges, store->ranges, sizeof(header.ranges));
    header.bare.length = store->map.bare.length;
    header.bare.shown = store->map.bare.shown;
    memcpy(header.bare.domain, store->map.bare.domain, store->map.bare.length);
    if (header.bare.length > 0)
        header.bare.check = store_bare_check(header.seed, &header.bare);
    header.check = store_header_check(&header);
    header.tail = header.data;
    header.boot = this_boot();

    (void)unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    rc = -posix_fallocate(fd, 0, (off_t)header.size);
    if (rc == 0 && pwrite(fd, &header, sizeof(header), 0) != sizeof(header))
        rc = -EIO;
    if (rc == 0 && fchmod(fd, 0644) != 0)
        rc = -errno;
    if (rc == 0)
        rc = map_writable(fd, map, st);
    if (rc != 0) {
        close(fd);
        (void)unlink(path);
        return rc;
    }
    *out = fd;
    return 0;
}

static int copy_records(const struct tli_store *store, const struct store_walk *walk,
                        const struct tli_store_map *to)
{
    uint64_t now = tli_store_now();

    for (size_t i = 0; i < walk->num_records; i++) {
        const struct store_record *rec =
            tli_store_record_at(&store->map, walk->records[i]);
        struct store_record *copy;

        if (rec == NULL || !worth_keeping(store, rec, now))
            continue;
        copy = talloc_memdup(NULL, rec, rec->size);
        if (copy == NULL)
            return -ENOMEM;
        store_append(to, copy);
        talloc_free(copy);
    }
    return 0;
}

static void sync_folder(const char *path)
{
    char *folder = talloc_strdup(NULL, path);
    char *slash = folder == NULL ? NULL : strrchr(folder, '/');
    int fd;

    if (slash != NULL) {
        *slash = '\0';
        fd = open(slash == folder ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            (void)fsync(fd);
            close(fd);
        }
    }
    talloc_free(folder);
}

/* Readers of the old file look at the path while it says LEAVING, and if we are
 * killed here they go on doing that until a writer comes: right, if slower. */
static int replace(struct tli_store *store, const char *fresh)
{
    struct store_header *old =
        store->map.base == NULL ? NULL : store_header_of(&store->map);

    if (old != NULL)
        atomic_store(&old->superseded, TL_STORE_LEAVING);
    if (rename(fresh, store->path) != 0) {
        int rc = -errno;

        if (old != NULL)
            atomic_store(&old->superseded, TL_STORE_CURRENT);
        return rc;
    }
    if (old != NULL)
        atomic_store(&old->superseded, TL_STORE_SUPERSEDED);
    sync_folder(store->path);
    return 0;
}

int store_rewrite(struct tli_store *store, uint64_t extra)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *fresh = talloc_asprintf(tmp, "%s.new", store->path);
    struct store_walk walk = {0};
    struct tli_store_map map = {0};
    struct stat st = {0};
    uint64_t living = 0;
    int rc = 0, fd = -1;

    if (fresh == NULL)
        rc = -ENOMEM;
    if (rc == 0 && store->map.base != NULL)
        rc = store_walk(tmp, &store->map, &walk);
    for (size_t i = 0; i < walk.num_records; i++)
        living += tli_store_record_at(&store->map, walk.records[i])->size;
    living = 2 * (living + extra);
    if (rc == 0)
        rc = create(store, fresh, living < CAPACITY_MIN ? CAPACITY_MIN : living, &map,
                    &st, &fd);
    if (rc == 0)
        rc = copy_records(store, &walk, &map);
    /* What the path leads to must be whole, even if power fails the next moment. */
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    if (rc == 0)
        rc = replace(store, fresh);
    if (rc == 0)
        adopt(store, &map, &st);
    else if (map.base != NULL)
        munmap((void *)(uintptr_t)map.base, map.size);
    if (rc != 0 && fd >= 0)
        (void)unlink(fresh);
    if (fd >= 0)
        close(fd);
    talloc_free(tmp);
    return rc;
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
            destroy(store); /* too old to be worth anything */
            store->map.base = NULL;
        }
        return store_rewrite(store, 0);
    }
    if (rc != 0)
        return rc;
    if (!tail_is_sane(&store->map))
        return store_rewrite(store, 0);
    header = store_header_of(&store->map);
    if (atomic_load(&header->superseded) != TL_STORE_CURRENT)
        atomic_store(&header->superseded, TL_STORE_CURRENT);
    if (atomic_load(&header->pending) != 0)
        store_finish(&store->map);
    return 0;
}

int store_lock(struct tli_store *store, int *lock)
{
    int rc = take_lock(store, lock);

    if (rc == 0)
        rc = settle(store);
    if (rc != 0) {
        store_unlock(*lock);
        *lock = -1;
    }
    return rc;
}

/*
 * After a power failure any page may be missing: the tail must not be before
 * something that can be reached, or it would be written over under its readers. Without
 * one nothing is missing, whatever was killed: so this is done once in each boot, for
 * it takes 30 ms per 10,000 users, and every logon opens the store.
 */
static int repair(struct tli_store *store)
{
    struct store_header *header = store_header_of(&store->map);
    uint64_t boot = this_boot();
    TALLOC_CTX *tmp;
    struct store_walk walk;
    int rc;

    if (boot != 0 && atomic_load(&header->boot) == boot)
        return same_ranges(store) ? 0 : store_rewrite(store, 0);
    tmp = talloc_new(NULL);
    rc = store_walk(tmp, &store->map, &walk);
    if (rc == 0 && (walk.damaged > 0 || walk.dead_keys > 0 ||
                    atomic_load(&header->tail) < walk.end || !same_ranges(store)))
        rc = store_rewrite(store, 0);
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
        /* Below are the machine's own accounts; the last ids mean "no change". */
        if (ranges[i].first < 1000 || ranges[i].last < ranges[i].first ||
            ranges[i].last >= UINT32_MAX - 1)
            return -ERANGE;
    }
    store = talloc_zero(ctx, struct tli_store);
    if (store == NULL)
        return -ENOMEM;
    talloc_set_destructor(store, destroy);
    store->path = talloc_strdup(store, path);
    store->num_ranges = (uint32_t)num_ranges;
    if (num_ranges > 0)
        memcpy(store->ranges, ranges, num_ranges * sizeof(*ranges));
    rc = store->path == NULL ? -ENOMEM : store_lock(store, &lock);
    if (rc == 0) {
        rc = repair(store);
        store_unlock(lock);
    }
    if (rc == 0)
        *out = store;
    else
        talloc_free(store);
    return rc;
}
