/* SPDX-License-Identifier: MIT
 *
 * test_walk.c - the parts of the exchange that need no KDC: which question comes first,
 * where a walk ends, and what a KRB-ERROR says.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kerberos/exchange/exchange.h"
#include "fixtures.h"

static const struct tl_tdo some_tdo;

static const struct {
    enum tl_walk policy;
    enum tl_first_ask first;
    bool named, path_known, same_realm;
    bool krbtgt_first, krbtgt_retry;
} plans[] = {
    /* within one domain there is nothing to route */
    {TL_WALK_WINDOWS, TL_ASK_HOST, true, false, true, false, false},
    {TL_WALK_DIRECT, TL_ASK_KRBTGT, true, false, true, false, false},
    /* the pure policies ask one question */
    {TL_WALK_REFERRAL, TL_ASK_KRBTGT, true, false, false, false, false},
    {TL_WALK_DIRECT, TL_ASK_HOST, true, false, false, true, false},
    /* windows: as the route says */
    {TL_WALK_WINDOWS, TL_ASK_KRBTGT, true, true, false, true, false},
    {TL_WALK_WINDOWS, TL_ASK_HOST, true, true, false, false, false},
    /* windows, topology unknown: a second question where the domain was named */
    {TL_WALK_WINDOWS, TL_ASK_HOST, true, false, false, false, true},
    {TL_WALK_WINDOWS, TL_ASK_HOST, false, false, false, false, false},
};

START_TEST(test_plan)
{
    struct tl_hop hop = {.from = "contoso.test", .to = "fabrikam.test"};
    struct tl_route route = {.first_ask = plans[_i].first,
                             .domain_named = plans[_i].named,
                             .num_hops = 1,
                             .hops = &hop};
    struct tli_walk_plan plan;

    if (plans[_i].path_known)
        hop.tdo_to = &some_tdo;
    plan = tli_walk_plan_for(plans[_i].policy, &route, plans[_i].same_realm);
    ck_assert_int_eq(plan.krbtgt_first, plans[_i].krbtgt_first);
    ck_assert_int_eq(plan.krbtgt_retry, plans[_i].krbtgt_retry);
}
END_TEST

static enum tl_reason enter(TALLOC_CTX *mem, struct tli_realms *seen, int limit,
                            const char *realm)
{
    return tli_realms_enter(mem, seen, limit, realm, strlen(realm));
}

START_TEST(test_realms)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tli_realms seen = {0};

    ck_assert_int_eq(enter(mem, &seen, 2, "A.TEST"), TL_REASON_OK);
    ck_assert_int_eq(enter(mem, &seen, 2, "B.TEST"), TL_REASON_OK);
    ck_assert_int_eq(enter(mem, &seen, 2, "a.test"), TL_REASON_REFERRAL_LOOP);
    ck_assert_int_eq(enter(mem, &seen, 2, "A.TES"), TL_REASON_OK);
    ck_assert_int_eq(enter(mem, &seen, 2, "D.TEST"), TL_REASON_REFERRAL_LIMIT);
    ck_assert_uint_eq(seen.count, 3);
    ck_assert_str_eq(tli_realms_text(mem, &seen, "D.TEST"),
                     "A.TEST, B.TEST, A.TES, D.TEST");
    talloc_free(mem);
}
END_TEST

START_TEST(test_clock_sentence)
{
    TALLOC_CTX *mem = talloc_new(NULL);

    ck_assert_str_eq(tl_clock_sentence(mem, 10000, 6400, "dc1"),
                     "this clock is 60 minutes ahead of dc1");
    ck_assert_str_eq(tl_clock_sentence(mem, 0, 90, "dc1"),
                     "this clock is 90 seconds behind dc1");
    talloc_free(mem);
}
END_TEST

/* A KRB-ERROR as a KDC would send it. */
static krb5_data make_error(krb5_context k5, unsigned int code, const char *edata,
                            unsigned int len)
{
    krb5_error reply = {.magic = KV5M_ERROR, .error = code, .stime = 1700000000};
    krb5_data made = {0};

    ck_assert_int_eq(
        krb5_parse_name(k5, "krbtgt/CONTOSO.TEST@CONTOSO.TEST", &reply.server), 0);
    ck_assert_int_eq(krb5_parse_name(k5, "alice@CONTOSO.TEST", &reply.client), 0);
    reply.e_data.data = talloc_memdup(NULL, edata, len);
    reply.e_data.length = len;
    ck_assert_int_eq(krb5_mk_error(k5, &reply, &made), 0);
    talloc_free(reply.e_data.data);
    krb5_free_principal(k5, reply.server);
    krb5_free_principal(k5, reply.client);
    return made;
}

START_TEST(test_error_read)
{
    /* KERB-ERROR-DATA, type 3, status C0000413, flags 3 [KILE 2.2.1, 2.2.2] */
    static const char edata[] = "\x30\x15\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c"
                                "\x13\x04\x00\xc0\x00\x00\x00\x00\x03\x00\x00\x00";
    TALLOC_CTX *mem = talloc_new(NULL);
    krb5_context k5;
    krb5_data made;
    struct tli_krb_error err;

    ck_assert_int_eq(tli_k5_context(TL_RC4_NO, &k5), 0);
    made = make_error(k5, 12, edata, sizeof(edata) - 1);
    tli_krb_error_read(mem, k5, &made, &err);
    ck_assert_int_eq(err.code, 12);
    ck_assert_uint_eq(err.edata_ntstatus, TL_NT_AUTHENTICATION_FIREWALL_FAILED);
    ck_assert_int_eq(err.stime, 1700000000);
    ck_assert_str_eq(err.crealm, "CONTOSO.TEST");
    /* cut anywhere, it is not an error message, and nothing is read past its end */
    for (unsigned int len = 0; len < made.length; len++) {
        char *copy = malloc(len + 1);
        krb5_data cut = {.length = len, .data = copy};

        memcpy(copy, made.data, len);
        tli_krb_error_read(mem, k5, &cut, &err);
        ck_assert_int_eq(err.code, TL_KRB_NONE);
        free(copy);
    }
    krb5_free_data_contents(k5, &made);
    krb5_free_context(k5);
    talloc_free(mem);
}
END_TEST

/* A TGS-REQ of two or three PA-DATA; the lengths grow past 127 and 255 with the
 * first one's value. */
static size_t make_tgs_req(uint8_t *out, size_t value_len, bool fast)
{
    uint8_t buf[4096], *end = buf + sizeof(buf), *p = end;
    static const uint8_t body[] = {0xa4, 4, 0x30, 2, 0xa0, 0};
    static const uint8_t start[] = {0xa1, 3, 2, 1, 5, 0xa2, 3, 2, 1, 12};
    static const uint8_t armour[] = {0x30, 12,   0xa1, 4, 2, 2, 0,
                                     0x88, 0xa2, 4,    4, 2, 7, 7};
    static const uint8_t other[] = {0x30, 11, 0xa1, 3, 2, 1, 1, 0xa2, 4, 4, 2, 8, 8};

/* prepend bytes; prepend a header over all of the present element */
#define PUT(bytes, n) (p -= (n), memcpy(p, (bytes), (n)))
#define HEAD(tag, n)                                                                     \
    do {                                                                                 \
        size_t l_ = (n);                                                                 \
        uint8_t h_[4] = {(tag), (uint8_t)l_};                                            \
        size_t k_ = 2;                                                                   \
        if (l_ > 255) {                                                                  \
            h_[1] = 0x82, h_[2] = (uint8_t)(l_ >> 8), h_[3] = (uint8_t)l_, k_ = 4;       \
        } else if (l_ > 127) {                                                           \
            h_[1] = 0x81, h_[2] = (uint8_t)l_, k_ = 3;                                   \
        }                                                                                \
        PUT(h_, k_);                                                                     \
    } while (0)

    uint8_t *list_end;

    PUT(body, sizeof(body));
    list_end = p;
    PUT(other, sizeof(other));
    if (fast)
        PUT(armour, sizeof(armour));
    {
        uint8_t *item_end = p;

        p -= value_len;
        memset(p, 'v', value_len);
        HEAD(4, value_len);
        HEAD(0xa2, (size_t)(item_end - p));
        PUT(((const uint8_t[]){0xa1, 3, 2, 1, 2}), 5);
        HEAD(0x30, (size_t)(item_end - p));
    }
    HEAD(0x30, (size_t)(list_end - p));
    HEAD(0xa3, (size_t)(list_end - p));
    PUT(start, sizeof(start));
    HEAD(0x30, (size_t)(end - p));
    HEAD(0x6c, (size_t)(end - p));
    memcpy(out, p, (size_t)(end - p));
    return (size_t)(end - p);
#undef PUT
#undef HEAD
}

START_TEST(test_plain_tgs)
{
    static const size_t lens[] = {3,   60,  80,  100, 120, 130,
                                  200, 230, 240, 250, 256, 2000};
    uint8_t with[4096], without[4096];
    size_t with_len = make_tgs_req(with, lens[_i], true);
    size_t without_len = make_tgs_req(without, lens[_i], false);
    size_t len;
    uint8_t *plain = tli_tgs_req_plain(NULL, with, with_len, &len);

    ck_assert_ptr_nonnull(plain);
    ck_assert_uint_eq(len, without_len);
    ck_assert_mem_eq(plain, without, len);
    talloc_free(plain);
    ck_assert_ptr_null(tli_tgs_req_plain(NULL, without, without_len, &len));
    for (size_t cut = 0; cut < with_len; cut++)
        ck_assert_ptr_null(tli_tgs_req_plain(NULL, with, cut, &len));
}
END_TEST

START_TEST(test_message_kinds)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } kinds[] = {{0x6a, "AS-REQ"},  {0x6b, "AS-REP"},    {0x6c, "TGS-REQ"},
                 {0x6d, "TGS-REP"}, {0x7e, "KRB-ERROR"}, {0x30, "?"}};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        uint8_t bytes[2] = {kinds[i].tag, 0};

        ck_assert_str_eq(tli_krb_msg_name(tli_krb_msg_kind(bytes, 2)), kinds[i].name);
        ck_assert_int_eq(tli_krb_msg_kind(bytes, 1), TL_MSG_OTHER);
    }
}
END_TEST

static const struct {
    const char *file, *realm; /* NULL: no referral */
} replies[] = {
    {"referral", "RING1.TEST"},
    {"padata", "C.TEST"},
    {"service", NULL},
    {"three", NULL},
};

START_TEST(test_referred_to)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    char *path =
        talloc_asprintf(mem, TEST_DATA "/../../fuzz/corpus/tgs_rep/%s", replies[_i].file);
    FILE *file = fopen(path, "rb");
    char bytes[1024], *realm;
    krb5_data reply = {.data = bytes};

    ck_assert_ptr_nonnull(file);
    reply.length = (unsigned int)fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    realm = tli_krb_referred_to(mem, &reply);
    if (replies[_i].realm == NULL)
        ck_assert_ptr_null(realm);
    else
        ck_assert_str_eq(realm, replies[_i].realm);
    while (reply.length-- > 0)
        ck_assert_ptr_null(tli_krb_referred_to(mem, &reply));
    talloc_free(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("walk");
    TCase *tc = tcase_create("walk");

    tcase_add_loop_test(tc, test_plan, 0, COUNT(plans));
    tcase_add_test(tc, test_realms);
    tcase_add_test(tc, test_clock_sentence);
    tcase_add_test(tc, test_error_read);
    tcase_add_loop_test(tc, test_plain_tgs, 0, 12);
    tcase_add_test(tc, test_message_kinds);
    tcase_add_loop_test(tc, test_referred_to, 0, COUNT(replies));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
