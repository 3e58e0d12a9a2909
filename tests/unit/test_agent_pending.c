/* SPDX-License-Identifier: MIT
 *
 * test_agent_pending.c - logons waiting for setcred: kept, found by their own
 * user only, swept when old, and never outside their folder.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "agent/pending.h"
#include "scratch.h"

static void teardown(void)
{
    tla_pending_sweep(folder, time(NULL) + 100000);
    unlink(talloc_asprintf(ctx, "%s/pending/.swept", folder));
    ck_assert_int_eq(rmdir(talloc_asprintf(ctx, "%s/pending", folder)), 0);
    scratch_teardown_empty();
}

static const struct tl_membership *member(void)
{
    static const char text[] = "account alice\nuser S-1-5-21-1-2-3-1104\n"
                               "group S-1-5-21-1-2-3-513 7\nend 1\n";
    struct tl_membership *made = NULL;

    ck_assert_int_eq(tl_membership_from_text(ctx, text, sizeof(text) - 1, &made), 0);
    return made;
}

static struct tla_pending *make(void)
{
    struct tla_pending *pending = NULL;

    ck_assert_int_eq(tla_pending_new(ctx, folder, &pending), 0);
    pending->user = "CONTOSO\\alice";
    pending->canonical = "alice@contoso.test";
    pending->expires = 4;
    pending->uid = 4000000001;
    pending->gid = 200513;
    pending->domain = "contoso.test";
    pending->member = member();
    ck_assert_int_eq(tla_pending_save(folder, pending), 0);
    return pending;
}

START_TEST(test_round)
{
    struct tla_pending *pending = make(), *found = NULL;
    struct stat st;

    ck_assert(tla_token_is_valid(pending->token));
    ck_assert_int_eq(
        tla_pending_load(ctx, folder, pending->token, "CONTOSO\\alice", &found), 0);
    ck_assert_str_eq(found->canonical, "alice@contoso.test");
    ck_assert_uint_eq(found->expires, 4);
    ck_assert_uint_eq(found->uid, 4000000001);
    ck_assert_uint_eq(found->gid, 200513);
    ck_assert_str_eq(found->domain, "contoso.test");
    ck_assert_ptr_null(found->refused);
    ck_assert_ptr_null(found->detail);
    ck_assert_uint_eq(found->member->count, 1);
    ck_assert_str_eq(found->ticket_path, pending->ticket_path);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s.logon", pending->ticket_path), &st),
                     0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/pending", folder), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
}
END_TEST

/* canonical_user=yes: PAM_USER is the canonical name from then on. */
START_TEST(test_canonical_name)
{
    struct tla_pending *pending = make(), *found = NULL;

    ck_assert_int_eq(
        tla_pending_load(ctx, folder, pending->token, "alice@contoso.test", &found), 0);
    ck_assert_str_eq(found->user, "CONTOSO\\alice");
}
END_TEST

START_TEST(test_other_user)
{
    struct tla_pending *pending = make(), *found = (void *)1;

    ck_assert_int_eq(
        tla_pending_load(ctx, folder, pending->token, "CONTOSO\\bob", &found), -ENOENT);
    ck_assert_ptr_null(found);
    ck_assert_int_eq(tla_pending_load(ctx, folder, pending->token, NULL, &found),
                     -ENOENT);
}
END_TEST

static const char *const bad_tokens[] = {
    "",
    "0",
    "../../../../../../etc/passwd0000",
    "0123456789abcdef0123456789ABCDEF",
    "0123456789abcdef0123456789abcde",
    "0123456789abcdef0123456789abcdef0",
    "0123456789abcdef0123456789abcde/",
    "0123456789abcdef0123456789abcdef",
};

START_TEST(test_bad_token)
{
    struct tla_pending *found = NULL;

    (void)make();
    ck_assert_int_eq(
        tla_pending_load(ctx, folder, bad_tokens[_i], "CONTOSO\\alice", &found), -ENOENT);
}
END_TEST

START_TEST(test_old)
{
    struct tla_pending *pending = make(), *found = NULL;
    struct utimbuf old = {time(NULL) - 601, time(NULL) - 601};
    char *path = talloc_asprintf(ctx, "%s.logon", pending->ticket_path);

    tla_pending_sweep(folder, time(NULL));
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(utime(path, &old), 0);
    ck_assert_int_eq(
        tla_pending_load(ctx, folder, pending->token, "CONTOSO\\alice", &found), -ENOENT);
    /* once a minute */
    tla_pending_sweep(folder, time(NULL));
    ck_assert_int_eq(access(path, F_OK), 0);
    tla_pending_sweep(folder, time(NULL) + 61);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(test_drop)
{
    struct tla_pending *one = make(), *other = make(), *found = NULL;
    FILE *tickets = fopen(one->ticket_path, "w");

    ck_assert_ptr_nonnull(tickets);
    ck_assert_int_eq(fclose(tickets), 0);
    tla_pending_drop(folder, NULL);
    tla_pending_drop(folder, "../../etc/passwd");
    tla_pending_drop(folder, one->token);
    ck_assert_int_eq(tla_pending_load(ctx, folder, one->token, "CONTOSO\\alice", &found),
                     -ENOENT);
    ck_assert_int_ne(access(one->ticket_path, F_OK), 0);
    ck_assert_int_eq(
        tla_pending_load(ctx, folder, other->token, "CONTOSO\\alice", &found), 0);
}
END_TEST

START_TEST(test_symlink)
{
    struct tla_pending *pending = make(), *found = NULL;
    char *path = talloc_asprintf(ctx, "%s.logon", pending->ticket_path);
    char *moved = talloc_asprintf(ctx, "%s/pending/elsewhere", folder);

    ck_assert_int_eq(rename(path, moved), 0);
    ck_assert_int_eq(symlink(moved, path), 0);
    ck_assert_int_ne(
        tla_pending_load(ctx, folder, pending->token, "CONTOSO\\alice", &found), 0);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(test_names_of_two_lines)
{
    struct tla_pending *pending = NULL;

    ck_assert_int_eq(tla_pending_new(ctx, folder, &pending), 0);
    pending->user = "a\nb";
    pending->canonical = "c";
    pending->member = member();
    ck_assert_int_eq(tla_pending_save(folder, pending), -EINVAL);
}
END_TEST

START_TEST(test_refused)
{
    struct tla_pending *pending = NULL, *found = NULL;

    ck_assert_int_eq(tla_pending_new(ctx, folder, &pending), 0);
    pending->user = "alice@contoso.test";
    pending->canonical = "alice@contoso.test";
    pending->member = member();
    pending->refused = "CONTOSO\\Sales";
    pending->detail = "a group\nof deny_groups"; /* as a server may say it */
    ck_assert_int_eq(tla_pending_save(folder, pending), 0);
    ck_assert_int_eq(
        tla_pending_load(ctx, folder, pending->token, "alice@contoso.test", &found), 0);
    ck_assert_str_eq(found->refused, "CONTOSO\\Sales");
    ck_assert_str_eq(found->detail, "a group of deny_groups");
    ck_assert_ptr_null(found->domain);
}
END_TEST

/* A file cut at any byte holds nothing. */
START_TEST(test_cut)
{
    struct tla_pending *pending = make(), *found = NULL;
    char *path = talloc_asprintf(ctx, "%s.logon", pending->ticket_path);
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    for (off_t len = st.st_size - 2; len >= 0; len--) {
        ck_assert_int_eq(truncate(path, len), 0);
        ck_assert_int_eq(
            tla_pending_load(ctx, folder, pending->token, "CONTOSO\\alice", &found),
            -ENOENT);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_pending");
    TCase *tc = tcase_create("pending");

    tcase_add_checked_fixture(tc, scratch_setup, teardown);
    tcase_add_test(tc, test_round);
    tcase_add_test(tc, test_canonical_name);
    tcase_add_test(tc, test_other_user);
    tcase_add_loop_test(tc, test_bad_token, 0, COUNT(bad_tokens));
    tcase_add_test(tc, test_old);
    tcase_add_test(tc, test_drop);
    tcase_add_test(tc, test_symlink);
    tcase_add_test(tc, test_names_of_two_lines);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_cut);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
