/* SPDX-License-Identifier: MIT
 *
 * test_rfc2307.c - identities from what a directory says of unix accounts: what it may
 * give, and everything a hostile or careless one may try.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trustlogon/identity.h>

#include "fixtures.h"

#define FABRIKAM "S-1-5-21-100-1-1"
#define CONTOSO "S-1-5-21-200-1-1"
#define EU "S-1-5-21-200-2-2" /* known, without a range */

static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_topology *topo;
static struct tl_pac *pac;
static struct tl_unix_facts *facts;
static struct tl_local_ids *local;
static struct tl_trace_log *dropped;
static struct tl_outcome *out;

static void load_local(const char *passwd, const char *group)
{
    temp_path passwd_path, group_path;

    make_temp_file(passwd_path);
    make_temp_file(group_path);
    write_text(passwd_path, passwd);
    write_text(group_path, group);
    ck_assert_int_eq(tl_local_ids_load(ctx, passwd_path, group_path, &local), 0);
    unlink(passwd_path);
    unlink(group_path);
}

static void in_group(const char *sid)
{
    pac->groups = talloc_realloc(pac, pac->groups, struct tl_pac_group,
                                 (unsigned int)pac->num_groups + 1);
    pac->groups[pac->num_groups++] =
        (struct tl_pac_group){.sid = sid_of(sid), .attributes = 7};
}

static void group_has(const char *sid, uint32_t gid)
{
    facts->groups = talloc_realloc(facts, facts->groups, struct tl_unix_group,
                                   (unsigned int)facts->num_groups + 1);
    facts->groups[facts->num_groups++] =
        (struct tl_unix_group){.sid = sid_of(sid), .gid = gid};
}

/* alice of contoso.test, in Domain Users (20513) and, by gidNumber, Sales (20100). */
static void setup(void)
{
    ctx = talloc_new(NULL);
    config = tl_config_defaults(ctx);
    set_option(config, "idmap=rfc2307");
    set_option(config,
               "rfc2307_ranges=fabrikam.test:30000-39999,contoso.test:20000-29999");
    topo = new_topology(ctx);
    add_own_domain(topo, "fabrikam.test", "FABRIKAM", FABRIKAM);
    pac = talloc_zero(ctx, struct tl_pac);
    pac->account = "alice";
    pac->domain_sid = sid_of(CONTOSO);
    pac->user_sid = sid_of(CONTOSO "-1104");
    pac->user_rid = 1104;
    pac->primary_group_rid = 513;
    in_group(CONTOSO "-513");
    in_group(CONTOSO "-1200");
    facts = talloc_zero(ctx, struct tl_unix_facts);
    *facts = (struct tl_unix_facts){.has_uid = true,
                                    .uid = 20001,
                                    .has_gid = true,
                                    .gid = 20100,
                                    .gid_is_group = true,
                                    .gid_sid = sid_of(CONTOSO "-1200"),
                                    .home = "/export/alice",
                                    .shell = "/bin/zsh"};
    group_has(CONTOSO "-1200", 20100);
    group_has(CONTOSO "-513", 20513);
    load_local("root:x:0:0::/:/bin/sh\n", "root:x:0:\n");
    dropped = tl_trace_log_new(ctx);
    out = tl_outcome_new(ctx);
}

static void teardown(void)
{
    talloc_free(ctx);
}

static enum tl_reason build(struct tl_identity **identity)
{
    static const struct tl_workstation ws = {WS1_OF_FABRIKAM};
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, dropped);
    struct tl_identity_input in = {.config = config,
                                   .ws = &ws,
                                   .topo = topo,
                                   .pac = pac,
                                   .client = "alice@CONTOSO.TEST",
                                   .facts = facts,
                                   .local = local,
                                   .trace = &trace};

    return tl_identity_build(ctx, &in, identity, out);
}

static struct tl_identity *alice(void)
{
    struct tl_identity *identity = NULL;

    ck_assert_msg(build(&identity) == TL_REASON_OK, "%s", out->detail);
    return identity;
}

/* `word` is the attribute or the option that the journal must name. */
static void refused(enum tl_reason reason, const char *word)
{
    struct tl_identity *identity = (void *)1;

    ck_assert_int_eq(build(&identity), reason);
    ck_assert_ptr_null(identity);
    ck_assert_int_eq(out->reason, reason);
    ck_assert_int_eq(out->stage, TL_STAGE_IDENTITY);
    ck_assert_ptr_nonnull(out->subject);
    ck_assert_msg(strstr(out->detail, word) != NULL, "%s", out->detail);
}

static bool has_gid(const struct tl_identity *identity, uint32_t gid)
{
    for (size_t i = 0; i < identity->num_groups; i++)
        if (identity->groups[i].gid == gid)
            return true;
    return false;
}

START_TEST(as_the_directory_says)
{
    struct tl_identity *a = alice();

    ck_assert_uint_eq(a->uid, 20001);
    ck_assert_uint_eq(a->gid, 20100);
    ck_assert(!a->private_group);
    ck_assert_uint_eq(a->num_groups, 2);
    ck_assert_uint_eq(a->groups[0].gid, 20100); /* the primary one first */
    ck_assert_uint_eq(a->groups[1].gid, 20513);
    ck_assert_str_eq(a->home, "/export/alice");
    ck_assert_str_eq(a->shell, "/bin/zsh");
}
END_TEST

START_TEST(windows_primary_group)
{
    struct tl_identity *a;

    set_option(config, "unix_primary_group=no");
    facts->has_gid = false;
    a = alice();
    ck_assert_uint_eq(a->gid, 20513);
    ck_assert_uint_eq(a->groups[0].gid, 20513);
    facts->num_groups = 1; /* Domain Users does not have one */
    refused(TL_REASON_ID_UNMAPPABLE, "gidNumber");
    ck_assert_str_eq(out->subject, CONTOSO "-513");
}
END_TEST

START_TEST(without_facts_no_ids)
{
    facts = NULL;
    refused(TL_REASON_ID_UNMAPPABLE, "uidNumber");
}
END_TEST

START_TEST(no_number)
{
    facts->has_uid = false;
    refused(TL_REASON_ID_UNMAPPABLE, "uidNumber");
    facts->has_uid = true;
    facts->has_gid = false;
    refused(TL_REASON_ID_UNMAPPABLE, "gidNumber");
}
END_TEST

/* Ids of the system, of another domain, outside of all ranges. */
static const uint32_t strange[] = {0,     1,     999,   1000,          19999,
                                   30000, 39999, 65534, UINT32_MAX - 1};

START_TEST(numbers_of_others)
{
    facts->uid = strange[_i];
    refused(TL_REASON_ID_UNMAPPABLE, "rfc2307_ranges");
    facts->uid = 20001;
    facts->gid = strange[_i];
    refused(TL_REASON_ID_UNMAPPABLE, "rfc2307_ranges");
    facts->gid = 20100;
    facts->groups[1].gid = strange[_i];
    ck_assert(!has_gid(alice(), strange[_i]));
    ck_assert_uint_eq(dropped->count, 1);
    ck_assert_ptr_nonnull(strstr(dropped->events[0].text, "rfc2307_ranges"));
}
END_TEST

START_TEST(a_domain_without_a_range)
{
    set_option(config, "rfc2307_ranges=fabrikam.test:20000-29999");
    refused(TL_REASON_ID_UNMAPPABLE, "rfc2307_ranges");
}
END_TEST

/* Facts that lie about a group of another domain. */
START_TEST(groups_of_other_domains)
{
    struct tl_identity *a;

    in_group(FABRIKAM "-1300");
    in_group(FABRIKAM "-1301");
    in_group(EU "-1302");
    group_has(FABRIKAM "-1300", 30300);
    group_has(FABRIKAM "-1301", 20300);
    group_has(EU "-1302", 20302);
    a = alice();
    ck_assert(has_gid(a, 30300));
    ck_assert(!has_gid(a, 20300));
    ck_assert(!has_gid(a, 20302));
    ck_assert_uint_eq(a->num_groups, 3);
}
END_TEST

START_TEST(two_with_one_number)
{
    facts->uid_shared = true;
    refused(TL_REASON_ID_COLLISION, "uidNumber");
    facts->uid_shared = false;
    facts->gid_is_group = false;
    facts->gid_shared = true;
    refused(TL_REASON_ID_COLLISION, "gidNumber");
    facts->gid_shared = false;
    facts->gid_is_group = true;
    in_group(CONTOSO "-1201");
    group_has(CONTOSO "-1201", 20513);
    ck_assert_uint_eq(alice()->num_groups, 2); /* one gid is one group of a process */
}
END_TEST

START_TEST(numbers_of_this_machine)
{
    load_local("taken:x:20001:1::/:/bin/sh\n", "");
    refused(TL_REASON_ID_COLLISION, "/etc/passwd");
    load_local("", "taken:x:20100:\n");
    refused(TL_REASON_ID_COLLISION, "/etc/group");
    load_local("", "taken:x:20513:\n");
    ck_assert(!has_gid(alice(), 20513));
    load_local("", "");
    set_option(config, "minimum_uid=20002");
    refused(TL_REASON_ID_UNMAPPABLE, "minimum_uid");
}
END_TEST

START_TEST(a_number_that_no_group_has)
{
    struct tl_identity *a;

    facts->gid_is_group = false;
    facts->gid = 20900;
    a = alice();
    ck_assert_uint_eq(a->gid, 20900);
    ck_assert(!a->private_group && !has_gid(a, 20900));
    ck_assert(has_gid(a, 20513) && has_gid(a, 20100));
    facts->gid = 20001; /* that of the user */
    facts->groups[1].gid = 20001;
    a = alice();
    ck_assert_uint_eq(a->gid, 20001);
    ck_assert(a->private_group);
    ck_assert(!has_gid(a, 20001)); /* no other user gets into it */
}
END_TEST

#define HOME "/home/contoso.test/alice"
#define SHELL "/bin/bash"

static const struct {
    const char *said, *home, *shell;
} paths[] = {
    {NULL, HOME, SHELL},
    {"", HOME, SHELL},
    {"/", HOME, SHELL},
    {"///", HOME, SHELL},
    {"relative", HOME, SHELL},
    {"/a/../b", HOME, SHELL},
    {"/a/..", HOME, SHELL},
    {"/a/./b", HOME, SHELL},
    {"/a//b", HOME, SHELL},
    {"//a", HOME, SHELL},
    {"/a:b", HOME, SHELL},
    {"/with blank", "/with blank", SHELL},
    {"/bin/sh -c x", "/bin/sh -c x", SHELL},
    {"/a/b", "/a/b", "/a/b"},
    {"/a/b/", "/a/b", "/a/b"},
    {"/..a/b..", "/..a/b..", "/..a/b.."},
};

START_TEST(homes_and_shells)
{
    struct tl_identity *a;

    facts->home = facts->shell = paths[_i].said;
    a = alice();
    ck_assert_str_eq(a->home, paths[_i].home);
    ck_assert_str_eq(a->shell, paths[_i].shell);
    set_option(config, "unix_nss_info=no");
    a = alice();
    ck_assert_str_eq(a->home, HOME);
    ck_assert_str_eq(a->shell, SHELL);
}
END_TEST

/* If ids are computed, the directory's ids are not used. */
START_TEST(other_ways_do_not_look)
{
    struct tl_identity *a;

    set_option(config, "rid_ranges=contoso.test:50000-59999");
    set_option(config, "idmap=rid");
    a = alice();
    ck_assert_uint_eq(a->uid, 51104);
    ck_assert_uint_eq(a->gid, 50513);
    ck_assert_str_eq(a->home, HOME);
    ck_assert_str_eq(a->shell, SHELL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rfc2307");
    TCase *t = tcase_create("rfc2307");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, as_the_directory_says);
    tcase_add_test(t, windows_primary_group);
    tcase_add_test(t, without_facts_no_ids);
    tcase_add_test(t, no_number);
    tcase_add_loop_test(t, numbers_of_others, 0, COUNT(strange));
    tcase_add_test(t, a_domain_without_a_range);
    tcase_add_test(t, groups_of_other_domains);
    tcase_add_test(t, two_with_one_number);
    tcase_add_test(t, numbers_of_this_machine);
    tcase_add_test(t, a_number_that_no_group_has);
    tcase_add_loop_test(t, homes_and_shells, 0, COUNT(paths));
    tcase_add_test(t, other_ways_do_not_look);
    suite_add_tcase(s, t);
    return run_suite(s);
}
