/* SPDX-License-Identifier: MIT
 *
 * test_nss_exec.c - the NSS module in programs that are executed: by root, by an
 * ordinary user, and by an ordinary user setuid root with an environment made to
 * mislead; the store's owner is root or the user that runs this test.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/run_suite.h"
#include "nss_store.h"

#define SID "S-1-5-21-1-2-3-"
#define NOBODY 65534

static char folder[] = "/tmp/trustlogon-exec.XXXXXX";

static void fill(void)
{
    const char *aliases[] = {"CONTOSO\\alice", NULL};
    const char *members[] = {"alice@contoso.test", "bob@contoso.test"};
    const uint32_t gids[] = {200513, 201200};
    struct tli_store_life life = {UINT32_MAX, UINT32_MAX};
    struct tli_store_user user = {.name = "alice@contoso.test",
                                  .aliases = aliases,
                                  .sid = SID "1105",
                                  .uid = 201105,
                                  .gid = 200513,
                                  .home = "/home/alice",
                                  .shell = "/bin/sh",
                                  .life = life};
    struct tli_store_group group = {.name = "linux users@contoso.test",
                                    .sid = SID "1200",
                                    .gid = 201200,
                                    .members = members,
                                    .num_members = 2,
                                    .life = life};

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(tli_store_put_gids(store, 201105, gids, 2, &life), 0);
}

static void setup(void)
{
    unlink(TEST_SOCKET);
    open_store();
    fill();
    memset(folder + sizeof(folder) - 7, 'X', 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

static void teardown(void)
{
    close_store();
    rmdir(folder);
}

static bool copy(const char *from, const char *to, mode_t mode)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    struct stat st;
    bool done = in >= 0 && out >= 0 && fstat(in, &st) == 0 &&
                sendfile(out, in, NULL, (size_t)st.st_size) == st.st_size &&
                fchmod(out, mode) == 0;

    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return done;
}

/* A folder that only this process sees, where setuid counts. */
static bool private_folder(void)
{
    struct statvfs st;

    if (unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("none", folder, "tmpfs", 0, "mode=0755") == 0)
        return true;
    return statvfs(folder, &st) == 0 && (st.f_flag & ST_NOSUID) == 0;
}

static void run(mode_t mode, uid_t uid)
{
    const char *const env[] = {"ASAN_OPTIONS=detect_leaks=0",
                               "TL_NSS_STORE=/tmp/evil",
                               "TL_NSS_SOCKET=/tmp/evil",
                               "TL_STATE_DIR=/tmp/evil",
                               "TL_LOOKUP_SOCKET=/tmp/evil",
                               "TRUSTLOGON_CONF=/tmp/evil",
                               "XDG_RUNTIME_DIR=/tmp/evil",
                               "TMPDIR=/tmp/evil",
                               "HOME=/tmp/evil",
                               "LD_LIBRARY_PATH=/tmp/evil",
                               "GETCONF_DIR=/tmp/evil",
                               "NSS_WRAPPER_PASSWD=/tmp/evil",
                               NULL};
    char program[64], module[64];
    const char *const argv[] = {program,
                                "--null",
                                module,
                                "trustlogon",
                                "linux users@contoso.test",
                                "CONTOSO\\Alice",
                                "alice@contoso.test",
                                NULL};

    snprintf(program, sizeof(program), "%s/probe", folder);
    snprintf(module, sizeof(module), "%s/libnss.so.2", folder);
    if (!copy(TEST_PROBE, program, mode) || !copy(TEST_MODULE, module, 0755))
        _exit(101);
    if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
        _exit(102);
    execve(program, (char **)(uintptr_t)argv, (char **)(uintptr_t)env);
    _exit(103);
}

static void expect_clean(mode_t mode, uid_t uid, const char *euid)
{
    char said[512] = "", expected[64];
    size_t len = 0;
    int out[2], status;
    pid_t pid;

    ck_assert_int_eq(pipe(out), 0);
    pid = fork();
    if (pid == 0) {
        if (dup2(out[1], 1) < 0 || dup2(out[1], 2) < 0 ||
            (geteuid() == 0 && !private_folder()))
            _exit(100);
        run(mode, uid);
    }
    close(out[1]);
    for (ssize_t n = 1; n > 0 && len<sizeof(said) - 1; len += n> 0 ? (size_t)n : 0)
        n = read(out[0], said + len, sizeof(said) - 1 - len);
    close(out[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 100) {
        fprintf(stderr, "no place here where setuid counts: not tried\n");
        return;
    }
    snprintf(expected, sizeof(expected), "euid %s: 0 wrong", euid);
    ck_assert_msg(status == 0 && strstr(said, expected) != NULL, "%#x: %s",
                  (unsigned)status, said);
}

START_TEST(as_the_caller)
{
    char euid[16];
    char path[64];

    snprintf(euid, sizeof(euid), "%u", (unsigned)geteuid());
    expect_clean(0755, 0, euid);
    /* Without a private mount the copies are still there. */
    snprintf(path, sizeof(path), "%s/probe", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/libnss.so.2", folder);
    unlink(path);
}
END_TEST

START_TEST(as_an_ordinary_user)
{
    if (geteuid() == 0)
        expect_clean(0755, NOBODY, "65534");
}
END_TEST

START_TEST(setuid_root)
{
    if (geteuid() == 0)
        expect_clean(04755, NOBODY, "0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss_exec");
    TCase *tcase = tcase_create("executed");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, as_the_caller);
    tcase_add_test(tcase, as_an_ordinary_user);
    tcase_add_test(tcase, setuid_root);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
