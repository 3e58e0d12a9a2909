/* SPDX-License-Identifier: MIT
 *
 * test_lsa_answer.c - what is taken for an answer of trustlogon-lsa.
 */
#include "lookup/lsa_client.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lsa_lines.h"
#include "fixtures.h"

/* --- the answer --- */

static const struct {
    const char *line;
    int ret;
} lines[] = {
    {ALICE, 0},
    {"{\"error\":\"0xC0000073\",\"text\":\"NT_STATUS_NONE_MAPPED\"}", 0},
    {"{\"error\":\"0xC00000B5\",\"text\":\"\"}", 0},
    {"{\"name\":\"SYSTEM\",\"domain\":\"NT "
     "AUTHORITY\",\"sid\":\"S-1-5-18\",\"type\":\"wellknown\"}",
     0},
    {"{\"unavailable\":\"not-installed\"}", -ENOPKG},
    {"{\"unavailable\":\"not-started\"}", -EAGAIN},
    {"{\"unavailable\":\"sleeping\"}", -EBADMSG},
    {"{\"unavailable\":\"not-started\",\"text\":\"\"}", -EBADMSG},
    {"", -EBADMSG},
    {"{}", -EBADMSG},
    {"[]", -EBADMSG},
    {"null", -EBADMSG},
    {"alice", -EBADMSG},
    {ALICE ALICE, -EBADMSG},
    {"{\"error\":\"0x00000000\",\"text\":\"\"}", -EBADMSG},
    {"{\"error\":\"0xc0000073\",\"text\":\"\"}", -EBADMSG},
    {"{\"error\":\"0xC00000730\",\"text\":\"\"}", -EBADMSG},
    {"{\"error\":3221225587,\"text\":\"\"}", -EBADMSG},
    {"{\"error\":\"0xC0000073\"}", -EBADMSG},
    {"{\"error\":\"0xC0000073\",\"text\":\"\",\"sid\":\"S-1-5-18\"}", -EBADMSG},
    /* one member too few, too many, twice, of another kind */
    {"{\"name\":\"a\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\"}", -EBADMSG},
    {"{\"name\":\"a\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"user\","
     "\"uid\":0}",
     -EBADMSG},
    {"{\"name\":\"a\",\"name\":\"b\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\","
     "\"type\":\"user\"}",
     -EBADMSG},
    {"{\"name\":7,\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"user\"}",
     -EBADMSG},
    {"{\"name\":\"a\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-\",\"type\":\"user\"}",
     -EBADMSG},
    {"{\"name\":\"a\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"root\"}",
     -EBADMSG},
    /* names that no account has */
    {"{\"name\":\"a:b\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"user\"}",
     -EBADMSG},
    {"{\"name\":\"b\",\"domain\":\"C\\\\a\",\"sid\":\"S-1-5-21-1-2-3-4\","
     "\"type\":\"user\"}",
     -EBADMSG},
    {"{\"name\":\"\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"group\"}",
     -EBADMSG},
    {"{\"name\":\"a\",\"domain\":\"\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"group\"}",
     -EBADMSG},
    {"{\"name\":\"a\",\"domain\":\".\",\"sid\":\"S-1-5-21-1-2-3-4\",\"type\":\"alias\"}",
     -EBADMSG},
    {"{\"name\":\"a\\u0000b\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\","
     "\"type\":\"user\"}",
     -EBADMSG},
    {"{\"name\":\"a\\nb\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\","
     "\"type\":\"computer\"}",
     -EBADMSG},
    {"{\"name\":\"a\\u0085\",\"domain\":\"C\",\"sid\":\"S-1-5-21-1-2-3-4\","
     "\"type\":\"user\"}",
     -EBADMSG},
};

START_TEST(decode)
{
    struct tli_lsa_answer *answer;
    int ret =
        tli_lsa_answer_decode(NULL, lines[_i].line, strlen(lines[_i].line), &answer);

    ck_assert_int_eq(ret, lines[_i].ret);
    ck_assert((ret == 0) == (answer != NULL));
    talloc_free(answer);
}
END_TEST

START_TEST(decode_fields)
{
    struct tli_lsa_answer *answer;
    char sid[TL_SID_STRING_MAX];

    ck_assert_int_eq(tli_lsa_answer_decode(NULL, ALICE, strlen(ALICE), &answer), 0);
    ck_assert_uint_eq(answer->ntstatus, 0);
    ck_assert_str_eq(answer->name, "alice");
    ck_assert_str_eq(answer->domain, "CONTOSO");
    ck_assert_str_eq(tl_sid_format(&answer->sid, sid), "S-1-5-21-1-2-3-1103");
    ck_assert_int_eq(answer->type, TL_LSA_USER);
    talloc_free(answer);
    ck_assert_int_eq(
        tli_lsa_answer_decode(NULL, lines[1].line, strlen(lines[1].line), &answer), 0);
    ck_assert_uint_eq(answer->ntstatus, 0xC0000073U);
    ck_assert_str_eq(answer->text, "NT_STATUS_NONE_MAPPED");
    ck_assert_ptr_null(answer->name);
    talloc_free(answer);
    ck_assert_int_eq(
        tli_lsa_answer_decode(NULL, lines[3].line, strlen(lines[3].line), &answer), 0);
    ck_assert_int_eq(answer->type, TL_LSA_WELLKNOWN);
    ck_assert_ptr_null(answer->name);
    talloc_free(answer);
}
END_TEST

START_TEST(decode_bounds)
{
    struct tli_lsa_answer *answer;
    size_t size = TL_LSA_ANSWER_MAX + 1;
    char *line = talloc_array(NULL, char, size);

    memset(line, ' ', size);
    line[snprintf(line, size, "%s", ALICE)] = ' ';
    ck_assert_int_eq(tli_lsa_answer_decode(NULL, line, size, &answer), -EBADMSG);
    ck_assert_int_eq(tli_lsa_answer_decode(line, line, size - 1, &answer), 0);
    talloc_free(line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsa_answer");
    TCase *tcase = tcase_create("decode");

    tcase_add_loop_test(tcase, decode, 0, COUNT(lines));
    tcase_add_test(tcase, decode_fields);
    tcase_add_test(tcase, decode_bounds);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
