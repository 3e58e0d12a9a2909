/* SPDX-License-Identifier: MIT
 *
 * test_people.c - entries of users, groups and members as a hostile or broken
 * directory could send them; ranges and extended DNs.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory/people_decode.h"
#include "entries.h"
#include "fixtures.h"

#define NC "DC=contoso,DC=test"
#define ALICE_DN "CN=alice,CN=Users," NC

static TALLOC_CTX *ctx;
static struct tli_people_domain domain;

static void setup(void)
{
    ctx = talloc_new(NULL);
    domain.nc = NC;
    domain.sid = sid_of("S-1-5-21-1-2-3");
}

static void teardown(void)
{
    talloc_free(ctx);
}

static void put_sid(struct tli_entry *entry, const char *name, const char *string)
{
    const struct tl_sid sid = sid_of(string);
    uint8_t packed[8 + 4 * TL_SID_MAX_SUBS];

    put_bytes(ctx, entry, name, packed, tl_sid_encode(&sid, packed));
}

static struct tli_entry alice(void)
{
    struct tli_entry entry = {.dn = ALICE_DN};

    put_text(ctx, &entry, "sAMAccountName", "alice");
    put_text(ctx, &entry, "userPrincipalName", "alice@corp.example");
    put_sid(&entry, "objectSid", "S-1-5-21-1-2-3-1103");
    put_text(ctx, &entry, "primaryGroupID", "513");
    put_text(ctx, &entry, "displayName", "Alice: the First");
    put_text(ctx, &entry, "unixHomeDirectory", "/home/alice");
    put_text(ctx, &entry, "loginShell", "/bin/bash");
    put_text(ctx, &entry, "uidNumber", "10001");
    put_text(ctx, &entry, "gidNumber", "10000");
    put_text(ctx, &entry, "userAccountControl", "512");
    return entry;
}

START_TEST(user_whole)
{
    struct tli_entry entry = alice();
    struct tl_dir_user *user;
    char sid[TL_SID_STRING_MAX];
    const char *why;

    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), 0);
    ck_assert_str_eq(user->dn, ALICE_DN);
    ck_assert_str_eq(user->sam, "alice");
    ck_assert_str_eq(user->upn, "alice@corp.example");
    ck_assert_str_eq(tl_sid_format(&user->sid, sid), "S-1-5-21-1-2-3-1103");
    ck_assert_uint_eq(user->primary_group_rid, 513);
    ck_assert_str_eq(user->display_name, "Alice: the First");
    ck_assert_str_eq(user->home, "/home/alice");
    ck_assert_str_eq(user->shell, "/bin/bash");
    ck_assert(user->has_uid && user->uid_number == 10001);
    ck_assert(user->has_gid && user->gid_number == 10000);
    ck_assert(user->has_control && user->user_account_control == 512);
}
END_TEST

/* With one attribute replaced (NULL: away) the user is refused. */
static const struct {
    const char *name, *value;
    size_t len;
} refused[] = {
#define V(text) text, sizeof(text) - 1
    {"sAMAccountName", NULL, 0},
    {"sAMAccountName", V("")},
    {"sAMAccountName", V("al\nice")},
    {"sAMAccountName", V("alice\nroot:x:0:0::/:/bin/sh")},
    {"sAMAccountName", V("alice\0")},
    {"sAMAccountName", V("al:ice")},
    {"sAMAccountName", V("al/ice")},
    {"sAMAccountName", V("../alice")},
    {"sAMAccountName", V("CONTOSO\\alice")},
    {"sAMAccountName", V("al,ice")},
    {"sAMAccountName", V("al\xc2\x85ice")}, /* NEXT LINE */
    {"sAMAccountName", V("al\x7fice")},
    {"sAMAccountName", V("al\xc3")},
    {"objectSid", NULL, 0},
    {"objectSid", V("")},
    {"objectSid", V("S-1-5-21-1-2-3-1103")},
    {"objectSid", V("\1\5\0\0\0\0\0\5\x15\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\x4f\4\0")},
    {"objectSid", V("\1\5\0\0\0\0\0\5\x15\0\0\0\1\0\0\0\2\0\0\0\4\0\0\0\x4f\4\0\0")},
    {"objectSid", V("\1\4\0\0\0\0\0\5\x15\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0")},
    {"objectSid", V("\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0")}, /* BUILTIN, not a user */
    {"primaryGroupID", NULL, 0},
    {"primaryGroupID", V("0")},
    {"primaryGroupID", V("513x")},
    {"primaryGroupID", V("99999999999")},
    {"userAccountControl", V("many")},
    {"userAccountControl", V("4096")}, /* WORKSTATION_TRUST_ACCOUNT */
    {"userAccountControl", V("2080")}, /* INTERDOMAIN_TRUST_ACCOUNT */
};

START_TEST(user_refused)
{
    struct tli_entry entry = alice();
    struct tl_dir_user *user = (void *)1;
    const char *why = NULL;

    replace_bytes(ctx, &entry, refused[_i].name, refused[_i].value, refused[_i].len);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), -EBADMSG);
    ck_assert_ptr_null(user);
    ck_assert_ptr_nonnull(why);
}
END_TEST

/* What is optional and not fit is as if it were not there. */
static const struct {
    const char *name, *value;
    size_t len;
} dropped[] = {
    {"userPrincipalName", NULL, 0},
    {"userPrincipalName", V("alice")},
    {"userPrincipalName", V("alice@")},
    {"userPrincipalName", V("ali\tce@corp.example")},
    {"displayName", V("Alice\nroot:x:0:0::/:/bin/sh")},
    {"displayName", V("Alice\x1b[2J")},
    {"displayName", V("Alice\xff")},
    {"unixHomeDirectory", V("home/alice")},
    {"unixHomeDirectory", V("/home/../etc")},
    {"unixHomeDirectory", V("/home/..")},
    {"unixHomeDirectory", V("/home/alice:/bin/sh")},
    {"unixHomeDirectory", V("/home/alice\n")},
    {"loginShell", V("bash")},
    {"loginShell", V("/bin/sh\0-c")},
    {"uidNumber", V("-1")},
    {"uidNumber", V("-2147483648")},
    {"uidNumber", V("4294967295")},
    {"uidNumber", V("4294967296")},
    {"uidNumber", V("0x0")},
    {"uidNumber", V("")},
    {"gidNumber", V("-1")},
    {"gidNumber", V("ten")},
    {"userAccountControl", NULL, 0},
};

START_TEST(user_dropped)
{
    struct tli_entry entry = alice();
    struct tl_dir_user *user;
    const char *why, *name = dropped[_i].name;

    replace_bytes(ctx, &entry, name, dropped[_i].value, dropped[_i].len);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), 0);
    ck_assert_int_eq(user->upn == NULL, strcmp(name, "userPrincipalName") == 0);
    ck_assert_int_eq(user->display_name == NULL, strcmp(name, "displayName") == 0);
    ck_assert_int_eq(user->home == NULL, strcmp(name, "unixHomeDirectory") == 0);
    ck_assert_int_eq(user->shell == NULL, strcmp(name, "loginShell") == 0);
    ck_assert_int_eq(!user->has_uid, strcmp(name, "uidNumber") == 0);
    ck_assert_int_eq(!user->has_gid, strcmp(name, "gidNumber") == 0);
    ck_assert_int_eq(!user->has_control, strcmp(name, "userAccountControl") == 0);
    ck_assert(user->has_uid || user->uid_number == 0);
}
END_TEST

START_TEST(user_huge)
{
    struct tli_entry entry = alice();
    struct tl_dir_user *user;
    char *big = talloc_zero_size(ctx, 1000001);
    const char *why;

    memset(big, 'a', 1000000);
    replace_bytes(ctx, &entry, "displayName", big, 1000000);
    replace_bytes(ctx, &entry, "userPrincipalName", big, 1000000);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), 0);
    ck_assert(user->display_name == NULL && user->upn == NULL);
    replace_bytes(ctx, &entry, "sAMAccountName", big, 256);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), 0);
    replace_bytes(ctx, &entry, "sAMAccountName", big, 257);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), -EBADMSG);
    replace_bytes(ctx, &entry, "sAMAccountName", big, 1000000);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), -EBADMSG);
    entry = alice();
    entry.dn = talloc_asprintf(ctx, "CN=%s,%s", big, NC);
    ck_assert_int_eq(tli_user_from_entry(ctx, &domain, &entry, &user, &why), -EBADMSG);
}
END_TEST

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

START_TEST(groups)
{
    struct tli_entry entry = {.dn = "CN=Project \xc3\x89"
                                    "clair,CN=Users," NC};
    struct tl_dir_group *group;
    const char *why;

    put_text(ctx, &entry, "sAMAccountName",
             "Project \xc3\x89"
             "clair");
    put_sid(&entry, "objectSid", "S-1-5-21-1-2-3-1116");
    ck_assert_int_eq(tli_group_from_entry(ctx, &domain, &entry, &group, &why), -EBADMSG);
    put_text(ctx, &entry, "groupType", "-2147483640");
    ck_assert_int_eq(tli_group_from_entry(ctx, &domain, &entry, &group, &why), 0);
    ck_assert_uint_eq(group->type, TL_GROUP_SECURITY | TL_GROUP_UNIVERSAL);
    ck_assert(!group->has_gid);
    put_text(ctx, &entry, "gidNumber", "10005");
    ck_assert_int_eq(tli_group_from_entry(ctx, &domain, &entry, &group, &why), 0);
    ck_assert(group->has_gid && group->gid_number == 10005);
    replace_bytes(ctx, &entry, "objectSid", NULL, 0);
    put_sid(&entry, "objectSid", "S-1-5-32-544");
    ck_assert_int_eq(tli_group_from_entry(ctx, &domain, &entry, &group, &why), 0);
    replace_bytes(ctx, &entry, "objectSid", NULL, 0);
    put_sid(&entry, "objectSid", "S-1-5-21-1-2-4-512");
    ck_assert_int_eq(tli_group_from_entry(ctx, &domain, &entry, &group, &why), -EBADMSG);
    ck_assert_ptr_null(group);
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

START_TEST(token_groups)
{
    struct tli_entry entry = {.dn = ALICE_DN};
    struct tl_sid *sids;
    size_t count;

    ck_assert_int_eq(tli_sids_from_values(ctx, NULL, &sids, &count), 0);
    ck_assert_uint_eq(count, 0);
    put_sid(&entry, "tokenGroups", "S-1-5-21-1-2-3-513");
    put_sid(&entry, "tokenGroups", "S-1-5-32-545");
    ck_assert_int_eq(tli_sids_from_values(ctx, &entry.attributes[0], &sids, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(sids[1].subs[1], 545);
    /* An invalid one: the whole is refused, for it may be a group that a rule denies. */
    put_bytes(ctx, &entry, "tokenGroups", "\1\1\0", 3);
    ck_assert_int_eq(tli_sids_from_values(ctx, &entry.attributes[0], &sids, &count),
                     -EBADMSG);
    ck_assert(sids == NULL && count == 0);
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

START_TEST(unique)
{
    static const struct {
        const char *sid;
        enum tl_dir_kind kind;
        const char *name;
    } in[] = {{"S-1-5-21-1-2-3-20", TL_DIR_UNKNOWN, NULL},
              {"S-1-5-21-1-2-3-3", TL_DIR_USER, NULL},
              {"S-1-5-11", TL_DIR_FOREIGN, NULL},
              {"S-1-5-21-1-2-3-20", TL_DIR_USER, "twenty"},
              {"S-1-5-21-1-2-3-3", TL_DIR_USER, "three"},
              {"S-1-5-21-1-2-3", TL_DIR_UNKNOWN, NULL},
              {"S-1-5-21-1-2-3-3", TL_DIR_UNKNOWN, NULL}};
    struct tl_dir_name names[7] = {0};

    for (size_t i = 0; i < 7; i++) {
        names[i].sid = sid_of(in[i].sid);
        names[i].kind = in[i].kind;
        names[i].name = in[i].name;
    }
    ck_assert_uint_eq(tli_dir_names_unique(names, 7), 4);
    ck_assert_int_eq(names[0].kind, TL_DIR_FOREIGN);
    ck_assert_uint_eq(names[1].sid.num_subs, 4);
    ck_assert_str_eq(names[2].name, "three");
    ck_assert_str_eq(names[3].name, "twenty");
    ck_assert_uint_eq(tli_dir_names_unique(NULL, 0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("people");
    TCase *t = tcase_create("people");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, user_whole);
    tcase_add_loop_test(t, user_refused, 0, COUNT(refused));
    tcase_add_loop_test(t, user_dropped, 0, COUNT(dropped));
    tcase_add_test(t, user_huge);
    tcase_add_loop_test(t, dn_in_domain, 0, COUNT(dns));
    tcase_add_test(t, groups);
    tcase_add_loop_test(t, member_kinds, 0, COUNT(members));
    tcase_add_test(t, token_groups);
    tcase_add_loop_test(t, range_options, 0, COUNT(ranges));
    tcase_add_loop_test(t, extended_dns, 0, COUNT(extended));
    tcase_add_test(t, extended_dn_huge);
    tcase_add_test(t, unique);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
