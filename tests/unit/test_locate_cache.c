/* SPDX-License-Identifier: MIT
 *
 * test_locate_cache.c - what the DC locator keeps on disk: for how long it counts, how
 * failures change it, and how much it may become.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "locator.h"

START_TEST(warm_sends_nothing)
{
    struct tl_dc_list *list;
    int packets;

    locate("Berlin", 0, TL_REASON_OK);
    packets = world_packets(&world);
    clock_now += config->ping_validity - 1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert_str_eq(list->dcs[0].why, "cache, 699 s old");
    ck_assert_uint_eq(list->count, 2);
    /* Another site is another search. */
    locate("Paris", 0, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
}
END_TEST

START_TEST(old_is_pinged_again)
{
    int questions;

    locate(NULL, 0, TL_REASON_OK);
    questions = atomic_load(&world.questions);
    clock_now += config->ping_validity;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.questions), questions);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 2);
    /* Which counts for another while. */
    clock_now += config->ping_validity - 1;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 2);
    /* Until the entry itself is too old. */
    clock_now += config->cache_lifetime;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(atomic_load(&world.questions), questions);
    /* A clock that was set back makes the age unknown. */
    questions = atomic_load(&world.questions);
    clock_now -= 1000000;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(atomic_load(&world.questions), questions);
}
END_TEST

START_TEST(flags_of_the_caller)
{
    int packets = world_packets(&world);

    locate(NULL, TL_LOCATE_CACHED, TL_REASON_DNS_NO_RECORDS);
    ck_assert_int_eq(world_packets(&world), packets);
    locate(NULL, TL_LOCATE_NO_STORE, TL_REASON_OK);
    packets = world_packets(&world);
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
    packets = world_packets(&world);
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
    locate(NULL, TL_LOCATE_CACHED, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
    clock_now += config->ping_validity; /* it would be pinged again */
    locate(NULL, TL_LOCATE_CACHED, TL_REASON_DNS_NO_RECORDS);
    ck_assert_int_eq(world_packets(&world), packets);
    locate(NULL, TL_LOCATE_FORCE, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
}
END_TEST

START_TEST(failure_is_remembered)
{
    int packets;

    world.plain = NULL;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    packets = world_packets(&world);
    world.plain = two;
    clock_now += config->negative_lifetime - 1;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    ck_assert_ptr_nonnull(strstr(out->detail, "32 s ago"));
    locate(NULL, TL_LOCATE_CACHED | TL_LOCATE_EVER, TL_REASON_DNS_NO_RECORDS);
    ck_assert_int_eq(world_packets(&world), packets);
    clock_now++;
    locate(NULL, 0, TL_REASON_OK);
}
END_TEST

/* DNS is down, the DCs are not. */
START_TEST(old_ones_when_dns_is_gone)
{
    struct tl_dc_list *list;

    locate(NULL, 0, TL_REASON_OK);
    clock_now += config->cache_lifetime + 1;
    world.plain = NULL;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].pinged);
}
END_TEST

START_TEST(failed_and_worked)
{
    struct tl_dc_list *list = locate(NULL, 0, TL_REASON_OK);
    struct tl_dc dc0 = list->dcs[0], dc1 = list->dcs[1];
    int packets;

    tl_locate_failed(new_locator(NULL), &dc0);
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert_str_eq(list->dcs[1].host, "dc0.contoso.test");
    tl_locate_worked(new_locator(NULL), &dc1);
    clock_now += config->negative_lifetime;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    /* All failed: they are searched for again, and the logon does not fail for it. */
    tl_locate_failed(new_locator(NULL), &dc0);
    clock_now++;
    tl_locate_failed(new_locator(NULL), &dc1);
    /* They are still known, to whom asks for all that ever were. */
    locate(NULL, TL_LOCATE_CACHED, TL_REASON_DNS_NO_RECORDS);
    packets = world_packets(&world);
    list = locate(NULL, TL_LOCATE_CACHED | TL_LOCATE_EVER, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_int_eq(world_packets(&world), packets);
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
}
END_TEST

START_TEST(nowhere_to_write)
{
    struct tl_locator *locator = new_locator(NULL);
    struct tl_dc_list *list;
    int packets;

    config->cache_dir = "/proc/nowhere";
    for (int i = 0; i < 2; i++) {
        packets = world_packets(&world);
        ck_assert(tl_locate(ctx, locator, "contoso.test", 0, tl_deadline_in_ms(20000),
                            &list, NULL) == TL_REASON_OK);
    }
    ck_assert_int_eq(world_packets(&world), packets);
    tl_locate_failed(locator, &list->dcs[0]);
    ck_assert(tl_locate(ctx, locator, "contoso.test", 0, tl_deadline_in_ms(20000), &list,
                        NULL) == TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
}
END_TEST

/* A file that is damaged, or that another user could have written, counts as missing. */
START_TEST(bad_files)
{
    char path[128], beside[128];
    int packets;

    locate(NULL, 0, TL_REASON_OK);
    packets = world_packets(&world);
    snprintf(path, sizeof path, "%s/dc-contoso.test.json", folder);
    snprintf(beside, sizeof beside, "%s/beside", folder);
    switch (_i) {
    case 0:
        write_text(path, "{\"version\": 1, \"domain\": \"contoso");
        break;
    case 1:
        ck_assert_int_eq(chmod(path, 0666), 0);
        break;
    case 2:
        ck_assert(rename(path, beside) == 0 && symlink(beside, path) == 0);
        break;
    case 3:
        ck_assert(unlink(path) == 0 && mkfifo(path, 0644) == 0);
        break;
    }
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_gt(world_packets(&world), packets);
    /* And is repaired. */
    packets = world_packets(&world);
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
}
END_TEST

/* A file of the cache that was used and written so long ago. */
static void file_in_cache(int i, int used, int written)
{
    struct timespec times[2] = {{.tv_sec = clock_now - used},
                                {.tv_sec = clock_now - written}};
    char *path = talloc_asprintf(config, "%s/dc-%d.json", folder, i);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    ck_assert(fd >= 0 && futimens(fd, times) == 0);
    close(fd);
}

static bool in_cache(const char *name)
{
    return access(talloc_asprintf(config, "%s/dc-%s.json", folder, name), F_OK) == 0;
}

static int files_in_cache(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *de;
    int count = 0;

    while ((de = readdir(dir)))
        count += strncmp(de->d_name, "dc-", 3) == 0;
    closedir(dir);
    return count;
}

static void is_cached(void)
{
    int packets = world_packets(&world);

    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(world_packets(&world), packets);
}

/* Names cannot fill the disk, nor keep a new one out: the least recently used and the old
 * files make room. */
START_TEST(full_folder)
{
    struct tl_locator *locator = new_locator(NULL);
    struct tli_cache_entry other = {.domain = "other.test", .failed = clock_now};

    for (int i = 0; i < 512; i++)
        file_in_cache(i, i == 77 ? 900 : 300, i == 78 ? 600 : 900);
    locate(NULL, 0, TL_REASON_OK);
    is_cached();
    ck_assert(!in_cache("77") && in_cache("78") && in_cache("79"));
    ck_assert_int_eq(files_in_cache(), 512);
    clock_now += config->cache_lifetime + 1;
    tli_cache_store(locator, &other);
    ck_assert(in_cache("other.test") && !in_cache("79"));
}
END_TEST

/* A file in use stays, even if others are written: reading is a use. */
START_TEST(used_is_kept)
{
    struct timespec long_ago[2] = {{.tv_sec = clock_now - 600},
                                   {.tv_sec = clock_now - 600}};
    struct tl_locator *locator = new_locator(NULL);
    struct tli_cache_entry other = {.domain = "other.test", .failed = clock_now};

    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(utimensat(AT_FDCWD,
                               talloc_asprintf(config, "%s/dc-contoso.test.json", folder),
                               long_ago, 0),
                     0);
    for (int i = 0; i < 511; i++)
        file_in_cache(i, 300, 300);
    is_cached();
    tli_cache_store(locator, &other);
    ck_assert(in_cache("other.test") && in_cache("contoso.test"));
    ck_assert_int_eq(files_in_cache(), 512);
}
END_TEST

START_TEST(many_writers)
{
    struct tl_locator *locator;
    struct tli_cache_entry *entry;
    pid_t pids[6];
    int status;

    locate(NULL, 0, TL_REASON_OK);
    locator = new_locator(NULL);
    for (int w = 0; w < 6; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            for (int i = 0; i < 60; i++) {
                entry = tli_cache_load(NULL, locator, "contoso.test");
                if (!entry || entry->count != 2)
                    _exit(1);
                entry->checked = w * 1000 + i;
                tli_cache_store(locator, entry);
                talloc_free(entry);
            }
            _exit(locator->unsaved ? 2 : 0);
        }
    }
    for (int w = 0; w < 6; w++) {
        ck_assert_int_eq(waitpid(pids[w], &status, 0), pids[w]);
        ck_assert_int_eq(status, 0);
    }
    entry = tli_cache_load(ctx, locator, "contoso.test");
    ck_assert(entry && entry->count == 2);
}
END_TEST

#define DC(host, address, failed) DC_WITH(host, address, failed, "0")
#define DC_WITH(host, address, failed, flags)                                            \
    "{\"host\":\"" host "\",\"address\":\"" address "\",\"priority\":0,"                 \
    "\"weight\":100,\"in_site\":false,\"pinged\":true,\"ping_us\":0,\"flags\":" flags    \
    ","                                                                                  \
    "\"failed\":" failed "}"
#define ENTRY(failed, dcs)                                                               \
    "{\"version\":1,\"domain\":\"contoso.test\",\"found\":1800000000,"                   \
    "\"checked\":1800000000,\"search_failed\":" failed ",\"dcs\":[" dcs "]}"
#define THERE DC("dc0.contoso.test", "10.0.0.1", "0")

/* The text with the present time in place of 1800000000. */
static char *of_now(const char *text)
{
    char *copy = talloc_strdup(ctx, text), *at = copy;
    char now[16];

    snprintf(now, sizeof(now), "%10lld", (long long)time(NULL));
    while ((at = strstr(at, "1800000000")) != NULL)
        memcpy(at, now, 10);
    return copy;
}

/* A process that may not add domain controllers says which of the known ones answer. */
START_TEST(only_known_ones)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {ENTRY("0", DC_WITH("dc0.contoso.test", "10.0.0.1", "1700000000", "7")), 0},
        {ENTRY("0", DC("dc0.contoso.test", "10.0.0.2", "0")), -EPERM},
        {ENTRY("0", DC("dc9.contoso.test", "10.0.0.1", "0")), -EPERM},
        {ENTRY("0", THERE "," DC("dc1.contoso.test", "10.0.0.2", "0")), -EPERM},
        {ENTRY("1800000000", THERE), -EPERM},
        {ENTRY("0", ""), -EPERM},
        {"{}", -EBADMSG},
    };
    struct tli_cache_entry *entry;

    (void)new_locator(NULL);
    ck_assert_int_eq(tl_locate_keep(config, "contoso.test", ENTRY("0", THERE), true),
                     -EPERM);
    ck_assert_int_eq(tl_locate_keep(config, "fabrikam.test", ENTRY("0", THERE), false),
                     -EBADMSG);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tl_locator *locator = tl_locator_new(ctx, config, NULL, NULL);

        ck_assert_int_eq(
            tl_locate_keep(config, "contoso.test", of_now(ENTRY("0", THERE)), false), 0);
        ck_assert_msg(tl_locate_keep(config, "contoso.test", of_now(rows[i].text),
                                     true) == rows[i].rc,
                      "row %zu", i);
        entry = tli_cache_load(ctx, locator, "contoso.test");
        ck_assert_ptr_nonnull(entry);
        ck_assert_uint_eq(entry->count, 1);
        ck_assert_str_eq(entry->dcs[0].dc.address, "10.0.0.1");
        ck_assert_uint_eq(entry->dcs[0].dc.flags, 0); /* as it was */
        ck_assert_int_eq(entry->dcs[0].failed, rows[i].rc == 0 ? 1700000000 : 0);
    }
    /* A cache that is due for a search says so, and takes what it is told. */
    ck_assert_int_eq(tl_locate_keep(config, "contoso.test", ENTRY("0", THERE), false), 0);
    ck_assert_int_eq(tl_locate_keep(config, "contoso.test", of_now(rows[0].text), true),
                     -ESTALE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("locate_cache");

    ADD(warm_sends_nothing, 1);
    ADD(old_is_pinged_again, 1);
    ADD(flags_of_the_caller, 1);
    ADD(failure_is_remembered, 1);
    ADD(old_ones_when_dns_is_gone, 1);
    ADD(failed_and_worked, 1);
    ADD(nowhere_to_write, 1);
    ADD(bad_files, 4);
    ADD(full_folder, 1);
    ADD(used_is_kept, 1);
    ADD(many_writers, 1);
    ADD(only_known_ones, 1);
    return run_suite(suite);
}
