/* SPDX-License-Identifier: MIT
 *
 * test_people.c - entries of users and groups as a hostile or broken directory could send
 * them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "people_entries.h"

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

/* An optional attribute that is unusable counts as absent. */
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
    tcase_add_test(t, groups);
    tcase_add_test(t, token_groups);
    tcase_add_test(t, unique);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
