/* SPDX-License-Identifier: MIT
 *
 * test_locate_net.c - the DC locator against a name server and DCs of its own on
 * 127.0.0.0/8: which DC is chosen by its answer to the ping. Nothing is asserted about
 * time but that the options' times pass.
 */
#include <check.h>

#include "locator.h"

START_TEST(first_answers)
{
    struct tl_dc_list *list = locate(NULL, 0, TL_REASON_OK);
    const struct tl_dc *dc = &list->dcs[0];
    struct sockaddr_in in;

    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(dc->domain, "contoso.test");
    ck_assert_str_eq(dc->host, "dc0.contoso.test");
    ck_assert_str_eq(dc->address, "127.0.0.10");
    memcpy(&in, &dc->addr, sizeof in);
    ck_assert_int_eq(in.sin_family, AF_INET);
    ck_assert_uint_eq(in.sin_port, 0);
    ck_assert_uint_eq(ntohl(in.sin_addr.s_addr), 0x7f00000a);
    ck_assert(dc->pinged && !dc->in_site);
    ck_assert_uint_eq(dc->flags, 0x1fd);
    ck_assert_str_eq(dc->forest, "contoso.test");
    ck_assert_str_eq(dc->flat_domain, "CONTOSO");
    ck_assert_str_eq(dc->client_site, "Berlin");
    ck_assert_int_eq(dc->found, clock_now);
    ck_assert_str_eq(list->dcs[1].host, "dc1.contoso.test");
}
END_TEST

/* The first has the better priority but one of these behaviours: the second is chosen,
 * and the first stays in the list only if it may yet turn out to be good. */
static const struct {
    enum dc_mood mood;
    bool kept;
    enum tl_reason alone; /* where it is the only one */
} moods[] = {
    {DC_SILENT, true, TL_REASON_PING_FILTERED},
    {DC_REFUSED, false, TL_REASON_NO_LOGON_SERVERS},
    {DC_GARBAGE, false, TL_REASON_PING_REFUSED},
    {DC_WRONG_DOMAIN, false, TL_REASON_PING_REFUSED},
    {DC_NOT_MINE, false, TL_REASON_PING_REFUSED},
    {DC_PAUSED, false, TL_REASON_PING_REFUSED},
    {DC_NO_KDC, false, TL_REASON_PING_REFUSED},
};

START_TEST(second_answers)
{
    struct tl_dc_list *list;

    world.mood[0] = moods[_i].mood;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_str_eq(list->dcs[0].host, "dc1.contoso.test");
    ck_assert_uint_eq(list->count, moods[_i].kept ? 2 : 1);
}
END_TEST

START_TEST(no_dc_answers)
{
    world.plain = one;
    world.mood[0] = moods[_i].mood;
    locate(NULL, 0, moods[_i].alone);
    ck_assert_str_eq(out->subject, "contoso.test");
    ck_assert_str_eq(out->realm, "CONTOSO.TEST");
    ck_assert_ptr_nonnull(strstr(out->detail, "dc0.contoso.test (127.0.0.10)"));
}
END_TEST

static int64_t locate_took_ms(enum tl_reason expected)
{
    int64_t start = tl_now_us();

    locate(NULL, TL_LOCATE_FORCE, expected);
    return (tl_now_us() - start) / 1000;
}

/* The second is pinged after ping_interval, none is given up before ping_timeout; both
 * longer here than without the options. */
START_TEST(times_of_the_options)
{
    world.mood[0] = DC_SILENT;
    config->ping_timeout = 60000;
    config->ping_interval = 700;
    ck_assert_int_ge(locate_took_ms(TL_REASON_OK), 650);
    world.mood[1] = DC_SILENT;
    config->ping_interval = 50;
    config->ping_timeout = 2200;
    ck_assert_int_ge(locate_took_ms(TL_REASON_PING_FILTERED), 2100);
}
END_TEST

START_TEST(forged_answers_do_not_count)
{
    struct tl_dc_list *list;

    world.plain = one;
    world.mood[0] = DC_FORGED_FIRST;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert(list->dcs[0].pinged);
}
END_TEST

START_TEST(lost_ping)
{
    world.plain = one;
    world.mood[0] = DC_LOSSY;
    locate(NULL, 0, TL_REASON_OK);
    ck_assert_int_eq(atomic_load(&world.pings[0]), 2);
}
END_TEST

START_TEST(pings_not_required)
{
    struct tl_dc_list *list;

    config->require_ldap_ping = false;
    world.mood[0] = moods[_i].mood;
    world.mood[1] = DC_SILENT;
    list = locate(NULL, 0, TL_REASON_OK);
    /* Silence and refusal do not count: the order of DNS. A bad answer counts. */
    bool first = moods[_i].mood == DC_SILENT || moods[_i].mood == DC_REFUSED;

    ck_assert_uint_eq(list->count, first ? 2 : 1);
    ck_assert_str_eq(list->dcs[0].host, first ? "dc0.contoso.test" : "dc1.contoso.test");
    ck_assert(!list->dcs[0].pinged);
}
END_TEST

START_TEST(all_candidates)
{
    static const struct fake_srv four[] = {
        {"dc0", 0}, {"dc1", 1}, {"dc2", 2}, {"dc3", 3}, {NULL, 0}};
    struct tl_dc_list *list;

    world.plain = four;
    world.mood[0] = DC_WRONG_DOMAIN;
    world.mood[1] = DC_SILENT;
    list = locate(NULL, TL_LOCATE_ALL, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 4);
    ck_assert_str_eq(list->dcs[0].host, "dc2.contoso.test");
    ck_assert_str_eq(list->dcs[1].host, "dc3.contoso.test");
    ck_assert(list->dcs[0].pinged && list->dcs[1].pinged);
    ck_assert_str_eq(list->dcs[2].host, "dc1.contoso.test");
    ck_assert_str_eq(list->dcs[3].host, "dc0.contoso.test");
    ck_assert_ptr_nonnull(strstr(list->dcs[2].why, "no answer"));
    ck_assert_ptr_nonnull(strstr(list->dcs[3].why, "not a domain controller of this"));
    world.mood[2] = world.mood[3] = DC_SILENT;
    list = locate(NULL, TL_LOCATE_ALL, TL_REASON_PING_FILTERED);
    ck_assert_uint_eq(list->count, 4);
}
END_TEST

static const char *const bad_domains[] = {"", ".", "a..b", "con\ntoso.test"};

START_TEST(bad_domain)
{
    struct tl_dc_list *list;

    ck_assert(tl_locate(ctx, new_locator("../x"), bad_domains[_i], 0,
                        tl_deadline_in_ms(20000), &list,
                        out) == TL_REASON_DOMAIN_UNKNOWN);
    ck_assert_int_eq(world_packets(&world), 0);
}
END_TEST

START_TEST(no_time_left)
{
    struct tl_dc_list *list;

    world.mood[0] = world.mood[1] = DC_SILENT;
    ck_assert(tl_locate(ctx, new_locator(NULL), "contoso.test", 0, tl_deadline_in_ms(0),
                        &list, out) == TL_REASON_DEADLINE);
    /* Lack of time says nothing about the domain: not remembered. */
    locate(NULL, 0, TL_REASON_PING_FILTERED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("locate_net");

    ADD(first_answers, 1);
    ADD(second_answers, COUNT(moods));
    ADD(no_dc_answers, COUNT(moods));
    ADD(forged_answers_do_not_count, 1);
    ADD(lost_ping, 1);
    ADD(times_of_the_options, 1);
    ADD(pings_not_required, COUNT(moods));
    ADD(all_candidates, 1);
    ADD(bad_domain, COUNT(bad_domains));
    ADD(no_time_left, 1);
    return run_suite(suite);
}
