/* SPDX-License-Identifier: MIT
 *
 * test_config_files.c - which files of the configuration are read, in which order, and
 * who may write them.
 */
#include <check.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_files.h"

START_TEST(folder_overrides_in_byte_order)
{
    struct tl_config *c;
    char *main_file = put("m.conf", "[logon]\nwalk = direct\nhop_limit = 2\n", 0644);

    make_folder("m.conf.d", 0755);
    put("m.conf.d/10.conf", "[logon]\nhop_limit = 4\n", 0644);
    put("m.conf.d/9.conf", "[logon]\nhop_limit = 5\n", 0644);
    put("m.conf.d/99.conf.rpmsave", "nonsense", 0644);
    put("m.conf.d/.hidden.conf", "nonsense", 0644);
    put("m.conf.d/B.conf", "[agent]\nmax_per_uid = 1\n", 0644);
    put("m.conf.d/a.conf", "[agent]\nmax_per_uid = 2\n", 0644);
    c = loaded(main_file);
    ck_assert_int_eq(c->walk, TL_WALK_DIRECT);
    ck_assert_int_eq(c->hop_limit, 5);
    ck_assert_int_eq(c->max_per_uid, 2);

    put("m.conf.d/z.conf", "[agent]\nmax_per_uid = x\n", 0644);
    ck_assert_str_eq(refused(main_file), "m.conf.d/z.conf: line 2: [agent] max_per_uid: "
                                         "'x' must be an integer (1 to 65536)");
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
    char *path = talloc_asprintf(ctx, "%s/none.conf", folder);
    char *text = talloc_strdup(ctx, "");

    ck_assert_str_eq(refused(path), "none.conf: No such file or directory");
    make_folder("dir.conf", 0755);
    path = talloc_asprintf(ctx, "%s/dir.conf", folder);
    ck_assert_str_eq(refused(path), "dir.conf: is not a regular file");
    path = talloc_asprintf(ctx, "%s/fifo.conf", folder);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    ck_assert_str_eq(refused(path), "fifo.conf: is not a regular file");
    for (int i = 0; i < 700; i++)
        text = talloc_asprintf_append(text, "# %0100d\n", i);
    ck_assert_str_eq(refused(put("big.conf", text, 0644)),
                     "big.conf: is larger than 65536 bytes");
    path = put("d.conf", "", 0644);
    put("d.conf.d", "", 0644);
    ck_assert_str_eq(refused(path), "d.conf.d: is not a folder");
    path = put("l.conf", "", 0644);
    make_folder("l.conf.d", 0755);
    ck_assert_int_eq(
        symlink("/nonexistent", talloc_asprintf(ctx, "%s/l.conf.d/x.conf", folder)), 0);
    ck_assert_str_eq(refused(path), "l.conf.d/x.conf: No such file or directory");
}
END_TEST

START_TEST(files_others_may_write)
{
    char *path;

    if (geteuid() != 0)
        return;
    ck_assert_str_eq(refused(put("w.conf", "", 0666)),
                     "w.conf: is writable by users other than root");
    ck_assert_str_eq(refused(put("g.conf", "", 0664)),
                     "g.conf: is writable by users other than root");
    path = put("o.conf", "", 0644);
    ck_assert_int_eq(chown(path, 1234, 0), 0);
    ck_assert_str_eq(refused(path), "o.conf: does not belong to root");
    path = put("d.conf", "", 0644);
    make_folder("d.conf.d", 01777);
    ck_assert_str_eq(refused(path), "d.conf.d: is writable by users other than root");
}
END_TEST

START_TEST(ordinary_user)
{
    char *path = put("u.conf", "[logon]\nwalk = direct\n", 0600);
    char *own = put("own.conf", "[logon]\nwalk = direct\n", 0664);

    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chown(own, 1234, 1234), 0);
    ck_assert_int_eq(seteuid(1234), 0);
    ck_assert_str_eq(refused(path), "u.conf: Permission denied");
    ck_assert_int_eq(loaded(own)->walk, TL_WALK_DIRECT);
    ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_files");
    TCase *t = tcase_create("config");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, folder_overrides_in_byte_order);
    tcase_add_test(t, files_that_cannot_be_read);
    tcase_add_test(t, files_others_may_write);
    tcase_add_test(t, ordinary_user);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
