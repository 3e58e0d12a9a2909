/* SPDX-License-Identifier: MIT
 *
 * rewrite.c - a new file of the identity store with the living records of the old one,
 * put into its place in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "writer_internal.h"

#define CAPACITY_MIN (UINT64_C(256) << 10)
#define BYTES_PER_BUCKET 64 /* about what a record takes per key */

int tli_store_unmap(struct tli_store *store)
{
    if (store->map.base != NULL)
        munmap((void *)(uintptr_t)store->map.base, store->map.size);
    return 0;
}

void tli_store_adopt(struct tli_store *store, const struct tli_store_map *map,
                     const struct stat *st)
{
    tli_store_unmap(store);
    store->map = *map;
    store->dev = st->st_dev;
    store->ino = st->st_ino;
}

int tli_store_map_writable(int fd, struct tli_store_map *map, struct stat *st)
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

uint64_t tli_store_boot(void)
{
    uint8_t id[40] = {0};
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, id, sizeof(id));

    if (fd >= 0)
        close(fd);
    return length < 36 ? 0 : store_final(store_sum(TL_STORE_MAGIC, id, 5)) | 1;
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
    header.boot = tli_store_boot();

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
        rc = tli_store_map_writable(fd, map, st);
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
        tli_store_append(to, copy);
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

int tli_store_rewrite(struct tli_store *store, uint64_t extra)
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
        rc = tli_store_walk(tmp, &store->map, &walk);
    for (size_t i = 0; i < walk.num_records; i++)
        living += tli_store_record_at(&store->map, walk.records[i])->size;
    living = 2 * (living + extra);
    if (rc == 0)
        rc = create(store, fresh, living < CAPACITY_MIN ? CAPACITY_MIN : living, &map,
                    &st, &fd);
    if (rc == 0)
        rc = copy_records(store, &walk, &map);
    /* The file at the path must be complete, even if power fails the next moment. */
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    if (rc == 0)
        rc = replace(store, fresh);
    if (rc == 0)
        tli_store_adopt(store, &map, &st);
    else if (map.base != NULL)
        munmap((void *)(uintptr_t)map.base, map.size);
    if (rc != 0 && fd >= 0)
        (void)unlink(fresh);
    if (fd >= 0)
        close(fd);
    talloc_free(tmp);
    return rc;
}
