/* SPDX-License-Identifier: MIT
 *
 * test_identity.c - from a PAC to a line of passwd: ids, groups, names, paths,
 * and everything a hostile or unlucky directory may bring.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trustlogon/identity.h>
#include <trustlogon/name.h>

#include "identity/user.h"
#include "fixtures.h"

#define FABRIKAM "S-1-5-21-100-1-1"
#define CONTOSO "S-1-5-21-200-1-1"
#define SUB "S-1-5-21-200-2-2"
#define EU "S-1-5-21-100-2-2"

static const struct tl_workstation fabrikam_ws = {WS1_OF_FABRIKAM};
static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_topology *topo;
static struct tl_workstation ws;
static struct tl_pac *pac;
static struct tl_local_ids *local;
static struct tl_trace_log *dropped;
static struct tl_outcome *out;
static temp_path folder;

static char *put(const char *name, const char *text)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);

    write_text(path, text);
    return path;
}

static int load_local(const char *passwd, const char *group)
{
    return tl_local_ids_load(ctx, put("passwd", passwd), put("group", group), &local);
}

/* contoso.test, a trusted forest that also lists sub.contoso.test and routes
 * corp.example. */
static void add_contoso(void)
{
    struct tl_forest_info *info = talloc_zero(ctx, struct tl_forest_info);
    struct tl_ft_record *r = talloc_zero_array(info, struct tl_ft_record, 4);
    struct tl_tdo tdo = {.holder = "fabrikam.test",
                         .partner = "contoso.test",
                         .flat = "CONTOSO",
                         .sid = sid_of(CONTOSO),
                         .has_sid = true,
                         .direction = 3,
                         .type = TL_TRUST_UPLEVEL,
                         .attributes = TL_TRUST_FOREST_TRANSITIVE,
                         .forest_info = info};

    r[0] = (struct tl_ft_record){.name = "contoso.test"};
    r[1] = (struct tl_ft_record){.name = "corp.example"};
    r[2] = (struct tl_ft_record){.type = TL_FT_DOMAIN,
                                 .raw_type = TL_FT_DOMAIN,
                                 .name = "contoso.test",
                                 .flat = "CONTOSO",
                                 .sid = sid_of(CONTOSO),
                                 .has_sid = true};
    r[3] = (struct tl_ft_record){.type = TL_FT_DOMAIN,
                                 .raw_type = TL_FT_DOMAIN,
                                 .name = "sub.contoso.test",
                                 .flat = "SUB",
                                 .sid = sid_of(SUB),
                                 .has_sid = true};
    info->records = r;
    info->count = 4;
    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
}

static void add_group(struct tl_pac_group **groups, size_t *count, const char *sid,
                      uint32_t attributes)
{
    *groups = talloc_realloc(pac, *groups, struct tl_pac_group, (unsigned int)*count + 1);
    (*groups)[(*count)++] =
        (struct tl_pac_group){.sid = sid_of(sid), .attributes = attributes};
}

/* alice of the domain with this SID, RID 1104, primary group Domain Users */
static void make_pac(const char *domain)
{
    pac = talloc_zero(ctx, struct tl_pac);
    pac->account = "Alice";
    pac->full_name = "Alice Liddell";
    pac->domain_flat = "LIES";
    pac->domain_sid = sid_of(domain);
    ck_assert_int_eq(tl_sid_append(&pac->domain_sid, 1104, &pac->user_sid), 0);
    pac->user_rid = 1104;
    pac->primary_group_rid = 513;
    add_group(&pac->groups, &pac->num_groups, talloc_asprintf(ctx, "%s-513", domain), 7);
    add_group(&pac->groups, &pac->num_groups, talloc_asprintf(ctx, "%s-1200", domain), 7);
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    make_temp_folder(folder);
    config = tl_config_defaults(ctx);
    set_option(config, "idmap=rid");
    set_option(config,
               "rid_ranges=fabrikam.test:100000-199999,contoso.test:200000-299999");
    topo = tl_topology_new(ctx);
    topo->domain = "fabrikam.test";
    topo->forest = "fabrikam.test";
    topo->num_domains = 2;
    topo->domains = talloc_zero_array(topo, struct tl_domain, 2);
    topo->domains[0] = (struct tl_domain){.dns = "fabrikam.test",
                                          .flat = "FABRIKAM",
                                          .sid = sid_of(FABRIKAM),
                                          .has_sid = true};
    topo->domains[1] = (struct tl_domain){
        .dns = "eu.fabrikam.test", .flat = "EU", .sid = sid_of(EU), .has_sid = true};
    add_contoso();
    ws = fabrikam_ws;
    make_pac(CONTOSO);
    dropped = tl_trace_log_new(ctx);
    out = tl_outcome_new(ctx);
    ck_assert_int_eq(load_local("root:x:0:0:root:/root:/bin/bash\n", "root:x:0:\n"), 0);
}

static void teardown(void)
{
    remove_tree(folder);
    talloc_free(ctx);
}

static enum tl_reason build(const char *client, struct tl_identity **identity)
{
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, dropped);
    struct tl_identity_input in = {.config = config,
                                   .ws = &ws,
                                   .topo = topo,
                                   .pac = pac,
                                   .client = client,
                                   .local = local,
                                   .trace = &trace};

    return tl_identity_build(ctx, &in, identity, out);
}

static struct tl_identity *alice(void)
{
    struct tl_identity *identity = NULL;

    ck_assert_msg(build("alice@CONTOSO.TEST", &identity) == TL_REASON_OK, "%s",
                  out->detail);
    return identity;
}

static void refused(enum tl_reason reason)
{
    struct tl_identity *identity = (void *)1;

    ck_assert_int_eq(build("alice@CONTOSO.TEST", &identity), reason);
    ck_assert_ptr_null(identity);
    ck_assert_int_eq(out->reason, reason);
    ck_assert_int_eq(out->stage, TL_STAGE_IDENTITY);
    ck_assert_ptr_nonnull(out->detail);
    ck_assert_ptr_nonnull(out->subject);
}

static bool named(const struct tl_identity *identity, const char *name)
{
    for (size_t i = 0; i < identity->num_names; i++)
        if (strcmp(identity->names[i], name) == 0)
            return true;
    return false;
}

static bool was_dropped(const char *sid)
{
    for (size_t i = 0; i < dropped->count; i++)
        if (dropped->events[i].kind == TL_EVENT_SID &&
            strcmp(dropped->events[i].subject, sid) == 0)
            return dropped->events[i].text != NULL;
    return false;
}

START_TEST(a_whole_identity)
{
    struct tl_identity *a;

    add_group(&pac->extra, &pac->num_extra, "S-1-18-1", 7);
    add_group(&pac->extra, &pac->num_extra, CONTOSO "-1200", 7); /* again */
    add_group(&pac->extra, &pac->num_extra, SUB "-1300", 7);     /* has no range */
    add_group(&pac->extra, &pac->num_extra, CONTOSO "-1201", 0x17);
    add_group(&pac->resource, &pac->num_resource, FABRIKAM "-1400", 7);
    a = alice();
    ck_assert_str_eq(a->canonical, "alice@contoso.test");
    ck_assert_uint_eq(a->uid, 201104);
    ck_assert_uint_eq(a->gid, 200513);
    ck_assert(!a->private_group);
    ck_assert_uint_eq(a->num_groups, 3);
    ck_assert_uint_eq(a->groups[0].gid, 200513);
    ck_assert_uint_eq(a->groups[1].gid, 201200);
    ck_assert_uint_eq(a->groups[2].gid, 101400);
    ck_assert(was_dropped("S-1-18-1"));
    ck_assert(was_dropped(SUB "-1300"));
    ck_assert(was_dropped(CONTOSO "-1201"));
    ck_assert_uint_eq(dropped->count, 3);
    ck_assert_str_eq(a->gecos, "Alice Liddell");
    ck_assert_str_eq(a->home, "/home/contoso.test/alice");
    ck_assert_str_eq(a->shell, "/bin/bash");
    ck_assert(named(a, "CONTOSO\\alice"));
    ck_assert(named(a, "contoso.test\\alice"));
    ck_assert(named(a, "alice@CONTOSO"));
    ck_assert(!named(a, "LIES\\alice")); /* what the PAC says of itself */
    ck_assert(!named(a, "alice"));
    ck_assert_uint_eq(a->num_names, 3);
}
END_TEST

/* As sssd: private groups in the other domains of the forest, and only there. */
START_TEST(private_groups)
{
    static const struct {
        const char *domain, *client;
        bool private_group;
    } users[] = {
        {FABRIKAM, "alice@FABRIKAM.TEST", false},
        {EU, "alice@EU.FABRIKAM.TEST", true},
        {CONTOSO, "alice@CONTOSO.TEST", false},
    };
    struct tl_identity *a;

    set_option(config, "idmap=sss");
    for (size_t i = 0; i < COUNT(users); i++) {
        make_pac(users[i].domain);
        ck_assert_int_eq(build(users[i].client, &a), TL_REASON_OK);
        ck_assert_int_eq(a->private_group, users[i].private_group);
        ck_assert_uint_eq(a->gid, a->uid - 1104 + (users[i].private_group ? 1104 : 513));
        ck_assert_uint_eq(a->num_groups, 2);
        ck_assert_uint_eq(a->groups[0].gid, a->uid - 1104 + 513);
    }
    set_option(config, "idmap=rid");
    set_option(config, "rid_ranges=EU:700000-799999");
    make_pac(EU);
    ck_assert_int_eq(build("alice@EU.FABRIKAM.TEST", &a), TL_REASON_OK);
    ck_assert(!a->private_group);
    ck_assert_uint_eq(a->gid, 700513);
}
END_TEST

START_TEST(sss_needs_no_topology)
{
    struct tl_identity *with, *without;

    set_option(config, "idmap=sss");
    with = alice();
    topo = NULL;
    without = alice();
    ck_assert_uint_eq(with->uid, without->uid);
    ck_assert(!named(without, "LIES\\alice"));
    ck_assert_str_eq(without->home, "/home/contoso.test/alice");
}
END_TEST

START_TEST(no_id)
{
    set_option(config, "rid_ranges=contoso.test:200000-200999");
    refused(TL_REASON_ID_UNMAPPABLE);
    ck_assert_str_eq(out->subject, CONTOSO "-1104");
    ck_assert_ptr_nonnull(strstr(out->detail, "rid_ranges"));
    set_option(config, "rid_ranges=contoso.test:200000-299999");
    pac->primary_group_rid = 100000;
    refused(TL_REASON_ID_UNMAPPABLE);
    ck_assert_str_eq(out->subject, CONTOSO "-100000");
    pac->primary_group_rid = 513;
    set_option(config, "minimum_uid=201105");
    refused(TL_REASON_ID_UNMAPPABLE);
    set_option(config, "minimum_uid=201104");
    alice();
}
END_TEST

START_TEST(collisions)
{
    struct tl_identity *a;
    char *members = talloc_strdup(ctx, "");

    ck_assert_int_eq(load_local("root:x:0:0::/:/bin/sh\nbob:x:201104:1::/:/bin/sh", ""),
                     0);
    refused(TL_REASON_ID_COLLISION);
    ck_assert_str_eq(out->subject, CONTOSO "-1104");
    /* the primary group's, behind a line longer than any fixed buffer */
    for (int i = 0; i < 10000; i++)
        members = talloc_asprintf_append_buffer(members, ",member%d", i);
    ck_assert_int_eq(
        load_local("", talloc_asprintf(ctx, "all:x:5000:%s\n\n# c\n+\nstaff:x:200513:\n",
                                       members)),
        0);
    refused(TL_REASON_ID_COLLISION);
    ck_assert_str_eq(out->subject, CONTOSO "-513");
    /* another group's: it is left out */
    ck_assert_int_eq(load_local("", "staff:x:201200:\n"), 0);
    a = alice();
    ck_assert_uint_eq(a->num_groups, 1);
    ck_assert(was_dropped(CONTOSO "-1200"));
    /* the private group's */
    set_option(config, "idmap=sss");
    make_pac(EU);
    ck_assert_int_eq(build("alice@EU.FABRIKAM.TEST", &a), TL_REASON_OK);
    ck_assert_int_eq(load_local("", talloc_asprintf(ctx, "staff:x:%u:\n", a->uid)), 0);
    ck_assert_int_eq(build("alice@EU.FABRIKAM.TEST", &a), TL_REASON_ID_COLLISION);
}
END_TEST

START_TEST(local_files)
{
    static const char *const broken[] = {
        "a:x\n",       "a:x:\n", "a:x:y:1\n", "a:x:-1:1\n", "a:x:4294967296:1\n",
        "a:x:1\a:1\n", "junk\n"};

    for (size_t i = 0; i < COUNT(broken); i++) {
        ck_assert_msg(load_local(broken[i], "") == -EBADMSG, "%s", broken[i]);
        ck_assert_ptr_null(local);
        ck_assert_int_eq(load_local("", broken[i]), -EBADMSG);
    }
    ck_assert_int_eq(
        tl_local_ids_load(ctx, "/nonexistent/passwd", "/nonexistent/group", &local), 0);
    ck_assert(!tl_local_has_uid(local, 0));
    ck_assert_int_ne(tl_local_ids_load(ctx, folder, "/nonexistent/group", &local), 0);
    ck_assert_int_eq(load_local("a:x:7:8::/:\nb:x:9:8::/:", "g:x:8:a\n"), 0);
    ck_assert(tl_local_has_uid(local, 7) && tl_local_has_uid(local, 9));
    ck_assert(!tl_local_has_uid(local, 8) && tl_local_has_gid(local, 8));
    ck_assert(tl_local_has_user(local, "b") && !tl_local_has_user(local, "g"));
}
END_TEST

/* Ranges of subuid and subgid, as newuidmap reads them; what it does not understand
 * lends nothing. */
START_TEST(subordinate_ids)
{
    static const char *const nothing[] = {"",
                                          "bob\n",
                                          "bob:1000\n",
                                          "bob:1000:\n",
                                          "bob::10\n",
                                          ":1000:10\n",
                                          "#bob:1000:10\n",
                                          "bob:1000:0\n",
                                          "bob:x:10\n",
                                          "bob:1000:1x\n",
                                          "bob:-1:10\n",
                                          "bob:1000:-1\n",
                                          "bob: 1000:10\n",
                                          "bob:1000:10:\n",
                                          "bob:4294967296:10\n",
                                          "bob:99999999999999999999:1\n"};
    const struct tl_subids *lent;
    const char *why;
    size_t count;

    for (size_t i = 0; i < COUNT(nothing); i++) {
        put("subuid", nothing[i]);
        ck_assert_int_eq(load_local("", ""), 0);
        (void)tl_local_subids(local, false, &count);
        ck_assert_msg(count == 0, "%s", nothing[i]);
    }
    put("subuid", "bob:100000:65536\n junk\n1001:0x40000:16\neve:4294967290:100");
    put("subgid", "bob:300000:1\n");
    ck_assert_int_eq(load_local("", "g:x:8:\n"), 0);
    lent = tl_local_subids(local, false, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(lent[1].owner, "1001");
    ck_assert_uint_eq(lent[2].last, UINT32_MAX);
    ck_assert_int_eq(tl_local_judge_uid(local, 99999, &why), TL_REASON_OK);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(tl_local_judge_uid(local, 100000, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_uid(local, 165535, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_uid(local, 165536, &why), TL_REASON_OK);
    ck_assert_int_eq(tl_local_judge_uid(local, 0x4000f, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_gid(local, 100000, &why), TL_REASON_OK);
    ck_assert_int_eq(tl_local_judge_gid(local, 300000, &why), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_local_judge_gid(local, 8, &why), TL_REASON_ID_COLLISION);
}
END_TEST

/* A user whose uid is lent is refused, a group with such a gid is left out; both are
 * listed. */
START_TEST(subordinate_ids_belong_to_no_user)
{
    struct tl_identity *a = alice(), *b = NULL;
    struct tl_withheld_ids *ids = NULL;
    struct tl_idmap *map = NULL;
    char *error = NULL;
    size_t count, groups = a->num_groups;
    uint32_t uid = a->uid, gid = a->groups[groups - 1].gid;

    ck_assert_uint_ne(a->groups[groups - 1].gid, a->gid);
    put("subgid", talloc_asprintf(ctx, "bob:%u:1\n", gid));
    ck_assert_int_eq(load_local("", ""), 0);
    a = alice();
    ck_assert_uint_eq(a->num_groups, groups - 1);
    put("subuid", talloc_asprintf(ctx, "bob:%u:2\n", uid - 1));
    ck_assert_int_eq(load_local("", ""), 0);
    ck_assert_int_eq(build("alice@CONTOSO.TEST", &b), TL_REASON_ID_SUBORDINATE);
    ck_assert_int_eq(tl_idmap_new(ctx, config, "fabrikam.test", topo, NULL, &map, &error),
                     0);
    ck_assert_int_eq(tl_withheld_ids(ctx, map, local, &ids, &count), 0);
    ck_assert_uint_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        bool users = ids[i].low == uid - 1;

        ck_assert_uint_eq(ids[i].high, users ? uid : gid);
        ck_assert_str_eq(ids[i].why, users ? "/etc/subuid lends them to bob"
                                           : "/etc/subgid lends them to bob");
    }
}
END_TEST

/* A user called root has no more than his own uid, and not the bare name. */
START_TEST(names_of_local_accounts)
{
    struct tl_identity *a;

    ws.default_domain = "contoso";
    a = alice();
    ck_assert(named(a, "alice"));
    pac->account = "root";
    ck_assert_int_eq(build("root@CONTOSO.TEST", &a), TL_REASON_OK);
    ck_assert_str_eq(a->canonical, "root@contoso.test");
    ck_assert(!named(a, "root"));
    ck_assert_uint_eq(a->uid, 201104);
    /* A local account with a domain in its name keeps that name for itself ... */
    pac->account = "alice";
    ck_assert_int_eq(load_local("CONTOSO\\alice:x:5:5::/:\nalice:x:6:6::/:", ""), 0);
    a = alice();
    ck_assert(!named(a, "CONTOSO\\alice") && !named(a, "alice"));
    ck_assert(named(a, "contoso.test\\alice"));
    /* ... and the user out, where it is the one that programs will go by. */
    ck_assert_int_eq(load_local("alice@contoso.test:x:5:5::/:", ""), 0);
    refused(TL_REASON_NAME_TAKEN);
    ck_assert_str_eq(out->subject, "alice@contoso.test");
    ck_assert_int_eq(load_local("", "alice@contoso.test:x:5:"), 0);
    alice();
}
END_TEST

START_TEST(names_of_local_groups)
{
    struct tl_sid sid = sid_of(CONTOSO "-1200");
    struct tl_identity_input in = {.config = config, .ws = &ws, .topo = topo, .pac = pac};
    struct tl_group *group;
    struct tl_idmap *map;
    char *error;

    ck_assert_int_eq(tl_idmap_new(ctx, config, ws.domain, topo, NULL, &map, &error), 0);
    ck_assert_int_eq(load_local("sales@contoso.test:x:5:5::/:", "sales:x:5:\n"), 0);
    in.local = local;
    ck_assert_int_eq(tl_group_build(ctx, &in, map, &sid, "Sales", &group, out),
                     TL_REASON_OK);
    ck_assert_str_eq(group->canonical, "sales@contoso.test");
    ck_assert_int_eq(load_local("", "sales@contoso.test:x:5:\n"), 0);
    in.local = local;
    ck_assert_int_eq(tl_group_build(ctx, &in, map, &sid, "Sales", &group, out),
                     TL_REASON_NAME_TAKEN);
    ck_assert_ptr_null(group);
}
END_TEST

START_TEST(computers)
{
    static const uint32_t bits[] = {0x40, 0x80, 0x100};
    struct tl_identity *a;

    pac->account = "ws2$";
    ck_assert_int_eq(build("ws2$@CONTOSO.TEST", &a), TL_REASON_COMPUTER_ACCOUNT);
    ck_assert_ptr_null(a);
    ck_assert_str_eq(out->subject, "ws2$@contoso.test");
    ck_assert_uint_eq(out->ntstatus, TL_NT_NOLOGON_WORKSTATION_TRUST_ACCOUNT);
    pac->account = "alice";
    for (size_t i = 0; i < COUNT(bits); i++) {
        pac->user_account_control = bits[i] | 0x10;
        refused(TL_REASON_COMPUTER_ACCOUNT);
    }
    pac->user_account_control = 0x210; /* normal, password does not expire */
    alice();
    pac->account = "al$ice";
    ck_assert_int_eq(build("al$ice@CONTOSO.TEST", &a), TL_REASON_OK);
}
END_TEST

static const struct {
    const char *upn;
    bool constructed, his;
} upns[] = {
    {"alice@corp.example", false, true},
    {"a.liddell@corp.example", false, true},
    {"alice@corp.example", true, false},
    {"alice@other.example", false, false},
    {"bob@contoso.test", false, false},
    {"alice@fabrikam.test", false, false},
    {"root@fabrikam", false, false},
    {"x@sub.contoso.test", false, false},
    {"alice@corp.example:x", false, false},
    {"../x@corp.example", false, false},
    {"alice", false, false},
    {"FABRIKAM\\bob@corp.example", false, false},
};

START_TEST(explicit_upns)
{
    struct tl_identity *a;

    pac->upn = upns[_i].upn;
    pac->upn_constructed = upns[_i].constructed;
    a = alice();
    ck_assert_msg(named(a, upns[_i].upn) == upns[_i].his, "%s", upns[_i].upn);
    ck_assert_uint_eq(a->num_names, 3 + upns[_i].his);
}
END_TEST

static const char *const bad_accounts[] = {
    "", ".", "..", "a/b", "../root", "a:b", "a\nb", "a@b", "a\\b", "\x1b[31m", "\xff",
};

START_TEST(hostile_accounts)
{
    pac->account = bad_accounts[_i];
    refused(TL_REASON_ID_NAME_UNSAFE);
}
END_TEST

START_TEST(hostile_text)
{
    struct tl_identity *a;

    pac->full_name = "Eve:x:0:0\n:/:\x7f";
    ck_assert_str_eq(alice()->gecos, "Eve?x?0?0?\?/?\?");
    pac->full_name = "";
    ck_assert_str_eq(alice()->gecos, "alice");
    pac->full_name = NULL;
    ck_assert_str_eq(alice()->gecos, "alice");
    pac->account = "\xc3\x84gidius"; /* Ägidius */
    ck_assert_int_eq(build("x@CONTOSO.TEST", &a), TL_REASON_OK);
    ck_assert_str_eq(a->home, "/home/contoso.test/\xc3\xa4gidius");
    ck_assert_int_eq(build("x", &a), TL_REASON_ID_NAME_UNSAFE);
    ck_assert_int_eq(build("x@", &a), TL_REASON_ID_NAME_UNSAFE);
    ck_assert_int_eq(build("x@a/b", &a), TL_REASON_ID_NAME_UNSAFE);
    ck_assert_int_eq(build(NULL, &a), TL_REASON_ID_NAME_UNSAFE);
}
END_TEST

static const struct {
    const char *template, *sam, *flat, *want; /* NULL: refused */
} templates[] = {
    {"/home/%D/%u", "alice", "CONTOSO", "/home/contoso.test/alice"},
    {"/home/%d/%u", "alice", "CONTOSO", "/home/contoso/alice"},
    {"/home/%d/%u", "alice", NULL, "/home/contoso.test/alice"},
    {"/h/%n", "alice", "CONTOSO", "/h/alice@contoso.test"},
    {"/h/100%%/%u.%u", "al", "CONTOSO", "/h/100%/al.al"},
    {"/h/.%u", "alice", "CONTOSO", "/h/.alice"},
    {"/h/%u", "..", "CONTOSO", NULL},
    {"/h/.%u", ".", "CONTOSO", NULL},
    {"/h/%u", "a/../../b", "CONTOSO", NULL},
    {"/h/%u", "", "CONTOSO", NULL},
    {"/h/%u", "a:b", "CONTOSO", NULL},
    {"/h/%u", "a\nb", "CONTOSO", NULL},
    {"/h/%d", "a", "X/Y", NULL},
    {"%u", "alice", "CONTOSO", NULL},
    {"", "alice", "CONTOSO", NULL},
    {"/h//%u", "alice", "CONTOSO", NULL},
    {"/h/%u/", "alice", "CONTOSO", NULL},
};

START_TEST(expansion)
{
    struct tli_user_text text = {.sam = templates[_i].sam,
                                 .dns = "contoso.test",
                                 .flat = templates[_i].flat,
                                 .canonical = "alice@contoso.test"};
    const char *fault = NULL;
    char *path = (void *)1;
    int ret = tli_template_expand(ctx, templates[_i].template, &text, &path, &fault);

    if (templates[_i].want == NULL) {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_ptr_null(path);
        ck_assert_ptr_nonnull(fault);
        return;
    }
    ck_assert_int_eq(ret, 0);
    ck_assert_str_eq(path, templates[_i].want);
}
END_TEST

START_TEST(long_names)
{
    char *sam = talloc_strndup(ctx, "", 0);

    while (strlen(sam) < 256)
        sam = talloc_asprintf_append(sam, "x");
    pac->account = sam;
    refused(TL_REASON_ID_NAME_UNSAFE); /* one more than a file's name may have */
    ck_assert_ptr_nonnull(strstr(out->detail, "part of the path"));
    set_option(config, "home=/home");
    alice();
    pac->account = talloc_asprintf(ctx, "%sx", sam);
    refused(TL_REASON_ID_NAME_UNSAFE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("identity");
    TCase *t = tcase_create("identity");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_whole_identity);
    tcase_add_test(t, private_groups);
    tcase_add_test(t, sss_needs_no_topology);
    tcase_add_test(t, no_id);
    tcase_add_test(t, collisions);
    tcase_add_test(t, local_files);
    tcase_add_test(t, subordinate_ids);
    tcase_add_test(t, subordinate_ids_belong_to_no_user);
    tcase_add_test(t, names_of_local_accounts);
    tcase_add_test(t, names_of_local_groups);
    tcase_add_test(t, computers);
    tcase_add_loop_test(t, explicit_upns, 0, COUNT(upns));
    tcase_add_loop_test(t, hostile_accounts, 0, COUNT(bad_accounts));
    tcase_add_test(t, hostile_text);
    tcase_add_loop_test(t, expansion, 0, COUNT(templates));
    tcase_add_test(t, long_names);
    suite_add_tcase(s, t);
    return run_suite(s);
}
