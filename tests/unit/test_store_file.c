/* SPDX-License-Identifier: MIT
 *
 * test_store_file.c - the file of the identity store: it grows, is opened again, is
 * shared by two writers, and counts only if its owner alone can write it.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/local.h"
#include "store_fixture.h"

/* The file grows several times under a reader that has it mapped. */
START_TEST(growing)
{
    struct tli_store_stats stats;
    struct tli_store_user user = alice();
    unsigned mapped = 0;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    for (uint32_t i = 0; i < 20; i++) {
        put_many(i * 500, 500);
        ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
        ck_assert_int_eq(by_id(TL_STORE_USER_ID, 2000000 + i * 500), TL_STORE_HIT);
    }
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_eq(stats.users, 10001);
    ck_assert_uint_eq(stats.damaged, 0);
    ck_assert_uint_eq(stats.keys, 10000 * 4 + 7);
    ck_assert_uint_le(stats.longest, 12);
    for (size_t i = 0; i < TL_STORE_SLOTS; i++)
        mapped += reader->slots[i].state != 0;
    ck_assert_uint_eq(mapped, 1);
}
END_TEST

/* One user refreshed without end fills neither chains nor the disk. */
START_TEST(refreshing)
{
    struct tli_store_user user = alice(), second = alice();
    struct tli_store_stats stats;

    second.name = "bob@contoso.test";
    second.aliases = NULL;
    second.sid = SID "1106";
    second.uid = 201106;
    for (unsigned i = 0; i < 5000; i++) {
        ck_assert_int_eq(tli_store_put_user(store, &user), 0);
        ck_assert_int_eq(tli_store_put_user(store, &second), 0);
    }
    ck_assert_int_eq(tli_store_stats(store, &stats), 0);
    ck_assert_uint_eq(stats.users, 2);
    ck_assert_uint_le(stats.longest, 4);
    ck_assert_uint_le(stats.size, 1 << 20);
}
END_TEST

START_TEST(survives_reopening)
{
    const struct tli_store_range narrow = {200000, 399999};
    struct tli_store_user user = alice();

    put_many(0, 3);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 2000001), TL_STORE_HIT);
    /* Records with ids outside of the new ranges leave. */
    talloc_free(store);
    ck_assert_int_eq(tli_store_open(NULL, path, &narrow, 1, &store), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 2000001), TL_STORE_MISS);
}
END_TEST

/* Lines longer than what is read at once, the last one without an end, and invalid
 * numbers. */
START_TEST(files_of_the_machine)
{
    static const struct {
        const char *name;
        uint32_t id;
        bool by_name, by_id;
    } asked[] = {
        {"first", 1001, true, true},        {"LAST", 1003, true, true},
        {"big", 1002, true, true},          {"member5", 7, false, false},
        {"1001", 1001000, false, false},    {"firs", 0, false, false},
        {"first1", 0, false, false},        {"bad", 1004, true, false},
        {"worse", 4294967295, true, false}, {"none", 9, true, false},
        {"\xc3\xa4", 1005, true, true},
    };
    FILE *file = fopen(path, "w");

    fputs("first:x:1001:1001::/:\nbad:x:1004x:\nworse:x:8589934591:\nnone\n", file);
    fputs("\xc3\xa4:x:1005:\n", file);
    for (unsigned i = 0; i < 300; i++)
        fputc('y', file);
    fputs(":x:1006:\n\n:x:9:\nbig:x:1002:", file);
    for (unsigned i = 0; i < 3000; i++)
        fprintf(file, "member%u,", i);
    fputs("\nlast:*:1003:", file);
    ck_assert_int_eq(fclose(file), 0);
    for (size_t i = 0; i < COUNT(asked); i++) {
        struct tli_local_query query = {
            .typed = asked[i].name, .has_id = true, .id = asked[i].id};

        ck_assert_int_eq(tli_local_find(path, &query), 0);
        ck_assert_msg(query.typed_is_local == asked[i].by_name &&
                          query.id_is_local == asked[i].by_id,
                      "%s", asked[i].name);
        ck_assert(!query.shown_is_local);
    }
    ck_assert_int_eq(tli_local_find(folder, &(struct tli_local_query){0}), -EISDIR);
    ck_assert_int_eq(tli_local_find("/nonexistent/file", &(struct tli_local_query){0}),
                     0);
}
END_TEST

/* The setting stays with the file when it is opened, rewritten or repaired, and a damaged
 * one does not count. */
START_TEST(whose_bare_names)
{
    struct tli_store_view *view = NULL;
    char full[TL_STORE_NAME_MAX + 1];
    struct tli_store_user user = alice();
    struct tli_store *other;
    struct store_header *header;

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_ptr_null(tli_store_full_name(&store->map, "alice", full));
    ck_assert_int_eq(tli_store_set_bare(store, "Contoso.test", true), -EINVAL);
    ck_assert_int_eq(tli_store_set_bare(store, "", true), -EINVAL);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_int_eq(tli_store_compact(store), 0);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, 1, &other), 0);
    ck_assert_str_eq(other->map.bare.domain, "contoso.test");
    ck_assert(other->map.bare.shown);
    talloc_free(other);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &other), 0);
    ck_assert_int_eq(tli_store_set_bare(other, "contoso.test", false), 0);
    talloc_free(other);
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_str_eq(tli_store_full_name(&view->map, "alice", full),
                     "contoso.test\\alice");
    ck_assert_uint_eq(tli_store_bare_length(&view->map, "alice@contoso.test", 18), 0);
    talloc_free(view);
    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "alice@contoso.test", 18), 5);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "alice@contoso.tess", 18), 0);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "@contoso.test", 13), 0);
    ck_assert_uint_eq(tli_store_bare_length(&store->map, "contoso.test", 12), 0);
    header = store_header_of(&store->map);
    header->bare.domain[0] = 'd';
    ck_assert_int_eq(tli_store_view_open(NULL, path, &view), 0);
    ck_assert_ptr_null(tli_store_full_name(&view->map, "alice", full));
    talloc_free(view);
}
END_TEST

START_TEST(two_handles)
{
    struct tli_store_user user = alice();
    struct tli_store *other;

    ck_assert_int_eq(tli_store_open(NULL, path, ranges, COUNT(ranges), &other), 0);
    ck_assert_int_eq(tli_store_compact(other), 0);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    /* Removed by hand: the next change brings it back for new readers. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(tli_store_drop_id(store, TL_STORE_USER_ID, 1), -ENOENT);
    ck_assert_int_eq(access(path, R_OK), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
    talloc_free(other);
}
END_TEST

START_TEST(only_its_owners_file)
{
    struct tli_store_user user = alice();

    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    reader->owner = geteuid() + 1;
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_MISS);
    reader->owner = geteuid();
    ck_assert_int_eq(chmod(path, 0664), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_MISS);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(by_id(TL_STORE_USER_ID, 201105), TL_STORE_HIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_file");
    TCase *tcase = tcase_create("store");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, growing);
    tcase_add_test(tcase, refreshing);
    tcase_add_test(tcase, survives_reopening);
    tcase_add_test(tcase, whose_bare_names);
    tcase_add_test(tcase, files_of_the_machine);
    tcase_add_test(tcase, two_handles);
    tcase_add_test(tcase, only_its_owners_file);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
