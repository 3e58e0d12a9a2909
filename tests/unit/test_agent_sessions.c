/* SPDX-License-Identifier: MIT
 *
 * test_agent_sessions.c - the records of sessions: found by uid and cache, one for each.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "agent/sessions.h"
#include "scratch.h"

#define A "00000000000000000000000000000001"
#define B "00000000000000000000000000000002"
#define C "00000000000000000000000000000003"

static int note(const char *token, uint32_t uid, const char *ccache)
{
    const struct tla_session session = {.uid = uid,
                                        .gid = uid,
                                        .refused_end = 7,
                                        .ccache = ccache,
                                        .realm = "contoso.test",
                                        .user = "alice@contoso.test"};

    return tla_session_note(folder, token, &session);
}

static size_t count(void)
{
    struct tla_session *list = NULL;
    size_t n = 0;

    ck_assert_int_eq(tla_session_list(ctx, folder, &list, &n), 0);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(list[i].refused_end, 7);
        ck_assert_str_eq(list[i].realm, "contoso.test");
        ck_assert_str_eq(list[i].user, "alice@contoso.test");
        ck_assert_uint_eq(list[i].gid, list[i].uid);
    }
    return n;
}

START_TEST(test_shared_cache)
{
    struct stat st;

    ck_assert(!tla_session_any(folder));
    ck_assert_uint_eq(count(), 0);
    ck_assert_int_eq(note(A, 1000, "KEYRING:persistent:1000"), 0);
    ck_assert_int_eq(note(B, 1000, "KEYRING:persistent:1000"), 0);
    ck_assert_int_eq(note(C, 1001, "KCM:"), 0);
    ck_assert(tla_session_any(folder));
    ck_assert_uint_eq(count(), 3);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/sessions/" A, folder), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/sessions", folder), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    tla_session_drop(folder, 1001, "KEYRING:persistent:1000");
    tla_session_drop(folder, 1000, "KCM:");
    tla_session_drop(folder, 1000, NULL);
    ck_assert_uint_eq(count(), 3);
    tla_session_drop(folder, 1000, "KEYRING:persistent:1000");
    ck_assert_uint_eq(count(), 2);
    ck_assert_ptr_nonnull(tla_session_cache(ctx, folder, 1000));
    tla_session_drop(folder, 1000, "KEYRING:persistent:1000");
    ck_assert_ptr_null(tla_session_cache(ctx, folder, 1000));
    ck_assert_str_eq(tla_session_cache(ctx, folder, 1001), "KCM:");
}
END_TEST

START_TEST(test_youngest)
{
    struct utimbuf old = {1000, 1000};
    char *there = talloc_asprintf(ctx, "FILE:%s", folder);

    ck_assert_int_eq(note(A, 1000, "DIR:/run/user/1000/krb5cc"), 0);
    ck_assert_int_eq(utime(talloc_asprintf(ctx, "%s/sessions/" A, folder), &old), 0);
    ck_assert_int_eq(note(B, 1000, "FILE:/tmp/no-such-cache"), 0);
    ck_assert_str_eq(tla_session_cache(ctx, folder, 1000), "DIR:/run/user/1000/krb5cc");
    ck_assert_int_eq(note(C, 1000, there), 0);
    ck_assert_str_eq(tla_session_cache(ctx, folder, 1000), there);
}
END_TEST

static const struct {
    const char *token, *ccache;
} bad[] = {{"../../etc/x", "KCM:"}, {"", "KCM:"}, {A, ""}, {A, "KCM:\n0 0 0"}, {A, NULL}};

START_TEST(test_refused)
{
    ck_assert_int_eq(note(bad[_i].token, 1000, bad[_i].ccache), -EINVAL);
    ck_assert_uint_eq(count(), 0);
}
END_TEST

static const char *const strange[] = {
    "",
    "\n",
    "1000 1000\n",
    "1000 1000 0\nKCM:\nr\nu",
    "1000 1000 0x\nKCM:\nr\nu\n",
    "4294967296 1000 0\nKCM:\nr\nu\n",
    "-1 1000 0\nKCM:\nr\nu\n",
    "1000 1000\nKCM:\nr\nu\n",
    "0 1000 0\nKCM:\nr\nu\n",
    "1000 0 0\nKCM:\nr\nu\n",
    "1000 1000 0\n\nr\nu\n",
};

START_TEST(test_strange_record)
{
    char *path = talloc_asprintf(ctx, "%s/sessions/" B, folder);
    int fd;

    ck_assert_int_eq(note(A, 1000, "KCM:"), 0);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(write(fd, strange[_i], strlen(strange[_i])),
                     (ssize_t)strlen(strange[_i]));
    close(fd);
    ck_assert_uint_eq(count(), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert_uint_eq(count(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_sessions");
    TCase *tcase = tcase_create("core");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, test_shared_cache);
    tcase_add_test(tcase, test_youngest);
    tcase_add_loop_test(tcase, test_refused, 0, COUNT(bad));
    tcase_add_loop_test(tcase, test_strange_record, 0, COUNT(strange));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
