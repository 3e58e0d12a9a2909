/* SPDX-License-Identifier: MIT
 *
 * test_route_judge.c - the verdict on a name if no trust leads to its domain, or
 * where trusts are cut, disabled, weak or removed.
 */
#include <string.h>
#include <check.h>
#include <trustlogon/route.h>

#include "route_rows.h"

struct judge_row {
    const char *source, *json, *sets, *user_domain;
    const struct tl_workstation *ws;
    const char *verdict;
};

#define U_DN "CN=fabrikam.test,CN=System,DC=contoso,DC=test"
#define U "contoso.test/fabrikam.test."
#define W "fabrikam.test/contoso.test."
#define F_U "fabrikam.test in contoso.test"
#define F_W "contoso.test in fabrikam.test"

/* In the order in which the checks are made; where two things are wrong, the first. */
static const struct judge_row judge_rows[] = {
    {"nothing wrong", EB, NULL, "contoso.test", &ws1, "ok||"},
    {"nothing wrong, forest", F, NULL, "CONTOSO.TEST", &ws1, "ok||"},
    {"own domain", EB, NULL, "fabrikam.test", &ws1, "ok||"},
    {"nothing known", E, NULL, "wingtip.test", &ws1,
     "trust-missing|wingtip.test in fabrikam.test|"},
    {"user's side missing: its directory was read", EB,
     U "flatName=THIRD " U "trustPartner=third.test", "contoso.test", &ws1,
     "trust-partner|" U_DN "|trustPartner = third.test; right is fabrikam.test"},
    {"user's side: type 1", EB, U "trustType=1", "contoso.test", &ws1,
     "trust-downlevel|" U_DN "|trustType = 1"},
    {"user's side: type before name", EB, U "trustType=1 " U "trustPartner=FABRIKAM",
     "contoso.test", &ws1, "trust-downlevel|" U_DN "|trustType = 1"},
    {"user's side: NetBIOS name", EB, U "trustPartner=FABRIKAM", "contoso.test", &ws1,
     "trust-netbios-named|" U_DN "|trustPartner = FABRIKAM"},
    {"user's side: name before direction", EB,
     U "trustPartner=FABRIKAM contoso.test/FABRIKAM.trustDirection=2", "contoso.test",
     &ws1, "trust-netbios-named|" U_DN "|trustPartner = FABRIKAM"},
    {"user's side: type 3", EB, U "trustType=3", "contoso.test", &ws1,
     "trust-mit|" U_DN "|trustType = 3"},
    {"user's side: not INBOUND", EB, U "trustDirection=2", "contoso.test", &ws1,
     "trust-direction|" U_DN "|trustDirection = 2, outgoing"},
    {"user's side: disabled", EB, U "trustDirection=0", "contoso.test", &ws1,
     "trust-direction|" U_DN "|trustDirection = 0, disabled"},
    {"user's side: INBOUND is enough", EB, U "trustDirection=1 " W "trustDirection=2",
     "contoso.test", &ws1, "ok||"},
    {"user's side before the workstation's", EB, U "trustDirection=2 " W "trustType=1",
     "contoso.test", &ws1, "trust-direction|" U_DN "|trustDirection = 2, outgoing"},
    {"user's side: selective", EB, U "trustAttributes=0x10", "contoso.test", &ws1,
     "trust-selective|" U_DN "|trustAttributes = 0x10, CROSS_ORGANIZATION"},
    {"workstation's side: type 1", EB, W "trustType=1", "contoso.test", &ws1,
     "trust-downlevel|" F_W "|trustType = 1"},
    {"workstation's side: not OUTBOUND", EB, W "trustDirection=1", "contoso.test", &ws1,
     "trust-direction|" F_W "|trustDirection = 1, incoming"},
    {"workstation's side: NetBIOS name", EB, W "trustPartner=CONTOSO", "contoso.test",
     &ws1, "trust-netbios-named|CONTOSO in fabrikam.test|trustPartner = CONTOSO"},
    {"workstation's side: selective", EB, W "trustAttributes=0x10", "contoso.test", &ws1,
     "trust-selective|" F_W "|trustAttributes = 0x10, CROSS_ORGANIZATION"},
    {"forest: host's TLN disabled", F, U "tln:fabrikam.test=disabled", "contoso.test",
     &ws1, "host-not-routed|" F_U "|TLN fabrikam.test: Disabled"},
    {"forest: host's TLN new", F, U "tln:fabrikam.test=new", "contoso.test", &ws1,
     "host-not-routed|" F_U "|TLN fabrikam.test: Disabled-New"},
    {"forest: host's TLN in conflict", F, U "tln:fabrikam.test=conflict", "contoso.test",
     &ws1, "host-not-routed|" F_U "|TLN fabrikam.test: Disabled-Conflicting"},
    {"forest: host's TLN absent", F, U "tln:fabrikam.test=absent", "contoso.test", &ws1,
     "host-not-routed|" F_U "|no TLN covers ws1.fabrikam.test"},
    {"forest: host excluded", F, U "tlnex:ws1.fabrikam.test=present", "contoso.test",
     &ws1, "host-not-routed|" F_U "|TLN_EX ws1.fabrikam.test"},
    {"forest: the host is routed elsewhere, by a longer name", F,
     "contoso.test/wingtip.test.tln:ws1.fabrikam.test=enabled", "contoso.test", &ws1,
     "host-not-routed|" F_U "|ws1.fabrikam.test is routed to wingtip.test"},
    {"forest: another host excluded", F, U "tlnex:ws2.fabrikam.test=present",
     "contoso.test", &ws1, "ok||"},
    {"forest on the workstation's side only: a referral is expected and none is made", F,
     U "trustAttributes=0", "contoso.test", &ws1,
     "trust-kinds-differ|" F_U "|trustAttributes = 0x0, not a forest trust"},
    {"marked as within a forest on the user's side", F, U "trustAttributes=0x28",
     "contoso.test", &ws1,
     "trust-within-forest|" F_U "|trustAttributes = 0x28, WITHIN_FOREST"},
    {"marked as within a forest on the workstation's side", F, W "trustAttributes=0x28",
     "contoso.test", &ws1,
     "trust-within-forest|" F_W "|trustAttributes = 0x28, WITHIN_FOREST"},
    {"forest on the user's side only: referred all the same", F, W "trustAttributes=0",
     "contoso.test", &ws1, "ok||"},
    {"forest: direction before routing", F,
     U "tln:fabrikam.test=disabled " U "trustDirection=2", "contoso.test", &ws1,
     "trust-direction|" F_U "|trustDirection = 2, outgoing"},
    {"forest: routing before selective", F,
     U "tln:fabrikam.test=disabled " U "trustAttributes=0x18", "contoso.test", &ws1,
     "host-not-routed|" F_U "|TLN fabrikam.test: Disabled"},
    {"PAC 4.1.2.3: the user's realm is not claimed", F, W "tln:contoso.test=disabled",
     "contoso.test", &ws1, "suffix-disabled-by-admin|contoso.test|Disabled"},
    {"PAC 4.1.2.3: the user's realm is excluded", F, W "tlnex:emea.contoso.test=present",
     "emea.contoso.test", &ws1, "suffix-excluded|emea.contoso.test|"},
    {"the way through the root of the user's forest", F, U "trustType=1",
     "emea.contoso.test", &ws1, "trust-downlevel|" F_U "|trustType = 1"},
    {"an external trust with the wrong domain of the forest", T, NULL, "old.example",
     &ws_deep,
     "trust-not-transitive|old.example in fabrikam.test|trustAttributes = 0x0, an "
     "external trust"},
};

START_TEST(judged)
{
    const struct judge_row *r = &judge_rows[_i];
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, r->json, r->sets);
    const char *subject, *attribute;
    enum tl_reason reason =
        tl_route_judge(ctx, topo, r->user_domain, r->ws, &subject, &attribute);
    char *verdict = verdict_of(ctx, reason, subject, attribute);

    if (r->verdict == NULL)
        ck_assert_int_eq(reason, TL_REASON_TRUST_MISSING);
    else
        ck_assert_msg(strcmp(verdict, r->verdict) == 0, "%s: %s, not %s", r->source,
                      verdict, r->verdict);
    talloc_free(ctx);
}
END_TEST

/* What only a blob, not a setting, can bring about. */
START_TEST(blobs)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, F, NULL);
    struct tl_workstation disjoint = ws1;
    const char *subject, *attribute;
    struct tl_route *r;

    /* DRSR 5.64.2, Samba alike: one table that cannot be read stops all routing. */
    topo->trusts[1].forest_info = NULL;
    topo->trusts[1].forest_info_error = "bytes after the last record";
    r = route(ctx, topo, &ws1, "alice@corp.example");
    ck_assert_int_eq(r->verdict, TL_REASON_TRUST_INFO_BROKEN);
    ck_assert_str_eq(r->subject, "northwind.test");
    ck_assert_str_eq(r->attribute, "bytes after the last record");
    r = route(ctx, topo, &ws1, "bob@fabrikam.example");
    ck_assert_int_eq(r->verdict, TL_REASON_OK);

    /* Samba, measured: a forest trust without a table routes its own name. */
    topo->trusts[1].forest_info_error = NULL;
    r = route(ctx, topo, &ws1, "nan@sub.northwind.test");
    ck_assert_int_eq(r->verdict, TL_REASON_OK);
    ck_assert_str_eq(r->user_domain, "northwind.test");

    topo->trusts[2].forest_info = NULL;
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_OK);
    topo->trusts[2].forest_info_error = "a record";
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_TRUST_INFO_BROKEN);
    ck_assert_str_eq(attribute, "a record");

    /* Nor does a trust without a table route a host of another name. */
    topo->trusts[2].forest_info_error = NULL;
    disjoint.fqdn = "ws1.lab.example";
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &disjoint, &subject, &attribute),
        TL_REASON_TRUST_INFO_MISSING);
    ck_assert_str_eq(attribute, "msDS-TrustForestTrustInfo is absent");
    talloc_free(ctx);
}
END_TEST

/* The trust was removed on the user's side, and it was that domain's only one. */
/* Values of msDS-SupportedEncryptionTypes at the two ends, and whose is reported. */
static const struct weak_row {
    uint32_t user, own; /* UINT32_MAX: absent */
    const char *user_domain, *told;
} weak_rows[] = {
    {24, 24, "contoso.test", ""},
    {4, 4, "contoso.test", "contoso.test fabrikam.test "},
    {UINT32_MAX, UINT32_MAX, "contoso.test", "contoso.test fabrikam.test "},
    {28, 4, "contoso.test", "fabrikam.test! "},
    {4, 16, "contoso.test", "contoso.test! "},
    {4, 4, "fabrikam.test", ""},
};

START_TEST(weak_trusts)
{
    const struct weak_row *r = &weak_rows[_i];
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, EB, NULL);
    char *told = talloc_strdup(ctx, "");
    struct tl_rc4_hop *list;
    size_t count;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        struct tl_tdo *tdo = &topo->trusts[i];
        bool own = strcmp(tdo->holder, "fabrikam.test") == 0;

        tdo->enctypes = own ? r->own : r->user;
        tdo->has_enctypes = tdo->enctypes != UINT32_MAX;
    }
    ck_assert_int_eq(tl_route_rc4(ctx, topo, r->user_domain, &ws1, &list, &count), 0);
    for (size_t i = 0; i < count; i++)
        told = talloc_asprintf_append(told, "%s%s ", list[i].tdo->holder,
                                      list[i].uneven ? "!" : "");
    ck_assert_str_eq(told, r->told);
    ck_assert_int_eq(tl_route_rc4(ctx, NULL, r->user_domain, &ws1, &list, &count), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(tl_route_rc4(ctx, topo, NULL, &ws1, &list, &count), 0);
    ck_assert_uint_eq(count, 0);
    talloc_free(ctx);
}
END_TEST

START_TEST(none_left)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo = topology(ctx, E, NULL);
    const char *subject, *attribute;

    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_OK);
    ck_assert_int_eq(tl_topology_mark_read(topo, "CONTOSO.TEST"), 0);
    ck_assert_int_eq(
        tl_route_judge(ctx, topo, "contoso.test", &ws1, &subject, &attribute),
        TL_REASON_TRUST_MISSING);
    ck_assert_str_eq(subject, "fabrikam.test in contoso.test");
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route_judge");
    TCase *table = tcase_create("table"), *judge = tcase_create("judge");

    tcase_add_test(table, blobs);
    tcase_add_test(judge, none_left);
    tcase_add_loop_test(judge, weak_trusts, 0, COUNT(weak_rows));
    tcase_add_loop_test(judge, judged, 0, COUNT(judge_rows));
    suite_add_tcase(suite, table);
    suite_add_tcase(suite, judge);
    return run_suite(suite);
}
