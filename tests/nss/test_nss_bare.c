/* SPDX-License-Identifier: MIT
 *
 * test_nss_bare.c - names without a domain (bare_names, show_bare_names): whose they
 * are, what is shown, when the agent is asked, and that an account of the machine wins
 * whenever it was made.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/fixtures.h"
#include "module.h"
#include "nss_agent.h"

#define CONTOSO "S-1-5-21-1-2-3-"
#define FABRIKAM "S-1-5-21-4-5-6-"
#define ALICE 201105
#define BOB 201106
#define SALES 201200
#define OTHER 301105

static const struct tli_store_life life = {UINT32_MAX, UINT32_MAX, TL_STORE_SOURCE_PAC};
static struct nss_module nss;
static char buffer[1024];
static struct passwd pw;
static struct group gr;
static int err;

static void put_user(const char *sam, const char *dns, const char *sid, uint32_t uid)
{
    char name[64], alias[64], whole[64];
    const char *aliases[] = {alias, NULL};
    const uint32_t gids[] = {SALES, uid};
    struct tli_store_user user = {.name = name,
                                  .aliases = aliases,
                                  .sid = whole,
                                  .uid = uid,
                                  .gid = SALES,
                                  .home = "/home/x",
                                  .shell = "/bin/sh",
                                  .life = life};

    snprintf(name, sizeof(name), "%s@%s", sam, dns);
    snprintf(alias, sizeof(alias), "%s\\%s", dns, sam);
    snprintf(whole, sizeof(whole), "%s%u", sid, uid % 10000);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_gids(store, uid, gids, 2, &life), 0);
}

static void put_group(const char *sam, uint32_t gid)
{
    const char *members[] = {"alice@contoso.test", "alice@fabrikam.test",
                             "bob@contoso.test"};
    char name[64], alias[64], sid[64];
    const char *aliases[] = {alias, NULL};
    struct tli_store_group group = {.name = name,
                                    .aliases = aliases,
                                    .sid = sid,
                                    .gid = gid,
                                    .members = members,
                                    .num_members = COUNT(members),
                                    .life = life};

    snprintf(name, sizeof(name), "%s@contoso.test", sam);
    snprintf(alias, sizeof(alias), "contoso.test\\%s", sam);
    snprintf(sid, sizeof(sid), CONTOSO "%u", gid % 10000);
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
}

static void bare(const char *domain, bool shown)
{
    ck_assert_int_eq(tli_store_set_bare(store, domain, shown), 0);
}

static uint32_t knows_nobody(const struct tli_wire_msg *request)
{
    bool user = request->lookup <= TL_LOOKUP_USER_ID;

    if (request->user != NULL)
        (void)tli_store_put_missing_name(store, (enum tli_store_class)request->lookup,
                                         request->user, tli_store_now() + 100);
    return user ? TL_WIRE_NO_SUCH_USER : TL_WIRE_NO_SUCH_GROUP;
}

static void setup(void)
{
    write_text(TEST_PASSWD, "root:x:0:0:root:/root:/bin/sh\nlocal:x:1001:1001::/:\n");
    write_text(TEST_GROUP, "root:x:0:\nlocals:x:1001:bob\n");
    open_store_and_socket();
    put_user("alice", "contoso.test", CONTOSO, ALICE);
    put_user("bob", "contoso.test", CONTOSO, BOB);
    put_user("alice", "fabrikam.test", FABRIKAM, OTHER);
    put_group("sales", SALES);
    start(FAKE_ANSWERS, knows_nobody);
    ck_assert(nss_module_open(TEST_MODULE, "trustlogon", &nss));
}

static void teardown(void)
{
    close_store_and_socket();
    unlink(TEST_PASSWD);
    unlink(TEST_GROUP);
}

/* The name that is shown, or NULL. */
static const char *user(const char *name)
{
    enum nss_status status = nss.getpwnam(name, &pw, buffer, sizeof(buffer), &err);

    ck_assert_msg(status == NSS_STATUS_SUCCESS || status == NSS_STATUS_NOTFOUND, "%s: %d",
                  name, status);
    return status == NSS_STATUS_SUCCESS ? pw.pw_name : NULL;
}

static const char *uid(uid_t id)
{
    return nss.getpwuid(id, &pw, buffer, sizeof(buffer), &err) == NSS_STATUS_SUCCESS
               ? pw.pw_name
               : NULL;
}

static const char *group(const char *name)
{
    return nss.getgrnam(name, &gr, buffer, sizeof(buffer), &err) == NSS_STATUS_SUCCESS
               ? gr.gr_name
               : NULL;
}

static long groups_of(const char *name)
{
    long start = 0, size = 1;
    gid_t *gids = calloc(1, sizeof(*gids));
    enum nss_status status = nss.initgroups(name, 1, &start, &size, &gids, 0, &err);

    free(gids);
    return status == NSS_STATUS_SUCCESS ? start : -1;
}

START_TEST(off)
{
    ck_assert_ptr_null(user("alice"));
    ck_assert_ptr_null(group("sales"));
    ck_assert_int_eq(groups_of("alice"), -1);
    ck_assert_ptr_null(user("nobody-at-all"));
    ck_assert_str_eq(uid(ALICE), "alice@contoso.test");
    ck_assert_uint_eq(questions(), 0);
}
END_TEST

/* On records that were there before. */
START_TEST(shown)
{
    static const char *const forms[] = {"alice", "ALICE", "contoso.test\\alice",
                                        "alice@contoso.test"};

    bare("contoso.test", true);
    for (size_t i = 0; i < COUNT(forms); i++) {
        ck_assert_str_eq(user(forms[i]), "alice");
        ck_assert_uint_eq(pw.pw_uid, ALICE);
        ck_assert_int_eq(groups_of(forms[i]), 2);
    }
    ck_assert_str_eq(uid(ALICE), "alice");
    ck_assert_str_eq(uid(OTHER), "alice@fabrikam.test");
    ck_assert_str_eq(user("fabrikam.test\\alice"), "alice@fabrikam.test");
    ck_assert_str_eq(group("Sales"), "sales");
    ck_assert_str_eq(gr.gr_mem[0], "alice");
    ck_assert_str_eq(gr.gr_mem[1], "alice@fabrikam.test");
    ck_assert_str_eq(gr.gr_mem[2], "bob");
    ck_assert_ptr_null(gr.gr_mem[3]);
    ck_assert_int_eq(nss.getgrgid(SALES, &gr, buffer, sizeof(buffer), &err),
                     NSS_STATUS_SUCCESS);
    ck_assert_str_eq(gr.gr_name, "sales");
    ck_assert_uint_eq(questions(), 0);
}
END_TEST

START_TEST(not_shown)
{
    bare("contoso.test", false);
    ck_assert_str_eq(user("alice"), "alice@contoso.test");
    ck_assert_str_eq(uid(ALICE), "alice@contoso.test");
    ck_assert_str_eq(group("sales"), "sales@contoso.test");
    ck_assert_str_eq(gr.gr_mem[2], "bob@contoso.test");
    ck_assert_int_eq(groups_of("alice"), 2);
}
END_TEST

START_TEST(another_domain_by_a_change)
{
    bare("contoso.test", true);
    ck_assert_str_eq(user("alice"), "alice");
    ck_assert_uint_eq(pw.pw_uid, ALICE);
    bare("fabrikam.test", true);
    ck_assert_str_eq(user("alice"), "alice");
    ck_assert_uint_eq(pw.pw_uid, OTHER);
    ck_assert_str_eq(uid(ALICE), "alice@contoso.test");
    ck_assert_ptr_null(user("bob"));
    bare(NULL, true);
    ck_assert_ptr_null(user("alice"));
    ck_assert_str_eq(uid(OTHER), "alice@fabrikam.test");
}
END_TEST

/* Accounts that are made when the domain's users have long been known. */
START_TEST(the_machines_own_win)
{
    bare("contoso.test", true);
    ck_assert_str_eq(user("bob"), "bob");
    write_text(TEST_PASSWD, "root:x:0:0::/:\nBob:x:1002:1002::/:\n");
    ck_assert_ptr_null(user("bob"));
    ck_assert_int_eq(groups_of("bob"), -1);
    ck_assert_str_eq(uid(BOB), "bob@contoso.test");
    ck_assert_str_eq(user("contoso.test\\bob"), "bob@contoso.test");
    ck_assert_int_eq(groups_of("bob@contoso.test"), 2);
    ck_assert_str_eq(group("sales"), "sales");
    ck_assert_str_eq(gr.gr_mem[0], "alice");
    ck_assert_str_eq(gr.gr_mem[2], "bob@contoso.test");
    write_text(TEST_PASSWD, "Alice@Fabrikam.test:x:1002:1002::/:\n");
    ck_assert_str_eq(group("sales"), "sales");
    ck_assert_str_eq(gr.gr_mem[0], "alice");
    ck_assert_str_eq(gr.gr_mem[1], "alice@fabrikam.test");
    ck_assert_str_eq(gr.gr_mem[2], "bob");
    write_text(TEST_GROUP, "sales:x:1003:");
    ck_assert_ptr_null(group("sales"));
    ck_assert_str_eq(group("contoso.test\\sales"), "sales@contoso.test");
    write_text(TEST_PASSWD, "x:x:201105:1::/:\n");
    ck_assert_ptr_null(user("alice"));
    ck_assert_ptr_null(uid(ALICE));
    ck_assert_int_eq(groups_of("alice"), -1);
    ck_assert_uint_eq(questions(), 0);
    unlink(TEST_PASSWD);
    ck_assert_str_eq(user("alice"), "alice");
}
END_TEST

/* Any name that the domain gives its accounts. */
START_TEST(never_bare)
{
    static const char *const names[] = {"root",
                                        "Root",
                                        "DAEMON",
                                        "sudo",
                                        "docker",
                                        "adm",
                                        "admin",
                                        "wheel",
                                        "lxd",
                                        "shadow",
                                        "disk",
                                        "users",
                                        "_apt",
                                        "systemd-network",
                                        "nobody",
                                        "012345",
                                        "1000",
                                        "-x",
                                        "+x",
                                        "%x",
                                        "#0",
                                        "~x",
                                        "!x",
                                        ".",
                                        "..",
                                        " x",
                                        "x ",
                                        "x:y",
                                        "a/b",
                                        "a,b",
                                        "x\ny",
                                        "\x7f",
                                        "ubuntu",
                                        "NoPasswdLogin",
                                        "google-sudoers",
                                        "mock",
                                        "stapdev",
                                        "Debian-exim",
                                        "root\u200b",
                                        "a\u00a0b",
                                        "a\u202eb",
                                        "\u2066a",
                                        "\ufeffa",
                                        "a\u3000",
                                        "a\u00ad",
                                        "a\u2028"};
    char name[300];

    bare("contoso.test", true);
    put_user("root", "contoso.test", CONTOSO, 202000);
    put_group("docker", 202001);
    put_user("1000", "contoso.test", CONTOSO, 202002);
    for (size_t i = 0; i < COUNT(names); i++) {
        ck_assert_ptr_null(user(names[i]));
        ck_assert_ptr_null(group(names[i]));
        ck_assert_int_eq(groups_of(names[i]), -1);
    }
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_ptr_null(user(name));
    ck_assert_str_eq(uid(202000), "root@contoso.test");
    ck_assert_str_eq(uid(202002), "1000@contoso.test");
    put_user("root\u200b", "contoso.test", CONTOSO, 202003);
    ck_assert_str_eq(uid(202003), "root\u200b@contoso.test");
    put_user("j\u00fcrgen\u00e2", "contoso.test", CONTOSO, 202004);
    ck_assert_str_eq(uid(202004), "j\u00fcrgen\u00e2");
    ck_assert_uint_eq(
        nss.getpwnam("j\u00fcrgen\u00e2", &pw, buffer, sizeof(buffer), &err),
        NSS_STATUS_SUCCESS);
    ck_assert_str_eq(group("contoso.test\\docker"), "docker@contoso.test");
    ck_assert_uint_eq(questions(), 0);
}
END_TEST

/* At most one question, and none for what the machine has. */
START_TEST(unknown)
{
    bare("contoso.test", true);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_ptr_null(user("carl"));
        ck_assert_int_eq(groups_of("carl"), -1);
        ck_assert_uint_eq(questions(), 1);
    }
    ck_assert_ptr_null(user("contoso.test\\carl"));
    ck_assert_uint_eq(questions(), 1);
    ck_assert_ptr_null(group("carl"));
    ck_assert_uint_eq(questions(), 2);
    ck_assert_ptr_null(user("local"));
    ck_assert_ptr_null(user("LOCAL"));
    ck_assert_ptr_null(group("locals"));
    ck_assert_uint_eq(questions(), 2);
}
END_TEST

/* Where the module cannot read whether the machine has the name, no user has it. */
START_TEST(unreadable)
{
    bare("contoso.test", true);
    unlink(TEST_PASSWD);
    ck_assert_int_eq(mkdir(TEST_PASSWD, 0700), 0);
    errno = 42;
    ck_assert_int_eq(nss.getpwnam("alice", &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_UNAVAIL);
    ck_assert_int_eq(nss.getpwuid(ALICE, &pw, buffer, sizeof(buffer), &err),
                     NSS_STATUS_UNAVAIL);
    ck_assert_int_eq(nss.getgrgid(SALES, &gr, buffer, sizeof(buffer), &err),
                     NSS_STATUS_UNAVAIL);
    ck_assert_int_eq(groups_of("alice"), -1);
    ck_assert_int_eq(errno, 42);
    ck_assert_int_eq(err, EAGAIN);
    ck_assert_str_eq(user("fabrikam.test\\alice"), "alice@fabrikam.test");
    ck_assert_int_eq(rmdir(TEST_PASSWD), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nss_bare");
    TCase *tcase = tcase_create("bare");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, off);
    tcase_add_test(tcase, shown);
    tcase_add_test(tcase, not_shown);
    tcase_add_test(tcase, another_domain_by_a_change);
    tcase_add_test(tcase, the_machines_own_win);
    tcase_add_test(tcase, never_bare);
    tcase_add_test(tcase, unknown);
    tcase_add_test(tcase, unreadable);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
