/* SPDX-License-Identifier: MIT
 *
 * test_members.c - questions about people to a directory that is scripted here, in
 * place of the search over a connection: large, circular, cut and lying answers.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "directory/internal.h"
#include "directory/people_decode.h"
#include "entries.h"
#include "fixtures.h"

#define NC "DC=contoso,DC=test"
#define DOMAIN "S-1-5-21-1-2-3"

static TALLOC_CTX *ctx;
static struct tl_directory *dir;
static struct tl_outcome *out;
static int searches;
static enum tl_reason (*server)(const struct tli_search *search,
                                struct tli_entries *entries);

static struct tli_entry *new_entry(struct tli_entries *all, const char *dn)
{
    if ((all->count & (all->count - 1)) == 0) /* full: as much again */
        all->entries =
            talloc_realloc(all, all->entries, struct tli_entry, 2 * all->count + 1);
    all->entries[all->count] = (struct tli_entry){.dn = dn};
    return &all->entries[all->count++];
}

static void sid_value(TALLOC_CTX *owner, struct tli_attribute *attribute,
                      const char *string)
{
    const struct tl_sid sid = sid_of(string);

    add_sid_value(owner, attribute, &sid);
}

/* The real one is search.c's, which the linker leaves out for this one. */
enum tl_reason tli_connection_search(TALLOC_CTX *owner, struct tli_connection *connection,
                                     const struct tli_search *search,
                                     struct tli_entries **entries,
                                     struct tl_outcome *outcome)
{
    enum tl_reason reason;

    searches++;
    ck_assert_int_lt(searches, 100000);
    *entries = talloc_zero(owner, struct tli_entries);
    reason = server(search, *entries);
    if (reason != TL_REASON_OK)
        return tli_connection_fail(connection, outcome, "scripted");
    return TL_REASON_OK;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    out = tl_outcome_new(ctx);
    dir = talloc_zero(ctx, struct tl_directory);
    dir->ldap = talloc_zero(dir, struct tli_connection);
    dir->ldap->server = "dc1.contoso.test";
    dir->ldap->domain = dir->domain = "contoso.test";
    dir->default_nc = NC;
    dir->has_sid = true;
    dir->sid = sid_of(DOMAIN);
    searches = 0;
}

static void teardown(void)
{
    talloc_free(ctx);
}

static struct tl_dir_group group_of(const char *dn, const char *sid)
{
    struct tl_dir_group group = {.dn = dn, .name = "Crowd"};

    group.sid = sid_of(sid);
    return group;
}

static void add_account(struct tli_entries *all, unsigned int rid, const char *type)
{
    struct tli_entry *entry =
        new_entry(all, talloc_asprintf(all, "CN=m%u,CN=Users," NC, rid));

    sid_value(all, new_attribute(all, entry, "objectSid"),
              talloc_asprintf(all, DOMAIN "-%u", rid));
    put_text(all, entry, "objectClass", "top");
    put_text(all, entry, "sAMAccountType", type);
    put_text(all, entry, "sAMAccountName", talloc_asprintf(all, "m%u", rid));
}

/* How many values "member;range=A-B" asks for are given, and how they are labelled. */
static size_t total, piece;
static const char *label; /* NULL: the true one */

static enum tl_reason ranged(const struct tli_search *search, struct tli_entries *entries)
{
    size_t first, next, last;
    struct tli_attribute *member;
    struct tli_entry *entry;
    const char *options;

    if (search->scope != LDAP_SCOPE_BASE) {
        for (size_t i = 0; i < total && i < search->max_entries; i++)
            add_account(entries, (unsigned int)(2000 + i), "805306368");
        entries->cut = total > search->max_entries;
        return TL_REASON_OK;
    }
    ck_assert(search->extended_dn);
    options = strchr(search->attributes[0], ';') + 1;
    ck_assert_int_eq(tli_range_parse(options, &first, &next), 0);
    ck_assert_uint_eq(next - first, 1500);
    entry = new_entry(entries, search->base);
    /* As Windows does it: an empty attribute beside that with the range. */
    new_attribute(entries, entry, "member");
    if (first >= total)
        return TL_REASON_OK;
    last = first + piece < total ? first + piece : total;
    member = new_attribute(entries, entry, "member");
    member->options = label != NULL ? label
                      : last == total
                          ? talloc_asprintf(entries, "range=%zu-*", first)
                          : talloc_asprintf(entries, "range=%zu-%zu", first, last - 1);
    for (size_t i = first; i < last; i++) {
        char *dn = talloc_asprintf(entries, "<GUID=0>;<SID=" DOMAIN "-%zu>;CN=m%zu," NC,
                                   2000 + i, 2000 + i);

        add_value(entries, member, dn, strlen(dn));
    }
    return TL_REASON_OK;
}

static const struct {
    size_t total, piece, found;
    bool cut;
    int searches;
} sizes[] = {
    {0, 1500, 0, false, 2},
    {1, 1500, 1, false, 2},
    {1500, 1500, 1500, false, 2},
    {1501, 1500, 1501, false, 3},
    {10000, 1500, 10000, false, 8},
    {10000, 1000, 10000, false, 11}, /* less than asked for is the server's right */
    {50000, 1500, 50000, false, 35},
    {60000, 1500, 50000, true, 35},
};

START_TEST(large)
{
    const struct tl_dir_group group = group_of("CN=Crowd,CN=Users," NC, DOMAIN "-1500");
    struct tl_dir_names *members;

    server = ranged;
    total = sizes[_i].total;
    piece = sizes[_i].piece;
    label = NULL;
    ck_assert_int_eq(tl_directory_members(ctx, dir, &group, true, &members, out), 0);
    ck_assert_uint_eq(members->count, sizes[_i].found);
    ck_assert_int_eq(members->cut, sizes[_i].cut);
    ck_assert_int_eq(searches, sizes[_i].searches);
    for (size_t i = 0; i < members->count; i++) {
        ck_assert_uint_eq(members->names[i].sid.subs[4], 2000 + i);
        ck_assert_int_eq(members->names[i].kind, TL_DIR_USER);
        ck_assert_ptr_nonnull(members->names[i].name);
    }
}
END_TEST

/* Pieces that lead nowhere end the question, and soon. */
static const char *const lies[] = {"range=0-1499", "range=1500-1400", "range=7-*",
                                   "range=", "range=0-99999999999999999999"};

START_TEST(lying_ranges)
{
    const struct tl_dir_group group = group_of("CN=Crowd,CN=Users," NC, DOMAIN "-1500");
    struct tl_dir_names *members = (void *)1;

    server = ranged;
    total = 100000;
    piece = 10;
    label = lies[_i];
    ck_assert_int_eq(tl_directory_members(ctx, dir, &group, false, &members, out),
                     TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_ptr_null(members);
    ck_assert_int_le(searches, 2);
}
END_TEST

/* Every group holds the next, without end, and itself. */
static enum tl_reason endless(const struct tli_search *search,
                              struct tli_entries *entries)
{
    if (search->scope != LDAP_SCOPE_BASE) {
        add_account(entries, (unsigned int)(10000 + searches), "268435456");
        add_account(entries, (unsigned int)(10000 + searches - 2), "268435456");
    }
    return TL_REASON_OK;
}

START_TEST(endless_nesting)
{
    const struct tl_dir_group group = group_of("CN=Top,CN=Users," NC, DOMAIN "-10000");
    struct tl_dir_names *members;

    server = endless;
    ck_assert_int_eq(tl_directory_members(ctx, dir, &group, true, &members, out), 0);
    ck_assert(members->cut);
    ck_assert_int_eq(searches, 2000);
    searches = 0;
    ck_assert_int_eq(tl_directory_members(ctx, dir, &group, false, &members, out), 0);
    ck_assert(!members->cut);
    ck_assert_int_eq(searches, 2);
}
END_TEST

static enum tl_reason silent(const struct tli_search *search, struct tli_entries *entries)
{
    return search->scope == LDAP_SCOPE_BASE ? TL_REASON_OK
                                            : TL_REASON_DIRECTORY_UNREADABLE;
}

START_TEST(failing)
{
    const struct tl_dir_group group = group_of("CN=Top,CN=Users," NC, DOMAIN "-10000");
    struct tl_dir_names *members = (void *)1;
    struct tl_sid sids[2] = {group.sid, group.sid};

    server = silent;
    ck_assert_int_eq(tl_directory_members(ctx, dir, &group, true, &members, out),
                     TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_ptr_null(members);
    ck_assert_int_eq(tl_directory_names(ctx, dir, sids, 2, &members, out),
                     TL_REASON_DIRECTORY_UNREADABLE);
    ck_assert_ptr_null(members);
    dir->has_sid = false; /* and no head of the domain to see */
    ck_assert_int_eq(tl_directory_names(ctx, dir, sids, 2, &members, out),
                     TL_REASON_DIRECTORY_UNREADABLE);
}
END_TEST

/* A server that answers every question with a SID that was not asked about. */
static enum tl_reason beside(const struct tli_search *search, struct tli_entries *entries)
{
    add_account(entries, 666, "805306368");
    return TL_REASON_OK;
}

START_TEST(names_beside)
{
    struct tl_sid sids[120];
    struct tl_dir_names *names;

    server = beside;
    for (uint32_t i = 0; i < 120; i++)
        ck_assert_int_eq(tl_sid_append(&dir->sid, 600 + i, &sids[i]), 0);
    sids[3] = sid_of("S-1-5-21-9-9-9-666");
    ck_assert_int_eq(tl_directory_names(ctx, dir, sids, 120, &names, out), 0);
    ck_assert_uint_eq(names->count, 120);
    ck_assert_int_eq(searches, 3);
    for (size_t i = 0; i < 120; i++) {
        ck_assert(tl_sid_equal(&names->names[i].sid, &sids[i]));
        ck_assert_int_eq(names->names[i].name != NULL, i == 66);
    }
    /* Of other domains only: nothing is asked. */
    ck_assert_int_eq(tl_directory_names(ctx, dir, &sids[3], 1, &names, out), 0);
    ck_assert_int_eq(searches, 3);
    ck_assert_int_eq(tl_directory_names(ctx, dir, NULL, 0, &names, out), 0);
    ck_assert_uint_eq(names->count, 0);
}
END_TEST

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
    Suite *suite = suite_create("members");
    TCase *t = tcase_create("members");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, large, 0, COUNT(sizes));
    tcase_add_loop_test(t, lying_ranges, 0, COUNT(lies));
    tcase_add_test(t, endless_nesting);
    tcase_add_test(t, failing);
    tcase_add_test(t, names_beside);
    tcase_add_loop_test(t, token_groups, 0, 4);
    tcase_add_test(t, one_user);
    tcase_add_loop_test(t, foreign_groups, 0, COUNT(strangers));
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
