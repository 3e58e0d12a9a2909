/* SPDX-License-Identifier: MIT
 *
 * test_plain.c - text for logs and terminals: what moves, hides or forges is replaced,
 * and nothing else.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "run_suite.h"
#include "wire/plain.h"

START_TEST(test_texts)
{
    static const struct {
        const char *text, *keep, *plain;
    } rows[] = {
        {"", NULL, ""},
        {"CONTOSO\\alice", NULL, "CONTOSO\\alice"},
        {"zo\u00eb \u6f22\u5b57 \U0001f511", NULL, "zo\u00eb \u6f22\u5b57 \U0001f511"},
        {"a\x1b[31mb\tc\r\nd\x7f", NULL, "a?[31mb?c??d?"},
        {"a\nb\tc", "\n", "a\nb?c"},
        {"a\xc2\x9b"
         "2Jb",
         NULL, "a?2Jb"},
        {"\u202eevil\u202c \u2066x\u2069 \u061c\u200e\u200f", NULL, "?evil? ?x? ???"},
        {"a\u2028b\u2029c\ufeff\u200b\u2060\U000e0041", NULL, "a?b?c????"},
        {"\ufdd0\uffff\U0010fffe", NULL, "???"},
        /* not UTF-8: a byte of its own, half a sequence, an overlong NUL and '/', a
         * surrogate, beyond Unicode, five bytes */
        {"a\x9b"
         "2J",
         NULL, "a?2J"},
        {"\xe2\x80", NULL, "??"},
        {"\xe2\x80z", NULL, "??z"},
        {"\xc0\x80\xc0\xaf", NULL, "????"},
        {"\xed\xa0\x80", NULL, "???"},
        {"\xf4\x90\x80\x80", NULL, "????"},
        {"\xf8\x88\x80\x80\x80", NULL, "?????"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64];

        snprintf(text, sizeof(text), "%s", rows[i].text);
        tli_plain(text, rows[i].keep);
        ck_assert_str_eq(text, rows[i].plain);
    }
}
END_TEST

/* For any input, what comes out is UTF-8 without controls, no longer than it was, and
 * stays as it is. */
START_TEST(test_any_bytes)
{
    char text[32], again[32];

    srandom(1);
    for (int round = 0; round < 10000; round++) {
        size_t len = (size_t)random() % sizeof(text);

        for (size_t i = 0; i < len; i++)
            text[i] = (char)(1 + random() % 255);
        text[len] = '\0';
        tli_plain(text, NULL);
        ck_assert_uint_le(strlen(text), len);
        ck_assert_ptr_null(u8_check((const uint8_t *)text, strlen(text)));
        for (const char *p = text; *p != '\0'; p++)
            ck_assert((unsigned char)*p >= 0x20 && *p != 0x7f);
        memcpy(again, text, sizeof(again));
        tli_plain(again, NULL);
        ck_assert_str_eq(again, text);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("plain");
    TCase *tcase = tcase_create("plain");

    tcase_add_test(tcase, test_texts);
    tcase_add_test(tcase, test_any_bytes);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
