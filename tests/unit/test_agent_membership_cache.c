/* SPDX-License-Identifier: MIT
 *
 * test_agent_membership_cache.c - the groups of the last proof: kept for root alone,
 * found by SID, and accepted only whole and from a file that only root could write.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/membership_cache.h"
#include "scratch.h"

#define ALICE "S-1-5-21-1-2-3-1104"

static struct tl_config config;
static char *path;

static void setup(void)
{
    scratch_setup();
    config = (struct tl_config){.state_dir = folder};
    path = talloc_asprintf(ctx, "%s/members/" ALICE, folder);
}

static void teardown(void)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(talloc_asprintf(ctx, "%s/members", folder)), 0);
    scratch_teardown_empty();
}

static void save(int64_t proven, int64_t checked)
{
    static const char text[] =
        "account alice\nuser " ALICE "\ngroup S-1-5-21-1-2-3-513 7\nend 1\n";
    struct tl_membership *member = NULL;
    struct tla_membership_cache cache = {.proven = proven, .checked = checked};

    ck_assert_int_eq(tl_membership_from_text(ctx, text, sizeof(text) - 1, &member), 0);
    cache.member = member;
    ck_assert_int_eq(tla_membership_cache_save(&config, &cache), 0);
}

static int load(const char *string, struct tla_membership_cache **cache)
{
    struct tl_sid sid;

    ck_assert_int_eq(tl_sid_parse(string, &sid), 0);
    return tla_membership_cache_load(ctx, &config, &sid, cache);
}

START_TEST(kept)
{
    struct tla_membership_cache *cache = NULL;
    struct stat st;

    save(1764000000, 1764000300);
    ck_assert_int_eq(load(ALICE, &cache), 0);
    ck_assert_int_eq(cache->proven, 1764000000);
    ck_assert_int_eq(cache->checked, 1764000300);
    ck_assert_uint_eq(cache->member->count, 1);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/members", folder), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    ck_assert_int_eq(load("S-1-5-21-1-2-3-1105", &cache), -ENOENT);
    ck_assert_ptr_null(cache);
    save(0, 5);
    ck_assert_int_eq(load(ALICE, &cache), 0);
    ck_assert_int_eq(cache->proven, 0);
}
END_TEST

/* When the own domain's directory was asked; files written before that line existed are
 * still proofs. */
START_TEST(own_asked)
{
    static const char before[] = "proven 7\nchecked 8\naccount alice\nuser " ALICE
                                 "\ngroup S-1-5-21-1-2-3-513 7\nend 1\n";
    struct tla_membership_cache *cache = NULL, again;
    FILE *file;

    save(7, 8);
    ck_assert_int_eq(load(ALICE, &cache), 0);
    ck_assert_int_eq(cache->own_asked, 0);
    again = *cache;
    again.own_asked = 1764000000;
    again.own_answered = 1763000000;
    ck_assert_int_eq(tla_membership_cache_save(&config, &again), 0);
    ck_assert_int_eq(load(ALICE, &cache), 0);
    ck_assert_int_eq(cache->own_asked, 1764000000);
    ck_assert_int_eq(cache->own_answered, 1763000000);
    ck_assert_int_eq(cache->checked, 8);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(before, file), 0);
    fclose(file);
    ck_assert_int_eq(load(ALICE, &cache), 0);
    ck_assert_int_eq(cache->own_asked, 0);
    ck_assert_int_eq(cache->proven, 7);
    ck_assert_uint_eq(cache->member->count, 1);
}
END_TEST

/* A file cut at any byte holds nothing; the last byte only ends a line. */
START_TEST(cut)
{
    struct tla_membership_cache *cache = NULL;
    struct stat st;

    save(1764000000, 1764000300);
    ck_assert_int_eq(stat(path, &st), 0);
    for (off_t len = st.st_size - 2; len >= 0; len--) {
        ck_assert_int_eq(truncate(path, len), 0);
        ck_assert_int_eq(load(ALICE, &cache), -EBADMSG);
        ck_assert_ptr_null(cache);
    }
}
END_TEST

START_TEST(strange_files)
{
    char *other = talloc_asprintf(ctx, "%s/members/S-1-5-21-1-2-3-1105", folder);
    struct tla_membership_cache *cache = NULL;

    save(1764000000, 1764000300);
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert_int_eq(load(ALICE, &cache), -EPERM);
    ck_assert_int_eq(chmod(path, 0600), 0);
    /* another user's groups under this one's name */
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(load("S-1-5-21-1-2-3-1105", &cache), -EBADMSG);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(load(ALICE, &cache), -ELOOP);
    ck_assert_int_eq(unlink(other), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_membership_cache");
    TCase *tc = tcase_create("cache");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, kept);
    tcase_add_test(tc, own_asked);
    tcase_add_test(tc, cut);
    tcase_add_test(tc, strange_files);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
