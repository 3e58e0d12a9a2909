/* SPDX-License-Identifier: MIT
 *
 * test_members.c - questions about members of groups to a directory that is scripted
 * here: large, circular, cut and lying answers.
 */
#include <check.h>
#include <string.h>

#include "scripted_directory.h"

static struct tl_dir_group group_of(const char *dn, const char *sid)
{
    struct tl_dir_group group = {.dn = dn, .name = "Crowd"};

    group.sid = sid_of(sid);
    return group;
}

/* How many of the values that "member;range=A-B" asks for are returned, and their
 * label. */
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
    {10000, 1000, 10000, false, 11}, /* a server may return fewer than asked for */
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

static enum tl_reason a_group(const struct tli_search *search,
                              struct tli_entries *entries)
{
    add_account(entries, 666, "268435456");
    return TL_REASON_OK;
}

/* A name that is remembered is read again after its time, however often it is used. */
START_TEST(names_remembered)
{
    const struct tl_sid sid = sid_of(DOMAIN "-666");
    struct tl_dir_names *names = NULL;

    server = a_group;
    tl_directory_keep_names(dir, 100);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(tl_directory_names(ctx, dir, &sid, 1, &names, out), 0);
        ck_assert_str_eq(names->names[0].name, "m666");
    }
    ck_assert_int_eq(searches, 1);
    tl_directory_keep_names(dir, 1);
    searches = 0;
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(tl_directory_names(ctx, dir, &sid, 1, &names, out), 0);
        (void)usleep(400000);
    }
    ck_assert_int_ge(searches, 2);
}
END_TEST

/* A server that answers every search with a SID that was not asked for. */
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
    tcase_add_test(t, names_remembered);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
