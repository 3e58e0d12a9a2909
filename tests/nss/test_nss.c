/* SPDX-License-Identifier: MIT
 *
 * test_nss.c - the NSS module on a store of the test's: every entry point, every buffer
 * size, threads that fork, signal handlers, and that a hit is nothing but memory.
 */
#include <check.h>
#include <errno.h>
#include <link.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/run_suite.h"
#include "heap.h"
#include "module.h"
#include "store/writer.h"

#define SID "S-1-5-21-1-2-3-"
#define UID 201105
#define GID 200513
#define BIG 300

static const struct tli_store_range range = {200000, 399999};
static struct tli_store *store;
static struct nss_module nss;
static uint32_t many_gids[BIG];

static void put_alice(void)
{
    const char *aliases[] = {"CONTOSO\\alice", NULL};
    const char *members[] = {"alice@contoso.test", "bob@contoso.test"};
    struct tli_store_life life = {UINT32_MAX, UINT32_MAX};
    struct tli_store_user user = {.name = "alice@contoso.test",
                                  .aliases = aliases,
                                  .sid = SID "1105",
                                  .uid = UID,
                                  .gid = GID,
                                  .gecos = "Alice",
                                  .home = "/home/alice",
                                  .shell = "/bin/sh",
                                  .life = life};
    struct tli_store_group group = {.name = "domain users@contoso.test",
                                    .sid = SID "513",
                                    .gid = GID,
                                    .members = members,
                                    .num_members = 2,
                                    .life = life};

    for (uint32_t i = 0; i < BIG; i++)
        many_gids[i] = 300000 + i;
    many_gids[7] = GID;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(tli_store_put_gids(store, UID, many_gids, BIG, &life), 0);
    /* Known not to exist, so that the agent need not be asked. */
    ck_assert_int_eq(tli_store_put_missing_name(store, TL_STORE_USER_NAME,
                                                "nobody@contoso.test", UINT32_MAX),
                     0);
}

static void setup(void)
{
    unlink(TEST_STORE);
    ck_assert_int_eq(tli_store_open(NULL, TEST_STORE, &range, 1, &store), 0);
    put_alice();
    ck_assert(nss_module_open(TEST_MODULE, "trustlogon", &nss));
}

static void teardown(void)
{
    talloc_free(store);
    unlink(TEST_STORE);
    unlink(TEST_STORE ".lock");
}

/* 0, or the line that failed; for places where check's own functions cannot go. */
static int all_hits(void)
{
    gid_t own[BIG + 1], *groups = own;
    char buffer[512];
    struct passwd pw;
    struct group gr;
    long start = 0, size = BIG + 1;
    int err = 0;

    if (nss.getpwnam("CONTOSO\\Alice", &pw, buffer, sizeof(buffer), &err) !=
            NSS_STATUS_SUCCESS ||
        pw.pw_uid != UID || strcmp(pw.pw_name, "alice@contoso.test") != 0)
        return __LINE__;
    if (nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err) != NSS_STATUS_SUCCESS ||
        pw.pw_gid != GID || strcmp(pw.pw_dir, "/home/alice") != 0)
        return __LINE__;
    if (nss.getgrnam("Domain Users@contoso.test", &gr, buffer, sizeof(buffer), &err) !=
            NSS_STATUS_SUCCESS ||
        gr.gr_gid != GID)
        return __LINE__;
    if (nss.getgrgid(GID, &gr, buffer, sizeof(buffer), &err) != NSS_STATUS_SUCCESS ||
        strcmp(gr.gr_mem[1], "bob@contoso.test") != 0 || gr.gr_mem[2] != NULL)
        return __LINE__;
    if (nss.initgroups("alice@contoso.test", GID, &start, &size, &groups, 0, &err) !=
            NSS_STATUS_SUCCESS ||
        start != BIG - 1 || own[0] != 300000 || own[BIG - 2] != 300000 + BIG - 1)
        return __LINE__;
    if (nss.getpwnam("nobody@contoso.test", &pw, buffer, sizeof(buffer), &err) !=
            NSS_STATUS_NOTFOUND ||
        nss.getpwuid(0, &pw, buffer, sizeof(buffer), &err) != NSS_STATUS_NOTFOUND)
        return __LINE__;
    return err == 0 ? 0 : __LINE__;
}

START_TEST(every_hit)
{
    struct passwd pw;
    char buffer[256];
    int err = 0;

    ck_assert_int_eq(all_hits(), 0);
    nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err);
    ck_assert_str_eq(pw.pw_passwd, "*");
    ck_assert_str_eq(pw.pw_gecos, "Alice");
    ck_assert_str_eq(pw.pw_shell, "/bin/sh");
}
END_TEST

START_TEST(not_ours)
{
    static const char *const names[] = {"", "root", "alice", "contoso.test"};
    char buffer[64];
    struct passwd pw;
    struct group gr;
    gid_t *groups = NULL;
    long start = 0, size = 0;
    int err = 42;

    errno = 43;
    for (size_t i = 0; i < COUNT(names); i++) {
        ck_assert_int_eq(nss.getpwnam(names[i], &pw, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(nss.getgrnam(names[i], &gr, buffer, sizeof(buffer), &err),
                         NSS_STATUS_NOTFOUND);
        ck_assert_int_eq(nss.initgroups(names[i], 0, &start, &size, &groups, 0, &err),
                         NSS_STATUS_NOTFOUND);
    }
    ck_assert_int_eq(nss.getpwnam(NULL, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(nss.getpwuid(UINT32_MAX, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(nss.getgrgid(0, &gr, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    /* "Not found" says nothing else. */
    ck_assert_int_eq(err, 42);
    ck_assert_int_eq(errno, 43);
}
END_TEST

START_TEST(no_enumeration)
{
    char buffer[256];
    struct passwd pw;
    struct group gr;
    int err = 0;

    ck_assert_int_eq(nss.setpwent(0), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(nss.getpwent(&pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(nss.endpwent(), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(nss.setgrent(0), NSS_STATUS_SUCCESS);
    ck_assert_int_eq(nss.getgrent(&gr, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(nss.endgrent(), NSS_STATUS_SUCCESS);
}
END_TEST

/* Each size up to enough, each alignment; the buffer is exactly as large as said, so
 * that AddressSanitizer sees a byte too many. */
START_TEST(buffer_sizes)
{
    size_t pw_need = strlen("alice@contoso.test") + strlen("Alice") +
                     strlen("/home/alice") + strlen("/bin/sh") + 4;
    size_t gr_need = strlen("domain users@contoso.test") + strlen("alice@contoso.test") +
                     strlen("bob@contoso.test") + 3 + 3 * sizeof(char *);

    for (size_t shift = 0; shift < sizeof(char *); shift++) {
        size_t gap = (sizeof(char *) - shift) % sizeof(char *);

        for (size_t size = 0; size <= gr_need + gap + 2; size++) {
            char *buffer = malloc(shift + size + 1);
            struct passwd pw = {.pw_uid = 7};
            struct group gr = {.gr_gid = 7};
            int err = 0;
            bool fits = size >= pw_need;

            buffer[shift + size] = 'x';
            ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer + shift, size, &err),
                             fits ? NSS_STATUS_SUCCESS : NSS_STATUS_TRYAGAIN);
            ck_assert_int_eq(err, fits ? 0 : ERANGE);
            ck_assert_uint_eq(pw.pw_uid, fits ? UID : 7);
            fits = size >= gr_need + gap;
            err = 0;
            ck_assert_int_eq(nss.getgrgid(GID, &gr, buffer + shift, size, &err),
                             fits ? NSS_STATUS_SUCCESS : NSS_STATUS_TRYAGAIN);
            ck_assert_int_eq(err, fits ? 0 : ERANGE);
            ck_assert_uint_eq(gr.gr_gid, fits ? GID : 7);
            ck_assert_int_eq(buffer[shift + size], 'x');
            free(buffer);
        }
    }
}
END_TEST

static const struct {
    long start, size, limit, expect;
} arrays[] = {
    {0, 1, 0, BIG - 1},   {1, 1, 0, BIG}, {1, BIG, 0, BIG}, {1, 16, 16, 16},
    {1, 1, BIG + 5, BIG}, {5, 8, 5, 5},   {1, 64, 1, 1},    {0, BIG * 2, 10, 10},
};

START_TEST(group_arrays)
{
    long start = arrays[_i].start, size = arrays[_i].size;
    gid_t *groups = calloc((size_t)size, sizeof(*groups));
    int err = 0;

    groups[0] = 12345;
    ck_assert_int_eq(nss.initgroups("contoso\\alice", GID, &start, &size, &groups,
                                    arrays[_i].limit, &err),
                     NSS_STATUS_SUCCESS);
    ck_assert_int_eq(start, arrays[_i].expect);
    ck_assert_int_ge(size, start);
    for (long i = arrays[_i].start; i < start; i++)
        ck_assert_uint_ne(groups[i], GID);
    if (arrays[_i].start > 0)
        ck_assert_uint_eq(groups[0], 12345);
    free(groups);
}
END_TEST

/* In strict mode any system call but read, write, exit and sigreturn is death. */
START_TEST(a_hit_is_only_memory)
{
    unsigned long before;
    int status, rc = all_hits();
    pid_t pid;

    ck_assert_int_eq(rc, 0);
    pid = fork();
    if (pid == 0) {
        rc = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0 ? all_hits() : 255;
        syscall(SYS_exit, rc == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x",
                  (unsigned)status);
    before = heap_calls();
    rc = all_hits();
    ck_assert_uint_eq(heap_calls(), before);
    ck_assert_int_eq(rc, 0);
}
END_TEST

static int look_at_object(struct dl_phdr_info *info, size_t size, void *data)
{
    if (strcmp(info->dlpi_name, TEST_MODULE) != 0)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        *(bool *)data = *(bool *)data || info->dlpi_phdr[i].p_type == PT_TLS;
    return 1;
}

START_TEST(no_thread_local_data)
{
    bool tls = false;

    ck_assert_int_eq(dl_iterate_phdr(look_at_object, &tls), 1);
    ck_assert(!tls);
}
END_TEST

static void *look_up_forever(void *stop)
{
    uintptr_t failed = 0;

    while (!atomic_load((atomic_bool *)stop) && failed == 0)
        failed = (uintptr_t)all_hits();
    return (void *)failed;
}

/* Children forked in the middle of other threads' look-ups, while the file is
 * replaced. */
START_TEST(forks_among_threads)
{
    atomic_bool stop = false;
    pthread_t threads[4];
    void *failed;

    ck_assert_int_eq(all_hits(), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, look_up_forever, &stop);
    for (unsigned i = 0; i < 60; i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            alarm(20);
            for (unsigned j = 0; j < 20; j++) {
                if (all_hits() != 0)
                    _exit(1);
            }
            _exit(0);
        }
        ck_assert_int_eq(tli_store_compact(store), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], &failed);
        ck_assert_uint_eq((uintptr_t)failed, 0);
    }
}
END_TEST

static volatile sig_atomic_t signals, signal_failed;

static void in_handler(int number)
{
    int rc = all_hits();

    signals = signals + 1;
    if (rc != 0)
        signal_failed = rc;
}

START_TEST(in_signal_handlers)
{
    struct sigaction action = {.sa_handler = in_handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};

    ck_assert_int_eq(all_hits(), 0);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned i = 0; i < 200 || signals < 50; i++) {
        ck_assert_int_eq(all_hits(), 0);
        if (i % 16 == 0)
            ck_assert_int_eq(tli_store_compact(store), 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_eq(signal_failed, 0);
}
END_TEST

/* No file, then a file, then one that is not a store. */
START_TEST(files_come_and_go)
{
    char buffer[256];
    struct passwd pw;
    int err = 0;
    FILE *file;

    talloc_free(store);
    store = NULL;
    unlink(TEST_STORE);
    ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    file = fopen(TEST_STORE, "w");
    fputs("not a store", file);
    fclose(file);
    ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_NOTFOUND);
    ck_assert_int_eq(tli_store_open(NULL, TEST_STORE, &range, 1, &store), 0);
    ck_assert_int_eq(nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_UNAVAIL); /* ours, but there is no agent to ask */
    put_alice();
    ck_assert_int_eq(all_hits(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss");
    TCase *tcase = tcase_create("module");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, every_hit);
    tcase_add_test(tcase, not_ours);
    tcase_add_test(tcase, no_enumeration);
    tcase_add_test(tcase, buffer_sizes);
    tcase_add_loop_test(tcase, group_arrays, 0, COUNT(arrays));
    tcase_add_test(tcase, a_hit_is_only_memory);
    tcase_add_test(tcase, no_thread_local_data);
    tcase_add_test(tcase, forks_among_threads);
    tcase_add_test(tcase, in_signal_handlers);
    tcase_add_test(tcase, files_come_and_go);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
