/* SPDX-License-Identifier: MIT
 *
 * test_lookup.c - what a question of NSS means, and how a directory's answer becomes an
 * identity.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/internal.h"
#include "topologies.h"
#include "fixtures.h"

#define CONTOSO "S-1-5-21-1-2-3"

static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_topology *topo;
static struct tl_local_ids *local;
static struct tl_lookup_plan *plan;
static struct tl_workstation ws;

static void setup(void)
{
    ctx = talloc_new(NULL);
    config = tl_config_defaults(ctx);
    ws = (struct tl_workstation){WS1_OF_FABRIKAM};
    local = no_local_ids(ctx);
}

static void teardown(void)
{
    talloc_free(ctx);
}

static void load(const char *json)
{
    char *error = NULL;

    ck_assert_msg(tl_topology_from_json(ctx, json, strlen(json), &topo, &error) == 0,
                  "%s", error);
    ws.domain = topo->domain;
}

static void change(const char *setting)
{
    char *error = NULL;

    ck_assert_msg(tl_topology_set(ctx, topo, setting, &error) == 0, "%s", error);
}

static void ask(bool group, const char *name, uint32_t id)
{
    const struct tl_machine machine = {
        .config = config, .workstation = &ws, .topology = topo};
    struct tl_question question = {.group = group, .name = name, .id = id};
    char *error = NULL;

    ck_assert_int_eq(tl_lookup_plan_make(ctx, &machine, local, &question, &plan, &error),
                     0);
}

/* "contoso.test emea.contoso.test*": to be asked in this order; * by the own DC. */
static char *domains(void)
{
    char *text = talloc_strdup(ctx, "");

    for (size_t i = 0; i < plan->num_domains; i++)
        text =
            talloc_asprintf_append(text, "%s%s%s", i > 0 ? " " : "", plan->domains[i].dns,
                                   plan->domains[i].two_way ? "" : "*");
    return text;
}

enum kind { USER, GROUP };
static const struct {
    const char *topo, *name;
    enum kind kind;
    const char *domains, *asked;
    enum tl_lookup_by by;
    bool not_known_yet;
} names[] = {
    {TOPO_EXTERNAL, "CONTOSO\\alice", USER, "contoso.test", "alice", TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "contoso\\ALICE", USER, "contoso.test", "ALICE", TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "contoso.test\\alice", USER, "contoso.test", "alice",
     TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "alice@contoso.test", USER, "contoso.test", "alice",
     TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "alice@CONTOSO", USER, "contoso.test", "alice", TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "fabrikam.test\\carol", USER, "fabrikam.test", "carol",
     TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "CONTOSO\\Linux Users", GROUP, "contoso.test", "Linux Users",
     TL_LOOKUP_BY_SAM},
    {TOPO_EXTERNAL, "linux users@contoso.test", GROUP, "contoso.test", "linux users",
     TL_LOOKUP_BY_SAM},
    /* An explicit UPN goes where its suffix is routed; groups do not have UPNs. */
    {TOPO_EXTERNAL, "eve@fabrikam.example", USER, "fabrikam.test", "eve@fabrikam.example",
     TL_LOOKUP_BY_UPN},
    {TOPO_EXTERNAL, "sales@fabrikam.example", GROUP, ""},
    {TOPO_EXTERNAL, "alice@corp.example", USER, "", NULL, 0, true},
    {TOPO_FOREST, "alice@corp.example", USER,
     "contoso.test emea.contoso.test tree.example leaf.tree.example nb.contoso.test "
     "nbc.contoso.test",
     "alice@corp.example", TL_LOOKUP_BY_UPN},
    {TOPO_FOREST, "alice@off.example", USER, "", NULL, 0, true},
    {TOPO_FOREST, "EMEA\\bob", USER, "emea.contoso.test", "bob", TL_LOOKUP_BY_SAM},
    {TOPO_FOREST, "sid.contoso.test\\bob", USER, "", "bob", TL_LOOKUP_BY_SAM, true},
    {TOPO_TREE, "EU\\bob", USER, "eu.fabrikam.test", "bob", TL_LOOKUP_BY_SAM},
    {TOPO_TREE, "bob@emea.contoso.test", USER, "emea.contoso.test", "bob",
     TL_LOOKUP_BY_SAM},
    /* Not of a known domain. */
    {TOPO_EXTERNAL, "NOWHERE\\x", USER, "", "x", TL_LOOKUP_BY_SAM, true},
    {TOPO_EXTERNAL, "nowhere.test\\x", USER, "", "x", TL_LOOKUP_BY_SAM, true},
    {TOPO_FOREST, "new.contoso.test\\x", USER, "", NULL, 0, true},
    {TOPO_EXTERNAL, "alice", USER, ""},
    {TOPO_EXTERNAL, "", USER, ""},
    {TOPO_EXTERNAL, "CONTOSO\\", USER, ""},
    {TOPO_EXTERNAL, "CONTOSO\\a\nb", USER, ""},
    {TOPO_EXTERNAL, "CONTOSO\\a*", USER, ""},
    {TOPO_EXTERNAL, "WS1\\root", USER, ""},
    {TOPO_EXTERNAL, ".\\root", USER, ""},
};

/* After a join to another domain the old snapshot names no user. */
START_TEST(snapshot_of_another_domain)
{
    load(TOPO_EXTERNAL);
    ws.domain = "wingtip.test";
    ask(false, "CONTOSO\\alice", 0);
    ck_assert_uint_eq(plan->num_domains, 0);
    ck_assert(plan->not_known_yet);
}
END_TEST

START_TEST(by_name)
{
    load(names[_i].topo);
    ask(names[_i].kind == GROUP, names[_i].name, 0);
    ck_assert_msg(strcmp(domains(), names[_i].domains) == 0, "%s: %s", names[_i].name,
                  domains());
    ck_assert_int_eq(plan->not_known_yet, names[_i].not_known_yet);
    if (plan->num_domains == 0) {
        ck_assert_ptr_nonnull(plan->why);
        return;
    }
    ck_assert_str_eq(plan->name, names[_i].asked);
    ck_assert_int_eq(plan->by, names[_i].by);
}
END_TEST

START_TEST(bare_names)
{
    load(TOPO_EXTERNAL);
    config->default_domain = ws.default_domain = "CONTOSO";
    ask(false, "alice", 0);
    ck_assert_str_eq(domains(), "contoso.test");
    /* A local account is never shadowed. */
    ck_assert_int_eq(tl_local_ids_load(ctx, "/etc/passwd", "/nonexistent", &local), 0);
    ask(false, "root", 0);
    ck_assert_str_eq(domains(), "");
}
END_TEST

/* Which way a domain is asked, and whether at all, by the direction of its trust. */
START_TEST(directions)
{
    static const struct {
        const char *setting, *domains;
    } rows[] = {{"contoso.test.trustDirection=3", "contoso.test"},
                {"contoso.test.trustDirection=2", "contoso.test*"},
                {"contoso.test.trustDirection=1", ""},
                {"contoso.test.trustDirection=0", ""}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        load(TOPO_EXTERNAL);
        change(rows[i].setting);
        ask(false, "CONTOSO\\alice", 0);
        ck_assert_msg(strcmp(domains(), rows[i].domains) == 0, "%s: %s", rows[i].setting,
                      domains());
        load(TOPO_FOREST);
        change(rows[i].setting);
        ask(false, "EMEA\\alice", 0);
        ck_assert_int_eq(plan->num_domains, i < 2);
        ck_assert(plan->num_domains == 0 || plan->domains[0].two_way == (i == 0));
    }
}
END_TEST

START_TEST(by_id)
{
    const struct tl_sid alice = sid_of(CONTOSO "-1104");
    struct tl_idmap *map = NULL;
    char *error = NULL;
    uint32_t id = 0;

    load(TOPO_EXTERNAL);
    ck_assert_int_eq(tl_idmap_new(ctx, config, ws.domain, topo, NULL, &map, &error), 0);
    ck_assert_int_eq(tl_idmap_to_id(map, &alice, &id, NULL), 0);
    for (int group = 0; group < 2; group++) {
        ask(group, NULL, id);
        ck_assert_str_eq(domains(), "contoso.test");
        ck_assert_int_eq(plan->by, TL_LOOKUP_BY_SID);
        ck_assert(tl_sid_equal(&plan->sid, &alice));
        ck_assert(tl_sid_equal(&plan->domains[0].sid, &topo->trusts[0].sid));
    }
    ask(false, NULL, 1000);
    ck_assert_str_eq(domains(), "");
    ask(false, NULL, 0);
    ck_assert_str_eq(domains(), "");
    change("contoso.test.trustDirection=1");
    ask(false, NULL, id);
    ck_assert_str_eq(domains(), "");
}
END_TEST

static const struct tl_dir_name tokens[] = {
    {{0}, TL_DIR_GROUP, false, "Sales"},
    {{0}, TL_DIR_GROUP, true, "Readers"},
    {{0}, TL_DIR_UNKNOWN, false, NULL},
    {{0}, TL_DIR_UNKNOWN, false, NULL},
};
static const char *const token_sids[] = {CONTOSO "-1200", CONTOSO "-1201",
                                         CONTOSO "-1202", "S-1-5-21-7-7-7-1300"};

/* As a PAC would have it: own domain-local groups count, those of others do not, nor
 * what may be one. */
START_TEST(accounts)
{
    struct tl_dir_user user = {.sam = "Alice",
                               .upn = "alice@corp.example",
                               .sid = sid_of(CONTOSO "-1104"),
                               .primary_group_rid = 515,
                               .display_name = "Alice Liddell"};
    struct tl_dir_name list[COUNT(tokens)];
    struct tl_dir_names groups = {.count = COUNT(tokens), .names = list};
    struct tl_pac *pac = NULL;

    memcpy(list, tokens, sizeof(list));
    for (size_t i = 0; i < COUNT(tokens); i++)
        list[i].sid = sid_of(token_sids[i]);
    ck_assert_int_eq(tli_lookup_account(ctx, &user, &groups, false, NULL, &pac), 0);
    ck_assert_uint_eq(pac->num_groups, 1);
    ck_assert(tl_sid_equal(&pac->groups[0].sid, &list[0].sid));
    ck_assert_uint_eq(pac->num_extra, 1);
    ck_assert(tl_sid_equal(&pac->extra[0].sid, &list[3].sid));
    ck_assert_uint_eq(pac->primary_group_rid, 515);
    ck_assert_str_eq(pac->account, "Alice");
    ck_assert_str_eq(pac->full_name, "Alice Liddell");
    ck_assert_str_eq(pac->upn, "alice@corp.example");
    ck_assert(!pac->upn_constructed);
    ck_assert_int_eq(tli_lookup_account(ctx, &user, &groups, true, NULL, &pac), 0);
    ck_assert_uint_eq(pac->num_groups, 3);
    user.upn = user.display_name = NULL;
    ck_assert_int_eq(tli_lookup_account(ctx, &user, &groups, true, NULL, &pac), 0);
    ck_assert(pac->upn_constructed && pac->upn == NULL);
    ck_assert_str_eq(pac->full_name, "");
    ck_assert_int_eq(tli_lookup_account_bare(ctx, &user.sid, "Alice", &pac), 0);
    ck_assert_uint_eq(pac->primary_group_rid, 513);
    ck_assert_uint_eq(pac->num_groups, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("lookup");
    TCase *tcase = tcase_create("lookup");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, snapshot_of_another_domain);
    tcase_add_loop_test(tcase, by_name, 0, COUNT(names));
    tcase_add_test(tcase, bare_names);
    tcase_add_test(tcase, directions);
    tcase_add_test(tcase, by_id);
    tcase_add_test(tcase, accounts);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
