/* SPDX-License-Identifier: MIT
 *
 * test_ccache_attack.c - tickets stored as a user (uid 65534) in a folder like /tmp, with
 * what other users, or this one, may do against it. Needs root; skipped (77) without.
 */
#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <trustlogon/kerberos.h>
#include <trustlogon/tickets.h>

#include "ccache_fixture.h"

#define OTHER 65533

static void check_text(const char *path, const char *text)
{
    char buf[64] = "";
    int fd = open(path, O_RDONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(read(fd, buf, sizeof(buf) - 1), 0);
    ck_assert_str_eq(buf, text);
    close(fd);
}

/* What another user put at a predictable name: a link to a file of root's that
 * every user may write, a link to nothing, a file of his own. */
START_TEST(test_attack)
{
    static const enum tl_ccache_op ops[] = {TL_CCACHE_ESTABLISH, TL_CCACHE_REINITIALIZE,
                                            TL_CCACHE_DELETE};
    char *name = talloc_asprintf(mem, "FILE:%s/cc", folder);
    char *target = talloc_asprintf(mem, "%s/target", folder);
    enum tl_ccache_op op = ops[_i % 3];
    const char *got;
    size_t before;

    put_file(target, OTHER, "precious");
    if (_i / 3 == 0)
        ck_assert_int_eq(symlink(target, name + 5), 0);
    else if (_i / 3 == 1)
        ck_assert_int_eq(symlink("/tmp/trustlogon-nowhere", name + 5), 0);
    else
        put_file(name + 5, OTHER, "mine");
    ck_assert_int_eq(lchown(name + 5, OTHER, OTHER), 0);
    before = count_files();
    ck_assert_int_eq(store(op, op == TL_CCACHE_ESTABLISH ? name : NULL,
                           op == TL_CCACHE_ESTABLISH ? NULL : name, &got),
                     TL_REASON_CCACHE_FAILED);
    ck_assert_ptr_null(got);
    ck_assert_int_eq(out->stage, TL_STAGE_IDENTITY);
    ck_assert_ptr_nonnull(out->detail);
    check_text(target, "precious");
    if (_i / 3 == 2)
        check_text(name + 5, "mine");
    ck_assert_int_ne(access("/tmp/trustlogon-nowhere", F_OK), 0);
    ck_assert_uint_eq(count_files(), before);
}
END_TEST

/* Places that only root may write stay untouched: the child is not root. */
START_TEST(test_not_as_root)
{
    char *type = talloc_asprintf(mem, "FILE:%s/roots/cc", folder);
    const char *name;

    ck_assert_int_eq(mkdir(talloc_asprintf(mem, "%s/roots", folder), 0755), 0);
    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name),
                     TL_REASON_CCACHE_FAILED);
    ck_assert_int_ne(access(type + 5, F_OK), 0);
}
END_TEST

/* A folder that another user made first: he could change the file between two
 * openings. And one where every user may do so. */
/* As the user's own would be written, and removed again. */
START_TEST(test_try)
{
    static const struct {
        const char *before, *after; /* of the folder */
    } types[] = {
        {"FILE:", "/cc_XXXXXX"}, {"FILE:", "/cc"}, {"", "/cc_XXXXXX"}, {"DIR:", "/dir"}};
    size_t before = count_files();
    const char *name;
    char *full;

    for (size_t i = 0; i < COUNT(types); i++) {
        full = talloc_asprintf(mem, "%s%s%s", types[i].before, folder, types[i].after);
        ck_assert_msg(store(TL_CCACHE_TRY, full, NULL, &name) == TL_REASON_OK, "%s: %s",
                      full, out->detail);
        ck_assert_uint_eq(count_files(), before);
    }
    /* A cache that is there is not touched, one of another user is in the way. */
    full = talloc_asprintf(mem, "FILE:%s/cc", folder);
    put_file(full + 5, NOBODY, "mine");
    ck_assert_int_eq(store(TL_CCACHE_TRY, full, NULL, &name), TL_REASON_OK);
    check_text(full + 5, "mine");
    ck_assert_int_eq(chown(full + 5, OTHER, OTHER), 0);
    ck_assert_int_eq(store(TL_CCACHE_TRY, full, NULL, &name), TL_REASON_CCACHE_FAILED);
    ck_assert_ptr_nonnull(strstr(out->detail, "another user"));
    ck_assert_uint_eq(count_files(), before + 1);
}
END_TEST

START_TEST(test_folder_of_another)
{
    static const struct {
        const char *type;
        uid_t owner;
        mode_t mode;
    } rows[] = {{"DIR:%s/his", OTHER, 0777},     {"DIR:%s/his/sub", OTHER, 0777},
                {"FILE:%s/his/cc", OTHER, 0777}, {"FILE:%s/his/cc_XXXXXX", OTHER, 01777},
                {"FILE:%s/his/cc", 0, 0777},     {"DIR:%s/his", NOBODY, 01777},
                {"DIR:%s/his", 0, 01777}};
    char *path = talloc_asprintf(mem, "%s/his", folder);
    char *type = talloc_strdup(mem, rows[_i].type), *at = strstr(type, "%s");
    const char *name;

    *at = '\0';
    type = talloc_asprintf(mem, "%s%s%s", type, folder, at + 2);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(chown(path, rows[_i].owner, rows[_i].owner), 0);
    ck_assert_int_eq(chmod(path, rows[_i].mode), 0);
    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name),
                     TL_REASON_CCACHE_FAILED);
    ck_assert_ptr_null(name);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* The name in the last of all events that are there, or "". */
static void last_name(int notify, char *name, size_t size)
{
    char buf[4096] __attribute__((aligned(8)));
    ssize_t n;

    while ((n = read(notify, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const void *)(buf + at);

            if (event->len > 0)
                snprintf(name, size, "%s", event->name);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
}

/* Another user, who sees each new name in the folder through inotify, and tries to take
 * it as soon as it is free. */
static pid_t start_racer(void)
{
    char name[NAME_MAX + 1] = "x";
    int started[2];
    pid_t pid;

    ck_assert_int_eq(pipe(started), 0);
    pid = fork();
    if (pid == 0) {
        int notify = inotify_init1(IN_NONBLOCK);

        if (setgid(OTHER) != 0 || setuid(OTHER) != 0 || chdir(folder) != 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
            inotify_add_watch(notify, ".", IN_CREATE | IN_MOVED_TO) < 0)
            _exit(1);
        close(started[1]);
        for (;;) {
            last_name(notify, name, sizeof(name));
            for (int i = 0; i < 50; i++)
                close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0666));
        }
    }
    close(started[1]);
    ck_assert_int_eq(read(started[0], name, 1), 0);
    close(started[0]);
    return pid;
}

/* New names and one that is given: no name is free in between. */
START_TEST(test_racer)
{
    char *unique = talloc_asprintf(mem, "FILE:%s/krb5cc_%%{uid}_XXXXXX", folder);
    char *fixed = talloc_asprintf(mem, "FILE:%s/cc", folder);
    int failed = 0, stores = 0;
    const char *name;
    pid_t racer;

    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, fixed, NULL, &name), TL_REASON_OK);
    racer = start_racer();
    for (; stores < 100; stores++) {
        enum tl_reason reason = store(TL_CCACHE_ESTABLISH, unique, NULL, &name);

        if (reason == TL_REASON_OK)
            check_file(name);
        failed += reason != TL_REASON_OK;
        failed += store(TL_CCACHE_REINITIALIZE, NULL, fixed, &name) != TL_REASON_OK;
    }
    check_file(fixed);
    kill(racer, SIGKILL);
    ck_assert_int_eq(waitpid(racer, NULL, 0), racer);
    ck_assert_msg(failed == 0, "%d of %d failed: %s", failed, 2 * stores, out->detail);
}
END_TEST

static int tell_about_myself(struct ccache_job *job)
{
    char buf[64];
    long keyring =
        syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    long found = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
                         "trustlogon-test", 0);

    snprintf(job->name, sizeof(job->name), "dumpable %d, %s, %s", prctl(PR_GET_DUMPABLE),
             keyring == *(long *)job->arg ? "root's" : "its own",
             found < 0 ? "nothing" : "root's key");
    return readlink("/proc/self/exe", buf, sizeof(buf)) > 0 ? 0 : -1;
}

static bool tells(long keyring)
{
    struct ccache_job job = {.k5 = k5,
                             .uid = NOBODY,
                             .gid = NOBODY,
                             .seconds = 5,
                             .work = tell_about_myself,
                             .arg = &keyring};
    struct ccache_report report;
    int status = tli_ccache_as_user(&job, &report);

    if (status == 0 &&
        strcmp(report.text, keyring < 0 ? "dumpable 0, root's, nothing"
                                        : "dumpable 0, its own, nothing") == 0)
        return true;
    fprintf(stderr, "%d: %s\n", status, report.text);
    return false;
}

/* The child's memory is a copy of root's, and root's session keyring comes along. What a
 * change of ids leaves of "dumpable" depends on fs.suid_dumpable; the second time none
 * changes. */
START_TEST(test_nothing_of_roots)
{
    long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    int status;
    pid_t pid;

    (void)syscall(SYS_add_key, "user", "trustlogon-test", "x", (size_t)1,
                  KEY_SPEC_SESSION_KEYRING);
    ck_assert(tells(keyring));
    pid = fork();
    if (pid == 0)
        _exit(setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
                      prctl(PR_SET_DUMPABLE, 1) == 0 && tells(keyring) &&
                      prctl(PR_GET_DUMPABLE) == 1
                  ? 0
                  : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

static int stop_myself(struct ccache_job *job)
{
    (void)raise(SIGSTOP);
    return 0;
}

/* The user owns the process that works for him, and may stop it. */
START_TEST(test_stopped)
{
    struct ccache_job job = {
        .k5 = k5, .uid = NOBODY, .gid = NOBODY, .seconds = 1, .work = stop_myself};
    struct ccache_report report;
    char path[64], line[32];
    pid_t waiter, child = 0;
    int status;
    FILE *file;

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* the orphan is ours */
    waiter = fork();
    if (waiter == 0)
        _exit(tli_ccache_as_user(&job, &report) == -1 ? 0 : 1);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)waiter, (int)waiter);
    while (child == 0) {
        file = fopen(path, "r");
        child = file != NULL && fgets(line, sizeof(line), file) != NULL ? atoi(line) : 0;
        if (file != NULL)
            fclose(file);
    }
    ck_assert_int_eq(waitpid(waiter, &status, 0), waiter);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ccache_attack");
    TCase *tc = tcase_create("ccache");

    if (geteuid() != 0)
        return 77;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_attack, 0, 9);
    tcase_add_test(tc, test_not_as_root);
    tcase_add_test(tc, test_try);
    tcase_add_loop_test(tc, test_folder_of_another, 0, 7);
    tcase_add_test(tc, test_racer);
    tcase_add_test(tc, test_nothing_of_roots);
    tcase_add_test(tc, test_stopped);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
