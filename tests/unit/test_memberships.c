/* SPDX-License-Identifier: MIT
 *
 * test_memberships.c - questions about one user, and about users of other domains in the
 * groups of this one, to a directory that is scripted here.
 */
#include <check.h>
#include <string.h>

#include "scripted_directory.h"

/* tokenGroups as `token_mode` says: 0 two groups, 1 not shown, 2 ranged, 3 no SID. */
static int token_mode;

static enum tl_reason tokens(const struct tli_search *search, struct tli_entries *entries)
{
    struct tli_entry *entry = new_entry(entries, search->base);
    struct tli_attribute *groups;

    if (token_mode == 1)
        return TL_REASON_OK;
    groups = new_attribute(entries, entry, "tokenGroups");
    sid_value(entries, groups, DOMAIN "-513");
    sid_value(entries, groups, "S-1-5-32-545");
    if (token_mode == 2)
        groups->options = "range=0-1";
    if (token_mode == 3)
        add_value(entries, groups, "S-1-1-0", 7);
    return TL_REASON_OK;
}

START_TEST(token_groups)
{
    struct tl_dir_user user = {.dn = "CN=alice,CN=Users," NC, .sam = "alice"};
    struct tl_sid *sids = (void *)1;
    size_t count = 7;

    server = tokens;
    token_mode = _i;
    ck_assert_int_eq(tl_directory_user_groups(ctx, dir, &user, &sids, &count, out),
                     _i == 0 ? TL_REASON_OK : TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_uint_eq(count, _i == 0 ? 2 : 0);
    ck_assert_int_eq(sids != NULL, _i == 0);
}
END_TEST

static size_t users_found;

static enum tl_reason users(const struct tli_search *search, struct tli_entries *entries)
{
    ck_assert_str_eq(search->base, NC);
    for (size_t i = 0; i < users_found; i++) {
        add_account(entries, (unsigned int)(1100 + i), "805306368");
        put_text(entries, &entries->entries[i], "primaryGroupID", "513");
    }
    return TL_REASON_OK;
}

START_TEST(one_user)
{
    struct tl_dir_user *user = (void *)1;

    server = users;
    users_found = 2;
    ck_assert_int_eq(tl_directory_user_by_sam(ctx, dir, "m1100", &user, out),
                     TL_REASON_USER_UNKNOWN);
    ck_assert_ptr_null(user);
    users_found = 0;
    ck_assert_int_eq(tl_directory_user_by_upn(ctx, dir, "a@other.test", &user, out),
                     TL_REASON_USER_UNKNOWN);
    ck_assert_int_eq(searches, 2);
    /* The domain's own suffix: asked for as a UPN, then as a name. */
    ck_assert_int_eq(tl_directory_user_by_upn(ctx, dir, "a@Contoso.test", &user, out),
                     TL_REASON_USER_UNKNOWN);
    ck_assert_int_eq(searches, 4);
    ck_assert_int_eq(tl_directory_user_by_sam(ctx, dir, "", &user, out),
                     TL_REASON_USER_UNKNOWN);
    ck_assert_int_eq(searches, 4);
    users_found = 1;
    ck_assert_int_eq(tl_directory_user_by_sam(ctx, dir, "m1100", &user, out), 0);
    ck_assert_str_eq(user->sam, "m1100");
}
END_TEST

/* Strangers in groups of this domain. */
enum { CIRCLE, ENDLESS, LYING, NONE, BREAKING };
static int strangers_case;

static void add_found(struct tli_entries *entries, const char *dn, const char *sid,
                      const char *name, const char *type)
{
    struct tli_entry *entry = new_entry(entries, dn);

    put_text(entries, entry, "objectClass", "group");
    put_text(entries, entry, "sAMAccountName", name);
    put_text(entries, entry, "sAMAccountType", type);
    sid_value(entries, new_attribute(entries, entry, "objectSid"), sid);
}

#define DOMAIN_LOCAL "536870912"

static enum tl_reason answer_strangers(const struct tli_search *search,
                                       struct tli_entries *entries)
{
    static int number;
    char *dn, *sid;

    if (strstr(search->filter, "foreignSecurityPrincipal") != NULL) {
        number = 1000;
        if (strangers_case == LYING)
            new_entry(entries, "CN=S-1-5-21-7-7-7-1,DC=other,DC=test");
        else if (strangers_case != NONE)
            new_entry(entries, "CN=S-1-5-21-7-7-7-1,CN=ForeignSecurityPrincipals," NC);
        if (strangers_case == LYING)
            new_entry(entries, "CN=S-1-5-21-7-7-7-2,CN=ForeignSecurityPrincipals," NC);
        return TL_REASON_OK;
    }
    if (strangers_case == BREAKING)
        return TL_REASON_DIRECTORY_UNREADABLE;
    if (strangers_case == CIRCLE) {
        add_found(entries, "CN=A," NC, DOMAIN "-1200", "A", DOMAIN_LOCAL);
        add_found(entries, "CN=B," NC, DOMAIN "-1201", "B", DOMAIN_LOCAL);
    } else if (strangers_case == ENDLESS) {
        dn = talloc_asprintf(entries, "CN=G%d," NC, ++number);
        sid = talloc_asprintf(entries, DOMAIN "-%d", number);
        add_found(entries, dn, sid, "G", DOMAIN_LOCAL);
    } else if (strangers_case == LYING) {
        /* of another domain, outside this one, no group at all, with no fit name */
        add_found(entries, "CN=A," NC, "S-1-5-21-9-9-9-512", "A", DOMAIN_LOCAL);
        add_found(entries, "CN=B,DC=other,DC=test", DOMAIN "-1201", "B", DOMAIN_LOCAL);
        add_found(entries, "CN=C," NC, DOMAIN "-1202", "C", "805306368");
        add_found(entries, "CN=D," NC, DOMAIN "-1203", "D:x", DOMAIN_LOCAL);
        add_found(entries, "CN=E," NC, DOMAIN "-1204", "E", DOMAIN_LOCAL);
    }
    return TL_REASON_OK;
}

static const struct {
    int kind, searches;
    size_t count;
    bool cut;
    enum tl_reason reason;
} strangers[] = {
    {CIRCLE, 3, 2, false, TL_REASON_OK},
    {ENDLESS, 1002, 1000, true, TL_REASON_OK},
    {LYING, 3, 1, false, TL_REASON_OK},
    {NONE, 1, 0, false, TL_REASON_OK},
    {BREAKING, 2, 0, false, TL_REASON_DIRECTORY_UNREADABLE},
};

START_TEST(foreign_groups)
{
    struct tl_dir_names *groups = (void *)1;
    struct tl_sid sids[2];

    sids[0] = sid_of("S-1-5-21-7-7-7-1");
    sids[1] = sid_of("S-1-5-21-7-7-7-2");
    server = answer_strangers;
    strangers_case = strangers[_i].kind;
    ck_assert_int_eq(tl_directory_foreign_groups(ctx, dir, sids, 2, &groups, out),
                     strangers[_i].reason);
    ck_assert_int_eq(searches, strangers[_i].searches);
    ck_assert_int_eq(groups == NULL, strangers[_i].reason != TL_REASON_OK);
    if (groups == NULL)
        return;
    ck_assert_uint_eq(groups->count, strangers[_i].count);
    ck_assert_int_eq(groups->cut, strangers[_i].cut);
    for (size_t i = 0; i < groups->count; i++)
        ck_assert(groups->names[i].domain_local &&
                  tl_sid_in_domain(&groups->names[i].sid, &dir->sid));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memberships");
    TCase *t = tcase_create("members");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, token_groups, 0, 4);
    tcase_add_test(t, one_user);
    tcase_add_loop_test(t, foreign_groups, 0, COUNT(strangers));
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
