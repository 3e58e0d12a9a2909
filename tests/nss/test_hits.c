/* SPDX-License-Identifier: MIT
 *
 * test_hits.c - what is in the identity store, and what is known there not to exist, is
 * answered from memory alone: no system call, no allocation, for one group or 300.
 */
#include <check.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/run_suite.h"
#include "heap.h"
#include "module.h"
#include "nss_store.h"

#define FIRST 200000
#define GROUPS 300
#define ROUNDS 1000

static struct nss_module nss;

static void put(uint32_t id, const char *name, size_t num_gids)
{
    static const struct tli_store_life life = {UINT32_MAX, UINT32_MAX,
                                               TL_STORE_SOURCE_PAC};
    char sid[64];
    uint32_t gids[GROUPS];
    struct tli_store_user user = {.name = name,
                                  .sid = sid,
                                  .uid = FIRST + id,
                                  .gid = FIRST,
                                  .home = "/home/x",
                                  .shell = "/bin/sh",
                                  .life = life};

    snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%u", id);
    for (uint32_t i = 0; i < GROUPS; i++)
        gids[i] = FIRST + i;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_gids(store, FIRST + id, gids, num_gids, &life), 0);
}

static void setup(void)
{
    open_store();
    put(1, "one@contoso.test", 1);
    put(2, "many@contoso.test", GROUPS);
    ck_assert_int_eq(tli_store_put_missing_name(store, TL_STORE_USER_NAME,
                                                "gone@contoso.test", UINT32_MAX),
                     0);
    ck_assert_int_eq(
        tli_store_put_missing_id(store, TL_STORE_USER_ID, FIRST + 3, UINT32_MAX), 0);
    ck_assert(nss_module_open(TEST_MODULE, "trustlogon", &nss));
}

/* Whole names are answered from memory alone where bare names are another domain's, or
 * are not shown; only an answer with a bare name in it is held against the machine's own
 * accounts. */
static void setup_bare(void)
{
    setup();
    ck_assert_int_eq(tli_store_set_bare(store, "fabrikam.test", true), 0);
}

static void setup_not_shown(void)
{
    setup();
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", false), 0);
}

static void teardown(void)
{
    close_store();
}

static bool is_user(const char *name, uid_t uid)
{
    struct passwd pw;
    char buffer[256];
    int err;

    return nss.getpwnam(name, &pw, buffer, sizeof(buffer), &err) == NSS_STATUS_SUCCESS &&
           pw.pw_uid == uid &&
           nss.getpwuid(uid, &pw, buffer, sizeof(buffer), &err) == NSS_STATUS_SUCCESS &&
           strcmp(pw.pw_name, name) == 0;
}

static bool is_nobody(const char *name, uid_t uid)
{
    struct passwd pw;
    char buffer[256];
    int err;

    return nss.getpwnam(name, &pw, buffer, sizeof(buffer), &err) == NSS_STATUS_NOTFOUND &&
           nss.getpwuid(uid, &pw, buffer, sizeof(buffer), &err) == NSS_STATUS_NOTFOUND;
}

static bool is_in(const char *name, long num_gids)
{
    gid_t gids[GROUPS + 1], *groups = gids;
    long start = 0, size = GROUPS + 1;
    int err;

    return nss.initgroups(name, 1, &start, &size, &groups, 0, &err) ==
               NSS_STATUS_SUCCESS &&
           start == num_gids && gids[num_gids - 1] == FIRST + (gid_t)num_gids - 1;
}

/* Every call, and that its answer is the right one. */
static bool round_of_hits(void)
{
    return is_user("one@contoso.test", FIRST + 1) && is_in("one@contoso.test", 1) &&
           is_in("many@contoso.test", GROUPS) &&
           is_nobody("gone@contoso.test", FIRST + 3);
}

static bool many_rounds(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        if (!round_of_hits())
            return false;
    return true;
}

/* In strict mode any system call but read, write, exit and sigreturn is death. */
START_TEST(no_system_call)
{
    pid_t pid;
    int status;

    ck_assert(round_of_hits()); /* maps the store */
    pid = fork();
    if (pid == 0) {
        bool good = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0 && many_rounds();

        syscall(SYS_exit, good ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x",
                  (unsigned)status);
}
END_TEST

START_TEST(no_allocation)
{
    unsigned long before;
    bool good;

    ck_assert(round_of_hits());
    before = heap_calls();
    good = many_rounds();
    ck_assert_uint_eq(heap_calls(), before);
    ck_assert(good);
    free(strdup("x")); /* the counter counts */
    ck_assert_uint_gt(heap_calls(), before);
}
END_TEST

static void add(Suite *suite, const char *name, void (*prepare)(void))
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, prepare, teardown);
    tcase_add_test(tcase, no_system_call);
    tcase_add_test(tcase, no_allocation);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("nss_hits");

    add(suite, "hits", setup);
    add(suite, "hits, bare names of another domain", setup_bare);
    add(suite, "hits, bare names that are not shown", setup_not_shown);
    return run_suite(suite);
}
