/* SPDX-License-Identifier: MIT
 *
 * test_store_harms.c - each kind of damage to the identity store is found and named, and
 * can be repaired.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspected_store.h"

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
    {flip_record, "a record that fails its check"},
    {zero_table, "a record that no link leads to"},
    {garble_table, "a bucket that fails its check"},
    {circle, "a chain that is too long, or a loop"},
    {lead_away, "a link that leads out of the file"},
    {lead_astray, "a link that leads to a key of another chain"},
    {early_tail, "an end that is not after the last record"},
    {wild_tail, "an end that is not after the last record"},
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

int main(void)
{
    Suite *suite = suite_create("store_harms");
    TCase *tcase = tcase_create("inspect");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_damage_is_named, 0, COUNT(harms));
    tcase_add_test(tcase, repaired_after_a_boot);
    tcase_add_test(tcase, unfinished_is_not_damage);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
