/* SPDX-License-Identifier: MIT
 *
 * test_topology.c - the snapshot: JSON there and back, JSON that is wrong, files, and
 * what-if.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <check.h>
#include <trustlogon/topology.h>

#include "topologies.h"
#include "fixtures.h"
#include "talloc_context.h"

static struct tl_topology *load(const char *json)
{
    struct tl_topology *topo = NULL;
    char *error = NULL;

    ck_assert_msg(tl_topology_from_json(ctx, json, strlen(json), &topo, &error) == 0,
                  "%s", error);
    return topo;
}

static char *dump(const struct tl_topology *topo)
{
    char *json = NULL;

    ck_assert_int_eq(tl_topology_to_json(ctx, topo, &json), 0);
    return json;
}

static const char *const good[] = {TOPO_EXTERNAL, TOPO_EXTERNAL_BOTH, TOPO_FOREST,
                                   TOPO_TREE, "{\"version\": 1}"};

START_TEST(round_trip)
{
    struct tl_topology *topo = load(good[_i]);
    char *once = dump(topo), *twice = dump(load(once));

    ck_assert_str_eq(once, twice);
}
END_TEST

/* Each member, with values that are easily lost. */
START_TEST(every_member)
{
    static const char json[] =
        "{\"version\": 1, \"taken\": -5, \"source\": \"ldap://dc1.fabrikam.test\","
        " \"domain\": \"FABRIKAM.test.\", \"forest\": \"fabrikam.test\","
        " \"site\": \"Aachen \\u00e4\", \"domains\": [{\"dns\": \"A.B\", \"flat\": \"A\","
        "  \"parent\": \"b.c\", \"sid\": \"S-1-5-21-4294967295-2-3\"}],"
        " \"uPNSuffixes\": [\"x.y\"], \"holdersRead\": [\"z.y\"], \"later\": "
        "{\"unknown\": []},"
        " \"trusts\": [{\"holder\": \"H.x\", \"dn\": \"CN=p\", \"trustPartner\": \"P\","
        "  \"flatName\": \"F\", \"securityIdentifier\": \"S-1-5-21-1\","
        "  \"trustDirection\": 3, \"trustType\": 2, \"trustAttributes\": 4294967295,"
        "  \"msDS-SupportedEncryptionTypes\": 0, \"whenChanged\": 12345678901,"
        "  \"whenCreated\": 12345678900,"
        "  \"forestTrustInfoError\": \"bad\", \"forestTrustInfo\": ["
        "   {\"type\": 200, \"flags\": 4294967295, \"time\": -1},"
        "   {\"type\": 2, \"name\": \"d.e\", \"flat\": \"D\", \"sid\": "
        "\"S-1-5-21-9\"}]}]}";
    struct tl_topology *topo = load(dump(load(json)));
    const struct tl_tdo *tdo = &topo->trusts[0];

    ck_assert_int_eq(topo->taken, -5);
    ck_assert_str_eq(topo->source, "ldap://dc1.fabrikam.test");
    ck_assert_str_eq(topo->domain, "fabrikam.test");
    ck_assert_str_eq(topo->site, "Aachen \xc3\xa4");
    ck_assert_str_eq(topo->domains[0].dns, "a.b");
    ck_assert_str_eq(topo->domains[0].parent, "b.c");
    ck_assert_uint_eq(topo->domains[0].sid.subs[1], 4294967295);
    ck_assert_str_eq(topo->suffixes[0], "x.y");
    ck_assert(tl_topology_was_read(topo, "z.y") && tl_topology_was_read(topo, "h.x"));
    ck_assert(!tl_topology_was_read(topo, "a.b"));
    ck_assert_str_eq(tdo->holder, "h.x");
    ck_assert_str_eq(tdo->dn, "CN=p");
    ck_assert_str_eq(tdo->partner, "P");
    ck_assert_str_eq(tdo->flat, "F");
    ck_assert(tdo->has_sid && tdo->has_enctypes);
    ck_assert_uint_eq(tdo->attributes, 4294967295);
    ck_assert_int_eq(tdo->changed, 12345678901);
    ck_assert_str_eq(tdo->forest_info_error, "bad");
    ck_assert_uint_eq(tdo->forest_info->count, 2);
    ck_assert_uint_eq(tdo->forest_info->records[0].raw_type, 200);
    ck_assert_int_eq(tdo->forest_info->records[0].type, TL_FT_BINARY);
    ck_assert_uint_eq(tdo->forest_info->records[0].time, UINT64_MAX);
    ck_assert_str_eq(tdo->forest_info->records[1].flat, "D");
    ck_assert(tdo->forest_info->records[1].has_sid);
}
END_TEST

#define IN_TRUST(text) "{\"version\": 1, \"trusts\": [{" text "}]}"
#define TRUST_HEAD                                                                       \
    "\"holder\": \"a.b\", \"trustPartner\": \"c.d\", \"trustDirection\": 3, "            \
    "\"trustType\": 2"

/* Wrong text, and a piece of the message that must name the place. */
static const struct bad {
    const char *json, *message;
} bads[] = {
    {"", "line"},
    {"{", "line"},
    {"[]", "not an object"},
    {"{}", "version: is missing"},
    {"{\"version\": 2}", "version: is not 1"},
    {"{\"version\": \"1\"}", "version: is not an integer"},
    {"{\"version\": 1, \"version\": 1}", "line"},
    {"{\"version\": 1} x", "line"},
    {"{\"version\": 1, \"taken\": 1.5}", "taken: is not an integer"},
    {"{\"version\": 1, \"taken\": 99999999999999999999}", "line"},
    {"{\"version\": 1, \"domain\": \"a..b\"}", "domain: is not a DNS name"},
    {"{\"version\": 1, \"domain\": 7}", "domain: is not a string"},
    {"{\"version\": 1, \"site\": \"\"}", "site: is empty"},
    {"{\"version\": 1, \"site\": \"a\\u0000b\"}", "line"},
    {"{\"version\": 1, \"site\": \"\xff\"}", "line"},
    {"{\"version\": 1, \"domains\": {}}", "domains: is not an array"},
    {"{\"version\": 1, \"domains\": [1]}", "domains[0]: is not an object"},
    {"{\"version\": 1, \"domains\": [{}]}", "domains[0].dns: is missing"},
    {"{\"version\": 1, \"domains\": [{\"dns\": \"a\", \"sid\": \"S-1\"}]}",
     "domains[0].sid: is not a SID"},
    {"{\"version\": 1, \"uPNSuffixes\": [1]}", "uPNSuffixes: an element"},
    {IN_TRUST(""), "trusts[0].holder: is missing"},
    {IN_TRUST("\"holder\": \"a.b\""), "trusts[0].trustPartner: is missing"},
    {IN_TRUST("\"holder\": \"a.b\", \"trustPartner\": \"c\", \"trustDirection\": -1"),
     "trusts[0].trustDirection: is out of range"},
    {IN_TRUST("\"holder\": \"a.b\", \"trustPartner\": \"c\", \"trustDirection\": 1"),
     "trusts[0].trustType: is missing"},
    {IN_TRUST(TRUST_HEAD ", \"trustAttributes\": 4294967296"),
     "trusts[0].trustAttributes: is out of range"},
    {IN_TRUST(TRUST_HEAD ", \"forestTrustInfo\": 0"),
     "trusts[0].forestTrustInfo: is not an array"},
    {IN_TRUST(TRUST_HEAD ", \"forestTrustInfo\": [{}]"),
     "trusts[0].info[0].type: is missing"},
    {IN_TRUST(TRUST_HEAD ", \"forestTrustInfo\": [{\"type\": 256}]"),
     "trusts[0].info[0].type: is out of range"},
    {IN_TRUST(TRUST_HEAD ", \"forestTrustInfo\": [{\"type\": 0, \"name\": []}]"),
     "trusts[0].info[0].name: is not a string"},
};

START_TEST(hostile)
{
    struct tl_topology *topo = (void *)1;
    char *error = NULL;

    ck_assert_int_eq(
        tl_topology_from_json(ctx, bads[_i].json, strlen(bads[_i].json), &topo, &error),
        -EBADMSG);
    ck_assert_ptr_null(topo);
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error, bads[_i].message) != NULL, "%s: %s", bads[_i].json,
                  error);
}
END_TEST

START_TEST(too_many)
{
    char *json = talloc_strdup(ctx, "{\"version\": 1, \"domains\": [");
    struct tl_topology *topo;
    char *error;

    for (int i = 0; i < 4097; i++)
        json = talloc_strdup_append_buffer(json, i == 0 ? "{\"dns\": \"a\"}"
                                                        : ",{\"dns\": \"a\"}");
    json = talloc_strdup_append_buffer(json, "]}");
    ck_assert_int_eq(tl_topology_from_json(ctx, json, strlen(json), &topo, &error),
                     -EBADMSG);
    ck_assert_str_eq(error, "domains: has too many elements");
}
END_TEST

START_TEST(file)
{
    temp_path dir;
    struct tl_topology *topo = load(TOPO_FOREST), *back = NULL;
    char *path, *error = NULL;
    struct stat st;

    make_temp_folder(dir);
    path = talloc_asprintf(ctx, "%s/t.json", dir);
    ck_assert_int_eq(tl_topology_load(ctx, path, &back, &error), -ENOENT);
    ck_assert_ptr_nonnull(error);
    ck_assert_int_eq(tl_topology_save(topo, path), 0);
    ck_assert_int_eq(tl_topology_save(load(TOPO_TREE), path), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0644);
    ck_assert_int_eq(tl_topology_load(ctx, path, &back, &error), 0);
    ck_assert_str_eq(dump(back), dump(load(TOPO_TREE)));
    ck_assert_int_eq(unlink(path), 0);
    /* No other file was left. */
    ck_assert_int_eq(rmdir(dir), 0);
    ck_assert_int_eq(tl_topology_save(topo, path), -ENOENT);
}
END_TEST

START_TEST(add)
{
    struct tl_topology *topo = load(TOPO_FOREST), *copy = tl_topology_new(ctx);
    size_t before = topo->num_trusts;
    struct tl_tdo tdo = topo->trusts[0];

    for (size_t i = 0; i < before; i++)
        ck_assert_int_eq(tl_topology_add_trust(copy, &topo->trusts[i]), 0);
    ck_assert_uint_eq(copy->num_trusts, before);
    /* The same trust, spelt otherwise, takes the old one's place. */
    tdo.partner = "CONTOSO.TEST.";
    tdo.type = 1;
    ck_assert_int_eq(tl_topology_add_trust(copy, &tdo), 0);
    ck_assert_uint_eq(copy->num_trusts, before);
    talloc_free(topo); /* nothing of the copy points there */
    ck_assert_uint_eq(tl_topology_trust(copy, "FABRIKAM.test", "contoso")->type, 1);
    ck_assert_str_eq(copy->trusts[0].forest_info->records[0].name, "contoso.test");
    ck_assert_ptr_null(tl_topology_trust(copy, "fabrikam.test", "nobody.test"));
    tdo.holder = NULL;
    ck_assert_int_eq(tl_topology_add_trust(copy, &tdo), -EINVAL);
}
END_TEST

/* A route has pointers into what grows when the other side is read, too. */
START_TEST(add_moves_nothing)
{
    struct tl_topology *topo = talloc_zero(NULL, struct tl_topology);
    const struct tl_tdo *held[100];

    ck_assert_ptr_nonnull(topo);
    for (size_t i = 0; i < 100; i++) {
        char partner[32];
        struct tl_tdo tdo = {.holder = "fabrikam.test", .partner = partner};

        snprintf(partner, sizeof(partner), "f%zu.test", i);
        ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
        held[i] = &topo->trusts[i];
    }
    ck_assert_uint_eq(topo->num_trusts, 100);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_str_eq(held[i]->partner, topo->trusts[i].partner);
        ck_assert_str_eq(held[i]->holder, "fabrikam.test");
    }
    talloc_free(topo);
}
END_TEST

static const struct set {
    const char *setting, *error; /* error NULL: it is done */
} sets[] = {
    {"contoso.test.trustType=1", NULL},
    {"CONTOSO.trustType=mit", NULL},
    {"fabrikam.test/contoso.test.trustDirection=inbound", NULL},
    {"contoso.test/FABRIKAM.trustAttributes=0x10", NULL},
    {"contoso.test.trustPartner=CONTOSO", NULL},
    {"contoso.test.flatName=X", NULL},
    {"contoso.test.tln:fresh.tln.example=enabled", NULL},
    {"contoso.test.tln:corp.example=new", NULL},
    {"contoso.test.tln:corp.example=conflict", NULL},
    {"contoso.test.tln:CORP.example.=absent", NULL},
    {"contoso.test.tlnex:sub.corp.example=present", NULL},
    {"contoso.test.tlnex:plant.corp.example=absent", NULL},
    {"", "is not TRUST.ATTRIBUTE=VALUE"},
    {"=", "is not TRUST.ATTRIBUTE=VALUE"},
    {"contoso.test.trustType", "is not TRUST.ATTRIBUTE=VALUE"},
    {"nobody.test.trustType=1", "no trust with nobody.test"},
    {"northwind.test/contoso.test.trustType=1", "no trust with"},
    {"contoso.test.trustType=", "is not a number"},
    {"contoso.test.trustType=-1", "is not a number"},
    {"contoso.test.trustType=1x", "is not a number"},
    {"contoso.test.trustType=4294967296", "is not a number"},
    {"contoso.test.whenCreated=1", "cannot be set"},
    {"contoso.test.tln:x.y=maybe", "enabled, disabled, new"},
    {"contoso.test.tlnex:x.y=new", "present or absent"},
    {"contoso.test.tln:=new", "is not a DNS name"},
    {"contoso.test.tln:a..b=new", "is not a DNS name"},
    {"contoso.test.trustPartner=", "empty or too long"},
};

START_TEST(set)
{
    struct tl_topology *topo = load(TOPO_FOREST);
    char *error = NULL, *before = dump(topo);
    int ret = tl_topology_set(ctx, topo, sets[_i].setting, &error);

    if (sets[_i].error == NULL) {
        ck_assert_msg(ret == 0, "%s: %s", sets[_i].setting, error);
        ck_assert_str_ne(dump(topo), before);
        ck_assert_str_eq(dump(load(dump(topo))), dump(topo));
    } else {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_msg(strstr(error, sets[_i].error) != NULL, "%s: %s", sets[_i].setting,
                      error);
        ck_assert_str_eq(dump(topo), before);
    }
}
END_TEST

START_TEST(set_values)
{
    struct tl_topology *topo = load(TOPO_FOREST);
    const struct tl_tdo *tdo = tl_topology_trust(topo, "fabrikam.test", "contoso.test");
    size_t count = tdo->forest_info->count;

    ck_assert_int_eq(tl_topology_set(ctx, topo, "CONTOSO.trustDirection=2", NULL), 0);
    ck_assert_uint_eq(tdo->direction, TL_TRUST_OUTBOUND);
    ck_assert_int_eq(tl_topology_set(ctx, topo, "CONTOSO.tln:corp.example=new", NULL), 0);
    ck_assert_uint_eq(tdo->forest_info->records[2].flags, TL_FT_DISABLED_NEW);
    ck_assert_int_eq(tl_topology_set(ctx, topo, "CONTOSO.tln:corp.example=absent", NULL),
                     0);
    ck_assert_uint_eq(tdo->forest_info->count, count - 1);
    ck_assert_int_eq(tl_topology_set(ctx, topo, "CONTOSO.tln:a.b=disabled", NULL), 0);
    ck_assert_uint_eq(tdo->forest_info->count, count);
    ck_assert_str_eq(tdo->forest_info->records[count - 1].name, "a.b");
    ck_assert_uint_eq(tdo->forest_info->records[count - 1].flags, TL_FT_DISABLED_ADMIN);
}
END_TEST

/* With several trusts of one partner the own side's is meant; otherwise the holder must
 * be named. */
START_TEST(set_ambiguous)
{
    struct tl_topology *topo = load(TOPO_TREE);
    struct tl_tdo tdo = topo->trusts[0];
    char *error = NULL;

    tdo.holder = "de.eu.fabrikam.test";
    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
    ck_assert_int_eq(tl_topology_set(ctx, topo, "contoso.test.trustType=1", &error),
                     -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "HOLDER/contoso.test"));
    ck_assert_int_eq(
        tl_topology_set(ctx, topo, "fabrikam.test/contoso.test.trustType=1", &error), 0);
    ck_assert_uint_eq(topo->trusts[0].type, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topology");
    TCase *json = tcase_create("json"), *what_if = tcase_create("set");

    tcase_add_checked_fixture(json, setup, teardown);
    tcase_add_checked_fixture(what_if, setup, teardown);
    tcase_add_loop_test(json, round_trip, 0, COUNT(good));
    tcase_add_test(json, every_member);
    tcase_add_loop_test(json, hostile, 0, COUNT(bads));
    tcase_add_test(json, too_many);
    tcase_add_test(json, file);
    tcase_add_test(json, add);
    tcase_add_test(json, add_moves_nothing);
    tcase_add_loop_test(what_if, set, 0, COUNT(sets));
    tcase_add_test(what_if, set_values);
    tcase_add_test(what_if, set_ambiguous);
    suite_add_tcase(suite, json);
    suite_add_tcase(suite, what_if);
    return run_suite(suite);
}
