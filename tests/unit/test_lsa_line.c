/* SPDX-License-Identifier: MIT
 *
 * test_lsa_line.c - what trustlogon-lsa takes for a request and for a peer.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "agent/lsa/lsa.h"
#include "run_suite.h"

#define LINE(s) s, sizeof(s) - 1

static const struct {
    const char *line;
    size_t len;
    const char *name; /* NULL: by SID */
} good[] = {
    {LINE("name CONTOSO\\alice"), "CONTOSO\\alice"},
    {LINE("name contoso.test\\j\xc3\xbcrgen.gro\xc3\x9f"),
     "contoso.test\\j\xc3\xbcrgen.gro\xc3\x9f"},
    {LINE("name CONTOSO\\pat o'neil"), "CONTOSO\\pat o'neil"},
    {LINE("name CONTOSO\\WS2$"), "CONTOSO\\WS2$"},
    {LINE("name alice@contoso.test"), "alice@contoso.test"},
    {LINE("sid S-1-5-21-1-2-3-1103"), NULL},
    {LINE("sid S-1-5-32-544"), NULL},
};

START_TEST(test_good)
{
    struct lsa_request request;

    ck_assert_ptr_null(lsa_line_parse(good[_i].line, good[_i].len, &request));
    ck_assert_int_eq(request.by_sid, good[_i].name == NULL);
    if (good[_i].name != NULL)
        ck_assert_str_eq(request.name, good[_i].name);
    else
        ck_assert_uint_gt(request.sid.num_subs, 0);
}
END_TEST

static const struct {
    const char *line;
    size_t len;
} bad[] = {
    {LINE("")},
    {LINE("name")},
    {LINE("name ")},
    {LINE("name alice")},    /* isolated: any domain could answer */
    {LINE("name .\\alice")}, /* this machine's own */
    {LINE("name CONTOSO\\")},
    {LINE("name \\alice")},
    {LINE("name CONTOSO\\a\tb")},
    {LINE("name CONTOSO\\alice\r")},
    {LINE("name CONTOSO\\ali\0ce")},
    {LINE("name CONTOSO\\alice\0")},
    {LINE("name CONTOSO\\\xff\xfe")},
    {LINE("name CONTOSO\\a\xc2\x85")}, /* C1 */
    {LINE("name CONTOSO\\a*")},
    {LINE("name CON*\\alice")},
    {LINE("NAME CONTOSO\\alice")},
    {LINE("name\tCONTOSO\\alice")},
    {LINE("sid")},
    {LINE("sid ")},
    {LINE("sid S-1-5")},
    {LINE("sid S-1-5-21-1-2-3-1103 ")},
    {LINE("sid S-1-5-21-1-2-3-99999999999")},
    {LINE("sid S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16")},
    {LINE("sid alice")},
    {LINE("quit")},
};

START_TEST(test_bad)
{
    struct lsa_request request;

    ck_assert_ptr_nonnull(lsa_line_parse(bad[_i].line, bad[_i].len, &request));
    ck_assert_ptr_null(request.name);
}
END_TEST

START_TEST(test_long)
{
    char line[LSA_LINE_MAX + 2];
    struct lsa_request request;

    memset(line, 'a', sizeof(line));
    memcpy(line, LINE("name x@"));
    line[LSA_LINE_MAX + 1] = '\0';
    ck_assert_ptr_nonnull(lsa_line_parse(line, LSA_LINE_MAX + 1, &request));
}
END_TEST

static const struct {
    const char *line;
    bool good;
} peers[] = {
    {"peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$", true},
    {"peer rc4 dc1.fabrikam.test fd00::21 FABRIKAM.TEST WS-1$", true},
    {"", false},
    {"peer", false},
    {"peer aes", false},
    {"peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST", false},
    {"peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$ ", false},
    {"peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$ more", false},
    {"peer aes  dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$", false},
    {"name aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$", false},
    {"peer des dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$", false},
    {"peer aes dc1,seal 10.99.0.21 FABRIKAM.TEST WS1$", false},
    {"peer aes dc1\r 10.99.0.21 FABRIKAM.TEST WS1$", false},
    {"peer aes dc1 dc1.fabrikam.test FABRIKAM.TEST WS1$", false},
    {"peer aes dc1 10.99.0.21 FABRIKAM.TEST={ WS1$", false},
    {"peer aes dc1 10.99.0.21 FABRIKAM.TEST alice", false},
    {"peer aes dc1 10.99.0.21 FABRIKAM.TEST $", false},
    {"peer aes dc1 10.99.0.21 FABRIKAM.TEST W\\S1$", false},
};

START_TEST(test_peers)
{
    char line[LSA_LINE_MAX + 1];
    struct lsa_peer peer;
    size_t len = strlen(peers[_i].line);

    memcpy(line, peers[_i].line, len + 1);
    ck_assert_int_eq(lsa_peer_parse(line, len, &peer) == NULL, peers[_i].good);
}
END_TEST

START_TEST(test_peer_fields)
{
    char one[] = "peer rc4 dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$",
         two[] = "peer aes dc1.fabrikam.test 10.99.0.21 FABRIKAM.TEST WS1$",
         nul[] = "peer aes dc1 10.99.0.21 FABRIKAM.TEST WS1$\0";
    struct lsa_peer a, b;

    ck_assert_ptr_null(lsa_peer_parse(one, sizeof(one) - 1, &a));
    ck_assert_str_eq(a.dc, "dc1.fabrikam.test");
    ck_assert_str_eq(a.address, "10.99.0.21");
    ck_assert_str_eq(a.realm, "FABRIKAM.TEST");
    ck_assert_str_eq(a.account, "WS1$");
    ck_assert(a.rc4);
    ck_assert_ptr_null(lsa_peer_parse(two, sizeof(two) - 1, &b));
    ck_assert(!b.rc4);
    ck_assert(!lsa_peer_equal(&a, &b));
    b.rc4 = true;
    ck_assert(lsa_peer_equal(&a, &b));
    b.address = "10.99.0.22";
    ck_assert(!lsa_peer_equal(&a, &b));
    ck_assert_ptr_nonnull(lsa_peer_parse(nul, sizeof(nul) - 1, &a));
    ck_assert_ptr_nonnull(lsa_peer_parse(one, LSA_LINE_MAX + 1, &a));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsa_line");
    TCase *tc = tcase_create("line");

    tcase_add_loop_test(tc, test_good, 0, COUNT(good));
    tcase_add_loop_test(tc, test_bad, 0, COUNT(bad));
    tcase_add_test(tc, test_long);
    tcase_add_loop_test(tc, test_peers, 0, COUNT(peers));
    tcase_add_test(tc, test_peer_fields);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
