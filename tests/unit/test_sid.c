/* SPDX-License-Identifier: MIT
 *
 * test_sid.c - SIDs as text, packed, and within domains.
 */
#include <trustlogon/sid.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct {
    const char *text;
    const uint8_t *packed;
    size_t len;
} pairs[] = {
    {"S-1-1-0", BYTES("\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00")},
    {"S-1-5-32-544",
     BYTES("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00")},
    {"S-1-5-21-1-2-4294967295-512",
     BYTES("\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00"
           "\x02\x00\x00\x00\xff\xff\xff\xff\x00\x02\x00\x00")},
    {"S-1-4294967295-1", BYTES("\x01\x01\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00")},
    {"S-1-0x000100000000-1", BYTES("\x01\x01\x00\x01\x00\x00\x00\x00\x01\x00\x00\x00")},
    {"S-1-0xffffffffffff-4294967295-4294967295-4294967295-4294967295-4294967295-"
     "4294967295"
     "-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295"
     "-4294967295-4294967295", /* the longest there is: 183 characters */
     BYTES("\x01\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
           "\xff"
           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
           "\xff"
           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
           "\xff"
           "\xff\xff\xff\xff\xff\xff\xff\xff")},
};

START_TEST(both_forms_agree)
{
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];
    char text[TL_SID_STRING_MAX];
    struct tl_sid a, b;

    ck_assert_int_eq(tl_sid_parse(pairs[_i].text, &a), 0);
    ck_assert_int_eq(tl_sid_decode(pairs[_i].packed, pairs[_i].len, &b), 0);
    ck_assert(tl_sid_equal(&a, &b));
    ck_assert_str_eq(tl_sid_format(&b, text), pairs[_i].text);
    ck_assert_uint_eq(tl_sid_encode(&a, packed), pairs[_i].len);
    ck_assert_mem_eq(packed, pairs[_i].packed, pairs[_i].len);
    /* The whole of the bytes must be the SID, no more, no less. */
    for (size_t len = 0; len < pairs[_i].len; len++)
        ck_assert_int_eq(tl_sid_decode(pairs[_i].packed, len, &b), -EBADMSG);
}
END_TEST

static const char *const malformed[] = {
    NULL,
    "",
    "S",
    "S-1",
    "S-1-",
    "S-1-5",
    "S-1-5-",
    "S-1-5-21-",
    "S-1--21",
    "S-1-5--21",
    "S-2-5-21",
    "S-11-5-21",
    "X-1-5-21",
    "1-5-21",
    "S-1-5-21 ",
    " S-1-5-21",
    "S-1-5-021",
    "S-1-05-21",
    "S-1-5-+21",
    "S-1-5-0x15",
    "S-1-5-4294967296",
    "S-1-5-99999999999999999999999",
    "S-1-4294967296-1",
    "S-1-0x0000000000001-1",
    "S-1-0x00000000001-1",
    "S-1-0x000000000005-1", /* small authorities are decimal */
    "S-1-0x00010000000g-1",
    "S-1-0x0001000000001",
    "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
};

START_TEST(malformed_text)
{
    struct tl_sid sid, zero = {0};

    memset(&sid, 0xff, sizeof(sid));
    ck_assert_msg(tl_sid_parse(malformed[_i], &sid) == -EINVAL, "%s",
                  malformed[_i] == NULL ? "NULL" : malformed[_i]);
    ck_assert(memcmp(&sid, &zero, sizeof(sid)) == 0);
}
END_TEST

static const struct {
    const char *what;
    const uint8_t *packed;
    size_t len;
} broken[] = {
    {"a byte too many", BYTES("\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00")},
    {"revision 2", BYTES("\x02\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00")},
    {"no sub-authority", BYTES("\x01\x00\x00\x00\x00\x00\x00\x05")},
    {"sixteen sub-authorities",
     BYTES("\x01\x10\x00\x00\x00\x00\x00\x05"
           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")},
    {"count of 255", BYTES("\x01\xff\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00")},
};

START_TEST(malformed_bytes)
{
    struct tl_sid sid, zero = {0};

    memset(&sid, 0xff, sizeof(sid));
    ck_assert_msg(tl_sid_decode(broken[_i].packed, broken[_i].len, &sid) == -EBADMSG,
                  "%s", broken[_i].what);
    ck_assert(memcmp(&sid, &zero, sizeof(sid)) == 0);
}
END_TEST

static const struct {
    const char *sid;
    const char *domain;
    bool in;
} memberships[] = {
    {"S-1-5-21-1-2-3-512", "S-1-5-21-1-2-3", true},
    {"S-1-5-21-1-2-3-0", "S-1-5-21-1-2-3", true},
    {"S-1-5-21-1-2-3", "S-1-5-21-1-2-3", false},
    {"S-1-5-21-1-2-3-4-5", "S-1-5-21-1-2-3", false}, /* one more, not two */
    {"S-1-5-21-1-2-4-512", "S-1-5-21-1-2-3", false},
    {"S-1-5-21-1-2-30-512", "S-1-5-21-1-2-3", false},
    {"S-1-6-21-1-2-3-512", "S-1-5-21-1-2-3", false},
    {"S-1-5-32-544", "S-1-5-32", true},
    {"S-1-5-32", "S-1-5-32-544", false},
};

START_TEST(domains)
{
    struct tl_sid sid = sid_of(memberships[_i].sid);
    struct tl_sid domain = sid_of(memberships[_i].domain), result;
    uint32_t rid;

    ck_assert(tl_sid_in_domain(&sid, &domain) == memberships[_i].in);
    ck_assert(tl_sid_equal(&sid, &domain) ==
              (strcmp(memberships[_i].sid, memberships[_i].domain) == 0));
    if (!memberships[_i].in)
        return;
    ck_assert_int_eq(tl_sid_split(&sid, &result, &rid), 0);
    ck_assert(tl_sid_equal(&result, &domain));
    ck_assert_int_eq(tl_sid_append(&domain, rid, &result), 0);
    ck_assert(tl_sid_equal(&result, &sid));
}
END_TEST

START_TEST(edges)
{
    struct tl_sid full = sid_of("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15");
    struct tl_sid none = {.revision = 1}, wild = full, result;
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];
    char text[TL_SID_STRING_MAX];
    uint32_t rid = 7;

    ck_assert_int_eq(tl_sid_append(&full, 1, &result), -EINVAL);
    ck_assert_int_eq(tl_sid_split(&none, &result, &rid), -EINVAL);
    ck_assert_uint_eq(rid, 0);
    /* A count that no decoder lets pass must not lead out of the array. */
    wild.num_subs = 200;
    tl_sid_format(&wild, text);
    ck_assert_uint_eq(tl_sid_encode(&wild, packed), sizeof(packed));
    ck_assert_int_eq(tl_sid_split(&wild, &result, &rid), -EINVAL);
    ck_assert(!tl_sid_in_domain(&wild, &full));
    ck_assert(!tl_sid_in_domain(&full, &wild));
    /* Output and input may be the same object. */
    ck_assert_int_eq(tl_sid_split(&full, &full, &rid), 0);
    ck_assert_uint_eq(rid, 15);
    ck_assert_int_eq(tl_sid_append(&full, 16, &full), 0);
    ck_assert_uint_eq(full.subs[14], 16);
}
END_TEST

START_TEST(well_known)
{
    struct tl_sid sid = sid_of("S-1-18-1");

    ck_assert_str_eq(tl_sid_well_known(&sid),
                     "Authentication authority asserted identity");
    sid = sid_of("S-1-5-21-0-0-0-497");
    ck_assert_str_eq(tl_sid_well_known(&sid), "Claims valid");
    sid = sid_of("S-1-5-21-0-0-0-499");
    ck_assert_ptr_null(tl_sid_well_known(&sid));
    /* The KDC's local groups, not the workstation's. */
    sid = sid_of("S-1-5-32-544");
    ck_assert_ptr_null(tl_sid_well_known(&sid));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sid");
    TCase *tcase = tcase_create("sids");

    tcase_add_loop_test(tcase, both_forms_agree, 0, COUNT(pairs));
    tcase_add_loop_test(tcase, malformed_text, 0, COUNT(malformed));
    tcase_add_loop_test(tcase, malformed_bytes, 0, COUNT(broken));
    tcase_add_loop_test(tcase, domains, 0, COUNT(memberships));
    tcase_add_test(tcase, edges);
    tcase_add_test(tcase, well_known);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
