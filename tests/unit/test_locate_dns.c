/* SPDX-License-Identifier: MIT
 *
 * test_locate_dns.c - what the DC locator makes of a name server that has no records, no
 * addresses, no answer, or lies.
 */
#include <check.h>

#include "locator.h"

START_TEST(dns_has_no_records)
{
    world.plain = NULL;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    ck_assert_ptr_nonnull(strstr(out->detail, "_kerberos._tcp.dc._msdcs.contoso.test"));
}
END_TEST

/* No domain of that name, but a Kerberos realm: its KDCs unasked, and no ping later. */
START_TEST(kerberos_realm)
{
    struct tl_dc_list *list;
    int packets;

    world.realm = two;
    world.plain = NULL;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
    ck_assert(list->dcs[0].realm_only && !list->dcs[0].pinged);
    ck_assert_ptr_nonnull(strstr(list->dcs[0].why, "Kerberos realm"));
    packets = world_packets(&world);
    clock_now += config->ping_validity + 1;
    list = locate(NULL, 0, TL_REASON_OK);
    ck_assert(list->dcs[0].realm_only);
    ck_assert_int_eq(world_packets(&world), packets);
    ck_assert_int_eq(atomic_load(&world.pings[0]) + atomic_load(&world.pings[1]), 0);
}
END_TEST

/* A domain with a realm's records beside its own is still a domain: its DCs are pinged.
 */
START_TEST(domain_and_realm)
{
    world.realm = two;
    world.mood[0] = world.mood[1] = DC_REFUSED;
    locate(NULL, 0, TL_REASON_NO_LOGON_SERVERS);
    world.plain = NULL;
    world.site = two;
    locate("Berlin", TL_LOCATE_FORCE, TL_REASON_NO_LOGON_SERVERS);
}
END_TEST

START_TEST(dns_has_no_addresses)
{
    world.no_addresses = true;
    locate(NULL, 0, TL_REASON_DNS_NO_ADDRESS);
    ck_assert_ptr_nonnull(strstr(out->detail, "dc0.contoso.test"));
    ck_assert_ptr_nonnull(strstr(out->detail, "address"));
    locate(NULL, 0, TL_REASON_DNS_NO_ADDRESS); /* as it is remembered */
}
END_TEST

START_TEST(dns_is_silent)
{
    world.dns_silent = true;
    locate("Berlin", 0, TL_REASON_DNS_NO_ANSWER);
    ck_assert_int_gt(atomic_load(&world.questions), 0);
}
END_TEST

/* Names that no server can have are dropped; 80 that it can are cut to 64. */
START_TEST(dns_lies)
{
    static const struct fake_srv bad[] = {{"dc/../../x", 0}, {"dc 1", 0}, {"dc\n1", 0},
                                          {"\x01", 0},       {".", 0},    {NULL, 0}};
    static char names[80][16];
    static struct fake_srv many[81];
    struct tl_dc_list *list;

    world.plain = bad;
    locate(NULL, 0, TL_REASON_DNS_NO_RECORDS);
    for (unsigned int i = 0; i < 80; i++) {
        snprintf(names[i], sizeof names[i], "dc%u", i);
        many[i] = (struct fake_srv){names[i], i};
    }
    world.plain = many;
    list = locate(NULL, TL_LOCATE_FORCE, TL_REASON_OK);
    ck_assert_uint_eq(list->count, TL_MAX_SERVERS);
    ck_assert_str_eq(list->dcs[0].host, "dc0.contoso.test");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("locate_dns");

    ADD(dns_has_no_records, 1);
    ADD(kerberos_realm, 1);
    ADD(domain_and_realm, 1);
    ADD(dns_has_no_addresses, 1);
    ADD(dns_is_silent, 1);
    ADD(dns_lies, 1);
    return run_suite(suite);
}
