/* SPDX-License-Identifier: MIT
 *
 * test_local_files.c - the files of a machine that decide what becomes of a logon, as
 * people write them, and what `diagnose` makes of them.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/local_files.h"
#include "run_suite.h"

static TALLOC_CTX *ctx;

static void setup(void)
{
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(ctx);
}

/* ---- resolv.conf */

static struct tl_resolv_conf resolv(const char *text)
{
    struct tl_resolv_conf conf;

    tl_resolv_conf_parse(talloc_strdup(ctx, text), &conf);
    return conf;
}

START_TEST(name_servers)
{
    struct tl_resolv_conf conf =
        resolv("# nameserver 10.0.0.9\n"
               "search fabrikam.test\n"
               "nameserver 10.99.0.21\n"
               "\tnameserver\t2001:db8::53  # comment\n"
               "nameserver fe80::1%1\r\n"
               "nameserver10.0.0.1\n"
               "options rotate\n"
               "nameserver 10.99.0.11"); /* without an end of line */

    ck_assert_uint_eq(conf.count, 4);
    ck_assert_uint_eq(conf.bad, 0);
    ck_assert(!conf.by_default);
    ck_assert_str_eq(conf.servers[0].text, "10.99.0.21");
    ck_assert_int_eq(conf.servers[0].addr.ss_family, AF_INET);
    ck_assert_int_eq(conf.servers[1].addr.ss_family, AF_INET6);
    ck_assert_uint_eq(((struct sockaddr_in6 *)&conf.servers[2].addr)->sin6_scope_id, 1);
    ck_assert_str_eq(conf.servers[3].text, "10.99.0.11");
}
END_TEST

START_TEST(name_servers_that_are_none)
{
    struct tl_resolv_conf conf = resolv("nameserver dc1.contoso.test\nnameserver\n"
                                        "nameserver 10.0.0\nnameserver 10.0.0.1\n");

    ck_assert_uint_eq(conf.count, 1);
    ck_assert_uint_eq(conf.bad, 3);
    conf = resolv("");
    ck_assert(conf.by_default);
    ck_assert_str_eq(conf.servers[0].text, "127.0.0.1");
}
END_TEST

START_TEST(too_many_name_servers)
{
    char *text = talloc_strdup(ctx, "");
    struct tl_resolv_conf conf;

    for (int i = 0; i < 100; i++)
        text = talloc_asprintf_append(text, "nameserver 10.0.0.%d\n", i);
    conf = resolv(text);
    ck_assert_uint_eq(conf.count, TL_RESOLVERS_MAX);
}
END_TEST

/* ---- one server's answer */

/* A question for a.b, and one SRV record 0 100 88 dc.b. */
static const uint8_t found[] = {
    0x12, 0x34, 0x81, 0x80, 0, 1, 0,    1,  0,  0,  0,   0,   1, 'a', 1,
    'b',  0,    0,    33,   0, 1, 0xc0, 12, 0,  33, 0,   1,   0, 0,   0,
    60,   0,    12,   0,    0, 0, 100,  0,  88, 2,  'd', 'c', 1, 'b', 0};

START_TEST(replies)
{
    static const struct {
        uint8_t flags, rcode;
        enum tl_dns_says says;
    } table[] = {{0x81, 0x80, TL_DNS_SAYS_FOUND},   {0x83, 0x80, TL_DNS_SAYS_CUT},
                 {0x81, 0x83, TL_DNS_SAYS_NOTHING}, {0x81, 0x82, TL_DNS_SAYS_SERVFAIL},
                 {0x81, 0x85, TL_DNS_SAYS_REFUSED}, {0x81, 0x84, TL_DNS_SAYS_ODD},
                 {0x01, 0x00, TL_DNS_SAYS_ODD} /* a question */};
    uint8_t reply[sizeof(found)];
    size_t records;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        memcpy(reply, found, sizeof(found));
        reply[2] = table[i].flags;
        reply[3] = table[i].rcode;
        ck_assert_int_eq(tl_dns_reply_judge(reply, sizeof(reply), 0x1234, &records),
                         table[i].says);
        ck_assert_uint_eq(records, table[i].says == TL_DNS_SAYS_FOUND);
        ck_assert_int_eq(tl_dns_reply_judge(reply, sizeof(reply), 0x1235, &records),
                         TL_DNS_SAYS_ODD);
    }
    for (size_t len = 0; len < 12; len++)
        ck_assert_int_eq(tl_dns_reply_judge(found, len, 0x1234, &records),
                         TL_DNS_SAYS_ODD);
    ck_assert_int_eq(tl_dns_reply_judge(found, sizeof(found) - 3, 0x1234, &records),
                     TL_DNS_SAYS_NOTHING);
}
END_TEST

static TCase *dns_case(void)
{
    TCase *dns = tcase_create("dns");

    tcase_add_checked_fixture(dns, setup, teardown);
    tcase_add_test(dns, name_servers);
    tcase_add_test(dns, name_servers_that_are_none);
    tcase_add_test(dns, too_many_name_servers);
    tcase_add_test(dns, replies);
    return dns;
}

int main(void)
{
    Suite *suite = suite_create("local_files");

    suite_add_tcase(suite, dns_case());
    return run_suite(suite);
}
