/* SPDX-License-Identifier: MIT
 *
 * test_forest_info.c - the decoder of msDS-TrustForestTrustInfo: what it reads from a
 * blob, and what it refuses. tests/diff/forest_info.py compares it with Samba's on
 * thousands more.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <check.h>
#include <trustlogon/trust.h>

#include "run_suite.h"

/* Version 1; a TLN "a.b" (Disabled-New, made 2026-04-06), a TLN_EX "x.a.b",
 * a domain S-1-5-21-7 "a.b" "A", a binary record of two bytes. */
static const uint8_t blob[] =
    {1,    0,    0,    0,    4,   0,   0,   0, /* 4 records */
     20,   0,    0,    0,    1,   0,   0,   0,   0xd1, 0xc5, 0xdc, 0x01,
     0x2c, 0x9b, 0xc3, 0xb8, 0,             /* TLN */
     3,    0,    0,    0,    'a', '.', 'b', /* */
     22,   0,    0,    0,    2,   0,   0,   0,   0,    0,    0,    0,
     0,    0,    0,    0,    1,                       /* TLN_EX */
     5,    0,    0,    0,    'x', '.', 'a', '.', 'b', /* */
     45,   0,    0,    0,    4,   0,   0,   0,   0,    0,    0,    0,
     0,    0,    0,    0,    2, /* domain */
     16,   0,    0,    0,    1,   2,   0,   0,   0,    0,    0,    5,
     21,   0,    0,    0,    7,   0,   0,   0,                          /* SID */
     3,    0,    0,    0,    'a', '.', 'b', 1,   0,    0,    0,    'A', /* */
     19,   0,    0,    0,    0,   0,   0,   0,   0,    0,    0,    0,
     0,    0,    0,    0,    3, /* binary */
     2,    0,    0,    0,    9,   9};

START_TEST(reads_all_fields)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_forest_info *info;
    const char *where;
    char sid[TL_SID_STRING_MAX];

    ck_assert_int_eq(tl_forest_info_decode(ctx, blob, sizeof blob, &info, &where), 0);
    ck_assert_ptr_null(where);
    ck_assert_uint_eq(info->count, 4);
    ck_assert_int_eq(info->records[0].type, TL_FT_TLN);
    ck_assert_uint_eq(info->records[0].flags, TL_FT_DISABLED_NEW);
    ck_assert_uint_eq(info->records[0].time, 0x01dcc5d1b8c39b2c);
    ck_assert_str_eq(info->records[0].name, "a.b");
    ck_assert_int_eq(info->records[1].type, TL_FT_TLN_EX);
    ck_assert_str_eq(info->records[1].name, "x.a.b");
    ck_assert_int_eq(info->records[2].type, TL_FT_DOMAIN);
    ck_assert_str_eq(info->records[2].name, "a.b");
    ck_assert_str_eq(info->records[2].flat, "A");
    ck_assert(info->records[2].has_sid);
    ck_assert_str_eq(tl_sid_format(&info->records[2].sid, sid), "S-1-5-21-7");
    ck_assert_int_eq(info->records[3].type, TL_FT_BINARY);
    ck_assert_ptr_null(info->records[3].name);
    talloc_free(ctx);
}
END_TEST

/* The halves of a time, as they were found in directories. */
static const struct stored_time {
    const char *who;
    uint8_t bytes[8];
    uint64_t time;
} times[] = {
    {"Windows, 2026-04-06T14:29:05",
     {0xd1, 0xc5, 0xdc, 0x01, 0x2c, 0x9b, 0xc3, 0xb8},
     0x01dcc5d1b8c39b2c},
    {"Windows, 2010-03-23",
     {0x3e, 0xca, 0xca, 0x01, 0x00, 0xaf, 0xd5, 0x9b},
     0x01caca3e9bd5af00},
    {"Windows, 2024-12-12T17:24:16",
     {0xba, 0x4c, 0xdb, 0x01, 0x3f, 0xd4, 0x80, 0xab},
     0x01db4cbaab80d43f},
    {"Samba 4.17, 2026-11-29T21:23:44",
     {0x7a, 0xf2, 0xac, 0xe9, 0x47, 0x80, 0xdd, 0x01},
     0x01dd8047e9acf27a},
    {"1990", {0x00, 0x40, 0xd6, 0x18, 0x2a, 0x1e, 0xb4, 0x01}, 0x01b41e2a18d64000},
    {"before 1990: as Windows stores it",
     {0xff, 0x3f, 0xd6, 0x18, 0x2a, 0x1e, 0xb4, 0x01},
     0x18d63fff01b41e2a},
    {"before 2100", {0xff, 0xff, 0x63, 0x77, 0x63, 0x71, 0x2f, 0x02}, 0x022f71637763ffff},
    {"2100: as Windows stores it",
     {0x00, 0x00, 0x64, 0x77, 0x63, 0x71, 0x2f, 0x02},
     0x77640000022f7163},
    {"both orders give a time: Windows'",
     {0x00, 0x00, 0xdd, 0x01, 0x00, 0x00, 0xdc, 0x01},
     0x01dd000001dc0000},
    {"none", {0}, 0},
};

START_TEST(time_stored)
{
    const struct stored_time *t = &times[_i];
    uint8_t copy[sizeof blob];
    struct tl_forest_info *info;
    const char *where;

    memcpy(copy, blob, sizeof blob);
    memcpy(copy + 16, t->bytes, sizeof t->bytes);
    ck_assert_int_eq(tl_forest_info_decode(NULL, copy, sizeof copy, &info, &where), 0);
    ck_assert_msg(info->records[0].time == t->time, "%s: %#" PRIx64, t->who,
                  info->records[0].time);
    talloc_free(info);
}
END_TEST

/* Every shorter blob is refused, and every longer one. */
START_TEST(whole_or_nothing)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_forest_info *info = (void *)1;
    const char *where;
    uint8_t *longer = talloc_zero_array(ctx, uint8_t, sizeof blob + 1);

    for (size_t len = 0; len < sizeof blob; len++) {
        uint8_t *copy = talloc_memdup(ctx, blob, len); /* for the sanitizer */

        ck_assert_int_eq(tl_forest_info_decode(ctx, copy, len, &info, &where), -EBADMSG);
        ck_assert_ptr_null(info);
        ck_assert_ptr_nonnull(where);
    }
    memcpy(longer, blob, sizeof blob);
    ck_assert_int_eq(tl_forest_info_decode(ctx, longer, sizeof blob + 1, &info, &where),
                     -EBADMSG);
    ck_assert_str_eq(where, "bytes after the last record");
    talloc_free(ctx);
}
END_TEST

/* One byte of the blob changed: the result. */
static const struct change {
    size_t at;
    uint8_t value;
    bool accepted;
    const char *why;
} changes[] = {
    {0, 2, true, "the version decides nothing"},
    {8, 99, true, "a record's own length decides nothing"},
    {7, 0x7F, false, "more records than bytes"},
    {4, 3, false, "a record too many"},
    {24, 7, true, "an unknown type is binary data"},
    {25, 0xFF, false, "name longer than the blob"},
    {29, 0xC3, false, "not UTF-8"},
    {30, 0x00, true, "NUL: the name ends there"},
    {80, 16, false, "a SID of 16 parts"},
    {80, 3, false, "a SID cut short"},
    {80, 1, true, "a SID shorter than its window"},
    {79, 9, true, "the revision of a SID decides nothing"},
};

START_TEST(changed)
{
    const struct change *c = &changes[_i];
    uint8_t copy[sizeof blob];
    struct tl_forest_info *info;
    const char *where;

    memcpy(copy, blob, sizeof blob);
    copy[c->at] = c->value;
    ck_assert_msg((tl_forest_info_decode(NULL, copy, sizeof copy, &info, &where) == 0) ==
                      c->accepted,
                  "%s", c->why);
    talloc_free(info);
}
END_TEST

static const struct kind {
    uint32_t type, attributes;
    const char *kind, *words;
} kinds[] = {
    {1, 0, "downlevel", ""},
    {2, 0, "external", ""},
    {2, 4, "external", "quarantined"},
    {2, 8, "forest", "foresttrans"},
    {2, 0x48, "forest", "foresttrans external"},
    {2, 0x20, "within-forest", "withinforest"},
    {3, 0x101, "mit", "non-trans aes"},
    {1, 8, "downlevel", "foresttrans"},
    {5, 0, "other", ""},
};

START_TEST(kind)
{
    const struct kind *k = &kinds[_i];
    struct tl_tdo tdo = {.type = k->type, .attributes = k->attributes};
    char *words = tl_tdo_attribute_words(NULL, k->attributes);

    ck_assert_str_eq(tl_tdo_kind(&tdo), k->kind);
    ck_assert_str_eq(words, k->words);
    ck_assert(tl_tdo_is_forest(&tdo) == (strcmp(k->kind, "forest") == 0));
    talloc_free(words);
}
END_TEST

/* The trusts whose tickets are RC4, in the words that diagnose shows. */
static const struct weak {
    uint32_t type;
    bool has_enctypes;
    uint32_t enctypes;
    bool lacks_aes;
    const char *words;
} weak[] = {
    {2, false, 0, true, "no msDS-SupportedEncryptionTypes"},
    {2, true, 0, true, "msDS-SupportedEncryptionTypes = 0"},
    {2, true, 4, true, "msDS-SupportedEncryptionTypes = 4"},
    {2, true, 0x24, true, "msDS-SupportedEncryptionTypes = 36"},
    {2, true, 8, false, "msDS-SupportedEncryptionTypes = 8"},
    {2, true, 16, false, "msDS-SupportedEncryptionTypes = 16"},
    {2, true, 28, false, "msDS-SupportedEncryptionTypes = 28"},
    {1, false, 0, false, "no msDS-SupportedEncryptionTypes"},
    {3, true, 4, false, "msDS-SupportedEncryptionTypes = 4"},
};

START_TEST(without_aes)
{
    const struct weak *w = &weak[_i];
    struct tl_tdo tdo = {
        .type = w->type, .has_enctypes = w->has_enctypes, .enctypes = w->enctypes};
    char *text = tl_tdo_enctype_words(NULL, &tdo);

    ck_assert(tl_tdo_lacks_aes(&tdo) == w->lacks_aes);
    ck_assert_str_eq(text, w->words);
    talloc_free(text);
}
END_TEST

START_TEST(directions)
{
    static const char *const names[] = {"disabled", "incoming", "outgoing", "two-way"};

    for (uint32_t i = 0; i < 4; i++) {
        struct tl_tdo tdo = {.direction = i};

        ck_assert_str_eq(tl_tdo_direction_name(&tdo), names[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forest_info");
    TCase *decode = tcase_create("decode"), *words = tcase_create("words");

    tcase_add_test(decode, reads_all_fields);
    tcase_add_loop_test(decode, time_stored, 0, COUNT(times));
    tcase_add_test(decode, whole_or_nothing);
    tcase_add_loop_test(decode, changed, 0, COUNT(changes));
    tcase_add_loop_test(words, kind, 0, COUNT(kinds));
    tcase_add_loop_test(words, without_aes, 0, COUNT(weak));
    tcase_add_test(words, directions);
    suite_add_tcase(suite, decode);
    suite_add_tcase(suite, words);
    return run_suite(suite);
}
