/* SPDX-License-Identifier: MIT
 *
 * test_agent_reading.c - what the process that reads CONTOSO's directory says: on its
 * way, and which of its lies are refused.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "agent/reading_codec.h"
#include "agent/worker_codec.h"
#include "fixtures.h"

#define CONTOSO "S-1-5-21-1-2-3"
#define FABRIKAM "S-1-5-21-9-9-9"

static TALLOC_CTX *ctx;
static struct tl_outcome *out;
static struct tl_lookup_domain domain;
static struct tl_dir_user user;
static struct tl_dir_group group;
static struct tl_dir_name name[2];
static struct tl_dir_names names;
static struct tl_unix_facts *facts;
static struct tli_reading reading;
static struct tli_reading_question question;

/* All of an honest answer. */
static void setup(void)
{
    const struct tl_sid sales = sid_of(CONTOSO "-1200");

    ctx = talloc_new(NULL);
    out = tl_outcome_new(ctx);
    domain = (struct tl_lookup_domain){
        .dns = "contoso.test", .has_sid = true, .sid = sid_of(CONTOSO)};
    user = (struct tl_dir_user){.sam = "Alice",
                                .upn = "alice@sales.test",
                                .sid = sid_of(CONTOSO "-1104"),
                                .primary_group_rid = 513,
                                .display_name = "Alice: the first",
                                .home = "/home/alice",
                                .shell = "/bin/bash",
                                .has_uid = true,
                                .uid_number = 70001,
                                .has_control = true,
                                .user_account_control = 0x200,
                                .expires = 1800000000};
    group = (struct tl_dir_group){.name = "Sales",
                                  .sid = sid_of(CONTOSO "-1200"),
                                  .type = TL_GROUP_SECURITY | TL_GROUP_GLOBAL,
                                  .has_gid = true,
                                  .gid_number = 70002};
    name[0] = (struct tl_dir_name){.sid = sid_of(CONTOSO "-1200"),
                                   .kind = TL_DIR_GROUP,
                                   .domain_local = true,
                                   .name = "Sales"};
    name[1] =
        (struct tl_dir_name){.sid = sid_of(FABRIKAM "-1300"), .kind = TL_DIR_FOREIGN};
    names = (struct tl_dir_names){.count = 2, .names = name, .cut = true};
    facts = talloc_zero(ctx, struct tl_unix_facts);
    facts->home = "/home/unix";
    ck_assert_int_eq(tl_unix_facts_add(facts, &sales, 70002), 0);
    reading = (struct tli_reading){
        .user = &user, .group = &group, .names = &names, .facts = facts};
    question = (struct tli_reading_question){.kind = TLI_READ_USER,
                                             .name = "alice",
                                             .upn = "alice@sales.test",
                                             .unix_ids = true};
}

static void teardown(void)
{
    talloc_free(ctx);
}

/* --- on their way --- */

START_TEST(answer)
{
    json_t *made = tla_reading_encode(&reading, out);
    struct tli_reading *got = NULL;

    ck_assert_int_eq(tla_reading_decode(ctx, made, &got, out), 0);
    ck_assert_str_eq(got->user->sam, "Alice");
    ck_assert_str_eq(got->user->upn, "alice@sales.test");
    ck_assert(tl_sid_equal(&got->user->sid, &user.sid));
    ck_assert_uint_eq(got->user->primary_group_rid, 513);
    ck_assert_str_eq(got->user->display_name, "Alice: the first");
    ck_assert_str_eq(got->user->home, "/home/alice");
    ck_assert_str_eq(got->user->shell, "/bin/bash");
    ck_assert(got->user->has_uid && !got->user->has_gid && got->user->has_control);
    ck_assert_uint_eq(got->user->uid_number, 70001);
    ck_assert_uint_eq(got->user->user_account_control, 0x200);
    ck_assert_int_eq(got->user->expires, 1800000000);
    ck_assert_str_eq(got->group->name, "Sales");
    ck_assert_uint_eq(got->group->type, group.type);
    ck_assert_uint_eq(got->group->gid_number, 70002);
    ck_assert(got->names->count == 2 && got->names->cut);
    ck_assert(got->names->names[0].domain_local);
    ck_assert_str_eq(got->names->names[0].name, "Sales");
    ck_assert_int_eq(got->names->names[1].kind, TL_DIR_FOREIGN);
    ck_assert_ptr_null(got->names->names[1].name);
    ck_assert_str_eq(got->facts->home, "/home/unix");
    ck_assert_uint_eq(got->facts->groups[0].gid, 70002);
    json_decref(made);
}
END_TEST

START_TEST(failure)
{
    struct tl_outcome *got = tl_outcome_new(ctx);
    struct tli_reading *none = &reading;
    json_t *made;

    tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN, "nobody");
    made = tla_reading_encode(NULL, out);
    ck_assert_int_eq(tla_reading_decode(ctx, made, &none, got), 0);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(got->reason, TL_REASON_USER_UNKNOWN);
    ck_assert_str_eq(got->detail, "nobody");
    json_decref(made);
}
END_TEST

START_TEST(asked)
{
    const struct tl_sid sids[] = {sid_of(CONTOSO "-1"), sid_of(CONTOSO "-2")};
    struct tli_reading_question got;
    const tl_deadline until = tl_deadline_in_ms(1500);
    json_t *made = tla_question_encode(&question, until);
    tl_deadline same;

    ck_assert_int_eq(tla_question_decode(ctx, made, &got, &same), 0);
    ck_assert_int_eq(same, until);
    ck_assert_str_eq(got.name, "alice");
    ck_assert_str_eq(got.upn, "alice@sales.test");
    ck_assert(got.unix_ids && !got.primary_group && !got.nameless);
    json_decref(made);
    question = (struct tli_reading_question){.kind = TLI_READ_MEMBERS,
                                             .sid = sid_of(CONTOSO "-1200"),
                                             .count = 2,
                                             .sids = sids};
    made = tla_question_encode(&question, until);
    ck_assert_int_eq(tla_question_decode(ctx, made, &got, &same), 0);
    ck_assert(tl_sid_equal(&got.sid, &question.sid));
    ck_assert(got.count == 2 && tl_sid_equal(&got.sids[1], &sids[1]));
    json_decref(made);
}
END_TEST

static const char *const broken[] = {
    "{}",
    "{\"kind\":6,\"by\":0,\"id\":0,\"until\":1,\"nameless\":false,\"unix\":false,"
    "\"primary\":false,\"sids\":[]"
    "}",
    "{\"kind\":0,\"by\":4,\"id\":0,\"until\":1,\"nameless\":false,\"unix\":false,"
    "\"primary\":false,\"sids\":[]"
    "}",
    "{\"kind\":0,\"by\":0,\"id\":0,\"until\":1,\"nameless\":false,\"unix\":false,"
    "\"primary\":false,\"sids\":[]"
    "}",
    "{\"kind\":4,\"by\":0,\"id\":0,\"until\":1,\"nameless\":false,\"unix\":false,"
    "\"primary\":false,\"sids\":[]"
    "}",
    "{\"kind\":3,\"by\":0,\"id\":0,\"until\":1,\"nameless\":false,\"unix\":false,"
    "\"primary\":false,"
    "\"sids\":[\"S-1\"]}",
    "{\"kind\":3,\"by\":0,\"id\":0,\"until\":-1,\"nameless\":false,\"unix\":false,"
    "\"primary\":false,\"sids\":[]"
    "}",
};

START_TEST(bad_question)
{
    json_t *from = json_loads(broken[_i], 0, NULL);
    struct tli_reading_question got;
    tl_deadline until;

    ck_assert_ptr_nonnull(from);
    ck_assert_int_eq(tla_question_decode(ctx, from, &got, &until), -EBADMSG);
    json_decref(from);
}
END_TEST

/* Each member of an answer in turn has another type, or is not there. */
START_TEST(bad_answer)
{
    static const char *const members[] = {"user", "by_upn", "group",  "names",
                                          "cut",  "facts",  "outcome"};
    json_t *made = tla_reading_encode(&reading, out);
    struct tli_reading *got = NULL;

    ck_assert_int_eq(json_object_set_new(made, members[_i], json_integer(7)), 0);
    ck_assert_int_eq(tla_reading_decode(ctx, made, &got, out), -EBADMSG);
    ck_assert_ptr_null(got);
    json_decref(made);
}
END_TEST

/* --- lies --- */

static void another_domains_user(void)
{
    user.sid = sid_of(FABRIKAM "-500");
}

static void a_builtin_user(void)
{
    user.sid = sid_of("S-1-5-32-544");
}

static void a_name_with_a_colon(void)
{
    user.sam = "a:b";
}

static void a_name_of_two_lines(void)
{
    user.sam = "a\nb";
}

static void a_home_that_climbs(void)
{
    user.home = "/home/../root";
}

static void a_shell_of_two_lines(void)
{
    user.shell = "/bin/sh\nroot::0:0";
}

static void a_display_name_of_two_lines(void)
{
    user.display_name = "a\nb";
}

static void a_upn_that_is_none(void)
{
    user.upn = "alice";
}

static void another_upn(void)
{
    reading.by_upn = true;
    user.upn = "mallory@sales.test";
}

static void another_domains_group(void)
{
    name[0].sid = sid_of(FABRIKAM "-512");
}

static void a_group_with_a_slash(void)
{
    name[0].name = "a/b";
}

static void another_domains_gid(void)
{
    const struct tl_sid admins = sid_of(FABRIKAM "-512");

    ck_assert_int_eq(tl_unix_facts_add(facts, &admins, 0), 0);
}

static void another_domains_primary_group(void)
{
    facts->gid_is_group = true;
    facts->gid_sid = sid_of(FABRIKAM "-512");
}

static void a_unix_home_that_is_none(void)
{
    facts->home = "home";
}

static void another_user(void)
{
    question.by = TL_LOOKUP_BY_SID;
    question.sid = sid_of(CONTOSO "-1105");
}

static void no_user(void)
{
    reading.user = NULL;
}

static void no_names(void)
{
    reading.names = NULL;
}

static void facts_unasked(void)
{
    question.unix_ids = false;
}

static void no_sid_to_compare(void)
{
    domain.has_sid = false;
}

static void (*const of_a_user[])(void) = {
    another_domains_user,
    a_builtin_user,
    a_name_with_a_colon,
    a_name_of_two_lines,
    a_home_that_climbs,
    a_shell_of_two_lines,
    a_display_name_of_two_lines,
    a_upn_that_is_none,
    another_upn,
    another_domains_group,
    a_group_with_a_slash,
    another_domains_gid,
    another_domains_primary_group,
    a_unix_home_that_is_none,
    another_user,
    no_user,
    no_names,
    facts_unasked,
    no_sid_to_compare,
};

START_TEST(lie_of_a_user)
{
    ck_assert_ptr_null(tli_reading_refuse(&domain, &question, &reading));
    of_a_user[_i]();
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
}
END_TEST

START_TEST(lie_of_a_group)
{
    question.kind = TLI_READ_GROUP;
    ck_assert_ptr_null(tli_reading_refuse(&domain, &question, &reading));
    group.sid = sid_of("S-1-5-32-544"); /* BUILTIN is each domain's own */
    ck_assert_ptr_null(tli_reading_refuse(&domain, &question, &reading));
    group.sid = sid_of(FABRIKAM "-512");
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
    question.by = TL_LOOKUP_BY_SID;
    question.sid = sid_of(CONTOSO "-1201");
    group.sid = sid_of(CONTOSO "-1200");
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
    question.sid = group.sid;
    ck_assert_ptr_null(tli_reading_refuse(&domain, &question, &reading));
    group.name = "a:b";
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
}
END_TEST

START_TEST(lie_of_names)
{
    const struct tl_sid sids[] = {name[0].sid, name[1].sid};

    question = (struct tli_reading_question){
        .kind = TLI_READ_NAMES, .count = 2, .sids = sids, .unix_ids = true};
    ck_assert_ptr_null(tli_reading_refuse(&domain, &question, &reading));
    question.count = 1;
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
    question.count = 2;
    name[0].sid = sid_of(CONTOSO "-1201");
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
}
END_TEST

/* Whoever is in a group may be of any domain; only that domain says the name. */
START_TEST(lie_of_members)
{
    question = (struct tli_reading_question){.kind = TLI_READ_MEMBERS, .unix_ids = true};
    ck_assert_ptr_null(tli_reading_refuse(&domain, &question, &reading));
    name[1].name = "Administrator";
    ck_assert_ptr_nonnull(tli_reading_refuse(&domain, &question, &reading));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_reading");
    TCase *tc = tcase_create("agent_reading");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, answer);
    tcase_add_test(tc, failure);
    tcase_add_test(tc, asked);
    tcase_add_loop_test(tc, bad_question, 0, COUNT(broken));
    tcase_add_loop_test(tc, bad_answer, 0, 7);
    tcase_add_loop_test(tc, lie_of_a_user, 0, COUNT(of_a_user));
    tcase_add_test(tc, lie_of_a_group);
    tcase_add_test(tc, lie_of_names);
    tcase_add_test(tc, lie_of_members);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
