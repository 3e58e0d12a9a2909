/* SPDX-License-Identifier: MIT
 *
 * test_kpasswd.c - the bytes of the password change protocol, and what a refusal means.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kerberos/kpasswd/kpasswd.h"
#include "run_suite.h"

#define DAY 864000000000ULL /* in 100 ns */

static TALLOC_CTX *mem;

static void setup(void)
{
    mem = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(mem);
}

/* --- frames --- */

static const struct {
    const char *what, *bytes;
    size_t len;
    int ret;
    size_t ap_len, body_len;
} frames[] = {
    {"nothing", "", 0, -EBADMSG, 0, 0},
    {"half a header", "\x00\x05\x00\x01\x00", 5, -EBADMSG, 0, 0},
    {"header only", "\x00\x06\x00\x01\x00\x00", 6, 0, 0, 0},
    {"longer than it says", "\x00\x06\x00\x01\x00\x00x", 7, -EBADMSG, 0, 0},
    {"shorter than it says", "\x00\x08\x00\x01\x00\x00x", 7, -EBADMSG, 0, 0},
    {"AP-REP and KRB-PRIV",
     "\x00\x0b\x00\x01\x00\x02"
     "ap"
     "prv",
     11, 0, 2, 3},
    {"AP-REP to the end",
     "\x00\x08\x00\x01\x00\x02"
     "ap",
     8, 0, 2, 0},
    {"AP-REP beyond the end",
     "\x00\x08\x00\x01\x00\x03"
     "ap",
     8, -EBADMSG, 0, 0},
    {"framed KRB-ERROR", "\x00\x08\x00\x01\x00\x00\x7e\x00", 8, 0, 0, 2},
    {"bare KRB-ERROR", "\x7e\x01\x30", 3, 0, 0, 3},
};

START_TEST(frames_are_read)
{
    /* a block of just this size: the sanitizer sees a byte too far */
    uint8_t *bytes = talloc_memdup(mem, frames[_i].bytes, frames[_i].len);
    struct tli_kpasswd_frame frame;

    ck_assert_int_eq(tli_kpasswd_read(bytes, frames[_i].len, &frame), frames[_i].ret);
    ck_assert_uint_eq(frame.ap_len, frames[_i].ap_len);
    ck_assert_uint_eq(frame.body_len, frames[_i].body_len);
    ck_assert_int_eq(frame.ap != NULL, frames[_i].ap_len > 0);
}
END_TEST

START_TEST(frames_come_back_as_written)
{
    struct tli_kpasswd_frame in = {.version = TL_KPASSWD_CHANGE,
                                   .ap = (const uint8_t *)"apreq",
                                   .ap_len = 5,
                                   .body = (const uint8_t *)"priv",
                                   .body_len = 4};
    struct tli_kpasswd_frame back;
    uint8_t *bytes;
    size_t len;

    ck_assert_int_eq(tli_kpasswd_write(mem, &in, &bytes, &len), 0);
    ck_assert_uint_eq(len, 15);
    ck_assert_mem_eq(bytes,
                     "\x00\x0f\x00\x01\x00\x05"
                     "apreqpriv",
                     15);
    ck_assert_int_eq(tli_kpasswd_read(bytes, len, &back), 0);
    ck_assert_uint_eq(back.version, 1);
    ck_assert_mem_eq(back.ap, "apreq", 5);
    ck_assert_mem_eq(back.body, "priv", 4);
}
END_TEST

START_TEST(what_does_not_fit_is_not_written)
{
    static const uint8_t big[TL_KPASSWD_MAX];
    struct tli_kpasswd_frame in = {.ap = big, .ap_len = 1, .body = big};
    uint8_t *bytes;
    size_t len;

    in.body_len = TL_KPASSWD_MAX - 7;
    ck_assert_int_eq(tli_kpasswd_write(mem, &in, &bytes, &len), 0);
    ck_assert_uint_eq(len, TL_KPASSWD_MAX);
    in.body_len++;
    ck_assert_int_eq(tli_kpasswd_write(mem, &in, &bytes, &len), -E2BIG);
    ck_assert_ptr_null(bytes);
    in.body_len = SIZE_MAX;
    ck_assert_int_eq(tli_kpasswd_write(mem, &in, &bytes, &len), -E2BIG);
}
END_TEST

/* --- results --- */

static const struct {
    const char *what, *bytes;
    size_t len;
    int ret;
    unsigned int code;
    const char *text;
} results[] = {
    {"nothing", "", 0, -EBADMSG, 0, NULL},
    {"half a code", "\x00", 1, -EBADMSG, 0, NULL},
    {"success", "\x00\x00", 2, 0, 0, NULL},
    {"a text", "\x00\x04too short", 11, 0, 4, "too short"},
    {"a text with its NUL", "\x00\x04too short\x00", 12, 0, 4, "too short"},
    {"a line", "\x00\x04too short\n", 12, 0, 4, "too short"},
    {"a NUL inside", "\x00\x04too\x00short", 11, 0, 4, NULL},
    {"no UTF-8", "\x00\x02nein\xff", 7, 0, 2, NULL},
    {"UTF-8", "\x00\x02z\xc3\xbc kurz", 10, 0, 2, "zü kurz"},
    {"escape sequences", "\x00\x04\x1b[31mred\x07", 12, 0, 4, "?[31mred?"},
    {"marks that reorder",
     "\x00\x04"
     "a\xe2\x80\xae"
     "b",
     7, 0, 4, "a?b"},
    {"NULs only", "\x00\x03\x00\x00\x00", 5, 0, 3, NULL},
};

START_TEST(results_are_read)
{
    uint8_t *bytes = talloc_memdup(mem, results[_i].bytes, results[_i].len);
    struct tli_kpasswd_result got;

    ck_assert_int_eq(tli_kpasswd_result_read(mem, bytes, results[_i].len, &got),
                     results[_i].ret);
    ck_assert_uint_eq(got.code, results[_i].code);
    ck_assert(!got.has_policy);
    if (results[_i].text == NULL)
        ck_assert_ptr_null(got.text);
    else
        ck_assert_str_eq(got.text, results[_i].text);
}
END_TEST

START_TEST(a_long_text_is_cut)
{
    uint8_t bytes[5000];
    struct tli_kpasswd_result got;

    memset(bytes, 'x', sizeof(bytes));
    ck_assert_int_eq(tli_kpasswd_result_read(mem, bytes, sizeof(bytes), &got), 0);
    ck_assert_uint_le(strlen(got.text), 515);
}
END_TEST

/* --- AD's policy --- */

static void put(uint8_t **p, uint64_t value, int len)
{
    while (len-- > 0)
        *(*p)++ = (uint8_t)(value >> (8 * len));
}

/* SOFTERROR and a policy as AD packs it. */
static size_t policy_bytes(uint8_t *bytes, uint32_t length, uint32_t history,
                           uint32_t properties, uint64_t max_age, uint64_t min_age)
{
    uint8_t *p = bytes;

    put(&p, TL_KPASSWD_SOFTERROR, 2);
    put(&p, 0, 2);
    put(&p, length, 4);
    put(&p, history, 4);
    put(&p, properties, 4);
    put(&p, max_age, 8);
    put(&p, min_age, 8);
    return (size_t)(p - bytes);
}

START_TEST(a_policy_is_read)
{
    uint8_t bytes[64];
    size_t len = policy_bytes(bytes, 7, 24, TL_PASSWORD_COMPLEX, 42 * DAY, DAY);
    struct tli_kpasswd_result got;

    ck_assert_uint_eq(len, 32);
    ck_assert_int_eq(tli_kpasswd_result_read(mem, bytes, len, &got), 0);
    ck_assert(got.has_policy);
    ck_assert_ptr_null(got.text);
    ck_assert_uint_eq(got.policy.min_length, 7);
    ck_assert_uint_eq(got.policy.history, 24);
    ck_assert_uint_eq(got.policy.properties, 1);
    ck_assert_uint_eq(got.policy.max_age, 42 * 86400);
    ck_assert_uint_eq(got.policy.min_age, 86400);
    /* negative, as the directory has them, and "never" */
    len = policy_bytes(bytes, 0, 0, 0, (uint64_t)INT64_MIN, (uint64_t)-1);
    ck_assert_int_eq(tli_kpasswd_result_read(mem, bytes, len, &got), 0);
    ck_assert(got.has_policy);
    ck_assert_uint_eq(got.policy.max_age, 0);
    ck_assert_uint_eq(got.policy.min_age, 0);
    /* one byte more or less makes it neither a policy nor a text */
    ck_assert_int_eq(tli_kpasswd_result_read(mem, bytes, len - 1, &got), 0);
    ck_assert(!got.has_policy && got.text == NULL);
}
END_TEST

/* --- what a refusal means --- */

#define RULES TL_REASON_PASSWORD_RULES
#define SHORT TL_REASON_PASSWORD_TOO_SHORT
#define SIMPLE TL_REASON_PASSWORD_NOT_COMPLEX
#define AGAIN TL_REASON_PASSWORD_REPEATED

static const struct {
    const char *password, *account;
    uint32_t length, history, properties;
    uint64_t min_age;
    enum tl_reason reason;
    const char *says;
} refusals[] = {
    {"Ab1!", "alice", 7, 24, 1, DAY, SHORT, "It must have at least 7 characters."},
    /* counted in characters, and beyond 16 bits in two units each, as AD does */
    {"äöüÄÖÜ", "alice", 7, 0, 0, 0, SHORT, "at least 7"},
    {"äöüÄÖÜß", "alice", 7, 5, 0, 0, AGAIN, "the last 5 passwords"},
    {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "alice", 4, 5, 0, 0, AGAIN, "last 5"},
    {"abcdefgh", "alice", 7, 24, 1, DAY, SIMPLE, "three of these"},
    {"abcdefgh1", "alice", 7, 24, 1, DAY, SIMPLE, "three of these"},
    {"abcdefgH1", "alice", 7, 24, 1, DAY, RULES,
     "It must differ from the last 24 passwords. It must not contain any part of your "
     "name. A password can be changed again after 1 day."},
    {"Ab1!ALICE", "alice", 7, 24, 1, DAY, SIMPLE, "the account's name"},
    {"Ab1!al-pine", "al", 7, 0, 1, 0, RULES, "any part of your name"},
    {"abcdefgh", "alice", 7, 24, 0, 0, AGAIN, "the last 24 passwords."},
    {"abcdefgh", NULL, 7, 0, 0, 2 * DAY, RULES, "after 2 days."},
    {"abcdefgh", NULL, 7, 0, 0, DAY / 8, RULES, "after 3 hours."},
    {"abcdefgh", NULL, 7, 0, 0, 1, RULES, "states no reason."},
    {"abcdefgh", NULL, 0, 0, 0, 0, RULES, "The domain controller states no reason."},
    /* bytes that are not text cannot be counted */
    {"\xff\xfe", "alice", 7, 24, 0, 0, AGAIN, "last 24"},
};

START_TEST(a_policy_becomes_words)
{
    uint8_t bytes[64];
    size_t len = policy_bytes(bytes, refusals[_i].length, refusals[_i].history,
                              refusals[_i].properties, 42 * DAY, refusals[_i].min_age);
    struct tli_kpasswd_result result;
    struct tli_password_refusal in = {.result = &result,
                                      .password = refusals[_i].password,
                                      .account = refusals[_i].account};
    char *detail;

    ck_assert_int_eq(tli_kpasswd_result_read(mem, bytes, len, &result), 0);
    ck_assert_int_eq(tli_password_refused(mem, &in, &detail), refusals[_i].reason);
    ck_assert_msg(strstr(detail, refusals[_i].says) != NULL, "%s", detail);
    ck_assert_msg(detail[strlen(detail) - 1] == '.', "%s", detail);
}
END_TEST

static const struct {
    const char *text;
    enum tl_reason reason;
} sentences[] = {
    {"Password too short, password must be at least 7 characters long.", SHORT},
    {"Password does not meet complexity requirements", SIMPLE},
    {"Password is already in password history. New password must not match any of your "
     "24 previous passwords.",
     AGAIN},
    {"Password change rejected, password changes may not be permitted on this account, "
     "or the minimum password age may not have elapsed.",
     RULES},
    {"Kennwort abgelehnt", RULES},
    {NULL, RULES},
};

START_TEST(a_sentence_is_passed_on)
{
    struct tli_kpasswd_result result = {.code = TL_KPASSWD_SOFTERROR};
    struct tli_password_refusal in = {.result = &result, .password = "Abcdefg1"};
    char *detail;

    result.text = (char *)(uintptr_t)sentences[_i].text;
    ck_assert_int_eq(tli_password_refused(mem, &in, &detail), sentences[_i].reason);
    ck_assert_ptr_nonnull(strstr(detail, result.text != NULL
                                             ? result.text
                                             : "domain controller states no reason"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kpasswd");
    TCase *tc = tcase_create("messages");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, frames_are_read, 0, COUNT(frames));
    tcase_add_test(tc, frames_come_back_as_written);
    tcase_add_test(tc, what_does_not_fit_is_not_written);
    tcase_add_loop_test(tc, results_are_read, 0, COUNT(results));
    tcase_add_test(tc, a_long_text_is_cut);
    tcase_add_test(tc, a_policy_is_read);
    tcase_add_loop_test(tc, a_policy_becomes_words, 0, COUNT(refusals));
    tcase_add_loop_test(tc, a_sentence_is_passed_on, 0, COUNT(sentences));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
