/* SPDX-License-Identifier: MIT
 *
 * test_access.c - access rules: what may be written, and one row per verdict.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/access.h>

#define CONTOSO "S-1-5-21-200-1-1"
#define OTHER "S-1-5-21-300-1-1"
#define ALICE CONTOSO "-1104"
#define USERS CONTOSO "-513" /* the primary group */
#define SALES CONTOSO "-1200"
#define NESTED OTHER "-1300"    /* ExtraSids */
#define HERE "S-1-5-21-1-1-1-9" /* a resource group */
#define BARRED CONTOSO "-1999"  /* for denying only */
#define NOBODYS CONTOSO "-1998"
#define UNRESOLVED "CONTOSO\\Gone"

static TALLOC_CTX *ctx;
static struct tl_pac pac;
static struct tl_pac_group groups[2], extra[1], resource[1];
static struct tl_outcome *out;

static struct tl_sid sid_of(const char *string)
{
    struct tl_sid sid;

    ck_assert_int_eq(tl_sid_parse(string, &sid), 0);
    return sid;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    out = tl_outcome_new(ctx);
    groups[0] = (struct tl_pac_group){.sid = sid_of(SALES), .attributes = 7};
    groups[1] = (struct tl_pac_group){.sid = sid_of(BARRED), .attributes = 0x10};
    extra[0] = (struct tl_pac_group){.sid = sid_of(NESTED), .attributes = 7};
    resource[0] = (struct tl_pac_group){.sid = sid_of(HERE), .attributes = 0x20000007};
    pac = (struct tl_pac){.account = "alice",
                          .domain_sid = sid_of(CONTOSO),
                          .user_sid = sid_of(ALICE),
                          .primary_group_rid = 513,
                          .num_groups = 2,
                          .groups = groups,
                          .num_extra = 1,
                          .extra = extra,
                          .num_resource = 1,
                          .resource = resource};
}

static void teardown(void)
{
    talloc_free(ctx);
}

static const struct {
    const char *allow_groups, *deny_groups, *allow_users;
    const char *denied; /* the subject; NULL: let in */
} rows[] = {
    {NULL, NULL, NULL, NULL},
    {SALES, NULL, NULL, NULL},
    {NESTED, NULL, NULL, NULL},
    {HERE, NULL, NULL, NULL},
    {USERS, NULL, NULL, NULL},
    {NULL, NULL, ALICE, NULL},
    {NOBODYS "," SALES, NULL, NULL, NULL},
    {NOBODYS, NULL, ALICE, NULL},
    {SALES, NULL, NOBODYS, NULL},
    {NOBODYS, NULL, NULL, "alice"},
    {NULL, NULL, NOBODYS, "alice"},
    {NULL, NULL, SALES, "alice"},        /* a group is no user */
    {ALICE, NULL, NULL, "alice"},        /* and the user no group of his */
    {CONTOSO "-0", NULL, NULL, "alice"}, /* nor a domain */
    {OTHER "-513", NULL, NULL, "alice"}, /* the same RID elsewhere */
    {NULL, NULL, OTHER "-1104", "alice"},
    /* deny wins */
    {NULL, SALES, NULL, SALES},
    {SALES, NESTED, ALICE, NESTED},
    {SALES, HERE, NULL, HERE},
    {SALES, USERS, NULL, USERS},
    {SALES, ALICE, ALICE, ALICE},
    {SALES, NOBODYS, NULL, NULL},
    {NULL, NOBODYS, NULL, NULL},
    {SALES, NOBODYS "," SALES, NULL, SALES},
    /* for denying only */
    {NULL, BARRED, NULL, BARRED},
    {BARRED, NULL, NULL, "alice"},
    /* what cannot be resolved */
    {UNRESOLVED, NULL, NULL, "alice"},
    {NULL, NULL, UNRESOLVED, "alice"},
    {UNRESOLVED "," SALES, NULL, NULL, NULL},
    {SALES, NULL, UNRESOLVED, NULL},
    {NULL, UNRESOLVED, NULL, UNRESOLVED},
    {SALES, NOBODYS "," UNRESOLVED, ALICE, UNRESOLVED},
};

static void parse(const char *text, struct tl_access_list *list)
{
    const char *fault = NULL;

    memset(list, 0, sizeof(*list));
    if (text != NULL)
        ck_assert_msg(tl_access_parse(ctx, text, list, &fault) == 0, "%s", fault);
}

START_TEST(verdicts)
{
    struct tl_access access;
    enum tl_reason reason;

    parse(rows[_i].allow_groups, &access.allow_groups);
    parse(rows[_i].deny_groups, &access.deny_groups);
    parse(rows[_i].allow_users, &access.allow_users);
    reason = tl_access_check(&access, &pac, out);
    if (rows[_i].denied == NULL) {
        ck_assert_int_eq(reason, TL_REASON_OK);
        return;
    }
    ck_assert_int_eq(reason, TL_REASON_ACCESS_RULE);
    ck_assert_str_eq(out->subject, rows[_i].denied);
    ck_assert_uint_eq(out->ntstatus, TL_NT_LOGON_TYPE_NOT_GRANTED);
    ck_assert_ptr_nonnull(out->detail);
    ck_assert_int_eq(tl_access_check(&access, &pac, NULL), TL_REASON_ACCESS_RULE);
}
END_TEST

/* A name counts from the moment the caller has found its SID, as that SID. */
START_TEST(resolved_names)
{
    struct tl_access access = {0};

    parse("CONTOSO\\Sales Department", &access.allow_groups);
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_ACCESS_RULE);
    access.allow_groups.entries[0].sid = sid_of(SALES);
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_ACCESS_RULE);
    access.allow_groups.entries[0].resolved = true;
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_OK);
    access.allow_groups.entries[0].sid = sid_of(NOBODYS);
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_ACCESS_RULE);
}
END_TEST

/* A primary group that is listed for denying only does not allow either. */
START_TEST(primary_group_for_denying)
{
    struct tl_access access = {0};

    parse(USERS, &access.allow_groups);
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_OK);
    groups[1].sid = sid_of(USERS);
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_ACCESS_RULE);
    groups[1].attributes = 7;
    ck_assert_int_eq(tl_access_check(&access, &pac, out), TL_REASON_OK);
}
END_TEST

START_TEST(lists)
{
    struct tl_access_list list;

    parse(" CONTOSO\\Linux Users ,\t" SALES ",fabrikam.test\\admins", &list);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.entries[0].text, "CONTOSO\\Linux Users");
    ck_assert_str_eq(list.entries[0].domain, "CONTOSO");
    ck_assert_str_eq(list.entries[0].name, "Linux Users");
    ck_assert(!list.entries[0].resolved);
    ck_assert(list.entries[1].resolved);
    ck_assert_ptr_null(list.entries[1].name);
    ck_assert_str_eq(list.entries[2].domain, "fabrikam.test");
}
END_TEST

static const char *const bad_lists[] = {
    "",
    " ",
    ",",
    "CONTOSO\\a,",
    ",CONTOSO\\a",
    "CONTOSO\\a,,CONTOSO\\b",
    "Sales",
    "alice@contoso.test",
    "\\Sales",
    "CONTOSO\\",
    "S-1-5-21-",
    "s-1-x",
    "S-1-5-21-1-2-3-04",
    "CONTOSO\\a\x1b[m",
    "CONTOSO\\\xff",
    "CON/TOSO\\a",
};

START_TEST(refused_lists)
{
    struct tl_access_list list = {.count = 7};
    const char *fault = NULL;

    ck_assert_int_eq(tl_access_parse(ctx, bad_lists[_i], &list, &fault), -EINVAL);
    ck_assert_ptr_nonnull(fault);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ptr_null(list.entries);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("access");
    TCase *t = tcase_create("access");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, verdicts, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(t, resolved_names);
    tcase_add_test(t, primary_group_for_denying);
    tcase_add_test(t, lists);
    tcase_add_loop_test(t, refused_lists, 0, sizeof(bad_lists) / sizeof(bad_lists[0]));
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
