/* SPDX-License-Identifier: MIT
 *
 * test_name.c - names as typed, folding, DNS and NetBIOS names.
 */
#include <trustlogon/name.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run_suite.h"

#define BYTES(s) (s), sizeof(s) - 1

static const struct {
    const char *bytes;
    size_t len;
    enum tl_name_error error;
    enum tl_name_form form;
    const char *user;
    const char *domain;
} parses[] = {
    {BYTES("alice"), TL_NAME_OK, TL_NAME_BARE, "alice", NULL},
    {BYTES("CONTOSO\\alice"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "alice", "CONTOSO"},
    {BYTES("contoso.test\\Alice"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "Alice",
     "contoso.test"},
    {BYTES("contoso.test.\\alice"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "alice",
     "contoso.test"},
    {BYTES("alice@contoso.test"), TL_NAME_OK, TL_NAME_UPN, "alice", "contoso.test"},
    {BYTES("alice@contoso.test."), TL_NAME_OK, TL_NAME_UPN, "alice", "contoso.test"},
    {BYTES("alice@CONTOSO"), TL_NAME_OK, TL_NAME_UPN, "alice", "CONTOSO"},
    /* the last '@' separates */
    {BYTES("alice@home@corp.example"), TL_NAME_OK, TL_NAME_UPN, "alice@home",
     "corp.example"},
    /* a backslash comes before any '@' */
    {BYTES("CONTOSO\\alice@corp.example"), TL_NAME_OK, TL_NAME_DOWNLEVEL,
     "alice@corp.example", "CONTOSO"},
    {BYTES(".\\alice"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "alice", "."},
    {BYTES("MY_DOM\\a"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "a", "MY_DOM"},
    {BYTES("AT&T\\a"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "a", "AT&T"},
    {BYTES("CONTOSO\\Anna Maria"), TL_NAME_OK, TL_NAME_DOWNLEVEL, "Anna Maria",
     "CONTOSO"},
    {BYTES("M\xc3\x9cNCHEN\\j\xc3\xbcrgen"), TL_NAME_OK, TL_NAME_DOWNLEVEL,
     "j\xc3\xbcrgen", "M\xc3\x9cNCHEN"},
    /* a UPN prefix may hold what an account name may not */
    {BYTES("a+b/c=d@corp.example"), TL_NAME_OK, TL_NAME_UPN, "a+b/c=d", "corp.example"},
    {BYTES("ws1$"), TL_NAME_OK, TL_NAME_BARE, "ws1$", NULL},

    {BYTES(""), TL_NAME_EMPTY, 0, NULL, NULL},
    {BYTES("\\alice"), TL_NAME_EMPTY_PART, 0, NULL, NULL},
    {BYTES("CONTOSO\\"), TL_NAME_EMPTY_PART, 0, NULL, NULL},
    {BYTES("\\"), TL_NAME_EMPTY_PART, 0, NULL, NULL},
    {BYTES("@contoso.test"), TL_NAME_EMPTY_PART, 0, NULL, NULL},
    {BYTES("alice@"), TL_NAME_EMPTY_PART, 0, NULL, NULL},
    {BYTES("@"), TL_NAME_EMPTY_PART, 0, NULL, NULL},
    {BYTES("alice@."), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("..\\alice"), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("alice@.contoso.test"), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("alice@contoso..test"), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("alice@contoso.test.."), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("alice@con toso"), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("../../etc\\alice"), TL_NAME_ILLEGAL_DOMAIN, 0, NULL, NULL},
    {BYTES("al/ice"), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES("CONTOSO\\al\\ice"), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES("CONTOSO\\al*ice"), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES("CONTOSO\\.."), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES("."), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES(" "), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES("..@contoso.test"), TL_NAME_ILLEGAL_USER, 0, NULL, NULL},
    {BYTES("ali\0ce"), TL_NAME_CONTROL, 0, NULL, NULL},
    {BYTES("ali\nce"), TL_NAME_CONTROL, 0, NULL, NULL},
    {BYTES("ali\x1b[2Jce"), TL_NAME_CONTROL, 0, NULL, NULL},
    {BYTES("ali\x7f"), TL_NAME_CONTROL, 0, NULL, NULL},
    {BYTES("ali\xc2\x9b"), TL_NAME_CONTROL, 0, NULL, NULL},
    {BYTES("ali\xff"), TL_NAME_NOT_UTF8, 0, NULL, NULL},
    {BYTES("ali\xc3"), TL_NAME_NOT_UTF8, 0, NULL, NULL},
    {BYTES("CONTOSO\xc1\x9c\x61"), TL_NAME_NOT_UTF8, 0, NULL, NULL}, /* overlong '\' */
    {BYTES("\xed\xa0\x80"), TL_NAME_NOT_UTF8, 0, NULL, NULL},        /* surrogate */
};

START_TEST(splits)
{
    enum tl_name_error error = TL_NAME_EMPTY_PART;
    struct tl_name *name = (struct tl_name *)(uintptr_t)1;
    char *exact = malloc(parses[_i].len + 1);
    int ret;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, parses[_i].bytes, parses[_i].len);
    exact[parses[_i].len] = '@'; /* not part of the name: must not be read */
    ret = tl_name_parse(NULL, exact, parses[_i].len, &name, &error);
    ck_assert_int_eq(error, parses[_i].error);
    if (parses[_i].error != TL_NAME_OK) {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_ptr_null(name);
    } else {
        ck_assert_int_eq(ret, 0);
        ck_assert_int_eq(name->form, parses[_i].form);
        ck_assert_str_eq(name->user, parses[_i].user);
        ck_assert_pstr_eq(name->domain, parses[_i].domain);
        ck_assert_str_eq(name->whole, parses[_i].bytes);
    }
    talloc_free(name);
    free(exact);
}
END_TEST

/* `count` times `what`, with something before and behind. */
static char *repeat(const char *before, const char *what, size_t count, const char *after)
{
    size_t len = strlen(before) + count * strlen(what) + strlen(after);
    char *s = talloc_size(NULL, len + 1), *end;

    ck_assert_ptr_nonnull(s);
    end = stpcpy(s, before);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, what);
    stpcpy(end, after);
    return s;
}

static const struct {
    const char *before;
    const char *what;
    size_t count;
    const char *after;
    enum tl_name_error error;
} lengths[] = {
    {"", "a", 256, "", TL_NAME_OK},
    {"", "a", 257, "", TL_NAME_TOO_LONG},
    {"", "\xc3\xbc", 256, "", TL_NAME_OK}, /* characters, not bytes */
    {"", "\xc3\xbc", 257, "", TL_NAME_TOO_LONG},
    {"", "a", 1024 - 13, "@contoso.test", TL_NAME_OK},
    {"", "a", 1024 - 12, "@contoso.test", TL_NAME_TOO_LONG},
    {"a@", "b.", 126, "b", TL_NAME_OK},
    {"a@", "b.", 127, "b", TL_NAME_OK},       /* 255 bytes */
    {"a@", "b.", 128, "", TL_NAME_OK},        /* 255 and a trailing dot */
    {"a@", "b.", 128, "b", TL_NAME_TOO_LONG}, /* 257 */
};

START_TEST(limits)
{
    char *s = repeat(lengths[_i].before, lengths[_i].what, lengths[_i].count,
                     lengths[_i].after);
    enum tl_name_error error;
    struct tl_name *name;
    int ret = tl_name_parse(NULL, s, strlen(s), &name, &error);

    ck_assert_int_eq(error, lengths[_i].error);
    ck_assert_int_eq(ret, error == TL_NAME_OK ? 0 : -EINVAL);
    talloc_free(name);
    talloc_free(s);
}
END_TEST

START_TEST(error_may_be_null)
{
    struct tl_name *name;

    ck_assert_int_eq(tl_name_parse(NULL, "a@", 2, &name, NULL), -EINVAL);
    for (int e = TL_NAME_OK; e <= TL_NAME_EMPTY_PART; e++) {
        const char *text = tl_name_error_text((enum tl_name_error)e);

        ck_assert_int_eq(text[strlen(text) - 1], '.');
    }
}
END_TEST

static const struct {
    const char *typed;
    bool local;
} locals[] = {
    {".\\alice", true},
    {"WS1\\alice", true},
    {"ws1\\alice", true},
    {"ws1.fabrikam.test\\alice", true},
    {"WS1.FABRIKAM.TEST.\\alice", true},
    {"FABRIKAM\\alice", false},
    {"fabrikam.test\\alice", false},
    {"ws11\\alice", false},
    {"alice", false},
    {"alice@ws1", false},
    {"alice@ws1.fabrikam.test", false},
};

START_TEST(local_names)
{
    struct tl_name *name;

    ck_assert_int_eq(
        tl_name_parse(NULL, locals[_i].typed, strlen(locals[_i].typed), &name, NULL), 0);
    ck_assert(tl_name_is_local(name, "WS1", "ws1.fabrikam.test") == locals[_i].local);
    /* A machine whose names are not known still has its dot. */
    ck_assert(tl_name_is_local(name, NULL, NULL) == (locals[_i].typed[0] == '.'));
    talloc_free(name);
}
END_TEST

static const struct {
    const char *in;
    const char *out; /* NULL: refused */
} folds[] = {
    {"", ""},
    {"Alice", "alice"},
    {"CONTOSO\\ALICE", "contoso\\alice"},
    {"J\xc3\x9cRGEN", "j\xc3\xbcrgen"},     /* one character */
    {"JU\xcc\x88RGEN", "ju\xcc\x88rgen"},   /* letter and mark: another name */
    {"wei\xc3\x9f", "wei\xc3\x9f"},         /* no second letter is made */
    {"WEI\xe1\xba\x9e", "wei\xe1\xba\x9e"}, /* capital sharp s, which has no way back */
    {"\xce\xa3\xcf\x82\xcf\x83", "\xcf\x83\xcf\x83\xcf\x83"}, /* three sigmas */
    {"I\xc4\xb0\xc4\xb1", "i\xc4\xb0\xc4\xb1"},               /* not the Turkish way */
    {"\xe2\x84\xaa\xe2\x84\xab", "\xe2\x84\xaa\xe2\x84\xab"}, /* Kelvin, Angstrom */
    {"\xc5\xbf\xc2\xb5", "\xc5\xbf\xc2\xb5"},                 /* long s, micro */
    {"\xc8\xba\xc8\xba", "\xe2\xb1\xa5\xe2\xb1\xa5"},         /* U+023A grows */
    {"\xd0\x90\xd0\xaf", "\xd0\xb0\xd1\x8f"},                 /* Cyrillic */
    {"\xef\xbd\x81", "\xef\xbd\x81"},                         /* wide a */
    {"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"},                 /* U+10400 */
    {"a\xff", NULL},
    {NULL, NULL},
};

START_TEST(folding)
{
    char *out = tl_fold(NULL, folds[_i].in), *again;

    ck_assert_pstr_eq(out, folds[_i].out);
    if (out != NULL) {
        again = tl_fold(NULL, out);
        ck_assert_str_eq(again, out);
        talloc_free(again);
    }
    talloc_free(out);
}
END_TEST

START_TEST(equality)
{
    ck_assert(tl_name_equal("Alice", "aLICE"));
    ck_assert(tl_name_equal("J\xc3\x9cRGEN", "j\xc3\xbcrgen"));
    ck_assert(!tl_name_equal("J\xc3\x9cRGEN", "ju\xcc\x88rgen"));
    ck_assert(!tl_name_equal("gro\xc3\x9f", "gross"));
    ck_assert(!tl_name_equal("alice", "alic"));
    ck_assert(!tl_name_equal("a\xff", "a\xff")); /* not a name */
    ck_assert(!tl_name_equal(NULL, NULL));
    ck_assert(!tl_name_equal("a", NULL));
}
END_TEST

static const struct {
    const char *a;
    const char *b;
    enum tl_dns_cmp cmp;
} dns[] = {
    {"contoso.test", "contoso.test", TL_DNS_EQUAL},
    {"Contoso.TEST.", "contoso.test", TL_DNS_EQUAL},
    {"eu.contoso.test", "contoso.test", TL_DNS_BELOW},
    {"a.b.contoso.test", "CONTOSO.test.", TL_DNS_BELOW},
    {"xcontoso.test", "contoso.test", TL_DNS_DIFFERENT},
    {"contoso.test.evil", "contoso.test", TL_DNS_DIFFERENT},
    {"contoso", "contoso.test", TL_DNS_DIFFERENT},
    {"test", "contoso.test", TL_DNS_ABOVE},
    {"", "", TL_DNS_EQUAL},
    {".", "", TL_DNS_EQUAL},
    {"contoso.test", "", TL_DNS_DIFFERENT}, /* the empty name routes everything */
    {"contoso.test", ".", TL_DNS_DIFFERENT},
    {"contoso.test..", ".", TL_DNS_DIFFERENT},
    {"\xc3\xbc.test", "\xc3\x9c.test", TL_DNS_DIFFERENT}, /* ASCII case only */
    {NULL, NULL, TL_DNS_DIFFERENT},
    {"a", NULL, TL_DNS_DIFFERENT},
};

START_TEST(dns_names)
{
    enum tl_dns_cmp back = dns[_i].cmp == TL_DNS_BELOW   ? TL_DNS_ABOVE
                           : dns[_i].cmp == TL_DNS_ABOVE ? TL_DNS_BELOW
                                                         : dns[_i].cmp;

    ck_assert_int_eq(tl_dns_compare(dns[_i].a, dns[_i].b), dns[_i].cmp);
    ck_assert_int_eq(tl_dns_compare(dns[_i].b, dns[_i].a), back);
    ck_assert(tl_dns_equal(dns[_i].a, dns[_i].b) == (dns[_i].cmp == TL_DNS_EQUAL));
}
END_TEST

START_TEST(labels)
{
    ck_assert_uint_eq(tl_dns_labels(NULL), 0);
    ck_assert_uint_eq(tl_dns_labels(""), 0);
    ck_assert_uint_eq(tl_dns_labels("."), 0);
    ck_assert_uint_eq(tl_dns_labels("test"), 1);
    ck_assert_uint_eq(tl_dns_labels("test."), 1);
    ck_assert_uint_eq(tl_dns_labels("a.contoso.test"), 3);
}
END_TEST

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"
static const struct {
    const char *name;
    bool dns;
    bool netbios;
} valid[] = {
    {"contoso.test", true, true}, /* 12 characters: a NetBIOS name with a dot */
    {"contoso.test.", true, true},
    {"CONTOSO", true, true},
    {"MY_DOM", true, true},
    {"FIFTEEN-LETTERS", true, true},
    {"SIXTEEN--LETTERS", true, false},
    {"\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c\xc3\x9c",
     true, true}, /* ten characters in twenty bytes */
    {L63, true, false},
    {L63 "d", false, false},
    {L63 "." L63 "." L63 "." L63, true, false},     /* 255 */
    {L63 "." L63 "." L63 "." L63 ".", true, false}, /* and a trailing dot */
    {L63 "." L63 "." L63 "." L63 ".a", false, false},
    {"", false, false},
    {".", false, false},
    {".contoso", false, false},
    {"contoso..test", false, true},
    {"con toso", false, false},
    {"a/b", false, false},
    {"a\\b", false, false},
    {"a@b", false, false},
    {"a\nb", false, false},
    {"a\xff", false, false},
    {NULL, false, false},
};

START_TEST(validity)
{
    ck_assert(tl_dns_valid(valid[_i].name) == valid[_i].dns);
    ck_assert(tl_netbios_valid(valid[_i].name) == valid[_i].netbios);
}
END_TEST

START_TEST(realms)
{
    TALLOC_CTX *ctx = talloc_new(NULL);

    ck_assert_str_eq(tl_realm_of(ctx, "Contoso.test."), "CONTOSO.TEST");
    ck_assert_str_eq(tl_dns_of(ctx, "CONTOSO.TEST"), "contoso.test");
    ck_assert_str_eq(tl_realm_of(ctx, "\xc3\xbc.test"), "\xc3\xbc.TEST");
    ck_assert_ptr_null(tl_realm_of(ctx, NULL));
    ck_assert_ptr_null(tl_dns_of(ctx, NULL));
    talloc_free(ctx);
}
END_TEST

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* The worst that comes in: every function on 100,000 bytes, within a time that
 * anything quadratic (10^10 steps) misses by far, sanitizers included. */
START_TEST(long_names)
{
    static const char *const kinds[] = {
        "a", ".", "a.", "@", "\\", "\xcc\x88", "u\xcc\x88", "\xe1\xbe\xb4", "\xff"};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        char *s = repeat("", kinds[i], 100000 / strlen(kinds[i]), "");
        double start = seconds();
        enum tl_name_error error;
        struct tl_name *name;

        ck_assert_int_eq(tl_name_parse(NULL, s, strlen(s), &name, &error), -EINVAL);
        ck_assert_int_eq(error, TL_NAME_TOO_LONG);
        tl_name_equal(s, s);
        ck_assert_int_eq(tl_dns_compare(s, s), TL_DNS_EQUAL);
        tl_dns_labels(s);
        ck_assert(!tl_dns_valid(s));
        ck_assert(!tl_netbios_valid(s));
        ck_assert_msg(seconds() - start < 2, "100,000 bytes of \"%s\" took %.1f s",
                      kinds[i], seconds() - start);
        talloc_free(s);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("name");
    TCase *tcase = tcase_create("names");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, splits, 0, COUNT(parses));
    tcase_add_loop_test(tcase, limits, 0, COUNT(lengths));
    tcase_add_test(tcase, error_may_be_null);
    tcase_add_loop_test(tcase, local_names, 0, COUNT(locals));
    tcase_add_loop_test(tcase, folding, 0, COUNT(folds));
    tcase_add_test(tcase, equality);
    tcase_add_loop_test(tcase, dns_names, 0, COUNT(dns));
    tcase_add_test(tcase, labels);
    tcase_add_loop_test(tcase, validity, 0, COUNT(valid));
    tcase_add_test(tcase, realms);
    tcase_add_test(tcase, long_names);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
