/* SPDX-License-Identifier: MIT
 *
 * topology_calls.h - every entry of the library that takes a topology, by itself or in
 * its input, as a call of one form.
 */
#ifndef TL_TEST_TOPOLOGY_CALLS_H
#define TL_TEST_TOPOLOGY_CALLS_H

#include <check.h>
#include <errno.h>
#include <string.h>
#include <trustlogon/idmap.h>
#include <trustlogon/logon.h>
#include <trustlogon/lookup.h>
#include <trustlogon/pac_name_check.h>
#include <trustlogon/rules.h>
#include <trustlogon/sidrules.h>
#include <unistd.h>

#include "fixtures.h"

static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_local_ids *local;
static struct tl_outcome *out;
static struct tl_workstation ws = {WS1_OF_FABRIKAM};

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    config = tl_config_defaults(ctx);
    out = tl_outcome_new(ctx);
    local = no_local_ids(ctx);
}

static inline void teardown(void)
{
    talloc_free(ctx);
}

/* All forms that a name may have. */
static const char *const names[] = {"alice",
                                    "CONTOSO\\alice",
                                    "contoso.test\\alice",
                                    "alice@contoso.test",
                                    "alice@CONTOSO",
                                    "alice@corp.example",
                                    "FABRIKAM\\carol",
                                    "carol@fabrikam.test",
                                    "WS1\\root",
                                    ".\\root",
                                    "a@b@c"};
#define NUM_NAMES COUNT(names)

static inline struct tl_route *route_of(const struct tl_topology *topo, const char *typed)
{
    struct tl_name *name = NULL;
    struct tl_route *route = NULL;

    ck_assert_int_eq(tl_name_parse(ctx, typed, strlen(typed), &name, NULL), 0);
    ck_assert_int_eq(tl_route(ctx, name, &ws, topo, &route), 0);
    ck_assert_ptr_nonnull(route->why);
    return route;
}

static inline void with_route(struct tl_topology *topo)
{
    for (size_t i = 0; i < NUM_NAMES; i++)
        (void)route_of(topo, names[i]);
    ck_assert_str_eq(route_of(topo, "carol@fabrikam.test")->realm, "FABRIKAM.TEST");
}

static inline void with_name_meant(struct tl_topology *topo)
{
    for (size_t i = 0; i < NUM_NAMES; i++) {
        struct tl_name *name = NULL;

        ck_assert_int_eq(tl_name_parse(ctx, names[i], strlen(names[i]), &name, NULL), 0);
        ck_assert_ptr_null(tl_name_meant(ctx, name, topo));
    }
}

static inline void with_known_domain(struct tl_topology *topo)
{
    struct tl_known_domain domain;

    ck_assert(!tl_known_domain(topo, &ws, "contoso.test", &domain));
    ck_assert(!tl_known_domain(topo, &ws, "FABRIKAM", &domain));
    ck_assert(!tl_known_domain(topo, &ws, "fabrikam.test", &domain));
}

static inline void with_route_judge(struct tl_topology *topo)
{
    const char *subject, *attribute;

    ck_assert_int_eq(tl_route_judge(ctx, topo, "contoso.test", &ws, &subject, &attribute),
                     TL_REASON_OK);
}

static inline void with_suffix_index(struct tl_topology *topo)
{
    struct tl_suffix_index *index = NULL;

    ck_assert_int_eq(tl_suffix_index_new(ctx, topo, &index), 0);
    ck_assert_int_eq(tl_suffix_find(index, "corp.example").reason,
                     TL_REASON_SUFFIX_UNKNOWN);
}

static inline void with_idmap(struct tl_topology *topo)
{
    struct tl_idmap *map = NULL;
    struct tl_sid sid;
    char *error = NULL;
    uint32_t id;

    ck_assert_int_eq(tl_idmap_new(ctx, config, ws.domain, topo, NULL, &map, &error), 0);
    sid = sid_of("S-1-5-21-1-2-3-1104");
    ck_assert_int_eq(tl_idmap_to_id(map, &sid, &id, NULL), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, 300000, &sid), -ENOENT);
}

static inline struct tl_machine *machine_of(struct tl_topology *topo)
{
    struct tl_machine *machine = tl_machine_new(ctx, config);

    machine->workstation = &ws;
    machine->topology = topo;
    return machine;
}

static inline void with_machine(struct tl_topology *topo)
{
    struct tl_machine *machine = machine_of(topo);

    config->keytab = config->state_dir = "/nonexistent";
    ck_assert_int_eq(tl_machine_load_snapshot(machine), -ENOENT);
    ck_assert_int_eq(tl_machine_detect(machine, out), TL_REASON_KEYTAB_MISSING);
    ck_assert(!tl_machine_try_other(machine));
    ck_assert_ptr_eq(machine->workstation, &ws);
    ck_assert_ptr_eq(machine->topology, topo);
}

static inline void with_logon(struct tl_topology *topo)
{
    for (size_t i = 0; i < NUM_NAMES; i++) {
        struct tl_logon *logon = tl_logon_new(ctx, machine_of(topo), NULL);

        (void)tl_logon_prepare(logon, names[i]);
        ck_assert(logon->route != NULL || logon->outcome->reason == TL_REASON_NAME_LOCAL);
        ck_assert_int_eq(tl_logon_prepare(logon, "CONTOSO\\"), TL_REASON_NAME_INVALID);
    }
}

static inline struct tl_lookup_plan *plan_of(struct tl_topology *topo,
                                             const struct tl_question *question)
{
    struct tl_lookup_plan *plan = NULL;
    char *error = NULL;

    ck_assert_int_eq(
        tl_lookup_plan_make(ctx, machine_of(topo), local, question, &plan, &error), 0);
    ck_assert_uint_eq(plan->num_domains, 0);
    ck_assert_ptr_nonnull(plan->why);
    return plan;
}

static inline void with_lookup(struct tl_topology *topo)
{
    struct tl_lookup_input in = {.machine = machine_of(topo), .local = local};
    struct tl_lookup *lookup = tl_lookup_new(ctx, &in);
    struct tl_lookup_answer *answer = NULL;

    in.deadline = tl_deadline_in_ms(1000);
    for (size_t i = 0; i <= NUM_NAMES; i++)
        for (int group = 0; group <= 1; group++) {
            struct tl_question question = {
                .group = group, .name = i < NUM_NAMES ? names[i] : NULL, .id = 300000};
            struct tl_lookup_plan *plan = plan_of(topo, &question);

            ck_assert(topo != NULL || plan->not_known_yet);
            ck_assert_int_ne(tl_lookup_find(lookup, plan, &question, &answer, out),
                             TL_REASON_OK);
        }
}

static inline struct tl_pac *pac_of_alice(void)
{
    struct tl_pac *pac = talloc_zero(ctx, struct tl_pac);

    pac->account = pac->full_name = pac->logon_server = pac->home_directory = "alice";
    pac->home_drive = pac->profile_path = pac->logon_script = "";
    pac->domain_flat = "CONTOSO";
    pac->dns_domain = "CONTOSO.TEST";
    pac->upn = "alice@corp.example";
    pac->sam_name = pac->client_name = "alice";
    pac->user_rid = 1104;
    pac->primary_group_rid = 513;
    pac->domain_sid = sid_of("S-1-5-21-1-2-3");
    ck_assert_int_eq(tl_sid_append(&pac->domain_sid, 1104, &pac->user_sid), 0);
    return pac;
}

static inline void with_lookup_of_groups(struct tl_topology *topo)
{
    struct tl_lookup_input in = {.machine = machine_of(topo), .local = local};
    struct tl_lookup_answer *answer = NULL;
    struct tl_dir_names *groups = NULL;
    struct tl_lookup *lookup;
    struct tl_pac *pac = pac_of_alice();

    in.deadline = tl_deadline_in_ms(1000);
    lookup = tl_lookup_new(ctx, &in);
    ck_assert_int_ne(tl_lookup_own_groups(ctx, lookup, pac, &groups, out), TL_REASON_OK);
    ck_assert_ptr_null(groups);
    (void)tl_lookup_name_groups(lookup, &pac->user_sid, 1, &answer, out);
    ck_assert(!tl_lookup_sam_only(lookup));
}

static inline void with_rc4(struct tl_topology *topo)
{
    struct tl_rc4_hop *list = NULL;
    size_t count = 99;

    ck_assert_int_eq(tl_route_rc4(ctx, topo, "contoso.test", &ws, &list, &count), 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_ptr_null(list[i].tdo);
}

static inline void with_rules(struct tl_topology *topo)
{
    struct tl_rules_input in = {.machine = machine_of(topo)};
    struct tl_membership member = {.account = "alice"};
    struct tl_rule_info *infos = NULL;
    size_t count = 99;

    ck_assert_int_eq(tl_rules_check(&in, &member, out), TL_REASON_OK);
    ck_assert_int_eq(tl_rules_list(ctx, &in, &infos, &count, out), TL_REASON_OK);
    ck_assert_uint_eq(count, 0);
}

static inline void with_pac(struct tl_topology *topo)
{
    for (size_t i = 0; i < NUM_NAMES; i++) {
        struct tl_pac *pac = pac_of_alice();
        struct tl_route *route = route_of(topo, names[i]);

        if (route->local)
            continue;
        (void)tl_pac_apply_rules(pac, topo, route, "alice@CONTOSO.TEST", &ws, NULL, out);
        (void)tl_pac_check_name(pac, topo, route, "alice@CONTOSO.TEST", out);
    }
}

static inline void with_identity(struct tl_topology *topo)
{
    struct tl_identity_input in = {.config = config,
                                   .ws = &ws,
                                   .topo = topo,
                                   .pac = pac_of_alice(),
                                   .client = "alice@CONTOSO.TEST",
                                   .local = local};
    struct tl_identity *identity = NULL;
    struct tl_group *group = NULL;
    struct tl_idmap *map = NULL;
    char *error = NULL;
    struct tl_sid sid;

    (void)tl_identity_build(ctx, &in, &identity, out);
    ck_assert_int_eq(tl_idmap_new(ctx, config, ws.domain, topo, NULL, &map, &error), 0);
    sid = sid_of("S-1-5-21-1-2-3-513");
    ck_assert_int_ne(tl_group_build(ctx, &in, map, &sid, "Users", &group, out),
                     TL_REASON_OK);
}

static inline void with_snapshot(struct tl_topology *topo)
{
    const struct tl_tdo tdo = {.holder = "fabrikam.test", .partner = "contoso.test"};
    char *json = NULL, *error = NULL;
    const char *path = "/tmp/trustlogon-no-topology.json";

    ck_assert_ptr_null(tl_topology_trust(topo, "fabrikam.test", "contoso.test"));
    ck_assert_ptr_null(tl_topology_trust(topo, NULL, NULL));
    ck_assert_ptr_null(tl_topology_domain(topo, "fabrikam.test"));
    ck_assert_ptr_null(tl_topology_domain(topo, NULL));
    ck_assert(!tl_topology_was_read(topo, "fabrikam.test"));
    ck_assert(!tl_same_forest(topo, "contoso.test", "a.contoso.test"));
    (void)tl_may_transit(topo, "fabrikam.test", "contoso.test", "wingtip.test");
    ck_assert(tl_same_forest(topo, "contoso.test", "CONTOSO.TEST"));
    ck_assert_int_eq(tl_topology_to_json(ctx, topo, &json), topo == NULL ? -EINVAL : 0);
    ck_assert_int_eq(tl_topology_save(topo, path), topo == NULL ? -EINVAL : 0);
    ck_assert_int_eq(unlink(path), topo == NULL ? -1 : 0);
    ck_assert_int_eq(tl_topology_set(ctx, topo, "contoso.test.trustType=1", &error),
                     -EINVAL);
    ck_assert_ptr_nonnull(error);
    ck_assert_int_eq(tl_topology_mark_read(topo, "contoso.test"),
                     topo == NULL ? -EINVAL : 0);
    ck_assert_int_eq(tl_topology_index(topo), topo == NULL ? -EINVAL : 0);
    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), topo == NULL ? -EINVAL : 0);
    ck_assert_ptr_null(tl_topology_difference(ctx, topo, topo));
    ck_assert_int_eq(tl_topology_with(ctx, topo, "contoso.test", topo) == NULL,
                     topo == NULL);
    ck_assert_ptr_null(tl_topology_nameless(topo, "contoso.test", "fabrikam.test"));
    ck_assert_int_eq(tl_topology_add_nameless(topo, "contoso.test", "CN=x,DC=y", NULL),
                     topo == NULL ? -EINVAL : 0);
}

static inline void with_meant(struct tl_topology *topo)
{
    const char *subject, *attribute;

    ck_assert_int_eq(tl_route_meant(ctx, topo, "contoso.test", &subject, &attribute),
                     TL_REASON_OK);
    ck_assert_int_eq(tl_route_meant(ctx, topo, NULL, &subject, &attribute), TL_REASON_OK);
}

static const struct {
    const char *entries; /* those that it calls */
    void (*call)(struct tl_topology *topo);
} calls[] = {
    {"tl_route", with_route},
    {"tl_name_meant", with_name_meant},
    {"tl_known_domain", with_known_domain},
    {"tl_route_judge", with_route_judge},
    {"tl_suffix_index_new", with_suffix_index},
    {"tl_idmap_new", with_idmap},
    {"tl_machine_load_snapshot tl_machine_detect tl_machine_try_other", with_machine},
    {"tl_logon_new", with_logon},
    {"tl_lookup_plan_make tl_lookup_new tl_lookup_find", with_lookup},
    {"tl_lookup_own_groups tl_lookup_name_groups tl_lookup_sam_only",
     with_lookup_of_groups},
    {"tl_route_rc4", with_rc4},
    {"tl_route_meant", with_meant},
    {"tl_rules_check tl_rules_list", with_rules},
    {"tl_pac_apply_rules tl_pac_check_name", with_pac},
    {"tl_identity_build tl_group_build", with_identity},
    {"tl_may_transit tl_same_forest tl_topology_trust tl_topology_domain "
     "tl_topology_was_read "
     "tl_topology_to_json "
     "tl_topology_save tl_topology_set tl_topology_index tl_topology_mark_read "
     "tl_topology_add_trust "
     "tl_topology_add_nameless tl_topology_nameless tl_topology_difference "
     "tl_topology_with",
     with_snapshot},
    /* They begin with a connection to a directory, or bring a topology. */
    {"tl_machine_refresh tl_machine_take_topology tl_directory_trusts tl_rules_account "
     "tl_lookup_members",
     NULL},
};
#define NUM_CALLS COUNT(calls)

#endif
