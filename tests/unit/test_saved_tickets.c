/* SPDX-License-Identifier: MIT
 *
 * test_saved_tickets.c - files of tickets: what is taken, and that root decodes none of
 * what is in them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kerberos/tickets/saved.h"
#include "fixtures.h"

#define TGT "krbtgt/FABRIKAM.TEST@FABRIKAM.TEST"
#define WHOLE "TLT1\0\0\0\3a@B\0\0\0\1\0\0\0\3c@D\0\0\0\0\x77\x35\x94\0\0\0\0\6ticket"

static const struct tl_workstation ws = {WS1_OF_FABRIKAM};
static TALLOC_CTX *ctx;

static void setup(void)
{
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(ctx);
}

START_TEST(test_as_written)
{
    struct tl_tickets *got = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;

    ck_assert_int_eq(
        tli_tickets_parse(ctx, (const uint8_t *)WHOLE, sizeof(WHOLE) - 1, &got), 0);
    ck_assert_str_eq(got->client, "a@B");
    ck_assert_uint_eq(got->count, 1);
    ck_assert_str_eq(got->tickets[0].server, "c@D");
    ck_assert_int_eq(got->tickets[0].end, 2000000000);
    ck_assert_mem_eq(got->tickets[0].at, "ticket", 6);
    ck_assert_int_eq(tli_tickets_format(ctx, got, &bytes, &len), 0);
    ck_assert_uint_eq(len, sizeof(WHOLE) - 1);
    ck_assert_mem_eq(bytes, WHOLE, len);
}
END_TEST

/* Each shorter file, each longer one, and each of these bytes in place of another. */
START_TEST(test_damaged)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } rows[] = {{0, 'X'}, {3, '2'}, {4, 1},  {7, 0},  {7, 200},   {9, 0},  {11, 1},
                {14, 2},  {18, 0},  {18, 4}, {20, 0}, {22, 0x80}, {30, 1}, {33, 7}};
    struct tl_tickets *got = NULL;
    uint8_t bytes[sizeof(WHOLE)];

    memcpy(bytes, WHOLE, sizeof(WHOLE));
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++)
        ck_assert_int_eq(tli_tickets_parse(ctx, bytes, len, &got), -EBADMSG);
    ck_assert_int_eq(tli_tickets_parse(ctx, bytes, sizeof(WHOLE), &got), -EBADMSG);
    for (size_t i = 0; i < COUNT(rows); i++) {
        memcpy(bytes, WHOLE, sizeof(WHOLE));
        ck_assert_uint_lt(rows[i].at, sizeof(WHOLE) - 1);
        bytes[rows[i].at] = rows[i].byte;
        ck_assert_msg(tli_tickets_parse(ctx, bytes, sizeof(WHOLE) - 1, &got) == -EBADMSG,
                      "row %zu", i);
        ck_assert_ptr_null(got);
    }
}
END_TEST

START_TEST(test_too_much)
{
    struct tl_ticket_bytes many[TL_TICKETS_MAX + 1];
    struct tl_tickets tickets = {"a@B", COUNT(many), many};
    uint8_t *bytes = NULL;
    size_t len = 0;

    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct tl_ticket_bytes){"c@D", 7, (const uint8_t *)"x", 1};
    ck_assert_int_eq(tli_tickets_format(ctx, &tickets, &bytes, &len), -EINVAL);
    tickets.count = 1;
    many[0].len = TL_TICKET_BYTES_MAX + 1;
    ck_assert_int_eq(tli_tickets_format(ctx, &tickets, &bytes, &len), -EINVAL);
}
END_TEST

START_TEST(test_whose)
{
    static const struct {
        const char *client, *server;
        int seconds;
        bool good;
    } rows[] = {
        {"WS1$@FABRIKAM.TEST", TGT, 3600, true},
        {"ws1$@FABRIKAM.TEST", TGT, 3600, true},
        {"host/ws1.fabrikam.test@FABRIKAM.TEST", TGT, 3600, true},
        {"WS2$@FABRIKAM.TEST", TGT, 3600, false},
        {"WS1$@FABRIKAM.TEST", TGT, 60, false},
        {"WS1$@FABRIKAM.TEST", "krbtgt/CONTOSO.TEST@FABRIKAM.TEST", 3600, false},
        {"WS1$@FABRIKAM.TEST.EVIL", TGT, 3600, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tl_ticket_bytes one = {rows[i].server, time(NULL) + rows[i].seconds,
                                      (const uint8_t *)"x", 1};
        const struct tl_tickets tickets = {rows[i].client, 1, &one};

        ck_assert_msg(tl_tickets_of_machine(&tickets, &ws) == rows[i].good, "row %zu", i);
    }
}
END_TEST

/* What no decoder takes is written and read: that is not root's business. */
START_TEST(test_not_decoded)
{
    struct tl_ticket_bytes one = {"c@D", 7, (const uint8_t *)"\xff\xff", 2};
    const struct tl_tickets tickets = {"a@B", 1, &one};
    struct tl_ticket_bytes many[TL_TICKETS_MAX + 6];
    struct tl_tickets *got = NULL;
    temp_path folder;
    char *path;
    struct stat st;

    make_temp_folder(folder);
    path = talloc_asprintf(ctx, "%s/tickets", folder);
    ck_assert_int_eq(tl_tickets_save(&tickets, "e@F", path), 0);
    ck_assert_int_eq(tl_tickets_save(&tickets, "e@F", path), -EEXIST);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(tl_tickets_load(ctx, path, &got), 0);
    ck_assert_str_eq(got->client, "e@F");
    ck_assert_mem_eq(got->tickets[0].at, "\xff\xff", 2);
    /* One that has ended is not kept. */
    ck_assert_int_eq(tl_tickets_replace(&tickets, path), 0);
    ck_assert_int_eq(tl_tickets_load(ctx, path, &got), 0);
    ck_assert_uint_eq(got->count, 0);
    /* Of more than fit, the TGT is kept. */
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct tl_ticket_bytes){i + 1 < COUNT(many) ? "ldap/x@D" : TGT,
                                           time(NULL) + 3600, (const uint8_t *)"x", 1};
    ck_assert_int_eq(
        tl_tickets_replace(&(struct tl_tickets){"a@B", COUNT(many), many}, path), 0);
    ck_assert_int_eq(tl_tickets_load(ctx, path, &got), 0);
    ck_assert_uint_eq(got->count, TL_TICKETS_MAX);
    ck_assert(tl_tickets_lasting(got, TGT));
    remove_tree(folder);
}
END_TEST

/* Of what another process brought, only what was asked for. */
START_TEST(test_added)
{
    struct tl_ticket_bytes brought[] = {{"krbtgt/A@A", 7, (const uint8_t *)"one", 3},
                                        {"krbtgt/B@B", 8, (const uint8_t *)"two", 3},
                                        {"krbtgt/B@B", 12, (const uint8_t *)"three", 5}};
    const struct tl_tickets from = {"WS1$@B", COUNT(brought), brought};
    struct tl_tickets *kept = tl_tickets_new(ctx);

    ck_assert_int_eq(tl_tickets_add(kept, &from, "krbtgt/B@B", 11), 0);
    ck_assert_int_eq(tl_tickets_add(kept, &from, "krbtgt/C@C", 11), 0);
    ck_assert_str_eq(kept->client, "WS1$@B");
    ck_assert_uint_eq(kept->count, 1);
    ck_assert_str_eq(kept->tickets[0].server, "krbtgt/B@B");
    ck_assert_int_eq(kept->tickets[0].end, 11);
    ck_assert_mem_eq(kept->tickets[0].at, "three", 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saved_tickets");
    TCase *tcase = tcase_create("saved_tickets");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_as_written);
    tcase_add_test(tcase, test_damaged);
    tcase_add_test(tcase, test_too_much);
    tcase_add_test(tcase, test_whose);
    tcase_add_test(tcase, test_not_decoded);
    tcase_add_test(tcase, test_added);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
