/* SPDX-License-Identifier: MIT
 *
 * test_pac.c - the PAC decoder on hand-made bytes: one PAC with everything in
 * it, and the result when single numbers are changed. (That libndr sees
 * the same in thousands of others is checked by tests/diff/pac.py.)
 */
#include "pac_bytes.h"
#include "run_suite.h"

#include <trustlogon/pac.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From an allocation of the exact size, for the address sanitizer. */
static int decode_bytes(const uint8_t *bytes, size_t len, struct tl_pac **p,
                        const char **where)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    int ret;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    *p = (struct tl_pac *)(void *)&pac; /* must be overwritten */
    ret = tl_pac_decode(NULL, copy, len, p, where);
    free(copy); /* nothing decoded may point into it */
    if (ret != 0) {
        ck_assert_ptr_null(*p);
        ck_assert_ptr_nonnull(*where);
    } else {
        ck_assert_ptr_null(*where);
    }
    return ret;
}

static struct tl_pac *decode(void)
{
    struct tl_pac *p;
    const char *where;
    int ret = decode_bytes(pac.at, pac.len, &p, &where);

    ck_assert_msg(ret == 0, "%s", where);
    return p;
}

static void assert_refused(const char *phrase)
{
    struct tl_pac *p;
    const char *where;

    /* A PAC in order, but without a user. */
    ck_assert_int_eq(decode_bytes(pac.at, pac.len, &p, &where),
                     strcmp(phrase, "no LOGON_INFO") == 0 ? -ENODATA : -EBADMSG);
    ck_assert_msg(strstr(where, phrase) != NULL, "'%s' instead of '%s'", where, phrase);
}

static void assert_sid(const struct tl_sid *s, const char *expect)
{
    char buf[TL_SID_STRING_MAX];

    ck_assert_str_eq(tl_sid_format(s, buf), expect);
}

START_TEST(everything)
{
    struct tl_pac *p = decode();

    ck_assert_str_eq(p->account, "alice");
    ck_assert_str_eq(p->full_name, "Alice A");
    ck_assert_str_eq(p->logon_script, "logon.cmd");
    ck_assert_str_eq(p->profile_path, "");
    ck_assert_str_eq(p->home_directory, "\\\\fs\\home");
    ck_assert_str_eq(p->home_drive, "H:");
    ck_assert_str_eq(p->logon_server, "DC1");
    ck_assert_str_eq(p->domain_flat, "CONTOSO");
    ck_assert_int_eq(p->logon_time, 0x100000001);
    ck_assert_int_eq(p->logoff_time, 0x200000002);
    ck_assert_int_eq(p->kickoff_time, 0x300000003);
    ck_assert_int_eq(p->pw_last_set, 0x400000004);
    ck_assert_int_eq(p->pw_can_change, 0x500000005);
    ck_assert_int_eq(p->pw_must_change, 0x600000006);
    ck_assert_uint_eq(p->logon_count, 17);
    ck_assert_uint_eq(p->bad_password_count, 3);
    ck_assert_uint_eq(p->user_rid, 1104);
    ck_assert_uint_eq(p->primary_group_rid, 513);
    ck_assert_uint_eq(p->user_flags, 0x220);
    ck_assert_uint_eq(p->user_account_control, 0x10);
    assert_sid(&p->domain_sid, "S-1-5-21-1-2-3");
    assert_sid(&p->user_sid, "S-1-5-21-1-2-3-1104");
    ck_assert_uint_eq(p->num_groups, 2);
    assert_sid(&p->groups[1].sid, "S-1-5-21-1-2-3-1201");
    ck_assert_uint_eq(p->groups[1].attributes, 0x20000007);
    ck_assert_uint_eq(p->num_extra, 2);
    assert_sid(&p->extra[0].sid, "S-1-5-21-9-9-9-1500");
    assert_sid(&p->extra[1].sid, "S-1-5-15");
    ck_assert_uint_eq(p->extra[1].attributes, 0x27);
    ck_assert_uint_eq(p->num_resource, 1);
    assert_sid(&p->resource[0].sid, "S-1-5-21-7-7-7-1300");
    ck_assert_str_eq(p->upn, "al@b.c");
    ck_assert_str_eq(p->dns_domain, "B.TEST");
    ck_assert_str_eq(p->sam_name, "alice");
    ck_assert(p->upn_constructed && p->has_requestor_sid && p->has_attributes);
    assert_sid(&p->requestor_sid, "S-1-5-21-1-2-3-1104");
    ck_assert_str_eq(p->client_name, "alice");
    ck_assert_int_eq(p->client_time, 0x1d9000000000002);
    ck_assert_uint_eq(p->attribute_flags, 1);
    talloc_free(p);
}
END_TEST

START_TEST(only_logon_info)
{
    struct tl_pac *p;

    set32(0, 1);
    /* The headers shrink; what lies between them and the buffer means nothing. */
    p = decode();
    ck_assert_str_eq(p->account, "alice");
    ck_assert_ptr_null(p->upn);
    ck_assert_ptr_null(p->client_name);
    ck_assert(!p->has_attributes && !p->has_requestor_sid);
    talloc_free(p);
}
END_TEST

START_TEST(flags_decide_what_counts)
{
    struct tl_pac *p;

    set32(user_flags, 0x20);
    p = decode();
    ck_assert_uint_eq(p->num_extra, 2);
    ck_assert_uint_eq(p->num_resource, 0);
    talloc_free(p);
    set32(user_flags, 0x200);
    p = decode();
    ck_assert_uint_eq(p->num_extra, 0);
    ck_assert_uint_eq(p->num_resource, 1);
    talloc_free(p);
}
END_TEST

START_TEST(user_id_zero_means_the_first_extra_sid)
{
    struct tl_pac *p;

    set32(user_id, 0);
    p = decode();
    assert_sid(&p->user_sid, "S-1-5-21-9-9-9-1500");
    ck_assert_uint_eq(p->num_extra, 1); /* the user is not their own group */
    assert_sid(&p->extra[0].sid, "S-1-5-15");
    talloc_free(p);
    /* Without the flag the extra SIDs are absent, and with them the user. */
    set32(user_flags, 0x200);
    assert_refused("UserId 0 without");
}
END_TEST

START_TEST(the_primary_group_is_a_group)
{
    struct tl_pac *p;

    set32(group_array + 4, 514);
    p = decode();
    ck_assert_uint_eq(p->num_groups, 3);
    assert_sid(&p->groups[2].sid, "S-1-5-21-1-2-3-513");
    ck_assert_uint_eq(p->groups[2].attributes, 7);
    talloc_free(p);
    set32(user_id + 4, 0);
    p = decode();
    ck_assert_uint_eq(p->num_groups, 2);
    talloc_free(p);
}
END_TEST

/* One number changed: what refuses it. */
static const struct {
    const char *what;
    const size_t *base; /* NULL: from the start of the PAC */
    size_t offset, width;
    uint32_t value;
    const char *phrase;
} patches[] = {
    {"no buffer", NULL, 0, 32, 0, "no LOGON_INFO"},
    {"65 buffers", NULL, 0, 32, 65, "too many buffers"},
    {"2^28 buffers: 16 times that is 2^32", NULL, 0, 32, 0x10000000, "too many buffers"},
    {"another version", NULL, 4, 32, 1, "unknown version"},
    {"LOGON_INFO of another type", NULL, 8, 32, 2, "no LOGON_INFO"},
    {"two LOGON_INFO", NULL, 24, 32, 1, "two buffers"},
    {"two CLIENT_INFO", NULL, 40, 32, 10, "two buffers"},
    {"a buffer over the end", NULL, 12, 32, 65536, "beyond the PAC"},
    {"a length of -1", NULL, 12, 32, 0xffffffff, "beyond the PAC"},
    {"a buffer in the headers", NULL, 16, 32, 8, "inside the headers"},
    {"an unaligned buffer", NULL, 16, 32, 108, "not aligned"},
    {"an offset over 4 GB", NULL, 20, 32, 1, "beyond the PAC"},
    {"an offset of nearly 2^64", NULL, 20, 32, 0xffffffff, "beyond the PAC"},
    {"an unused buffer over the end", NULL, 92, 32, 17, "beyond the PAC"},
    {"type serialization 2", &logon, 0, 16, 0x1002, "type serialization"},
    {"big-endian", &logon, 0, 16, 0x0001, "type serialization"},
    {"a longer common header", &logon, 2, 16, 16, "type serialization"},
    {"an object over its buffer", &logon, 8, 32, 65536, "beyond its buffer"},
    {"an object not padded", &logon, 8, 32, 401, "not padded"},
    {"an empty object", &logon, 8, 32, 0, "beyond its buffer"},
    {"an object without its end", &logon, 8, 32, 400, "beyond its buffer"},
    {"no info", &logon, 16, 32, 0, "after its header"},
    {"a name longer than its array", &name_head, 0, 16, 12, "contradict"},
    {"a name shorter than its array", &name_head, 0, 16, 8, "contradict"},
    {"a name's size unlike its maximum", &name_head, 2, 16, 12, "contradict"},
    {"a name's maximum", &name_array, 0, 32, 6, "contradict"},
    {"a name's offset", &name_array, 4, 32, 1, "contradict"},
    {"a name's actual count", &name_array, 8, 32, 4, "contradict"},
    {"a name with a NUL", &name_array, 14, 16, 0, "a NUL or a surrogate"},
    {"a name with a high surrogate alone", &name_array, 14, 16, 0xd800,
     "a NUL or a surrogate"},
    {"a name with a low surrogate alone", &name_array, 14, 16, 0xdc00,
     "a NUL or a surrogate"},
    {"a name that ends in a surrogate", &name_array, 20, 16, 0xd83d,
     "a NUL or a surrogate"},
    {"groups announced, more than there are", &group_count, 0, 32, 3,
     "the count announced"},
    {"groups announced, 8193", &group_count, 0, 32, 8193, "more groups"},
    {"groups announced, none there", &group_count, 4, 32, 0, "without the groups"},
    {"groups in the array", &group_array, 0, 32, 1, "the count announced"},
    {"the domain SID's conformance", &domain_sid, 0, 32, 5, "conformance"},
    {"the domain SID's revision", &domain_sid, 4, 16, 0x0402, "another revision"},
    {"the domain SID's length", &domain_sid, 4, 16, 0x1001, "another revision"},
    {"extra SIDs announced", &extra_count, 0, 32, 3, "the count announced"},
    {"extra SIDs announced, 2^32-1", &extra_count, 0, 32, 0xffffffff, "more groups"},
    {"extra SIDs not there", &extra_count, 4, 32, 0, "without the groups"},
    {"an extra SID not there", &extra_array, 4, 32, 0, "is missing"},
    {"an extra SID's conformance", &first_extra, 0, 32, 4, "conformance"},
    {"an extra SID's number", &first_extra, 4, 16, 0x0601, "conformance"},
    {"resource groups in the array", &resource_array, 0, 32, 2, "the count announced"},
    {"a client name over its buffer", &client, 8, 16, 12, "beyond its buffer"},
    {"a client name of odd length", &client, 8, 16, 9, "odd number"},
    {"a UPN over its buffer", &upn, 0, 16, 90, "beyond it"},
    {"a UPN that begins behind it", &upn, 2, 16, 0xffff, "beyond it"},
    {"a UPN of odd length", &upn, 0, 16, 11, "odd number"},
    {"a UPN with a NUL", &upn, 26, 16, 0, "a NUL or a surrogate"},
    {"a DNS name over its buffer", &upn, 4, 16, 0xfffe, "beyond it"},
    {"a SID too short", &upn, 16, 16, 24, "beyond its buffer"},
    {"a SID elsewhere", &upn, 18, 16, 70, "another revision"},
    {"another requestor", &requestor, 24, 32, 500, "different SIDs"},
    {"a requestor of another revision", &requestor, 0, 16, 0x0500, "another revision"},
    {"a requestor over its buffer", &requestor, 0, 16, 0x0f01, "beyond its buffer"},
};

START_TEST(one_number_changed)
{
    size_t at = (patches[_i].base != NULL ? *patches[_i].base : 0) + patches[_i].offset;

    if (patches[_i].width == 32)
        set32(at, patches[_i].value);
    else
        set16(at, (uint16_t)patches[_i].value);
    assert_refused(patches[_i].phrase);
}
END_TEST

START_TEST(no_domain_sid)
{
    set32(extra_count - 44, 0); /* the pointer of LogonDomainId */
    assert_refused("no LogonDomainId");
}
END_TEST

START_TEST(resource_groups_without_their_domain)
{
    /* The array follows at once where the SID's pointer is NULL. */
    set32(resource_sid_pointer, 0);
    memmove(pac.at + resource_array - 28, pac.at + resource_array, 12);
    assert_refused("without their domain");
}
END_TEST

START_TEST(surrogate_pairs_and_wide_names)
{
    struct tl_pac *p;

    set16(client + 10, 0xe9);   /* two bytes */
    set16(client + 12, 0x4e2d); /* three */
    set16(client + 14, 0xd83d); /* four */
    set16(client + 16, 0xdd11);
    set16(client + 18, 0xffff);
    p = decode();
    ck_assert_str_eq(p->client_name, "\u00e9\u4e2d\U0001f511\xef\xbf\xbf");
    talloc_free(p);
    set16(client + 14, 0xdbff);
    set16(client + 16, 0xdfff);
    p = decode();
    ck_assert_str_eq(p->client_name, "\u00e9\u4e2d\U0010ffff\xef\xbf\xbf");
    talloc_free(p);
}
END_TEST

START_TEST(a_surrogate_pair_across_the_end_of_a_name)
{
    set16(client + 18, 0xd83d); /* the last unit of the name */
    set16(client + 20, 0xdd11); /* padding behind the buffer */
    assert_refused("a NUL or a surrogate");
}
END_TEST

START_TEST(upn_dns_info_of_the_old_form)
{
    struct tl_pac *p;

    set32(upn + 8, 0);
    set16(upn + 18, 0xffff); /* no longer part of it */
    set16(upn + 6, 0);       /* no DNS name */
    set32(8 + 16 * 4, 99);   /* no PAC_REQUESTOR */
    p = decode();
    ck_assert_str_eq(p->upn, "al@b.c");
    ck_assert_ptr_null(p->dns_domain);
    ck_assert_ptr_null(p->sam_name);
    ck_assert(!p->upn_constructed && !p->has_requestor_sid);
    talloc_free(p);
}
END_TEST

START_TEST(a_domain_sid_with_no_room_for_a_rid)
{
    static const uint32_t longest[15] = {21};

    /* Rewrite the tail with a domain SID of 15 sub-authorities and no more. */
    set32(user_flags, 0);
    set32(extra_count, 0);
    set32(extra_count + 4, 0);
    set32(resource_sid_pointer, 0);
    set32(resource_sid_pointer + 4, 0);
    set32(resource_sid_pointer + 8, 0);
    set32(0, 1);
    pac.len = domain_sid;
    rpc_sid(15, longest);
    align(8);
    set32(logon + 8, (uint32_t)(pac.len - logon - 16));
    entry(0, 1, logon, pac.len);
    assert_refused("too long");
}
END_TEST

START_TEST(every_truncation)
{
    struct tl_pac *p;
    const char *where;

    /* The last buffer is a signature that is not decoded, but it must be there. */
    for (size_t len = 0; len < pac.len; len++)
        ck_assert_int_eq(decode_bytes(pac.at, len, &p, &where), -EBADMSG);
}
END_TEST

START_TEST(every_flipped_byte_is_harmless)
{
    static const uint8_t masks[] = {0x01, 0x02, 0x08, 0x10, 0x80, 0xff};
    struct tl_pac *p;
    const char *where;

    for (size_t at = 0; at < pac.len; at++) {
        for (size_t m = 0; m < sizeof(masks); m++) {
            pac.at[at] ^= masks[m];
            if (decode_bytes(pac.at, pac.len, &p, &where) == 0)
                talloc_free(p);
            pac.at[at] ^= masks[m];
        }
    }
}
END_TEST

static void add_table_tests(TCase *tc)
{
    tcase_add_loop_test(tc, one_number_changed, 0, COUNT(patches));
    tcase_add_test(tc, no_domain_sid);
    tcase_add_test(tc, resource_groups_without_their_domain);
    tcase_add_test(tc, a_domain_sid_with_no_room_for_a_rid);
    tcase_add_test(tc, every_truncation);
    tcase_add_test(tc, every_flipped_byte_is_harmless);
}

int main(void)
{
    Suite *suite = suite_create("pac");
    TCase *tc = tcase_create("decode");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, everything);
    tcase_add_test(tc, only_logon_info);
    tcase_add_test(tc, flags_decide_what_counts);
    tcase_add_test(tc, user_id_zero_means_the_first_extra_sid);
    tcase_add_test(tc, the_primary_group_is_a_group);
    tcase_add_test(tc, surrogate_pairs_and_wide_names);
    tcase_add_test(tc, a_surrogate_pair_across_the_end_of_a_name);
    tcase_add_test(tc, upn_dns_info_of_the_old_form);
    add_table_tests(tc);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
