/* SPDX-License-Identifier: MIT
 *
 * test_tdo_judge.c - trusted domain objects that are damaged, doubled, misnamed, or do
 * not fit the one at their other end; and the trust that a name without one meant.
 */
#include <check.h>
#include <string.h>
#include <trustlogon/route.h>

#include "fixtures.h"
#include "run_suite.h"
#include "talloc_context.h"

#define U_DN "CN=fabrikam.test,CN=System,DC=contoso,DC=test"
#define W_DN "CN=contoso.test,CN=System,DC=fabrikam,DC=test"
#define NO UINT32_MAX /* no msDS-SupportedEncryptionTypes */

static const struct tl_workstation ws = {WS1_OF_FABRIKAM};

/* The two ends of a sound external trust. */
static struct tl_tdo user_side(void)
{
    return (struct tl_tdo){.holder = "contoso.test",
                           .dn = U_DN,
                           .partner = "fabrikam.test",
                           .flat = "FABRIKAM",
                           .sid = sid_of("S-1-5-21-1-2-3"),
                           .has_sid = true,
                           .direction = 3,
                           .type = 2};
}

static struct tl_tdo own_side(void)
{
    return (struct tl_tdo){.holder = "fabrikam.test",
                           .dn = W_DN,
                           .partner = "contoso.test",
                           .flat = "CONTOSO",
                           .sid = sid_of("S-1-5-21-4-5-6"),
                           .has_sid = true,
                           .direction = 3,
                           .type = 2};
}

static struct tl_topology *topology_of(const struct tl_tdo *tdos, size_t count)
{
    struct tl_topology *topo = tl_topology_new(ctx);

    topo->domain = topo->forest = "fabrikam.test";
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(tl_topology_add_trust(topo, &tdos[i]), 0);
    ck_assert_int_eq(tl_topology_mark_read(topo, "contoso.test"), 0);
    ck_assert_int_eq(tl_topology_mark_read(topo, "fabrikam.test"), 0);
    return topo;
}

/* An object by another name than its partner's, and one whose name is not to be seen. */
START_TEST(an_object_bears_its_name)
{
    static const struct {
        const char *dn, *partner, *name;
        bool bears;
    } rows[] = {
        {W_DN, "contoso.test", "contoso.test", true},
        {W_DN, "CONTOSO.test.", "contoso.test", true},
        {"cn=Contoso.Test,CN=System,DC=fabrikam,DC=test", "contoso.test", "Contoso.Test",
         true},
        {W_DN, "contso.test", "contoso.test", false},
        {"CN=CONTOSO,CN=System,DC=fabrikam,DC=test", "contoso.test", "CONTOSO", false},
        {"CN=a\\,b,CN=System,DC=fabrikam,DC=test", "contoso.test", NULL, false},
        {"OU=contoso.test,DC=fabrikam,DC=test", "contoso.test", NULL, false},
        {NULL, "contoso.test", NULL, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tl_tdo tdo = own_side();
        char *name;

        tdo.dn = rows[i].dn;
        tdo.partner = rows[i].partner;
        ck_assert_msg(tl_tdo_bears_its_name(ctx, &tdo, &name) == rows[i].bears, "%zu", i);
        ck_assert_pstr_eq(name, rows[i].name);
    }
}
END_TEST

static void judged(const struct tl_topology *topo, const char *expected)
{
    const char *subject, *attribute;
    enum tl_reason reason =
        tl_route_judge(ctx, topo, "contoso.test", &ws, &subject, &attribute);
    char *verdict = talloc_asprintf(ctx, "%s|%s|%s", tl_reason_info(reason)->slug,
                                    subject != NULL ? subject : "",
                                    attribute != NULL ? attribute : "");

    ck_assert_str_eq(verdict, expected);
}

START_TEST(damage)
{
    struct tl_tdo tdos[] = {user_side(), own_side()};

    judged(topology_of(tdos, 2), "ok||");
    tdos[1].damage = "no flatName";
    judged(topology_of(tdos, 2), "trust-damaged|" W_DN "|no flatName");
    /* The user's KDC is asked first; what ends every logon comes before. */
    tdos[0].damage = "no securityIdentifier";
    judged(topology_of(tdos, 2), "trust-damaged|" U_DN "|no securityIdentifier");
    tdos[0].type = 1;
    judged(topology_of(tdos, 2), "trust-downlevel|" U_DN "|trustType = 1");
}
END_TEST

/* Values at the user's and the own side. */
static const struct etypes_row {
    uint32_t user, own;
    const char *verdict;
} etypes_rows[] = {
    {24, 24, "ok||"},
    {NO, NO, "ok||"},
    {NO, 8, "ok||"},
    {24, NO, "ok||"},
    {28, 16, "ok||"},
    {0, 24,
     "trust-enctypes|" U_DN "|msDS-SupportedEncryptionTypes = 0, neither AES nor RC4"},
    {24, 3,
     "trust-enctypes|" W_DN "|msDS-SupportedEncryptionTypes = 3, neither AES nor RC4"},
    {24, 8,
     "trust-enctypes|" W_DN "|msDS-SupportedEncryptionTypes = 8, and " U_DN " has 24"},
    {4, 24, "ok||"}, /* trust-rc4-only */
    {24, 4, "ok||"}, /* the same */
    {12, 24, "ok||"},
};

START_TEST(etypes)
{
    const struct etypes_row *row = &etypes_rows[_i];
    struct tl_tdo tdos[] = {user_side(), own_side()};

    tdos[0].enctypes = row->user;
    tdos[0].has_enctypes = row->user != NO;
    tdos[1].enctypes = row->own;
    tdos[1].has_enctypes = row->own != NO;
    judged(topology_of(tdos, 2), row->verdict);
}
END_TEST

/* Of two objects the one that bears its partner's name is used, whichever is read first;
 * the other one is named. */
START_TEST(twins)
{
    const char *second = "CN=second.test,CN=System,DC=contoso,DC=test";
    struct tl_tdo tdos[] = {user_side(), own_side(), user_side()};
    struct tl_tdo swapped[] = {user_side(), own_side(), user_side()};

    tdos[2].dn = swapped[0].dn = second;
    tdos[2].type = swapped[0].type = 1;
    judged(topology_of(tdos, 3),
           "trust-twice|CN=second.test,CN=System,DC=contoso,DC=test|trustPartner = "
           "fabrikam.test, which " U_DN " has, too");
    judged(topology_of(swapped, 3),
           "trust-twice|CN=second.test,CN=System,DC=contoso,DC=test|trustPartner = "
           "fabrikam.test, which " U_DN " has, too");
    tdos[2].partner = "second.test";
    judged(topology_of(tdos, 3),
           "trust-twice|CN=second.test,CN=System,DC=contoso,DC=test|flatName = FABRIKAM, "
           "which " U_DN " has, too");
    tdos[2].flat = "SECOND";
    judged(topology_of(tdos, 3),
           "trust-twice|CN=second.test,CN=System,DC=contoso,DC=test|securityIdentifier = "
           "S-1-5-21-1-2-3, which " U_DN " has, too");
    tdos[2].has_sid = false;
    judged(topology_of(tdos, 3), "ok||");
    /* The same object, read again, is replaced. */
    tdos[2] = user_side();
    ck_assert_uint_eq(topology_of(tdos, 3)->num_trusts, 2);
}
END_TEST

START_TEST(names)
{
    struct tl_tdo tdos[] = {user_side(), own_side()};

    tdos[0].partner = "other.test";
    judged(topology_of(tdos, 2),
           "trust-partner|" U_DN "|trustPartner = other.test; right is fabrikam.test");
    tdos[0].partner = "fabrikam.test.";
    judged(topology_of(tdos, 2),
           "trust-partner|" U_DN "|trustPartner = fabrikam.test. with a dot at its end; "
           "right is fabrikam.test");
}
END_TEST

/* What else an object holds shows that FOREST_TRANSITIVE is not as it was made. */
START_TEST(flags)
{
    struct tl_tdo tdos[] = {user_side(), own_side()};

    tdos[1].attributes = TL_TRUST_FOREST_TRANSITIVE;
    judged(topology_of(tdos, 2), "trust-flags-contradict|" W_DN
                                 "|trustAttributes = 0x8, FOREST_TRANSITIVE, and "
                                 "no msDS-TrustForestTrustInfo");
    tdos[1].keeps_forest_info = true;
    judged(topology_of(tdos, 2),
           "trust-kinds-differ|" U_DN "|trustAttributes = 0x0, not a forest trust");
    tdos[0].keeps_forest_info = true;
    judged(topology_of(tdos, 2),
           "trust-flags-contradict|" U_DN
           "|trustAttributes = 0x0, without FOREST_TRANSITIVE, and the "
           "msDS-TrustForestTrustInfo of a forest trust");
    tdos[0].attributes = TL_TRUST_FOREST_TRANSITIVE | TL_TRUST_NON_TRANSITIVE;
    judged(topology_of(tdos, 2),
           "trust-flags-contradict|" U_DN "|trustAttributes = 0x9, FOREST_TRANSITIVE and "
           "NON_TRANSITIVE at once");
}
END_TEST

static void meant(const struct tl_topology *topo, const char *typed, const char *expected)
{
    const char *subject, *attribute;
    enum tl_reason reason = tl_route_meant(ctx, topo, typed, &subject, &attribute);
    char *verdict = talloc_asprintf(ctx, "%s|%s|%s", tl_reason_info(reason)->slug,
                                    subject != NULL ? subject : "",
                                    attribute != NULL ? attribute : "");

    ck_assert_str_eq(verdict, expected);
}

START_TEST(meant_trusts)
{
    struct tl_tdo tdos[] = {user_side(), own_side()};
    struct tl_topology *topo;
    char *json, *error;

    tdos[1].flat = "OTHER";
    topo = topology_of(tdos, 2);
    meant(topo, "CONTOSO", "trust-flat-name|" W_DN "|flatName = OTHER");
    meant(topo, "contoso", "trust-flat-name|" W_DN "|flatName = OTHER");
    meant(topo, "NOWHERE", "ok||");
    meant(topo, "FABRIKAM", "ok||"); /* the other side's object */
    tdos[1].flat = NULL;
    meant(topology_of(tdos, 2), "CONTOSO", "trust-flat-name|" W_DN "|no flatName");
    tdos[1].flat = "CONTOSO";
    tdos[1].partner = "contso.test";
    topo = topology_of(tdos, 2);
    meant(topo, "contoso.test",
          "trust-partner|" W_DN "|trustPartner = contso.test; right is contoso.test");

    /* One without a partner, also after it was saved; each once. */
    topo = topology_of(tdos, 1);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(tl_topology_add_nameless(topo, "fabrikam.test", W_DN, "CONTOSO"),
                         0);
    ck_assert_uint_eq(topo->num_nameless, 1);
    ck_assert_int_eq(tl_topology_to_json(ctx, topo, &json), 0);
    ck_assert_int_eq(tl_topology_from_json(ctx, json, strlen(json), &topo, &error), 0);
    meant(topo, "CONTOSO", "trust-damaged|" W_DN "|no trustPartner");
    meant(topo, "contoso.test", "trust-damaged|" W_DN "|no trustPartner");
    meant(topo, "NOWHERE", "ok||");
    judged(topo, "trust-damaged|" W_DN "|no trustPartner");
}
END_TEST

/* What two readings of the trusts say differently. */
START_TEST(differences)
{
    struct tl_ft_record old = {.name = "contoso.test"},
                        new = {.name = "contoso.test", .flags = 2};
    struct tl_forest_info before = {1, &old}, after = {1, &new};
    struct tl_tdo saved[] = {own_side()}, now[] = {own_side(), own_side()};
    const char *second = "CN=second.test,CN=System,DC=fabrikam,DC=test";

    ck_assert_ptr_null(
        tl_topology_difference(ctx, topology_of(saved, 1), topology_of(saved, 1)));
    now[0].sid = sid_of("S-1-5-21-7-8-9");
    now[1].dn = second;
    now[1].partner = "second.test";
    ck_assert_str_eq(
        tl_topology_difference(ctx, topology_of(saved, 1), topology_of(now, 2)),
        W_DN ": securityIdentifier; CN=second.test,CN=System,DC=fabrikam,DC=test: it is "
             "new");
    ck_assert_str_eq(
        tl_topology_difference(ctx, topology_of(now, 2), topology_of(saved, 1)),
        W_DN ": securityIdentifier; CN=second.test,CN=System,DC=fabrikam,DC=test: it is "
             "no longer there");
    now[0] = saved[0];
    saved[0].forest_info = &before;
    now[0].forest_info = &after;
    ck_assert_str_eq(
        tl_topology_difference(ctx, topology_of(saved, 1), topology_of(now, 1)),
        W_DN ": msDS-TrustForestTrustInfo");
    now[0].attributes = 8;
    ck_assert_str_eq(
        tl_topology_difference(ctx, topology_of(saved, 1), topology_of(now, 1)),
        W_DN ": trustAttributes");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tdo_judge");
    TCase *tcase = tcase_create("objects");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, damage);
    tcase_add_loop_test(tcase, etypes, 0, COUNT(etypes_rows));
    tcase_add_test(tcase, twins);
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, flags);
    tcase_add_test(tcase, meant_trusts);
    tcase_add_test(tcase, an_object_bears_its_name);
    tcase_add_test(tcase, differences);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
