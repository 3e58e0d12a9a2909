/* SPDX-License-Identifier: MIT
 *
 * test_people_members.c - members of groups as a hostile or broken directory could send
 * them: their DNs, ranges and extended DNs.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "people_entries.h"

static const struct {
    const char *dn;
    bool inside;
} dns[] = {
    {ALICE_DN, true},
    {"cn=alice,ou=X\\, Y,dc=Contoso,dc=TEST", true},
    {"CN=a\\2cDC\\3dcontoso\\2cDC\\3dtest," NC, true},
    {NC, false},
    {"CN=alice,CN=Users,DC=child,DC=contoso,DC=test", false},
    {"DC=child,DC=contoso,DC=test", false},
    {"CN=alice,CN=Sites,CN=Configuration,DC=contoso,DC=test", false},
    {"DC=x,CN=MicrosoftDNS,DC=DomainDnsZones,DC=contoso,DC=test", false},
    {"CN=alice,CN=Users,DC=fabrikam,DC=test", false},
    {"CN=alice,DC=notcontoso,DC=test", false},
    {"CN=alice\\,DC=contoso\\,DC=test", false},
    {"CN=alice,DC=contoso+CN=x,DC=test", false},
    {"CN=alice,DC=test", false},
    {"", false},
    {"alice", false},
    {"CN=alice,,DC=contoso,DC=test", false},
};

START_TEST(dn_in_domain)
{
    struct tli_entry entry = alice();
    struct tl_dir_user *user;
    const char *why;

    ck_assert_msg(tli_dn_in_domain(dns[_i].dn, NC) == dns[_i].inside, "%s", dns[_i].dn);
    entry.dn = dns[_i].dn;
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why),
                     dns[_i].inside ? 0 : -EBADMSG);
    ck_assert(!tli_dn_in_domain(dns[_i].dn, ""));
}
END_TEST

static const struct {
    const char *dn, *sid, *class, *type, *sam;
    int ret;
    enum tl_dir_kind kind;
    const char *name;
} members[] = {
    {"CN=a," NC, "S-1-5-21-1-2-3-1103", "user", "805306368", "a", 0, TL_DIR_USER, "a"},
    {"CN=w," NC, "S-1-5-21-1-2-3-1104", "user", "805306369", "w$", 0, TL_DIR_COMPUTER,
     "w$"},
    {"CN=F$," NC, "S-1-5-21-1-2-3-1105", "user", "805306370", "F$", 0, TL_DIR_COMPUTER,
     "F$"},
    {"CN=g," NC, "S-1-5-21-1-2-3-1106", "group", "268435456", "g", 0, TL_DIR_GROUP, "g"},
    {"CN=g," NC, "S-1-5-21-1-2-3-1106", "group", "536870913", "g", 0, TL_DIR_GROUP, "g"},
    {"CN=b," NC, "S-1-5-32-544", "group", "536870912", "b", 0, TL_DIR_GROUP, "b"},
    {"CN=S-1-5-11,CN=ForeignSecurityPrincipals," NC, "S-1-5-11",
     "foreignSecurityPrincipal", NULL, NULL, 0, TL_DIR_FOREIGN, NULL},
    /* The name of a foreign principal could be any text. */
    {"CN=f," NC, "S-1-5-21-9-9-9-500", "foreignSecurityPrincipal", NULL, "root", 0,
     TL_DIR_FOREIGN, NULL},
    {"CN=f," NC, "S-1-5-21-1-2-3-500", "foreignSecurityPrincipal", NULL, NULL, -EBADMSG,
     TL_DIR_UNKNOWN, NULL},
    {"CN=a," NC, "S-1-5-21-9-9-9-500", "user", "805306368", "a", -EBADMSG, TL_DIR_UNKNOWN,
     NULL},
    {"CN=a," NC, "S-1-5-32-500", "user", "805306368", "a", -EBADMSG, TL_DIR_UNKNOWN,
     NULL},
    {"CN=c," NC, "S-1-5-21-1-2-3-1107", "contact", NULL, "c", -EBADMSG, TL_DIR_UNKNOWN,
     NULL},
    {"CN=c," NC, "S-1-5-21-1-2-3-1107", "user", "many", "c", -EBADMSG, TL_DIR_UNKNOWN,
     NULL},
    {"CN=c," NC, NULL, "user", "805306368", "c", -EBADMSG, TL_DIR_UNKNOWN, NULL},
    {"CN=a,DC=child," NC, "S-1-5-21-1-2-3-1103", "user", "805306368", "a", -EBADMSG,
     TL_DIR_UNKNOWN, NULL},
    /* With a bad name a member keeps its SID. */
    {"CN=e," NC, "S-1-5-21-1-2-3-1108", "user", "805306368", "e\nroot", 0, TL_DIR_USER,
     NULL},
};

START_TEST(member_kinds)
{
    struct tli_entry entry = {.dn = members[_i].dn};
    struct tl_dir_name name;
    char sid[TL_SID_STRING_MAX];

    if (members[_i].sid != NULL)
        put_sid(&entry, "objectSid", members[_i].sid);
    put_text(ctx, &entry, "objectClass", "top");
    put_text(ctx, &entry, "objectClass", members[_i].class);
    if (members[_i].type != NULL)
        put_text(ctx, &entry, "sAMAccountType", members[_i].type);
    if (members[_i].sam != NULL)
        put_text(ctx, &entry, "sAMAccountName", members[_i].sam);
    ck_assert_int_eq(tli_name_from_entry(ctx, &domain, &entry, &name), members[_i].ret);
    ck_assert_int_eq(name.kind, members[_i].kind);
    if (members[_i].ret == 0)
        ck_assert_str_eq(tl_sid_format(&name.sid, sid), members[_i].sid);
    else
        ck_assert_uint_eq(name.sid.num_subs, 0);
    if (members[_i].name == NULL)
        ck_assert_ptr_null(name.name);
    else
        ck_assert_str_eq(name.name, members[_i].name);
}
END_TEST

static const struct {
    const char *options;
    int ret;
    size_t first, next;
} ranges[] = {
    {NULL, -ENOENT, 0, 0},
    {"", -ENOENT, 0, 0},
    {"binary", -ENOENT, 0, 0},
    {"range=0-1499", 0, 0, 1500},
    {"Range=1500-2999", 0, 1500, 3000},
    {"range=3000-*", 0, 3000, 0},
    {"range=0-0", 0, 0, 1},
    {"binary;range=0-*", 0, 0, 0},
    {"range=0-9;binary", 0, 0, 10},
    {"range=0-*;binary", 0, 0, 0},
    {"range=", -EBADMSG, 0, 0},
    {"range=0", -EBADMSG, 0, 0},
    {"range=0-", -EBADMSG, 0, 0},
    {"range=-1", -EBADMSG, 0, 0},
    {"range=*-*", -EBADMSG, 0, 0},
    {"range=5-4", -EBADMSG, 0, 0},
    {"range=0-*x", -EBADMSG, 0, 0},
    {"range=0-9x", -EBADMSG, 0, 0},
    {"range= 0-9", -EBADMSG, 0, 0},
    {"range=0-18446744073709551615", -EBADMSG, 0, 0},
    {"range=18446744073709551616-*", -EBADMSG, 0, 0},
};

START_TEST(range_options)
{
    size_t first = 7, next = 7;

    ck_assert_int_eq(tli_range_parse(ranges[_i].options, &first, &next), ranges[_i].ret);
    ck_assert_uint_eq(first, ranges[_i].first);
    ck_assert_uint_eq(next, ranges[_i].next);
}
END_TEST

#define GUID "<GUID=0c1dbd0c-3a62-4b94-b2b6-2ea6e3e4d9a5>;"

static const struct {
    const char *value;
    size_t len;
    int ret;
    const char *sid;
    bool foreign;
} extended[] = {
    {V(GUID "<SID=S-1-5-21-1-2-3-1103>;" ALICE_DN), 0, "S-1-5-21-1-2-3-1103", false},
    {V("<SID=S-1-5-21-1-2-3-1103>;" ALICE_DN), 0, "S-1-5-21-1-2-3-1103", false},
    {V("<SID=s-1-5-11>;" ALICE_DN), 0, "S-1-5-11", false},
    {V("<sid=01020000000000052000000020020000>;" ALICE_DN), 0, "S-1-5-32-544", false},
    {V(GUID "<SID=S-1-5-11>;CN=S-1-5-11,CN=ForeignSecurityPrincipals," NC), 0, "S-1-5-11",
     true},
    {V(GUID "<SID=S-1-5-1>;CN=S-1-5-11,CN=ForeignSecurityPrincipals," NC), 0, "S-1-5-1",
     false},
    {V(ALICE_DN), -ENOENT, NULL, false},
    {V(GUID "CN=contact," NC), -ENOENT, NULL, false},
    {V("CN=<SID=S-1-5-32-544>;," NC), -ENOENT, NULL, false},
    {V(""), -EBADMSG, NULL, false},
    {V("<SID=S-1-5-32-544>"), -EBADMSG, NULL, false},
    {V("<SID=S-1-5-32-544;" ALICE_DN), -EBADMSG, NULL, false},
    {V("<SID=>;" ALICE_DN), -EBADMSG, NULL, false},
    {V("<SID=S-1>;" ALICE_DN), -EBADMSG, NULL, false},
    {V("<SID=0102>;" ALICE_DN), -EBADMSG, NULL, false},
    {V("<SID=010200000000000520000000200200xx>;" ALICE_DN), -EBADMSG, NULL, false},
    {V("<SID=010>;" ALICE_DN), -EBADMSG, NULL, false},
    {V("<SID=S-1-5-32-544>;CN=x\0," NC), -EBADMSG, NULL, false},
    {V("<"), -EBADMSG, NULL, false},
    {V("<>"), -EBADMSG, NULL, false},
    {V("<>;"), -ENOENT, NULL, false},
};

START_TEST(extended_dns)
{
    struct tli_value value = {(const uint8_t *)extended[_i].value, extended[_i].len};
    struct tl_sid sid;
    char string[TL_SID_STRING_MAX];
    bool foreign;

    ck_assert_int_eq(tli_extended_dn_sid(&value, &sid, &foreign), extended[_i].ret);
    ck_assert_int_eq(foreign, extended[_i].foreign);
    if (extended[_i].ret == 0)
        ck_assert_str_eq(tl_sid_format(&sid, string), extended[_i].sid);
    else
        ck_assert_uint_eq(sid.num_subs, 0);
}
END_TEST

START_TEST(extended_dn_huge)
{
    char *text = talloc_asprintf(ctx, "<SID=%*d>;x", 1000000, 1);
    struct tli_value value = {(const uint8_t *)text, strlen(text)};
    struct tl_sid sid;
    bool foreign;

    ck_assert_int_eq(tli_extended_dn_sid(&value, &sid, &foreign), -EBADMSG);
    text = talloc_asprintf(ctx, "<SID=%0*d>;x", 500, 1);
    value = (struct tli_value){(const uint8_t *)text, strlen(text)};
    ck_assert_int_eq(tli_extended_dn_sid(&value, &sid, &foreign), -EBADMSG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("people_members");
    TCase *t = tcase_create("people");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, dn_in_domain, 0, COUNT(dns));
    tcase_add_loop_test(t, member_kinds, 0, COUNT(members));
    tcase_add_loop_test(t, range_options, 0, COUNT(ranges));
    tcase_add_loop_test(t, extended_dns, 0, COUNT(extended));
    tcase_add_test(t, extended_dn_huge);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
