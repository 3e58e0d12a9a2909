/* SPDX-License-Identifier: MIT
 *
 * test_rule_cache.c - the remembered SIDs of names in rules: found under any spelling,
 * forgotten on demand, and accepted only from a file that only root could write.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/rule_cache.h"
#include "fixtures.h"

#define NOW 1764000000
#define YEAR 31536000

static temp_path dir;
static TALLOC_CTX *ctx;
static struct tl_config config;

static void setup(void)
{
    make_temp_folder(dir);
    ctx = talloc_new(NULL);
    config = (struct tl_config){.state_dir = dir};
}

static void teardown(void)
{
    (void)unlink(talloc_asprintf(ctx, "%s/rules", dir));
    ck_assert_int_eq(rmdir(dir), 0);
    talloc_free(ctx);
}

static struct tli_rule_cache *load(void)
{
    struct tli_rule_cache *cache = tli_rule_cache_load(ctx, &config);

    ck_assert_ptr_nonnull(cache);
    return cache;
}

/* Two names in a file. */
static void save(void)
{
    const struct tl_sid users = sid_of("S-1-5-21-1-2-3-1604");
    const struct tl_sid carol = sid_of("S-1-5-21-4-5-6-1108");
    struct tli_rule_cache *cache = load();

    ck_assert_int_eq(
        tli_rule_cache_put(cache, true, "contoso.test", "Projekt Größe", &users, NOW), 0);
    ck_assert_int_eq(
        tli_rule_cache_put(cache, false, "FABRIKAM.test", "carol", &carol, NOW - 50), 0);
    ck_assert_int_eq(tli_rule_cache_save(cache, NOW), 0);
    ck_assert(!cache->changed);
}

START_TEST(spellings)
{
    const struct tli_rule_name *found;
    struct stat st;

    ck_assert_uint_eq(load()->count, 0);
    save();
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/rules", dir), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    found = tli_rule_cache_find(load(), true, "Contoso.Test", "PROJEKT GRÖßE", NOW);
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(found->found, NOW);
    ck_assert_uint_eq(found->sid.subs[4], 1604);
    /* neither a user for a group, nor a namesake of another domain */
    ck_assert_ptr_null(
        tli_rule_cache_find(load(), false, "contoso.test", "Projekt Größe", NOW));
    ck_assert_ptr_null(tli_rule_cache_find(load(), false, "contoso.test", "carol", NOW));
    ck_assert_ptr_nonnull(
        tli_rule_cache_find(load(), false, "fabrikam.test", "Carol", NOW));
}
END_TEST

START_TEST(changes)
{
    const struct tl_sid other = sid_of("S-1-5-21-1-2-3-1605");
    struct tli_rule_cache *cache;
    const struct tli_rule_name *found;

    save();
    cache = load();
    ck_assert_int_eq(
        tli_rule_cache_put(cache, true, "contoso.test", "projekt größe", &other, NOW + 9),
        0);
    ck_assert_uint_eq(cache->count, 2);
    ck_assert_int_eq(
        tli_rule_cache_put(cache, false, "fabrikam.test", "carol", NULL, NOW + 9), 0);
    ck_assert_int_eq(
        tli_rule_cache_put(cache, false, "fabrikam.test", "nobody", NULL, NOW + 9), 0);
    ck_assert_int_eq(tli_rule_cache_save(cache, NOW + 9), 0);
    cache = load();
    ck_assert_uint_eq(cache->count, 1);
    found = tli_rule_cache_find(cache, true, "contoso.test", "Projekt Größe", NOW + 9);
    ck_assert_ptr_nonnull(found);
    ck_assert_uint_eq(found->sid.subs[4], 1605);
}
END_TEST

/* A clock that was set back makes what is remembered neither young nor old. */
START_TEST(time_passes)
{
    save();
    ck_assert_ptr_null(
        tli_rule_cache_find(load(), true, "contoso.test", "projekt größe", NOW - 1));
    ck_assert_ptr_nonnull(
        tli_rule_cache_find(load(), true, "contoso.test", "projekt größe", NOW + YEAR));
    ck_assert_ptr_null(tli_rule_cache_find(load(), true, "contoso.test", "projekt größe",
                                           NOW + YEAR + TL_RULE_STALE_S + 1));
}
END_TEST

START_TEST(strange_files)
{
    char *path = talloc_asprintf(ctx, "%s/rules", dir);
    char *moved = talloc_asprintf(ctx, "%s/moved", dir);

    save();
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert_uint_eq(load()->count, 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_uint_eq(load()->count, 2);
    ck_assert_int_eq(rename(path, moved), 0);
    ck_assert_int_eq(symlink(moved, path), 0);
    ck_assert_uint_eq(load()->count, 0);
    ck_assert_int_eq(unlink(moved), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(unlink(path), 0);
        save();
        ck_assert_int_eq(chown(path, 12345, 0), 0);
        ck_assert_uint_eq(load()->count, 0);
    }
}
END_TEST

#define GOOD "group contoso.test S-1-5-21-1-2-3-1604 1764000000 linux users\n"
static const char *const bad_lines[] = {
    "\n",
    "group\n",
    "group contoso.test S-1-5-21-1-2-3-1604 1764000000\n",
    "group contoso.test S-1-5-21-1-2-3-1604 1764000000 \n",
    "groups contoso.test S-1-5-21-1-2-3-1604 1764000000 x\n",
    "group contoso..test S-1-5-21-1-2-3-1604 1764000000 x\n",
    "group contoso.test S-1-5-21-1-2-3- 1764000000 x\n",
    "group contoso.test S-1-5-21-1-2-3-1604 -1 x\n",
    "group contoso.test S-1-5-21-1-2-3-1604 17e4 x\n",
    "group  contoso.test S-1-5-21-1-2-3-1604 1764000000 x\n",
    "group contoso.test S-1-5-21-1-2-3-1604 1764000000 x",
};

/* One invalid line, and nothing of the file counts. */
START_TEST(bad_line)
{
    struct tli_rule_cache *cache = load();
    char *text = talloc_asprintf(ctx, GOOD "%s", bad_lines[_i]);

    ck_assert_int_eq(tli_rule_cache_parse(cache, GOOD, strlen(GOOD)), 0);
    ck_assert_uint_eq(cache->count, 1);
    ck_assert_int_eq(tli_rule_cache_parse(cache, text, strlen(text)), -EBADMSG);
    ck_assert_uint_eq(cache->count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rule_cache");
    TCase *tc = tcase_create("rule_cache");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, spellings);
    tcase_add_test(tc, changes);
    tcase_add_test(tc, time_passes);
    tcase_add_test(tc, strange_files);
    tcase_add_loop_test(tc, bad_line, 0, COUNT(bad_lines));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
