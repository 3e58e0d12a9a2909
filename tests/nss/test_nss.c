/* SPDX-License-Identifier: MIT
 *
 * test_nss.c - the NSS module on a store of the test's: every entry point and every
 * buffer size, and that a hit is nothing but memory.
 */
#include <check.h>
#include <errno.h>
#include <link.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"
#include "stored_alice.h"

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
    /* "Not found" leaves *errnop and errno alone. */
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
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
