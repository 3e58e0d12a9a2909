/* SPDX-License-Identifier: MIT
 *
 * test_idmap_ranges.c - SIDs to ids and back by ranges: idmap_rid's and autorid's.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/idmap.h>

#include "idmap_fixture.h"

START_TEST(rid_formula)
{
    struct tl_idmap *map;
    struct tl_sid sid;

    add_tdo("fabrikam.test", "contoso.test", "CONTOSO", CONTOSO,
            listing("sub.contoso.test", "FABRIKAM", SUB));
    set_option(config, "idmap=rid");
    set_option(config, "rid_ranges=fabrikam:100000-299999, contoso.test:1000000-1001999,"
                       "nowhere.test:5000-5999");
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-0"), 100000);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-1104"), 101104);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-199999"), 299999);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-200000"), 0);
    ck_assert_uint_eq(id_of(map, CONTOSO "-1104"), 1001104);
    ck_assert_uint_eq(id_of(map, CONTOSO "-2000"), 0);
    ck_assert_uint_eq(id_of(map, CONTOSO "-4294967295"), 0);
    /* a trusted forest that calls a domain FABRIKAM gets nothing by it */
    ck_assert_uint_eq(id_of(map, SUB "-1104"), 0);
    ck_assert_int_eq(tl_idmap_to_sid(map, 5000, &sid), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, 300000, &sid), -ENOENT);
}
END_TEST

START_TEST(one_domain_by_two_names)
{
    struct tl_idmap *map;

    set_option(config, "idmap=rid");
    set_option(config, "rid_ranges=fabrikam.test:100000-199999,FABRIKAM:500000-599999");
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-1104"), 101104);
}
END_TEST

/* A table that a winbindd 4.17 made, in the order its tool printed it, and ids that it
 * gave by it. */
START_TEST(autorid_of_a_winbindd)
{
    struct tl_idmap *map;

    set_option(config, "idmap=autorid");
    set_option(config, "autorid_range=100000-1999999");
    set_option(config, "autorid_rangesize=50000");
    set_option(config,
               "autorid_domains=RANGE 3: S-1-5-21-2658536792-273513605-9031956, "
               "RANGE 2: S-1-5-21-2845176252-328736898-4035544518#2, "
               "RANGE 4: S-1-5-21-2658536792-273513605-9031956#2, RANGE 0: ALLOC, "
               "RANGE 1: S-1-5-21-2845176252-328736898-4035544518");
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, "S-1-5-21-2658536792-273513605-9031956-1103"), 251103);
    ck_assert_uint_eq(id_of(map, "S-1-5-21-2658536792-273513605-9031956-100007"), 300007);
    ck_assert_uint_eq(id_of(map, "S-1-5-21-2658536792-273513605-9031956-50000"), 0);
}
END_TEST

START_TEST(autorid_formula)
{
    struct tl_idmap *map;
    struct tl_sid sid;

    set_option(config, "idmap=autorid");
    set_option(config, "autorid_range=100000-1099999");
    set_option(config,
               "autorid_domains=RANGE 0: ALLOC, RANGE 1: S-1-5-32, RANGE 2: " FABRIKAM
               ", RANGE 3: " CONTOSO ", RANGE 5: " CONTOSO "#1");
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-0"), 300000);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-1104"), 301104);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-99999"), 399999);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-100000"), 0); /* has no second range */
    /* a domain needs no trust to be known by its SID */
    ck_assert_uint_eq(id_of(map, CONTOSO "-513"), 400513);
    ck_assert_uint_eq(id_of(map, CONTOSO "-100007"), 600007);
    ck_assert_uint_eq(id_of(map, CONTOSO "-200000"), 0);
    ck_assert_uint_eq(id_of(map, SUB "-1104"), 0);
    ck_assert_uint_eq(id_of(map, "S-1-5-32-544"), 0);
    ck_assert_uint_eq(id_of(map, "S-1-1-0"), 0);
    for (uint32_t id = 100000; id < 300000; id += 9999) /* ALLOC and BUILTIN */
        ck_assert_int_eq(tl_idmap_to_sid(map, id, &sid), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, 99999, &sid), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, 500000, &sid), -ENOENT);
    ck_assert_int_eq(tl_idmap_to_sid(map, 700000, &sid), -ENOENT);
    ck_assert_str_eq(tl_idmap_domain_of_id(map, 300000)->dns, "fabrikam.test");
    ck_assert_ptr_null(tl_idmap_domain_of_id(map, 400000));
}
END_TEST

START_TEST(autorid_says_which_option)
{
    struct tl_sid sid = sid_of(CONTOSO "-1104");
    const char *why = NULL;
    uint32_t id;

    set_option(config, "idmap=autorid");
    set_option(config, "autorid_range=100000-1099999");
    set_option(config, "autorid_domains=0: " FABRIKAM);
    ck_assert_int_eq(tl_idmap_to_id(make(NULL), &sid, &id, &why), -ENOENT);
    ck_assert_msg(strstr(why, "autorid_domains") != NULL, "%s", why);
}
END_TEST

/* The last RIDs of all, and the last ids of all. */
START_TEST(autorid_ends)
{
    struct tl_idmap *map;

    set_option(config, "idmap=autorid");
    set_option(config, "autorid_range=4294867293-4294967293");
    set_option(config, "autorid_rangesize=100001");
    set_option(config, "autorid_domains=0: " FABRIKAM "#42949");
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-4294942949"), 4294867293U);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-4294967295"), 4294891639U);
    set_option(config, "autorid_rangesize=100000");
    set_option(config, "autorid_domains=0: " FABRIKAM);
    map = make(NULL);
    ck_assert_uint_eq(id_of(map, FABRIKAM "-99999"), 4294967292U);
}
END_TEST

/* For any table: SIDs and ids lead to each other, no id is given twice, and the
 * formula is Samba's, written as its manual writes it. */
START_TEST(autorid_properties)
{
    srand(1787);
    for (int round = 0; round < 300; round++) {
        uint32_t size = 2000 + (uint32_t)rand() % 100000, low = 1000 + (uint32_t)rand();
        uint32_t room = 1 + (uint32_t)rand() % 40, count = 0;
        char *list = talloc_strdup(ctx, "");
        uint32_t owner[40] = {0};
        struct tl_idmap *map;

        for (uint32_t n = 0; n < room; n++)
            if (rand() % 3 != 0) {
                owner[n] = 1 + (uint32_t)rand() % 4 + 4 * n; /* domain, index n */
                list =
                    talloc_asprintf_append(list, "%s%u: S-1-5-21-7-7-%u#%u",
                                           count++ > 0 ? ", " : "", n, owner[n] % 4, n);
            }
        if (count == 0)
            continue;
        set_option(config, talloc_asprintf(ctx, "autorid_range=%u-%u", low,
                                           low + room * size - 1));
        set_option(config, talloc_asprintf(ctx, "autorid_rangesize=%u", size));
        set_option(config, talloc_asprintf(ctx, "autorid_domains=%s", list));
        set_option(config, "idmap=autorid");
        map = make(NULL);
        for (int i = 0; i < 200; i++) {
            uint32_t rid = (uint32_t)rand() % (room * size), n = rid / size;
            char *sid = talloc_asprintf(ctx, "S-1-5-21-7-7-%u-%u", owner[n] % 4, rid);

            ck_assert_uint_eq(id_of(map, sid),
                              owner[n] != 0 ? low + size * n + rid % size : 0);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("idmap_ranges");
    TCase *t = tcase_create("idmap");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, rid_formula);
    tcase_add_test(t, one_domain_by_two_names);
    tcase_add_test(t, autorid_of_a_winbindd);
    tcase_add_test(t, autorid_formula);
    tcase_add_test(t, autorid_says_which_option);
    tcase_add_test(t, autorid_ends);
    tcase_add_test(t, autorid_properties);
    suite_add_tcase(s, t);
    return run_suite(s);
}
