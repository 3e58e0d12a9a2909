/* SPDX-License-Identifier: MIT
 *
 * test_ccache.c - tickets stored as a user (uid 65534): where, under which name, and
 * which are kept or renewed. Needs root; skipped (77) without.
 */
#include <check.h>
#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

#include "ccache_fixture.h"

static uid_t *decoded_by; /* shared with the child processes; NULL: nobody asks */

START_TEST(test_unique)
{
    char *type = talloc_asprintf(mem, "FILE:%s/krb5cc_%%{uid}_XXXXXX", folder);
    char *begin = talloc_asprintf(mem, "FILE:%s/krb5cc_65534_", folder);
    const char *one, *two;

    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &one), TL_REASON_OK);
    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &two), TL_REASON_OK);
    check_file(one);
    check_file(two);
    ck_assert_str_ne(one, two);
    ck_assert_int_eq(strncmp(one, begin, strlen(begin)), 0);
    ck_assert_uint_eq(geteuid(), 0);
}
END_TEST

START_TEST(test_fixed_name_and_again)
{
    char *type = talloc_asprintf(mem, "FILE:%s/cc", folder);
    const char *name;

    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name), TL_REASON_OK);
    check_file(name);
    ck_assert_int_eq(truncate(name + 5, 0), 0);
    ck_assert_int_eq(store(TL_CCACHE_REINITIALIZE, NULL, type, &name), TL_REASON_OK);
    check_file(name);
    ck_assert_int_eq(store(TL_CCACHE_REFRESH, NULL, type, &name), TL_REASON_OK);
    check_file(name);
    ck_assert_uint_eq(count_files(), 2); /* nothing left beside */
    ck_assert_int_eq(store(TL_CCACHE_DELETE, NULL, type, &name), TL_REASON_OK);
    ck_assert_ptr_null(name);
    ck_assert_int_ne(access(type + 5, F_OK), 0);
    ck_assert_int_eq(store(TL_CCACHE_DELETE, NULL, type, &name), TL_REASON_OK);
}
END_TEST

START_TEST(test_dir)
{
    char *type = talloc_asprintf(mem, "DIR:%s/collection", folder);
    const char *name;
    struct stat st;

    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name), TL_REASON_OK);
    ck_assert_str_eq(name, type);
    ck_assert_int_eq(stat(type + 4, &st), 0);
    ck_assert_uint_eq(st.st_uid, NOBODY);
    ck_assert_uint_eq(st.st_mode & 077, 0);
    ck_assert_int_eq(store(TL_CCACHE_REFRESH, NULL, type, &name), TL_REASON_OK);
    ck_assert_int_eq(store(TL_CCACHE_DELETE, NULL, type, &name), TL_REASON_OK);
}
END_TEST

START_TEST(test_refused_types)
{
    static const char *const types[] = {"MEMORY:x", "KEYRING:session:x",
                                        "API:", "FILE:x"};
    const char *name;

    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, types[_i], NULL, &name),
                     TL_REASON_CCACHE_FAILED);
    ck_assert_ptr_null(name);
    ck_assert_int_eq(strncmp(out->detail, "the credentials cache cannot be used: ", 38),
                     0);
}
END_TEST

START_TEST(test_pending_missing)
{
    char *type = talloc_asprintf(mem, "FILE:%s/cc", folder);
    const char *name;

    pending = talloc_asprintf(mem, "%s/none", folder);
    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name),
                     TL_REASON_CCACHE_FAILED);
    ck_assert_int_ne(access(type + 5, F_OK), 0);
}
END_TEST

/* libkrb5's decoder, with whom it runs as. */
krb5_error_code krb5_unmarshal_credentials(krb5_context context, const krb5_data *data,
                                           krb5_creds **creds)
{
    krb5_error_code (*real)(krb5_context, const krb5_data *, krb5_creds **);
    void *found = dlsym(RTLD_NEXT, "krb5_unmarshal_credentials");

    memcpy(&real, &found, sizeof(real)); /* ISO C has no such cast */
    if (decoded_by != NULL)
        *decoded_by = geteuid();
    return real(context, data, creds);
}

/* What the network sent is decoded by the user's own process, and what cannot be decoded
 * makes no cache. */
START_TEST(test_decoded_as_the_user)
{
    struct tl_ticket_bytes one = {"c@D", 2000000000, (const uint8_t *)"\xff\xff", 2};
    const struct tl_tickets bad = {"alice@CONTOSO.TEST", 1, &one};
    char *type = talloc_asprintf(mem, "FILE:%s/cc", folder);
    const char *name;

    decoded_by = mmap(NULL, sizeof(*decoded_by), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(decoded_by, MAP_FAILED);
    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name), TL_REASON_OK);
    ck_assert_uint_eq(*decoded_by, NOBODY);
    ck_assert_int_eq(unlink(type + 5), 0);
    pending = talloc_asprintf(mem, "%s/bad", folder);
    ck_assert_int_eq(tl_tickets_save(&bad, bad.client, pending), 0);
    *decoded_by = 0;
    ck_assert_int_eq(store(TL_CCACHE_ESTABLISH, type, NULL, &name),
                     TL_REASON_CCACHE_FAILED);
    ck_assert_int_eq(strncmp(out->detail, "the pending tickets: ", 21), 0);
    ck_assert_uint_eq(*decoded_by, NOBODY);
    ck_assert_int_ne(access(type + 5, F_OK), 0);
}
END_TEST

/* A locker refreshes what its session has, and makes no cache. */
START_TEST(test_only_existing)
{
    const char *const names[] = {talloc_asprintf(mem, "FILE:%s/cc", folder),
                                 talloc_asprintf(mem, "FILE:%s/cc_XXXXXX", folder),
                                 "FILE"};
    struct tl_ccache_request req = {.op = TL_CCACHE_REFRESH,
                                    .pending = pending,
                                    .uid = NOBODY,
                                    .gid = NOBODY,
                                    .only_existing = true};
    const char *name;

    for (size_t i = 0; i < COUNT(names); i++) {
        size_t before = count_files();

        req.existing = names[i];
        ck_assert_int_eq(tl_ccache_store(mem, &req, &name, out), TL_REASON_CCACHE_FAILED);
        ck_assert_ptr_null(name);
        ck_assert_uint_eq(count_files(), before);
    }
    put_file(names[0] + 5, NOBODY, "old");
    req.existing = names[0];
    ck_assert_int_eq(tl_ccache_store(mem, &req, &name, out), TL_REASON_OK);
    check_file(name);
}
END_TEST

/* A cached logon brings no ticket, so what the same client has there stays, however the
 * name is written; another client's does not. */
START_TEST(test_no_ticket)
{
    static const struct {
        const char *name;
        bool stays;
    } rows[] = {{"alice", false}, {"\xc3\x9cnal", true}, {"\xc3\xbcnal", true}};
    char *type = talloc_asprintf(mem, "FILE:%s/cc", folder);
    char *empty = talloc_asprintf(mem, "%s/empty", folder);
    struct stat before, after;
    const char *name;
    krb5_ccache cache;
    krb5_principal client;

    ck_assert_int_eq(krb5_cc_resolve(k5, type, &cache), 0);
    ck_assert_int_eq(krb5_parse_name(k5, "\xc3\x9cnal@CONTOSO.TEST", &client), 0);
    ck_assert_int_eq(krb5_cc_initialize(k5, cache, client), 0);
    krb5_free_principal(k5, client);
    krb5_cc_close(k5, cache);
    ck_assert_int_eq(chown(type + 5, NOBODY, NOBODY), 0);
    ck_assert_int_eq(stat(type + 5, &before), 0);
    ck_assert_int_eq(tl_krb_save_empty(rows[_i].name, "CONTOSO.TEST", empty), 0);
    pending = empty;
    ck_assert_int_eq(store(TL_CCACHE_REFRESH, NULL, type, &name), TL_REASON_OK);
    ck_assert_int_eq(stat(type + 5, &after), 0);
    ck_assert_msg((before.st_ino == after.st_ino) == rows[_i].stays, "%s", rows[_i].name);
}
END_TEST

static const struct {
    int64_t start, end, till, now;
    bool renewable;
    enum tl_renewal due;
} times[] = {
    {1000, 1100, 9000, 1000, true, TL_RENEWAL_NOT_DUE},
    {1000, 1100, 9000, 1049, true, TL_RENEWAL_NOT_DUE},
    {1000, 1100, 9000, 1050, true, TL_RENEWAL_DONE},
    {1000, 1100, 9000, 1099, true, TL_RENEWAL_DONE},
    {1000, 1100, 9000, 1100, true, TL_RENEWAL_OVER},
    {1000, 1100, 9000, 1050, false, TL_RENEWAL_OVER},
    {1000, 1100, 1100, 1050, true, TL_RENEWAL_OVER}, /* at its limit already */
    {1000, 1100, 1101, 1050, true, TL_RENEWAL_DONE},
    {0, 1100, 9000, 1000, true, TL_RENEWAL_NOT_DUE}, /* since authtime, 1000 */
    {4000000000, 4000000100, 4100000000, 4000000060, true, TL_RENEWAL_DONE},
    {4000000000, 4000000100, 4100000000, 4000000040, true, TL_RENEWAL_NOT_DUE},
};

START_TEST(test_renewal_due)
{
    krb5_creds tgt = {0};

    tgt.times.authtime = 1000;
    tgt.times.starttime = (krb5_timestamp)times[_i].start;
    tgt.times.endtime = (krb5_timestamp)times[_i].end;
    tgt.times.renew_till = (krb5_timestamp)times[_i].till;
    tgt.ticket_flags = times[_i].renewable ? TKT_FLG_RENEWABLE : 0;
    ck_assert_int_eq(tl_renewal_due(&tgt, times[_i].now), times[_i].due);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ccache");
    TCase *tc = tcase_create("ccache");

    if (geteuid() != 0)
        return 77;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_unique);
    tcase_add_test(tc, test_fixed_name_and_again);
    tcase_add_test(tc, test_dir);
    tcase_add_loop_test(tc, test_refused_types, 0, 4);
    tcase_add_test(tc, test_pending_missing);
    tcase_add_test(tc, test_decoded_as_the_user);
    tcase_add_test(tc, test_only_existing);
    tcase_add_loop_test(tc, test_no_ticket, 0, 3);
    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, test_renewal_due, 0, COUNT(times));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
