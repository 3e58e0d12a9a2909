/* SPDX-License-Identifier: MIT
 *
 * test_store_inspect.c - looking into the identity store: every record in full, for a
 * reader that cannot write it, and the errors for a path without a store.
 */
#include <check.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspected_store.h"

START_TEST(everything_is_shown)
{
    const char *members[] = {"alice@contoso.test", "bob@contoso.test"};
    uint32_t gids[] = {200513, 200600};
    struct tli_store_group group = {.name = "staff@contoso.test",
                                    .sid = SID "600",
                                    .gid = 200600,
                                    .members = members,
                                    .num_members = 2,
                                    .life = life};
    struct tli_store_view *view;
    struct tli_store_stats stats;
    struct tli_store_damage *damage;
    struct tli_store_item *items, item;
    struct tli_store_key key;

    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(tli_store_put_gids(store, 201105, gids, 2, &life), 0);
    ck_assert_int_eq(
        tli_store_put_missing_name(store, TL_STORE_USER_NAME, "Gone@contoso.test", LATER),
        0);
    ck_assert_int_eq(tli_store_put_missing_id(store, TL_STORE_GROUP_ID, 200777, 1), 0);
    ck_assert_int_eq(tli_store_drop_name(store, TL_STORE_USER_NAME, "bob@contoso.test"),
                     0);
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_int_eq(tli_store_inspect(view, view, &stats, &damage, &items), 0);
    ck_assert_uint_eq(talloc_array_length(damage), 0);
    ck_assert_uint_eq(talloc_array_length(items), 5);
    ck_assert_uint_eq(stats.users + stats.groups + stats.gid_lists, 3);
    ck_assert_uint_eq(stats.negatives, 2);
    ck_assert_uint_eq(stats.ended, 1);
    ck_assert_uint_gt(stats.dead, 0);
    ck_assert_uint_ge(stats.used, stats.dead);
    ck_assert(!stats.unfinished);
    ck_assert_str_eq(items[0].entry.name.at, "alice@contoso.test");
    ck_assert_uint_eq(items[0].entry.fresh_until, life.fresh_until);
    ck_assert_uint_eq(items[0].entry.valid_until, life.valid_until);
    ck_assert_str_eq(tli_store_item_key(&items[0], 0).name, "alice@contoso.test");
    ck_assert_uint_eq(items[1].entry.count, 2);
    ck_assert_int_eq(items[1].entry.class, TL_STORE_GROUP_ID);
    ck_assert(items[3].negative);
    ck_assert_str_eq(tli_store_item_key(&items[3], 0).name, "gone@contoso.test");
    key = tli_store_item_key(&items[4], 0);
    ck_assert_int_eq(key.class, TL_STORE_GROUP_ID);
    ck_assert_ptr_null(key.name);
    ck_assert_uint_eq(key.id, 200777);
    /* One by one, as the command is asked for them. */
    ck_assert(
        tli_store_item_by_name(view, TL_STORE_USER_NAME, "contoso\\ÄNGSTRÖM", &item));
    ck_assert_uint_eq(item.entry.id, 201105);
    ck_assert(tli_store_item_by_name(view, TL_STORE_SID, SID "600", &item));
    ck_assert_int_eq(item.entry.class, TL_STORE_GROUP_ID);
    ck_assert(tli_store_item_by_id(view, TL_STORE_GIDS, 201105, &item));
    ck_assert_uint_eq(item.entry.gids[1], 200600);
    ck_assert(
        !tli_store_item_by_name(view, TL_STORE_USER_NAME, "bob@contoso.test", &item));
    ck_assert(!tli_store_item_by_name(view, TL_STORE_USER_NAME, "", &item));
    ck_assert(!tli_store_item_by_id(view, TL_STORE_USER_ID, 0, &item));
    talloc_free(view);
}
END_TEST

/* A user whose primary group is the user's own: one SID, two records. */
START_TEST(private_group)
{
    struct tli_store_group own = {
        .name = "alice@contoso.test", .gid = 201105, .life = life};
    struct tli_store_view *view;
    struct tli_store_item item;

    ck_assert_int_eq(tli_store_put_group(store, &own), 0);
    put_user("alice@contoso.test", 1105);
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert(tli_store_item_by_id(view, TL_STORE_GROUP_ID, 201105, &item));
    ck_assert(tli_store_item_by_id(view, TL_STORE_USER_ID, 201105, &item));
    ck_assert(tli_store_item_by_name(view, TL_STORE_SID, SID "1105", &item));
    ck_assert_int_eq(item.entry.class, TL_STORE_USER_ID);
    talloc_free(view);
}
END_TEST

/* An expired record is asked for again, but not forgotten, nor made younger. */
START_TEST(ageing)
{
    struct tli_store_view *view;
    struct tli_store_item before, after;

    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert(tli_store_item_by_id(view, TL_STORE_USER_ID, 201105, &before));
    ck_assert_int_eq(tli_store_expire(store, TL_STORE_USER_ID, 201105), 0);
    ck_assert(tli_store_item_by_id(view, TL_STORE_USER_ID, 201105, &after));
    ck_assert_uint_gt(before.entry.fresh_until, tli_store_now());
    ck_assert_uint_lt(after.entry.fresh_until, tli_store_now());
    ck_assert_uint_eq(after.entry.written, before.entry.written);
    ck_assert_uint_eq(after.entry.valid_until, before.entry.valid_until);
    ck_assert_str_eq(after.entry.name.at, "alice@contoso.test");
    ck_assert_int_eq(tli_store_expire(store, TL_STORE_USER_ID, 201999), -ENOENT);
    ck_assert_int_eq(tli_store_expire(store, TL_STORE_SID, 201105), -EINVAL);
    talloc_free(view);
}
END_TEST

/* What is at the path instead, and what opening it returns. */
static void nothing(void)
{
}

static void a_folder(void)
{
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void a_link(void)
{
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
}

static void a_pipe(void)
{
    ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void text(void)
{
    write_text(path, "not a store");
}

static void a_page_of_zeroes(void)
{
    text();
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(truncate(path, TL_STORE_PAGE), 0);
}

static void writable_by_all(void)
{
    text();
    ck_assert_int_eq(chmod(path, 0666), 0);
}

static const struct {
    void (*put)(void);
    int rc;
    bool replaced; /* by the next writer */
} others[] = {
    {nothing, -ENOENT, true},        {a_folder, -EUCLEAN, false},
    {a_link, -EUCLEAN, true},        {a_pipe, -EUCLEAN, true},
    {text, -EUCLEAN, true},          {a_page_of_zeroes, -EUCLEAN, true},
    {writable_by_all, -EPERM, true},
};

START_TEST(no_stores)
{
    struct tli_store_view *view;

    talloc_free(store);
    store = NULL;
    unlink(path);
    others[_i].put();
    alarm(20); /* opening a pipe may wait without end */
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), others[_i].rc);
    ck_assert_ptr_null(view);
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &store) == 0,
                     others[_i].replaced);
    if (others[_i].replaced) {
        put_user("alice@contoso.test", 1105);
        ck_assert_int_eq(tli_store_check(store), 0);
    }
    alarm(0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_inspect");
    TCase *tcase = tcase_create("inspect");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, everything_is_shown);
    tcase_add_test(tcase, private_group);
    tcase_add_test(tcase, ageing);
    tcase_add_loop_test(tcase, no_stores, 0, COUNT(others));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
