/* SPDX-License-Identifier: MIT
 *
 * test_locate_ping.c - the bytes of the LDAP ping: the request, and answers that are
 * good, cut, or broken.
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

/* What takes the place of the first name. */
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

        /* The entry alone is enough; anything less is refused. */
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

int main(void)
{
    Suite *suite = suite_create("locate_ping");
    TCase *ping = tcase_create("ping");

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
    suite_add_tcase(suite, ping);
    return run_suite(suite);
}
