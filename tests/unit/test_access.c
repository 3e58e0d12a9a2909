/* SPDX-License-Identifier: MIT
 *
 * test_access.c - access rules: what may be written, and one row per verdict.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/access.h>

#include "fixtures.h"

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
static struct tl_access_list lists[3];

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
    {NULL, NULL, SALES, "alice"},        /* a group, not a user */
    {ALICE, NULL, NULL, "alice"},        /* and the user is not one of his groups */
    {CONTOSO "-0", NULL, NULL, "alice"}, /* nor a domain */
    {OTHER "-513", NULL, NULL, "alice"}, /* the same RID elsewhere */
    {NULL, NULL, OTHER "-1104", "alice"},
    {"S-1-5-15", NULL, NULL, NULL},
    {"S-1-5-1000", NULL, NULL, "alice"},
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
    {UNRESOLVED, NULL, NULL, UNRESOLVED},
    {NULL, NULL, UNRESOLVED, UNRESOLVED},
    {UNRESOLVED "," SALES, NULL, NULL, NULL},
    {SALES, NULL, UNRESOLVED, NULL},
    {NULL, UNRESOLVED, NULL, UNRESOLVED},
    {SALES, NOBODYS "," UNRESOLVED, ALICE, UNRESOLVED},
};

static const struct tl_access_list *parse(const char *text, struct tl_access_list *list)
{
    const char *fault = NULL;

    memset(list, 0, sizeof(*list));
    if (text == NULL)
        return NULL;
    ck_assert_msg(tl_access_parse(ctx, text, list, &fault) == 0, "%s", fault);
    return list;
}

static struct tl_membership *member_of(const struct tl_pac *of)
{
    struct tl_membership *member;

    ck_assert_int_eq(tl_membership_from_pac(ctx, of, &member), 0);
    return member;
}

/* A directory: one name that it knows, one of a domain that does not matter. */
struct asked {
    unsigned int quiet, loud;
    const char *sid;
};

static enum tl_access_answer resolve(void *arg, const struct tl_access_entry *entry,
                                     bool group, bool ask, struct tl_sid *sid,
                                     const char **why)
{
    struct asked *asked = arg;

    if (ask)
        asked->loud++;
    else
        asked->quiet++;
    if (strcmp(entry->domain, "ELSEWHERE") == 0)
        return TL_ACCESS_ELSEWHERE;
    if (strcmp(entry->name, "Known") == 0 || (ask && strcmp(entry->name, "Asked") == 0)) {
        *sid = sid_of(asked->sid);
        return TL_ACCESS_SID;
    }
    *why = group ? "no such group" : "no such user";
    return TL_ACCESS_UNRESOLVED;
}

START_TEST(verdicts)
{
    const struct tl_access access = {parse(rows[_i].allow_groups, &lists[0]),
                                     parse(rows[_i].deny_groups, &lists[1]),
                                     parse(rows[_i].allow_users, &lists[2])};
    const struct tl_membership *member = member_of(&pac);
    enum tl_reason reason = tl_access_check(&access, member, NULL, NULL, out);

    ck_assert(tl_access_has_rules(&access) == (_i != 0));
    if (rows[_i].denied == NULL) {
        ck_assert_int_eq(reason, TL_REASON_OK);
        return;
    }
    ck_assert_int_eq(reason, TL_REASON_ACCESS_RULE);
    ck_assert_str_eq(out->subject, rows[_i].denied);
    ck_assert_uint_eq(out->ntstatus, TL_NT_LOGON_TYPE_NOT_GRANTED);
    ck_assert_ptr_nonnull(out->detail);
    ck_assert_int_eq(tl_access_check(&access, member, NULL, NULL, NULL),
                     TL_REASON_ACCESS_RULE);
}
END_TEST

static const struct {
    const char *allow_groups, *deny_groups, *allow_users, *sid;
    const char *denied;       /* the subject; NULL: let in */
    unsigned int quiet, loud; /* questions */
} names[] = {
    {"C\\Known", NULL, NULL, SALES, NULL, 1, 0},
    {"C\\Asked", NULL, NULL, SALES, NULL, 1, 1},
    {"C\\Asked", NULL, NULL, NOBODYS, "alice", 1, 1},
    {NULL, NULL, "C\\Asked", ALICE, NULL, 1, 1},
    {NULL, NULL, "C\\Asked", SALES, "alice", 1, 1},
    /* a SID is not looked up */
    {"C\\Asked," SALES, NULL, NULL, NOBODYS, NULL, 1, 0},
    {"C\\Asked", NULL, ALICE, NOBODYS, NULL, 0, 0},
    {NULL, "C\\Asked," SALES, NULL, NOBODYS, SALES, 1, 0},
    {NULL, "C\\Known,C\\Asked", NULL, SALES, "C\\Known", 1, 0},
    /* all of deny_groups must be known */
    {SALES, "C\\Asked", NULL, NOBODYS, NULL, 1, 1},
    {SALES, "C\\Asked", NULL, SALES, "C\\Asked", 1, 1},
    {SALES, "C\\Gone,C\\Asked", NULL, NOBODYS, "C\\Gone", 2, 2},
    {SALES, "ELSEWHERE\\Gone", NULL, NOBODYS, NULL, 1, 1},
    /* one of the others is enough */
    {"C\\Gone,C\\Asked", NULL, NULL, SALES, NULL, 2, 2},
    {"C\\Gone", NULL, NULL, SALES, "C\\Gone", 1, 1},
    {"ELSEWHERE\\Known", NULL, NULL, SALES, "alice", 1, 1},
};

START_TEST(resolved_names)
{
    const struct tl_access access = {parse(names[_i].allow_groups, &lists[0]),
                                     parse(names[_i].deny_groups, &lists[1]),
                                     parse(names[_i].allow_users, &lists[2])};
    struct asked asked = {.sid = names[_i].sid};
    enum tl_reason reason =
        tl_access_check(&access, member_of(&pac), resolve, &asked, out);

    ck_assert_uint_eq(asked.quiet, names[_i].quiet);
    ck_assert_uint_eq(asked.loud, names[_i].loud);
    if (names[_i].denied == NULL) {
        ck_assert_int_eq(reason, TL_REASON_OK);
        return;
    }
    ck_assert_int_eq(reason, TL_REASON_ACCESS_RULE);
    ck_assert_str_eq(out->subject, names[_i].denied);
    ck_assert((strstr(names[_i].denied, "Gone") != NULL) ==
              (strstr(out->detail, "no such group") != NULL));
}
END_TEST

/* A primary group that is listed for denying only does not allow either. */
START_TEST(primary_group_for_denying)
{
    const struct tl_access access = {.allow_groups = parse(USERS, &lists[0])};

    ck_assert_int_eq(tl_access_check(&access, member_of(&pac), NULL, NULL, out), 0);
    groups[1].sid = sid_of(USERS);
    ck_assert_int_eq(tl_access_check(&access, member_of(&pac), NULL, NULL, out),
                     TL_REASON_ACCESS_RULE);
    groups[1].attributes = 7;
    ck_assert_int_eq(tl_access_check(&access, member_of(&pac), NULL, NULL, out), 0);
}
END_TEST

/* Over selective authentication every user is of Other Organization, never of This
 * Organization.
 */
START_TEST(other_organization)
{
    const struct tl_access here = {.allow_groups = parse("S-1-5-15", &lists[0])};
    const struct tl_access there = {.deny_groups = parse("S-1-5-1000", &lists[1])};

    ck_assert_int_eq(tl_access_check(&there, member_of(&pac), NULL, NULL, out), 0);
    extra[0].sid = sid_of("S-1-5-1000");
    ck_assert_int_eq(tl_access_check(&here, member_of(&pac), NULL, NULL, out),
                     TL_REASON_ACCESS_RULE);
    ck_assert_int_eq(tl_access_check(&there, member_of(&pac), NULL, NULL, out),
                     TL_REASON_ACCESS_RULE);
}
END_TEST

/* A group that a ticket claims without proof denies, and does not allow. */
START_TEST(unproven)
{
    const struct tl_pac_group claimed[] = {{.sid = sid_of(NOBODYS), .attributes = 7}};
    struct tl_access access = {.allow_groups = parse(NOBODYS, &lists[0])};

    pac.unproven = claimed;
    pac.num_unproven = 1;
    ck_assert_int_eq(tl_access_check(&access, member_of(&pac), NULL, NULL, out),
                     TL_REASON_ACCESS_RULE);
    access = (struct tl_access){.deny_groups = &lists[0]};
    ck_assert_int_eq(tl_access_check(&access, member_of(&pac), NULL, NULL, out),
                     TL_REASON_ACCESS_RULE);
    pac.num_unproven = 0;
    ck_assert_int_eq(tl_access_check(&access, member_of(&pac), NULL, NULL, out), 0);
}
END_TEST

/* What is kept between two processes says the same. */
START_TEST(kept)
{
    struct tl_membership *member = member_of(&pac), *back;
    char *text, *again, *cut;
    size_t len;

    ck_assert_uint_eq(member->count, 6);
    ck_assert_int_eq(tl_membership_to_text(ctx, member, &text), 0);
    ck_assert_int_eq(tl_membership_from_text(ctx, text, strlen(text), &back), 0);
    ck_assert_str_eq(back->account, "alice");
    ck_assert_uint_eq(back->count, 6);
    ck_assert_uint_eq(back->groups[1].attributes, 0x10);
    ck_assert_int_eq(tl_membership_to_text(ctx, back, &again), 0);
    ck_assert_str_eq(text, again);
    len = strlen(text);
    /* The last byte ends the last line, which is whole without it. */
    for (size_t i = 0; i + 1 < len; i++)
        ck_assert_msg(tl_membership_from_text(ctx, text, i, &back) == -EBADMSG,
                      "%zu bytes", i);
    cut = strstr(text, "group");
    memmove(cut, strchr(cut, '\n') + 1, strlen(strchr(cut, '\n')));
    ck_assert_int_eq(tl_membership_from_text(ctx, text, strlen(text), &back), -EBADMSG);
    pac.account = "al\nend 0";
    ck_assert_int_eq(tl_membership_to_text(ctx, member_of(&pac), &text), -EINVAL);
}
END_TEST

START_TEST(lists_as_written)
{
    struct tl_access_list list;

    parse(" CONTOSO\\Linux Users ,\t" SALES ",fabrikam.test\\admins", &list);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.entries[0].text, "CONTOSO\\Linux Users");
    ck_assert_str_eq(list.entries[0].domain, "CONTOSO");
    ck_assert_str_eq(list.entries[0].name, "Linux Users");
    ck_assert_ptr_null(list.entries[1].name);
    ck_assert(tl_sid_equal(&list.entries[1].sid, &groups[0].sid));
    ck_assert_str_eq(list.entries[2].domain, "fabrikam.test");
    ck_assert_str_eq(tl_access_show(ctx, &list),
                     "CONTOSO\\Linux Users, " SALES ", fabrikam.test\\admins");
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

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, verdicts, 0, COUNT(rows));
    tcase_add_loop_test(t, resolved_names, 0, COUNT(names));
    tcase_add_test(t, primary_group_for_denying);
    tcase_add_test(t, other_organization);
    tcase_add_test(t, unproven);
    tcase_add_test(t, kept);
    tcase_add_test(t, lists_as_written);
    tcase_add_loop_test(t, refused_lists, 0, COUNT(bad_lists));
    suite_add_tcase(s, t);
    return run_suite(s);
}
