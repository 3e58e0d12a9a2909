/* SPDX-License-Identifier: MIT
 *
 * test_locate_site.c - the DC locator and sites: near DCs come first, and the site is
 * learned, configured, or changes.
 */
#include <check.h>

#include "locator.h"

static const struct fake_srv only_dc1[] = {{"dc1", 0}, {NULL, 0}};

START_TEST(site_first)
{
    struct tl_dc_list *list;

    world.site = only_dc1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert(list->dcs[0].in_site);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[1].host, "dc0.contoso.test");
    ck_assert(!list->dcs[1].in_site);
}
END_TEST

START_TEST(site_unknown_to_the_domain)
{
    struct tl_dc_list *list = locate("Berlin", 0, TL_REASON_OK);

    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
}
END_TEST

/* A far DC says which site this machine is in: the near one is found by it. */
START_TEST(site_learned)
{
    struct tl_dc_list *list;

    world.plain = one;
    world.site = only_dc1;
    world.flags[0] = 0x17d; /* not CLOSEST */
    world.dc_site[0] = "Tokyo";
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert(list->dcs[0].in_site);
    ck_assert_str_eq(list->dcs[1].host, "dc0.contoso.test");
    /* No such DC, or one that is down: the far one is used. */
    world.site = NULL;
    list = locate(NULL, TL_LOCATE_FORCE, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
}
END_TEST

/* The site that the DCs named counts the next time, even if the workstation's site in its
 * own forest has another name; unless that one has changed since. */
START_TEST(site_of_the_other_forest)
{
    struct tl_dc_list *list;
    int pings;

    world.site = only_dc1;
    world.flags[0] = 0x17d;
    world.dc_site[0] = "Tokyo";
    world.plain = one;
    list = locate("Werk", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    clock_now += config->cache_lifetime;
    pings = atomic_load(&world.pings[0]);
    list = locate("Werk", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    /* Found at once, not through the far one. */
    ck_assert_int_eq(atomic_load(&world.pings[0]), pings);
    world.client_site = "Tokyo";
    world.tokyo = one;
    list = locate("Tokyo", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].in_site);
}
END_TEST

/* The machine has moved: the DC that is pinged again says so. */
START_TEST(moved)
{
    struct tl_dc_list *list;

    world.site = only_dc1;
    world.tokyo = one;
    world.dc_site[0] = "Tokyo";
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    world.client_site = "Tokyo";
    world.flags[1] = 0x17d;
    locate("Berlin", 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 0);
    clock_now += config->ping_validity;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].in_site);
    ck_assert_str_eq(list->dcs[0].client_site, "Tokyo");
}
END_TEST

/* No DC was asked: the list itself says so, for packets in flight are still counted when
 * a search has ended. */
static bool remembered(const struct tl_dc_list *list)
{
    return strncmp(list->dcs[0].why, "cache, ", 7) == 0 &&
           strstr(list->dcs[0].why, " s old") != NULL;
}

/* The near one was away when the far one was found. */
START_TEST(nearer_one_is_back)
{
    struct tl_dc_list *list;

    world.site = only_dc1;
    world.flags[0] = 0x17d;
    world.dc_site[0] = "Tokyo";
    world.mood[1] = DC_SILENT;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    world.mood[1] = DC_GOOD;
    clock_now += config->close_site_timeout - 1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(remembered(list));
    clock_now++;
    /* Not without DNS, but DNS is not waited for at every logon because of that. */
    world.dns_silent = true;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert(!remembered(list));
    ck_assert(remembered(locate("Berlin", 0, TL_REASON_OK)));
    world.dns_silent = false;
    clock_now += config->close_site_timeout;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    clock_now += config->close_site_timeout;
    ck_assert(remembered(locate("Berlin", 0, TL_REASON_OK)));
}
END_TEST

/* The configured site counts, not the one the DCs name, while it has DCs. */
START_TEST(site_configured)
{
    struct tl_dc_list *list;

    config->site = "Berlin";
    world.client_site = "Tokyo";
    world.flags[1] = 0x17d;
    world.tokyo = one;
    world.site = _i ? NULL : only_dc1;
    world.plain = only_dc1;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, _i ? "dc0.contoso.test" : "dc1.contoso.test");
    clock_now += config->ping_validity;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, _i ? "dc0.contoso.test" : "dc1.contoso.test");
}
END_TEST

/* No DC in Berlin: the next closest site's, if that is wanted. */
START_TEST(next_closest_site)
{
    static const struct fake_srv far[] = {{"dc2", 0}, {NULL, 0}};
    struct tl_dc_list *list;

    config->try_next_closest_site = _i & 1;
    world.plain = far;
    world.tokyo = only_dc1;
    world.flags[1] = world.flags[2] = 0x17d;
    world.dc_site[1] = "Tokyo";
    world.dc_site[2] = "Perth";
    world.next_site = "Tokyo";
    world.site = _i & 2 ? one : NULL;
    list = locate("Berlin", 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, _i & 2   ? "dc0.contoso.test"
                                        : _i & 1 ? "dc1.contoso.test"
                                                 : "dc2.contoso.test");
    ck_assert_uint_eq(list->count, _i ? 2 : 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("locate_site");

    ADD(site_first, 1);
    ADD(site_unknown_to_the_domain, 1);
    ADD(site_learned, 1);
    ADD(site_of_the_other_forest, 1);
    ADD(moved, 1);
    ADD(nearer_one_is_back, 1);
    ADD(site_configured, 2);
    ADD(next_closest_site, 4);
    return run_suite(suite);
}
