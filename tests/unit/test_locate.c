/* SPDX-License-Identifier: MIT
 *
 * test_locate.c - the pure parts of the DC locator: the LDAP ping's bytes, what an
 * answer is worth, the order of SRV records, the cache's text and file names.
 */
#include "locate/internal.h"

#include <check.h>
#include <errno.h>
#include <lber.h>
#include <stdio.h>
#include <stdlib.h>

#include "ping_bytes.h"
#include "run_suite.h"

/* Decode from an allocation of the exact size: the sanitizer sees one byte more. */
static int decode(const struct bytes *b, struct tl_ping_reply **reply)
{
    uint8_t *copy = malloc(b->len ? b->len : 1);
    int rc;

    memcpy(copy, b->data, b->len);
    rc = tl_ping_reply_decode(NULL, copy, b->len, reply);
    free(copy);
    return rc;
}

START_TEST(reply_good)
{
    struct tl_ping_reply *r;
    struct bytes b;

    make_reply(&b, 23, 0x1fd, "contoso.test", "Berlin", "Z\xc3\xbcrich");
    ck_assert_int_eq(decode(&b, &r), 0);
    ck_assert_uint_eq(r->opcode, 23);
    ck_assert_uint_eq(r->flags, 0x1fd);
    ck_assert_uint_eq(r->guid[0], 1);
    ck_assert_uint_eq(r->guid[15], 16);
    ck_assert_str_eq(r->forest, "contoso.test");
    ck_assert_str_eq(r->domain, "contoso.test");
    ck_assert_str_eq(r->host, "dc1.contoso.test");
    ck_assert_str_eq(r->flat_domain, "CONTOSO");
    ck_assert_str_eq(r->flat_host, "DC1");
    ck_assert_ptr_null(r->user);
    ck_assert_str_eq(r->dc_site, "Berlin");
    ck_assert_str_eq(r->client_site, "Z\xc3\xbcrich");
    talloc_free(r);
}
END_TEST

START_TEST(reply_with_next_site)
{
    struct tl_ping_reply *r;
    struct bytes b;

    make_reply(&b, 23, 0x1fd, "contoso.test", "Tokyo", "Berlin");
    add_next_site(&b, _i & 1 ? "Munich" : "", _i & 2);
    ck_assert_int_eq(decode(&b, &r), 0);
    ck_assert_str_eq(r->client_site, "Berlin");
    if (_i & 1)
        ck_assert_str_eq(r->next_site, "Munich");
    else
        ck_assert_ptr_null(r->next_site);
    talloc_free(r);
    /* A name that runs into the tail, an address longer than what there is. */
    b.data[b.len - 9] = 0xc0;
    ck_assert_int_eq(decode(&b, &r), -EBADMSG);
    make_reply(&b, 23, 0x1fd, "contoso.test", "Tokyo", "Berlin");
    add_next_site(&b, "Munich", true);
    b.data[b.len - 8 - 8 - 17] = 200;
    ck_assert_int_eq(decode(&b, &r), -EBADMSG);
}
END_TEST

/* Every length short of the whole is refused: nothing is read that is not there. */
START_TEST(reply_cut)
{
    struct tl_ping_reply *r;
    struct bytes b;

    make_reply(&b, 23, 0x1fd, "contoso.test", "Berlin", "Berlin");
    while (b.len-- > 0) {
        ck_assert_int_eq(decode(&b, &r), -EBADMSG);
        ck_assert_ptr_null(r);
    }
}
END_TEST

/* What stands where the first name should. */
static const struct {
    const char *what;
    const uint8_t bytes[8];
    size_t len;
} bad_names[] = {
    {"pointer to itself", {0xc0, 24}, 2},
    {"pointer forward", {0xc0, 40}, 2},
    {"pointer into the header", {0xc0, 4}, 2},
    {"pointer far away", {0xff, 0xff}, 2},
    {"loop over a label", {1, 'a', 0xc0, 24}, 4},
    {"label type 01", {0x41, 'a', 0}, 3},
    {"label type 10", {0x80, 'a', 0}, 3},
    {"control character", {2, 'a', '\n', 0}, 4},
    {"NUL", {2, 'a', 0, 0}, 4},
    {"DEL", {2, 'a', 0x7f, 0}, 4},
    {"dot in a label", {3, 'a', '.', 'b', 0}, 5},
    {"not UTF-8", {2, 0xc3, 0x28, 0}, 4},
    {"UTF-8 cut at the label's end", {1, 0xc3, 1, 0xbc, 0}, 5},
};

START_TEST(reply_bad_name)
{
    struct tl_ping_reply *r;
    struct bytes b;

    put_header(&b, 23, 0x1fd);
    put(&b, bad_names[_i].bytes, bad_names[_i].len);
    for (int i = 0; i < 7; i++)
        put_name(&b, "x");
    put_tail(&b);
    ck_assert_msg(decode(&b, &r) == -EBADMSG, "%s was accepted", bad_names[_i].what);
}
END_TEST

/* A name has 255 bytes at most; pointers do not help to get around it. */
START_TEST(reply_long_name)
{
    char label[64];
    struct tl_ping_reply *r;
    struct bytes b;

    memset(label, 'a', 63);
    label[63] = '\0';
    for (int extra = 0; extra < 2; extra++) {
        put_header(&b, 23, 0);
        for (int i = 0; i < 3; i++) {
            put_u8(&b, 63);
            put(&b, label, 63);
        }
        put_u8(&b, 62U + (unsigned int)extra);
        put(&b, label, 62U + (size_t)extra);
        put_u8(&b, 0);
        for (int i = 0; i < 7; i++)
            put_name(&b, "");
        put_tail(&b);
        if (extra) {
            /* 63*4+3 = 255 */
            ck_assert_int_eq(decode(&b, &r), 0);
            ck_assert_uint_eq(strlen(r->forest), 255);
            talloc_free(r);
        }
    }
    /* One more label, then a pointer to the 255 bytes. */
    b.len = 24 + 4 * 64 + 1;
    put_u8(&b, 1);
    put_u8(&b, 'b');
    put_u8(&b, 0xc0);
    put_u8(&b, 24);
    for (int i = 0; i < 6; i++)
        put_name(&b, "");
    put_tail(&b);
    ck_assert_int_eq(decode(&b, &r), -EBADMSG);
}
END_TEST

START_TEST(reply_opcodes)
{
    struct tl_ping_reply *r;
    struct bytes b;

    for (unsigned int opcode = 0; opcode < 300; opcode++) {
        bool good = opcode >= 23 && opcode <= 25;

        make_reply(&b, opcode, 0, "contoso.test", "", "");
        ck_assert_int_eq(decode(&b, &r), good ? 0 : -EBADMSG);
        talloc_free(r);
    }
}
END_TEST

static int decode_packet(const struct bytes *b, int *id, struct tl_ping_reply **reply)
{
    uint8_t *copy = malloc(b->len ? b->len : 1);
    int rc;

    memcpy(copy, b->data, b->len);
    rc = tl_ping_packet_decode(NULL, copy, b->len, id, reply);
    free(copy);
    return rc;
}

START_TEST(packet_good)
{
    struct bytes value, b;
    struct tl_ping_reply *r;
    int id;

    make_reply(&value, 23, 0x1fd, "contoso.test", "Berlin", "Berlin");
    make_packet(&b, 0x12345678, "nETLOGON", &value);
    ck_assert_int_eq(decode_packet(&b, &id, &r), 0);
    ck_assert_int_eq(id, 0x12345678);
    ck_assert_str_eq(r->domain, "contoso.test");
    talloc_free(r);
}
END_TEST

START_TEST(packet_not_my_domain)
{
    struct bytes value, b = {.len = 0};
    struct tl_ping_reply *r;
    int id;

    put_done(&b, 99);
    ck_assert_int_eq(decode_packet(&b, &id, &r), -ENOENT);
    ck_assert_int_eq(id, 99);
    ck_assert_ptr_null(r);
    make_reply(&value, 23, 0x1fd, "contoso.test", "Berlin", "Berlin");
    make_packet(&b, 98, "something", &value);
    ck_assert_int_eq(decode_packet(&b, &id, &r), -ENOENT);
    ck_assert_int_eq(id, 98);
    ck_assert_ptr_null(r);
}
END_TEST

/* What a Samba 4.17 DC really sends; the fuzz target has them as seeds, too. */
static const struct {
    const char *file;
    int rc;
    unsigned int opcode;
} real[] = {
    {"good", 0, 23},         {"with-address", 0, 23}, /* asked with NtVer 0x1e */
    {"user-unknown", 0, 25}, {"other-domain", -ENOENT, 0},
    {"old", -EBADMSG, 0}, /* asked with NtVer 0x2 */
};

START_TEST(packet_real)
{
    char path[512];
    struct tl_ping_reply *r;
    struct bytes b;
    FILE *f;
    int id;

    snprintf(path, sizeof path, TEST_DATA "/ping/samba-%s", real[_i].file);
    f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    b.len = fread(b.data, 1, sizeof b.data, f);
    fclose(f);
    ck_assert_int_eq(decode_packet(&b, &id, &r), real[_i].rc);
    ck_assert_int_eq(id, real[_i].rc == -EBADMSG ? 0 : 7);
    if (!r)
        return;
    ck_assert_uint_eq(r->opcode, real[_i].opcode);
    ck_assert_uint_eq(r->flags, 0x11bd);
    ck_assert_str_eq(r->forest, "contoso.test");
    ck_assert_str_eq(r->domain, "contoso.test");
    ck_assert_str_eq(r->host, "dc1.contoso.test");
    ck_assert_str_eq(r->flat_domain, "CONTOSO");
    ck_assert_str_eq(r->flat_host, "DC1");
    ck_assert_pstr_eq(r->user, real[_i].opcode == 25 ? "nobody" : NULL);
    ck_assert_str_eq(r->dc_site, "Default-First-Site-Name");
    ck_assert_str_eq(r->client_site, "Default-First-Site-Name");
    talloc_free(r);
}
END_TEST

/* Cut anywhere, or with any byte changed: refused or understood, never harmed. */
START_TEST(packet_broken)
{
    struct bytes value, whole, b;
    struct tl_ping_reply *r;
    int id;

    make_reply(&value, 23, 0x1fd, "contoso.test", "Berlin", "Berlin");
    make_packet(&whole, 5, "Netlogon", &value);
    for (size_t len = 0; len < whole.len; len++) {
        b = whole;
        b.len = len;
        int rc = decode_packet(&b, &id, &r);

        /* The entry alone is enough; anything less is nothing. */
        ck_assert(rc == 0 ? len > value.len : rc == -EBADMSG);
        ck_assert((rc == 0) == (r != NULL));
        talloc_free(r);
    }
    for (size_t at = 0; at < whole.len; at++) {
        for (unsigned int bit = 0; bit < 8; bit++) {
            b = whole;
            b.data[at] ^= (uint8_t)(1U << bit);
            int rc = decode_packet(&b, &id, &r);

            ck_assert(rc == 0 || rc == -EBADMSG || rc == -ENOENT);
            ck_assert((rc == 0) == (r != NULL));
            talloc_free(r);
        }
    }
}
END_TEST

/* The request, taken apart by liblber. */
START_TEST(request)
{
    const char *want[][2] = {
        {"DnsDomain", "contoso.test"},
        {"Host", "WS1"},
        {"DnsHostName", "ws1.fabrikam.test"},
        {"NtVer", NULL},
    };
    const struct tli_ping_request in = {"contoso.test", "WS1", "ws1.fabrikam.test", _i};
    int id, scope, deref, size, time, types;
    struct berval bv, name, value;
    BerElement *ber;
    uint8_t *data;
    ber_tag_t tag;
    ber_len_t left;
    size_t len;

    want[3][1] = in.next_site ? "\x16" : "\x06";
    ck_assert_int_eq(tli_ping_request(NULL, 77, &in, &data, &len), 0);
    bv.bv_val = (char *)data;
    bv.bv_len = len;
    ber = ber_init(&bv);
    ck_assert(ber_scanf(ber, "{it", &id, &tag) != LBER_ERROR);
    ck_assert_int_eq(id, 77);
    ck_assert_uint_eq(tag, 0x63);
    ck_assert(ber_scanf(ber, "{meeiib", &name, &scope, &deref, &size, &time, &types) !=
              LBER_ERROR);
    ck_assert_uint_eq(name.bv_len, 0);
    ck_assert_int_eq(scope, 0);
    ck_assert_uint_eq(ber_skip_tag(ber, &left), 0xa0);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(ber_skip_tag(ber, &left), 0xa3);
        ck_assert(ber_scanf(ber, "mm", &name, &value) != LBER_ERROR);
        ck_assert_str_eq(name.bv_val, want[i][0]);
        ck_assert_mem_eq(value.bv_val, want[i][1], strlen(want[i][1]));
        ck_assert_uint_eq(value.bv_len, i == 3 ? 4 : strlen(want[i][1]));
    }
    ck_assert(ber_scanf(ber, "{m}", &name) != LBER_ERROR);
    ck_assert_str_eq(name.bv_val, "Netlogon");
    ber_free(ber, 1);
    talloc_free(data);
}
END_TEST

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
    TCase *ping = tcase_create("ping"), *order = tcase_create("order"),
          *cache = tcase_create("cache");

    tcase_add_test(ping, reply_good);
    tcase_add_test(ping, reply_cut);
    tcase_add_loop_test(ping, reply_with_next_site, 0, 4);
    tcase_add_loop_test(ping, reply_bad_name, 0, COUNT(bad_names));
    tcase_add_test(ping, reply_long_name);
    tcase_add_test(ping, reply_opcodes);
    tcase_add_test(ping, packet_good);
    tcase_add_test(ping, packet_not_my_domain);
    tcase_add_loop_test(ping, packet_real, 0, COUNT(real));
    tcase_add_test(ping, packet_broken);
    tcase_add_loop_test(ping, request, 0, 2);
    tcase_add_loop_test(ping, judge, 0, COUNT(judged));
    tcase_add_test(order, order_by_hand);
    tcase_add_test(order, order_weights);
    tcase_add_test(order, order_random);
    tcase_add_loop_test(order, host_names, 0, COUNT(hosts));
    tcase_add_test(cache, cache_names);
    tcase_add_test(cache, cache_round_trip);
    tcase_add_loop_test(cache, cache_broken, 0, COUNT(bad_caches));
    suite_add_tcase(suite, ping);
    suite_add_tcase(suite, order);
    suite_add_tcase(suite, cache);
    return run_suite(suite);
}
