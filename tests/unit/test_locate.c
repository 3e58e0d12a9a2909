/* SPDX-License-Identifier: MIT
 *
 * test_locate.c - the pure parts of the DC locator: what an answer is worth, the order of
 * SRV records, the cache's text and file names.
 */
#include "locate/internal.h"

#include <check.h>
#include <errno.h>

#include "ping_bytes.h"
#include "run_suite.h"

static const struct {
    unsigned int opcode;
    uint32_t flags;
    const char *domain;
    enum tli_probe_state state;
} judged[] = {
    {23, TL_DS_KDC | TL_DS_LDAP, "contoso.test", TL_PROBE_GOOD},
    {23, TL_DS_KDC, "CONTOSO.Test", TL_PROBE_GOOD},
    {25, TL_DS_KDC, "contoso.test", TL_PROBE_GOOD},
    {24, TL_DS_KDC, "contoso.test", TL_PROBE_PAUSED},
    {23, TL_DS_LDAP, "contoso.test", TL_PROBE_NO_KDC},
    {23, TL_DS_KDC, "fabrikam.test", TL_PROBE_WRONG},
    {24, TL_DS_KDC, "fabrikam.test", TL_PROBE_WRONG},
    {23, TL_DS_KDC, "eu.contoso.test", TL_PROBE_WRONG},
    {23, TL_DS_KDC, "test", TL_PROBE_WRONG},
    {23, TL_DS_KDC, NULL, TL_PROBE_WRONG},
};

START_TEST(judge)
{
    struct tl_ping_reply r = {.opcode = (uint16_t)judged[_i].opcode,
                              .flags = judged[_i].flags,
                              .forest = "contoso.test",
                              .domain = judged[_i].domain};

    ck_assert_int_eq(tli_probe_judge(&r, "contoso.test"), judged[_i].state);
}
END_TEST

/* ---- order */

/* Numbers from a script; what was asked for is checked. */
struct script {
    const uint32_t *numbers, *bounds;
    size_t at;
};

static uint32_t scripted(void *arg, uint32_t bound)
{
    struct script *s = arg;

    ck_assert_uint_eq(bound, s->bounds[s->at]);
    return s->numbers[s->at++];
}

START_TEST(order_by_hand)
{
    struct tli_srv srv[] = {
        {"far", 20, 100, false}, {"heavy", 10, 60, false}, {"light", 10, 40, false},
        {"zero", 10, 0, false},  {"near", 0, 5, false},
    };
    /* Of priority 10 (zero first): sum 100, 61 reaches past zero and heavy; then
     * sum 60, 0 takes the zero weight. */
    static const uint32_t numbers[] = {61, 0}, bounds[] = {100, 60};
    const char *want[] = {"near", "light", "zero", "heavy", "far"};
    struct script s = {numbers, bounds, 0};

    tli_srv_order(srv, 5, scripted, &s);
    ck_assert_uint_eq(s.at, 2);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(srv[i].host, want[i]);
}
END_TEST

static uint32_t seeded(void *arg, uint32_t bound)
{
    uint64_t *state = arg;

    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((*state >> 33) % ((uint64_t)bound + 1));
}

/* Weights 3 to 1 give the first place 3 to 1; the seed is fixed. */
START_TEST(order_weights)
{
    unsigned int first = 0;
    uint64_t state = 1;

    for (int i = 0; i < 4000; i++) {
        struct tli_srv srv[] = {{"a", 0, 100, false}, {"b", 0, 300, false}};

        tli_srv_order(srv, 2, seeded, &state);
        first += srv[0].host[0] == 'b';
    }
    ck_assert_uint_gt(first, 2900);
    ck_assert_uint_lt(first, 3100);
}
END_TEST

START_TEST(order_random)
{
    struct tli_srv srv[200] = {0};

    tli_srv_order(srv, 0, tli_random, NULL);
    for (size_t i = 0; i < 200; i++) {
        srv[i].host = "x";
        srv[i].priority = (uint16_t)(i % 7);
        srv[i].weight = UINT16_MAX;
    }
    tli_srv_order(srv, 200, tli_random, NULL);
    for (size_t i = 1; i < 200; i++)
        ck_assert_uint_le(srv[i - 1].priority, srv[i].priority);
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_le(tli_random(NULL, 2), 2);
        ck_assert_uint_eq(tli_random(NULL, 0), 0);
    }
    tli_random(NULL, UINT32_MAX);
}
END_TEST

static const struct {
    const char *host;
    bool valid;
} hosts[] = {
    {"dc1.contoso.test", true},
    {"DC_1.contoso.test", true},
    {"dc1", true},
    {"", false},
    {".", false},
    {"dc1..test", false},
    {"dc1/../x", false},
    {"dc 1.test", false},
    {"dc\n.test", false},
    {"%s.test", false},
    {"d\xc3\xa9.test", false},
};

START_TEST(host_names)
{
    ck_assert_int_eq(tli_srv_host_valid(hosts[_i].host), hosts[_i].valid);
}
END_TEST

/* ---- cache */

START_TEST(cache_names)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char longest[512];

    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_str_eq(tli_cache_file_name(ctx, "contoso.test"), "dc-contoso.test.json");
    ck_assert_str_eq(tli_cache_file_name(ctx, "../../etc/x"),
                     "dc-%2e.%2f..%2fetc%2fx.json");
    ck_assert_ptr_null(tli_cache_file_name(ctx, ""));
    ck_assert_ptr_null(tli_cache_file_name(ctx, longest));
    talloc_free(ctx);
}
END_TEST

START_TEST(cache_round_trip)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a63000b)};
    struct tli_cache_dc dcs[2] = {
        {.dc = {.host = "dc1.contoso.test",
                .priority = 3,
                .weight = 65535,
                .in_site = true,
                .pinged = true,
                .ping_us = 1234,
                .flags = 0xf00001fd,
                .forest = "contoso.test",
                .dc_site = "Z\xc3\xbcrich \"1\""}},
        {.dc = {.host = "dc2.contoso.test"}, .failed = 1800000000},
    };
    struct tli_cache_entry entry = {.domain = "contoso.test",
                                    .site = "Berlin",
                                    .found = 1800000001,
                                    .checked = 1800000002,
                                    .count = 2,
                                    .dcs = dcs},
                           *again;
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text;

    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(
            tli_dc_set_address(ctx, &dcs[i].dc, (const struct sockaddr *)&in), 0);
    text = tli_cache_encode(ctx, &entry);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(tli_cache_decode(ctx, text, strlen(text), &again), 0);
    ck_assert_str_eq(again->domain, "contoso.test");
    ck_assert_str_eq(again->site, "Berlin");
    ck_assert_int_eq(again->found, 1800000001);
    ck_assert_int_eq(again->checked, 1800000002);
    ck_assert_uint_eq(again->count, 2);
    ck_assert_str_eq(again->dcs[0].dc.address, "10.99.0.11");
    ck_assert_mem_eq(&again->dcs[0].dc.addr, &in, sizeof in);
    ck_assert_uint_eq(again->dcs[0].dc.flags, 0xf00001fd);
    ck_assert_str_eq(again->dcs[0].dc.dc_site, "Z\xc3\xbcrich \"1\"");
    ck_assert_ptr_null(again->dcs[0].dc.client_site);
    ck_assert(again->dcs[0].dc.in_site && again->dcs[0].dc.pinged);
    ck_assert_int_eq(again->dcs[1].failed, 1800000000);
    ck_assert_str_eq(tli_cache_encode(ctx, again), text);
    for (size_t len = 0; len + 2 < strlen(text); len++)
        ck_assert_int_eq(tli_cache_decode(ctx, text, len, &again), -EBADMSG);
    talloc_free(ctx);
}
END_TEST

static const char *const bad_caches[] = {
    "",
    "[]",
    "{}",
    "{\"version\":2,\"domain\":\"a\",\"found\":0,\"checked\":0,\"search_failed\":0,"
    "\"dcs\":[]}",
    "{\"version\":1,\"domain\":7,\"found\":0,\"checked\":0,\"search_failed\":0,\"dcs\":[]"
    "}",
    "{\"version\":1,\"domain\":\"a\",\"found\":-1,\"checked\":0,\"search_failed\":0,"
    "\"dcs\":[]}",
    "{\"version\":1,\"domain\":\"a\",\"found\":0,\"checked\":0,\"search_failed\":0,"
    "\"dcs\":[1]}",
    "{\"version\":1,\"domain\":\"a\",\"found\":0,\"checked\":0,\"search_failed\":0,"
    "\"dcs\":[{"
    "\"host\":\"a/"
    "b\",\"address\":\"10.0.0.1\",\"priority\":0,\"weight\":0,\"in_site\":true,"
    "\"pinged\":true,\"ping_us\":0,\"flags\":0,\"failed\":0}]}",
    "{\"version\":1,\"domain\":\"a\",\"found\":0,\"checked\":0,\"search_failed\":0,"
    "\"dcs\":[{"
    "\"host\":\"b\",\"address\":\"10.0.0\",\"priority\":0,\"weight\":0,\"in_site\":true,"
    "\"pinged\":true,\"ping_us\":0,\"flags\":0,\"failed\":0}]}",
    "{\"version\":1,\"domain\":\"a\",\"found\":0,\"checked\":0,\"search_failed\":0,"
    "\"dcs\":[{"
    "\"host\":\"b\",\"address\":\"10.0.0.1\",\"priority\":65536,\"weight\":0,\"in_site\":"
    "true,"
    "\"pinged\":true,\"ping_us\":0,\"flags\":0,\"failed\":0}]}",
};

START_TEST(cache_broken)
{
    struct tli_cache_entry *entry;

    ck_assert_int_eq(
        tli_cache_decode(NULL, bad_caches[_i], strlen(bad_caches[_i]), &entry), -EBADMSG);
    ck_assert_ptr_null(entry);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("locate");
    TCase *judgement = tcase_create("judgement"), *order = tcase_create("order"),
          *cache = tcase_create("cache");

    tcase_add_loop_test(judgement, judge, 0, COUNT(judged));
    tcase_add_test(order, order_by_hand);
    tcase_add_test(order, order_weights);
    tcase_add_test(order, order_random);
    tcase_add_loop_test(order, host_names, 0, COUNT(hosts));
    tcase_add_test(cache, cache_names);
    tcase_add_test(cache, cache_round_trip);
    tcase_add_loop_test(cache, cache_broken, 0, COUNT(bad_caches));
    suite_add_tcase(suite, judgement);
    suite_add_tcase(suite, order);
    suite_add_tcase(suite, cache);
    return run_suite(suite);
}
