/* SPDX-License-Identifier: MIT
 *
 * test_faults.c - what a machine does to a file: a full disk, no inodes, a read-only
 * file system, no descriptors left, a clock set back, a reboot, leftovers of a killed
 * writer; and readers that live through all of it. File systems are mounted in a
 * namespace of the test's, which needs root; without, those tests are left out.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/run_suite.h"
#include "store/layout.h"
#include "store/writer.h"

#define FIRST 200000U
#define SID "S-1-5-21-1-2-3-"

static const struct tli_store_range range = {FIRST, 399999};
static const struct tli_store_life life = {UINT32_MAX, UINT32_MAX, TL_STORE_SOURCE_PAC};
static char folder[] = "/tmp/tl_faults_XXXXXX";
static char path[64];
static struct tli_store *store;
static struct tli_store_reader reader;

/* With `options` NULL in a folder of the disk's, else on a tmpfs with these. False: not
 * possible here. */
static bool on_disk(const char *options)
{
    memset(folder + strlen(folder) - 6, 'X', 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/store", folder);
    if (options != NULL && (unshare(CLONE_NEWNS) != 0 ||
                            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
                            mount("tmpfs", folder, "tmpfs", 0, options) != 0)) {
        rmdir(folder);
        return false;
    }
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &store), 0);
    reader = (struct tli_store_reader){.path = path, .owner = geteuid()};
    return true;
}

static void done(void)
{
    static const char *const ends[] = {"", ".lock", ".new"};
    char name[80];

    talloc_free(store);
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    (void)umount2(folder, MNT_DETACH);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* A user whose record takes about `room` bytes. */
static int put(uint32_t id, size_t room)
{
    char name[64], sid[64], *gecos = malloc(room + 1);
    struct tli_store_user user = {.name = name,
                                  .sid = sid,
                                  .uid = FIRST + id,
                                  .gid = FIRST,
                                  .gecos = gecos,
                                  .home = "/home/u",
                                  .shell = "/bin/sh",
                                  .life = life};
    int rc;

    memset(gecos, 'x', room);
    gecos[room] = '\0';
    snprintf(name, sizeof(name), "user%u@contoso.test", id);
    snprintf(sid, sizeof(sid), SID "%u", id + 1000);
    rc = tli_store_put_user(store, &user);
    free(gecos);
    return rc;
}

static enum tli_store_answer look_at(uint32_t id, uint64_t now)
{
    const struct tli_store_map *map = tli_store_enter(&reader);
    enum tli_store_answer answer = TL_STORE_MISS;
    struct tli_store_entry entry;

    if (map == NULL)
        return answer;
    answer = tli_store_by_id(map, TL_STORE_USER_ID, FIRST + id, now, &entry);
    tli_store_leave(&reader, map);
    return answer;
}

static bool known(uint32_t id)
{
    return look_at(id, tli_store_now()) == TL_STORE_HIT;
}

static unsigned mapped(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < TL_STORE_SLOTS; i++)
        count += reader.slots[i].state != 0;
    return count;
}

static bool is_there(const char *end)
{
    char name[80];

    snprintf(name, sizeof(name), "%s%s", path, end);
    return access(name, F_OK) == 0;
}

/* Fill until the file would have to grow and cannot; what was stored successfully is in.
 */
START_TEST(full_disk)
{
    uint32_t count = 0;
    int rc = 0;

    if (!on_disk("size=1m"))
        return;
    while (rc == 0 && count < 1000)
        rc = put(count++, 4000);
    ck_assert_int_eq(rc, -ENOSPC);
    ck_assert_uint_gt(count, 50);
    ck_assert(!is_there(".new"));
    for (uint32_t i = 0; i + 1 < count; i++)
        ck_assert(known(i));
    ck_assert_int_eq(tli_store_check(store), 0);
    /* A compaction needs room for a second file. What is dropped makes room in it. */
    ck_assert_int_eq(tli_store_compact(store), -ENOSPC);
    for (uint32_t i = 0; i + 1 < count; i++)
        ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_USER_ID, FIRST + i), 0);
    ck_assert_int_eq(mount(NULL, folder, NULL, MS_REMOUNT, "size=2m"), 0);
    ck_assert_int_eq(put(count, 4000), 0);
    ck_assert(known(count));
    ck_assert(!known(0));
    done();
}
END_TEST

/* Room for the store and its lock and no third file. */
START_TEST(no_inodes)
{
    if (!on_disk("nr_inodes=3"))
        return;
    ck_assert_int_eq(put(1, 10), 0);
    ck_assert_int_eq(tli_store_compact(store), -ENOSPC);
    ck_assert_int_eq(put(2, 10), 0);
    ck_assert(known(1) && known(2));
    done();
}
END_TEST

START_TEST(read_only_disk)
{
    struct tli_store_view *view;
    struct tli_store *other;

    if (!on_disk("size=4m"))
        return;
    ck_assert_int_eq(put(1, 10), 0);
    talloc_free(store); /* a writable mapping keeps a file system writable */
    store = NULL;
    ck_assert_int_eq(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    ck_assert(known(1));
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    talloc_free(view);
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &other), -EROFS);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(mount(NULL, folder, NULL, MS_REMOUNT, NULL), 0);
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &store), 0);
    done();
}
END_TEST

/* A reader that can open nothing goes on with the file it has. */
START_TEST(no_descriptors)
{
    struct rlimit none = {0, 0}, before;

    ck_assert(on_disk(NULL));
    ck_assert_int_eq(put(1, 10), 0);
    ck_assert(known(1));
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(put(2, 10), 0);
    getrlimit(RLIMIT_NOFILE, &before);
    none.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (unsigned i = 0; i < 100; i++)
        ck_assert(known(1) && !known(2));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert(known(1) && known(2));
    ck_assert_uint_eq(mapped(), 1);
    done();
}
END_TEST

/* One reader looks now and then, one is in the middle of a look-up all the time. */
START_TEST(fifty_compactions)
{
    const struct tli_store_map *held;
    struct tli_store_entry entry;

    ck_assert(on_disk(NULL));
    ck_assert_int_eq(put(0, 10), 0);
    ck_assert(known(0));
    held = tli_store_enter(&reader);
    ck_assert_ptr_nonnull(held);
    for (uint32_t i = 1; i <= 50; i++) {
        ck_assert_int_eq(put(i, 10), 0);
        ck_assert_int_eq(tli_store_compact(store), 0);
        ck_assert(known(i));
        ck_assert_uint_eq(mapped(), 2);
        ck_assert_int_eq(
            tli_store_by_id(held, TL_STORE_USER_ID, FIRST, tli_store_now(), &entry),
            TL_STORE_HIT);
    }
    tli_store_leave(&reader, held);
    for (uint32_t i = 0; i < 50; i++)
        ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert(known(50));
    ck_assert_uint_eq(mapped(), 1);
    done();
}
END_TEST

/* A wrong clock at boot, right again after a minute. */
START_TEST(clock_set_back)
{
    uint64_t now = tli_store_now(), past = now - 10 * 365 * 86400;
    struct tli_store_entry entry;
    const struct tli_store_map *map;

    ck_assert(on_disk(NULL));
    ck_assert_int_eq(put(1, 10), 0);
    ck_assert_int_eq(tli_store_put_missing_name(store, TL_STORE_USER_NAME,
                                                "late@contoso.test", now + 60),
                     0);
    ck_assert_int_eq(look_at(1, past), TL_STORE_STALE);
    /* The record may have been written in the second after `now`. */
    ck_assert_int_eq(look_at(1, tli_store_now() - TL_STORE_CLOCK_SLACK), TL_STORE_HIT);
    map = tli_store_enter(&reader);
    ck_assert_int_eq(
        tli_store_by_name(map, TL_STORE_USER_NAME, "late@contoso.test", now, &entry),
        TL_STORE_NEGATIVE);
    ck_assert_int_eq(
        tli_store_by_name(map, TL_STORE_USER_NAME, "late@contoso.test", past, &entry),
        TL_STORE_MISS);
    tli_store_leave(&reader, map);
    done();
}
END_TEST

/* The lock goes with a reboot where it is kept in memory; a killed writer leaves its
 * half of a new file; neither matters. */
START_TEST(leftovers)
{
    char name[80];
    FILE *file;

    ck_assert(on_disk(NULL));
    snprintf(name, sizeof(name), "%s.lock", path);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(put(1, 10), 0);
    snprintf(name, sizeof(name), "%s.new", path);
    file = fopen(name, "w");
    fputs("half a file", file);
    fclose(file);
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert(!is_there(".new"));
    /* A link in its place is not followed. */
    ck_assert_int_eq(symlink("/etc/passwd", name), 0);
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert(known(1) && !is_there(".new"));
    /* Nor one in place of the lock. */
    snprintf(name, sizeof(name), "%s.lock", path);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(symlink("/etc/passwd", name), 0);
    ck_assert_int_eq(put(2, 10), -ELOOP);
    done();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_faults");
    TCase *tcase = tcase_create("faults");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, full_disk);
    tcase_add_test(tcase, no_inodes);
    tcase_add_test(tcase, read_only_disk);
    tcase_add_test(tcase, no_descriptors);
    tcase_add_test(tcase, fifty_compactions);
    tcase_add_test(tcase, clock_set_back);
    tcase_add_test(tcase, leftovers);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
