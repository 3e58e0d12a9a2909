/* SPDX-License-Identifier: MIT
 *
 * test_store_inspect.c - looking into the identity store: every record with all it says,
 * and each kind of damage found and named, by who cannot write it.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/layout.h"
#include "store/writer.h"
#include "fixtures.h"

#define SID "S-1-5-21-1-2-3-"
#define LATER UINT64_C(4000000000)

static const struct tli_store_range range = {200000, 399999};
static const struct tli_store_life life = {LATER, LATER + 1};
static temp_path folder;
static char path[sizeof(temp_path) + 8];
static struct tli_store *store;

static void put_user(const char *name, uint32_t rid)
{
    char sid[64];
    const char *aliases[] = {"CONTOSO\\Ängström", NULL};
    struct tli_store_user user = {.name = name,
                                  .aliases = rid == 1105 ? aliases : NULL,
                                  .sid = sid,
                                  .uid = 200000 + rid,
                                  .gid = 200513,
                                  .home = "/home/x",
                                  .shell = "/bin/sh",
                                  .life = life};

    snprintf(sid, sizeof(sid), SID "%u", rid);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
}

static void setup(void)
{
    make_temp_folder(folder);
    snprintf(path, sizeof(path), "%s/store", folder);
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &store), 0);
    put_user("alice@contoso.test", 1105);
    put_user("bob@contoso.test", 1106);
}

static void teardown(void)
{
    static const char *const names[] = {"", ".lock", ".new"};
    char name[sizeof(path) + 8];

    talloc_free(store);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        unlink(name);
        rmdir(name);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

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

static uint8_t *bytes_of(size_t *size)
{
    int fd = open(path, O_RDWR);
    struct stat st;
    void *base;

    ck_assert_int_eq(fstat(fd, &st), 0);
    base = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    close(fd);
    *size = (size_t)st.st_size;
    return base;
}

static void flip_record(struct store_header *header, struct store_record *rec)
{
    ((uint8_t *)rec)[rec->size - 9] ^= 1;
}

static void zero_table(struct store_header *header, struct store_record *rec)
{
    memset((uint8_t *)header + header->table, 0, header->data - header->table);
}

static void garble_table(struct store_header *header, struct store_record *rec)
{
    memset((uint8_t *)header + header->table, 'x', header->data - header->table);
}

static void circle(struct store_header *header, struct store_record *rec)
{
    for (size_t i = 0; i < rec->num_keys; i++)
        rec->keys[i].next = rec->self + (sizeof(*rec) + i * sizeof(rec->keys[0])) / 8;
}

static void lead_away(struct store_header *header, struct store_record *rec)
{
    rec->keys[0].next = UINT32_MAX;
}

static void lead_astray(struct store_header *header, struct store_record *rec)
{
    rec->keys[0].next = rec->self + (sizeof(*rec) + sizeof(rec->keys[0])) / 8;
}

static void early_tail(struct store_header *header, struct store_record *rec)
{
    header->tail = header->data;
}

static void wild_tail(struct store_header *header, struct store_record *rec)
{
    header->tail = UINT64_MAX - 7;
}

static const struct {
    void (*harm)(struct store_header *header, struct store_record *rec);
    const char *what;
} harms[] = {
    {flip_record, "a record that is not as it was written"},
    {zero_table, "a record that nothing leads to"},
    {garble_table, "a bucket that fails its check"},
    {circle, "a chain that is too long, or a circle"},
    {lead_away, "a chain that leads out of the file"},
    {lead_astray, "a link that leads to a key of another chain"},
    {early_tail, "an end that is not behind the last record"},
    {wild_tail, "an end that is not behind the last record"},
};

/* For any damage: the right record, or none, and soon. */
static void look_at_all(const struct tli_store_map *map)
{
    static const char *const names[] = {"alice@contoso.test", "bob@contoso.test",
                                        "nobody@contoso.test"};
    struct tli_store_entry entry;

    for (size_t i = 0; i < COUNT(names); i++)
        if (tli_store_by_name(map, TL_STORE_USER_NAME, names[i], LATER - 1, &entry) !=
            TL_STORE_MISS)
            ck_assert_str_eq(entry.name.at, names[i]);
    for (uint32_t id = 201104; id < 201108; id++)
        if (tli_store_by_id(map, TL_STORE_USER_ID, id, LATER - 1, &entry) !=
            TL_STORE_MISS)
            ck_assert_uint_eq(entry.id, id);
}

START_TEST(each_damage_is_named)
{
    struct tli_store_view *view;
    struct tli_store_stats stats;
    struct tli_store_damage *damage;
    struct store_header *header;
    bool named = false;
    uint8_t *base;
    size_t size;

    base = bytes_of(&size);
    header = (void *)base;
    harms[_i].harm(header, (void *)(base + header->data));
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_int_eq(tli_store_inspect(view, view, &stats, &damage, NULL), 0);
    ck_assert_uint_gt(stats.damaged, 0);
    ck_assert_uint_eq(talloc_array_length(damage), stats.damaged < TL_STORE_DAMAGE_MAX
                                                       ? stats.damaged
                                                       : TL_STORE_DAMAGE_MAX);
    for (size_t i = 0; i < talloc_array_length(damage); i++) {
        named = named || strcmp(damage[i].what, harms[_i].what) == 0;
        ck_assert_uint_lt(damage[i].at, size);
    }
    ck_assert_msg(named, "%s", damage[0].what);
    look_at_all(&view->map);
    talloc_free(view);
    munmap(base, size);
    /* It can be made good without the agent. */
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(tli_store_check(store), 0);
}
END_TEST

/* Only a power failure loses pages, so only the first writer after a boot looks. */
START_TEST(repaired_after_a_boot)
{
    struct store_header *header;
    uint8_t *base;
    size_t size;

    base = bytes_of(&size);
    header = (void *)base;
    flip_record(header, (void *)(base + header->data));
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &store), 0);
    ck_assert_int_eq(tli_store_check(store), -EUCLEAN);
    ck_assert_uint_ne(header->boot, 0);
    header->boot = 1;
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, &range, 1, &store), 0);
    ck_assert_int_eq(tli_store_check(store), 0);
    munmap(base, size);
}
END_TEST

START_TEST(unfinished_is_not_damage)
{
    struct tli_store_view *view;
    struct tli_store_stats stats;
    struct store_header *header;
    uint8_t *base;
    size_t size;

    base = bytes_of(&size);
    header = (void *)base;
    header->pending = header->data;
    header->tail = header->data;
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_int_eq(tli_store_inspect(view, view, &stats, NULL, NULL), 0);
    ck_assert_uint_eq(stats.damaged, 0);
    ck_assert(stats.unfinished);
    talloc_free(view);
    munmap(base, size);
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
    tcase_add_loop_test(tcase, each_damage_is_named, 0, COUNT(harms));
    tcase_add_test(tcase, repaired_after_a_boot);
    tcase_add_test(tcase, unfinished_is_not_damage);
    tcase_add_loop_test(tcase, no_stores, 0, COUNT(others));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
