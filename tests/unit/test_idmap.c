/* SPDX-License-Identifier: MIT
 *
 * test_idmap.c - SIDs to ids and back as SSSD does: known numbers, which domain keeps a
 * slice that two hash to, and which directory may give which id. That the numbers are
 * SSSD's for any SID, tests/diff/idmap.py checks.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <trustlogon/idmap.h>

#include "idmap_fixture.h"

START_TEST(sss_layout)
{
    struct tl_idmap *map = make(NULL);
    uint32_t first = id_of(map, FABRIKAM "-0"), id;
    const char *why;
    struct tl_sid sid;

    ck_assert_uint_ge(first, 200000);
    ck_assert_uint_eq((first - 200000) % 200000, 0);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-513"), first + 513);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-199999"), first + 199999);
    /* a further slice, not the next numbers */
    ck_assert_uint_ne(id_of(map, FABRIKAM "-200000"), 0);
    ck_assert_uint_ne(id_of(map, FABRIKAM "-200000"), first + 200000);
    ck_assert_uint_ne(id_of(map, FABRIKAM "-2199999"), 0);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-2200000"), 0);
    ck_assert_uint_eq(id_of(map, CONTOSO "-1104"), 0);
    ck_assert_uint_eq(id_of(map, "S-1-5-32-544"), 0);
    ck_assert_uint_eq(id_of(map, "S-1-18-1"), 0);
    sid = sid_of("S-1-18-1");
    ck_assert_int_eq(tl_idmap_to_id(map, &sid, &id, &why), -ENOENT);
    ck_assert_ptr_nonnull(strstr(why, "well-known"));
    ck_assert_int_eq(tl_idmap_to_sid(map, 0, &sid), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, first - 1, &sid), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, 4294967295U, &sid), -ENOENT);
}
END_TEST

START_TEST(who_is_known)
{
    struct tl_idmap_domain also = {.sid = sid_of("S-1-5-21-900-1-1"), .dns = "far.test"};
    struct tl_idmap *map;
    struct tl_sid sid = sid_of(CONTOSO);

    add_tdo("fabrikam.test", "contoso.test", "CONTOSO", CONTOSO,
            listing("sub.contoso.test", "SUB", SUB));
    /* what the other side's directory says does not count */
    add_tdo("contoso.test", "evil.test", "EVIL", "S-1-5-21-666-1-1",
            listing("worse.test", "WORSE", "S-1-5-21-667-1-1"));
    map = make(&also);
    ck_assert_uint_ne(id_of(map, FABRIKAM "-1104"), 0);
    ck_assert_uint_ne(id_of(map, CONTOSO "-1104"), 0);
    ck_assert_uint_ne(id_of(map, SUB "-1104"), 0);
    ck_assert_uint_ne(id_of(map, "S-1-5-21-900-1-1-1104"), 0);
    ck_assert_uint_eq(id_of(map, "S-1-5-21-666-1-1-1104"), 0);
    ck_assert_uint_eq(id_of(map, "S-1-5-21-667-1-1-1104"), 0);
    ck_assert_str_eq(tl_idmap_domain(map, &sid)->dns, "contoso.test");
    ck_assert_str_eq(tl_idmap_domain(map, &sid)->flat, "CONTOSO");
}
END_TEST

/* Ten slices make collisions: they do not depend on the order of the topology,
 * no range is given twice, and the own domain loses nothing. */
START_TEST(slices_do_not_depend_on_order)
{
    struct tl_idmap *alone, *maps[2];
    const struct tl_idmap_range *ranges[2];
    size_t counts[2], mapped = 0;

    set_option(config, "idmap_range_max=2200000");
    alone = make(NULL);
    for (int turn = 0; turn < 2; turn++) {
        topo->num_trusts = 0;
        for (int i = 0; i < 8; i++) {
            int n = turn == 0 ? i : 7 - i;

            add_tdo("fabrikam.test", talloc_asprintf(ctx, "d%d.test", n), NULL,
                    talloc_asprintf(ctx, "S-1-5-21-%d-7-7", 1000 + n), NULL);
        }
        maps[turn] = make(NULL);
        ranges[turn] = tl_idmap_ranges(maps[turn], &counts[turn]);
    }
    ck_assert_uint_eq(counts[0], counts[1]);
    for (size_t i = 0; i < counts[0]; i++) {
        ck_assert_uint_eq(ranges[0][i].min, ranges[1][i].min);
        ck_assert(tl_sid_equal(&ranges[0][i].domain, &ranges[1][i].domain));
        if (i > 0)
            ck_assert_uint_gt(ranges[0][i].min, ranges[0][i - 1].max);
    }
    ck_assert_uint_eq(id_of(maps[0], FABRIKAM "-513"), id_of(alone, FABRIKAM "-513"));
    for (int n = 0; n < 8; n++)
        mapped +=
            id_of(maps[0], talloc_asprintf(ctx, "S-1-5-21-%d-7-7-1104", 1000 + n)) != 0;
    ck_assert_uint_gt(mapped, 0);
    ck_assert_uint_lt(mapped, 8); /* with 8 on 10 slices some collide */
}
END_TEST

static uint64_t filetime(int64_t seconds)
{
    return 116444736000000000ULL + (uint64_t)seconds * 10000000;
}

/* A SID that has the first slice of this one, with ten slices in all. */
static const char *twin_of(const char *domain, int n)
{
    struct tl_sid sid;
    uint32_t first;

    topo->num_trusts = 0;
    add_tdo("fabrikam.test", "x.test", NULL, domain, NULL);
    first = id_of(make(NULL), talloc_asprintf(ctx, "%s-0", domain));
    ck_assert_uint_ne(first, 0);
    for (;; n++) {
        char *twin = talloc_asprintf(ctx, "S-1-5-21-%d-6-6", n);

        sid = sid_of(twin);
        topo->trusts[0].sid = sid;
        if (id_of(make(NULL), talloc_asprintf(ctx, "%s-0", twin)) == first)
            return twin;
    }
}

/* A domain that has its ids, by a trust or listed by one, against one that comes later by
 * either: only the later one goes without. */
START_TEST(known_first)
{
    const bool listed = _i & 1, twin_listed = _i & 2;
    const char *home = _i & 4 ? FABRIKAM : listed ? SUB : CONTOSO;
    struct tl_forest_info *ours, *theirs;
    const struct tl_idmap_range *lost;
    struct tl_sid sid;
    struct tl_idmap *map;
    const char *twin, *why;
    uint32_t before, id;
    size_t count;

    set_option(config, "idmap_range_max=2200000");
    if (_i & 4) /* the own domain is older than any trust */
        topo->num_domains = 0;
    twin = twin_of(home, 5000);
    if (_i & 4)
        topo->num_domains = 1;
    topo->num_trusts = 0;
    ours = listing("sub.contoso.test", "SUB", listed ? SUB : "S-1-5-21-7-7-7");
    ours->records[0].time = filetime(1000);
    add_tdo("fabrikam.test", "contoso.test", "CONTOSO",
            listed ? "S-1-5-21-8-8-8" : CONTOSO, ours);
    topo->trusts[0].created = 900;
    before = id_of(make(NULL), talloc_asprintf(ctx, "%s-1104", home));
    ck_assert_uint_ne(before, 0);
    theirs = listing("new.evil.test", "NEW", twin_listed ? twin : "S-1-5-21-9-9-9");
    theirs->records[0].time = filetime(1500);
    /* as a trust it is the younger one; what it lists, too, however old the trust is */
    add_tdo("fabrikam.test", "evil.test", "EVIL",
            twin_listed ? "S-1-5-21-10-10-10" : twin, theirs);
    topo->trusts[1].created = twin_listed ? 500 : 2000;
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, talloc_asprintf(ctx, "%s-1104", home)), before);
    sid = sid_of(talloc_asprintf(ctx, "%s-1104", twin));
    ck_assert_int_eq(tl_idmap_to_id(map, &sid, &id, &why), -ENOENT);
    ck_assert_str_eq(why,
                     "its ids belong to another domain, which this machine knew first");
    lost = tl_idmap_lost(map, &count);
    sid = sid_of(twin);
    for (size_t i = 0; i < count && sid.revision != 0; i++)
        if (lost[i].first_rid == 0 && tl_sid_equal(&lost[i].domain, &sid))
            sid.revision = 0;
    ck_assert_uint_eq(sid.revision, 0);
}
END_TEST

/* Without the times, as in an older snapshot: a trust comes before what a forest lists,
 * and of two equal claims neither counts. */
START_TEST(ages_not_known)
{
    const char *twin;
    struct tl_idmap *map;

    set_option(config, "idmap_range_max=2200000");
    twin = twin_of(CONTOSO, 5000);
    topo->num_trusts = 0;
    add_tdo("fabrikam.test", "contoso.test", "CONTOSO", CONTOSO,
            listing("sub.contoso.test", "SUB", twin));
    map = make(NULL);
    ck_assert_uint_ne(id_of(map, CONTOSO "-1104"), 0);
    ck_assert_uint_eq(id_of(map, talloc_asprintf(ctx, "%s-1104", twin)), 0);
    topo->num_trusts = 0;
    add_tdo("fabrikam.test", "contoso.test", "CONTOSO", CONTOSO, NULL);
    add_tdo("fabrikam.test", "evil.test", "EVIL", twin, NULL);
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, CONTOSO "-1104"), 0);
    ck_assert_uint_eq(id_of(map, talloc_asprintf(ctx, "%s-1104", twin)), 0);
}
END_TEST

/* One SID that two forests list is that of the domain that was listed first. */
START_TEST(one_sid_of_two_forests)
{
    struct tl_forest_info *late = listing("stolen.evil.test", "STOLEN", SUB),
                          *early = listing("sub.contoso.test", "SUB", SUB);
    struct tl_sid sid = sid_of(SUB);

    late->records[0].time = filetime(2000);
    early->records[0].time = filetime(1000);
    add_tdo("fabrikam.test", "evil.test", "EVIL", "S-1-5-21-6-6-6", late);
    add_tdo("fabrikam.test", "contoso.test", "CONTOSO", CONTOSO, early);
    topo->trusts[0].created = topo->trusts[1].created = 500;
    ck_assert_str_eq(tl_idmap_domain(make(NULL), &sid)->dns, "sub.contoso.test");
}
END_TEST

static const char *not_admitted(const struct tl_idmap *map, const char *string,
                                uint32_t id)
{
    struct tl_sid sid = sid_of(string);
    const char *why = NULL;

    if (tl_idmap_admit(map, &sid, id, &why) == 0) {
        ck_assert_ptr_null(why);
        return "";
    }
    ck_assert_ptr_nonnull(why);
    return why;
}

/* A directory gives ids of its own range: not of another's, and none outside of all
 * ranges. */
START_TEST(whose_directory_may_give_it)
{
    struct tl_sid sid = sid_of(CONTOSO "-1104"), back;
    const char *why = NULL;
    struct tl_idmap *map;
    uint32_t id = 7;

    ck_assert_str_ne(not_admitted(make(NULL), FABRIKAM "-1104", 200000), "");
    add_tdo("fabrikam.test", "contoso.test", "CONTOSO", CONTOSO,
            listing("sub.contoso.test", "FABRIKAM", SUB));
    set_option(config, "idmap=rfc2307");
    set_option(config, "rfc2307_ranges=fabrikam:10000-19999,contoso.test:20000-29999");
    map = make(NULL);
    ck_assert_str_eq(not_admitted(map, FABRIKAM "-1104", 10000), "");
    ck_assert_str_eq(not_admitted(map, FABRIKAM "-1104", 19999), "");
    ck_assert_str_eq(not_admitted(map, CONTOSO "-1104", 20000), "");
    ck_assert_ptr_nonnull(strstr(not_admitted(map, CONTOSO "-1104", 19999), "outside"));
    ck_assert_ptr_nonnull(strstr(not_admitted(map, CONTOSO "-1104", 0), "outside"));
    ck_assert_ptr_nonnull(strstr(not_admitted(map, CONTOSO "-1104", 999), "outside"));
    ck_assert_ptr_nonnull(strstr(not_admitted(map, FABRIKAM "-1104", 30000), "outside"));
    ck_assert_ptr_nonnull(
        strstr(not_admitted(map, SUB "-1104", 10000), "no range in rfc2307_ranges"));
    ck_assert_ptr_nonnull(
        strstr(not_admitted(map, "S-1-5-21-9-9-9-1104", 10000), "not in a domain"));
    ck_assert_ptr_nonnull(
        strstr(not_admitted(map, "S-1-5-32-544", 10000), "not in a domain"));
    /* no SID maps to an id by itself here */
    ck_assert_int_eq(tl_idmap_to_id(map, &sid, &id, &why), -ENOENT);
    ck_assert_ptr_nonnull(strstr(why, "directory"));
    ck_assert_int_eq(tl_idmap_to_sid(map, 20000, &back), -ENOENT);
    ck_assert_str_eq(tl_idmap_domain_of_id(map, 29999)->dns, "contoso.test");
    ck_assert_ptr_null(tl_idmap_domain_of_id(map, 30000));
}
END_TEST

START_TEST(contradictions)
{
    struct tl_idmap *map = NULL;
    char *error = NULL;

    set_option(config, "idmap=rid");
    ck_assert_int_eq(tl_idmap_new(ctx, config, "fabrikam.test", topo, NULL, &map, &error),
                     -EINVAL);
    ck_assert_str_eq(error, "[identity] idmap: 'rid' needs rid_ranges");
    set_option(config, "idmap=sss");
    set_option(config, "idmap_range_max=399999");
    ck_assert_int_eq(tl_idmap_new(ctx, config, "fabrikam.test", topo, NULL, &map, &error),
                     -EINVAL);
    ck_assert_ptr_null(map);
    set_option(config, "idmap_range_max=400000");
    ck_assert_uint_eq(id_of(make(NULL), FABRIKAM "-7"), 200007);
}
END_TEST

START_TEST(nothing_known)
{
    struct tl_idmap *map = NULL;
    char *error = NULL;
    size_t count;

    ck_assert_int_eq(tl_idmap_new(ctx, config, NULL, NULL, NULL, &map, &error), 0);
    tl_idmap_ranges(map, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-1104"), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("idmap");
    TCase *t = tcase_create("idmap");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, sss_layout);
    tcase_add_test(t, who_is_known);
    tcase_add_test(t, slices_do_not_depend_on_order);
    tcase_add_loop_test(t, known_first, 0, 8);
    tcase_add_test(t, ages_not_known);
    tcase_add_test(t, one_sid_of_two_forests);
    tcase_add_test(t, whose_directory_may_give_it);
    tcase_add_test(t, contradictions);
    tcase_add_test(t, nothing_known);
    suite_add_tcase(s, t);
    return run_suite(s);
}
