/* SPDX-License-Identifier: MIT
 *
 * test_rules_account.c - an account without a proof, as the process that reads CONTOSO's
 * directory has it: what counts for the rules of a machine of FABRIKAM's.
 */
#include <check.h>
#include <string.h>

#include "lookup/reading.h"
#include "topologies.h"
#include "fixtures.h"

#include <trustlogon/rules.h>

#define CONTOSO "S-1-5-21-1-2-3"
#define FABRIKAM "S-1-5-21-9-9-9"

static TALLOC_CTX *ctx;
static struct tl_outcome *out;
static struct tl_workstation ws;
static struct tl_machine machine;
static struct tl_rules_input in;
static struct tl_membership *member;
static struct tl_sid own;

/* What CONTOSO says. */
static bool disabled, groups_hidden;
static const char *groups[4];

static enum tl_reason of_contoso(TALLOC_CTX *mem,
                                 const struct tli_reading_question *question,
                                 struct tli_reading *reading, struct tl_outcome *why)
{
    size_t count = 0;

    if (groups_hidden && question->kind == TLI_READ_USER)
        return tl_outcome_fail(why, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                               "the groups are not returned");
    reading->user = talloc_zero(reading, struct tl_dir_user);
    reading->user->sam = "alice";
    reading->user->sid = question->sid;
    reading->user->primary_group_rid = 513;
    reading->user->has_control = true;
    reading->user->user_account_control = disabled ? 0x202 : 0x200;
    reading->names = talloc_zero(reading, struct tl_dir_names);
    reading->names->names = talloc_zero_array(reading->names, struct tl_dir_name, 4);
    for (; count < COUNT(groups) && groups[count] != NULL; count++)
        reading->names->names[count].sid = sid_of(groups[count]);
    reading->names->count = count;
    return TL_REASON_OK;
}

static enum tl_reason read_as_machine(void *arg, TALLOC_CTX *mem,
                                      const struct tl_lookup_domain *domain,
                                      const struct tli_reading_question *question,
                                      tl_deadline deadline, struct tli_reading **reading,
                                      struct tl_outcome *why)
{
    *reading = talloc_zero(mem, struct tli_reading);
    if (strcmp(domain->dns, "contoso.test") == 0)
        return of_contoso(mem, question, *reading, why);
    ck_assert_str_eq(domain->dns, "fabrikam.test");
    ck_assert_int_eq(question->kind, TLI_READ_FOREIGN_GROUPS);
    (*reading)->names = talloc_zero(*reading, struct tl_dir_names);
    return TL_REASON_OK;
}

static enum tl_reason no_refresh(void *arg, struct tl_machine *of, tl_deadline deadline)
{
    return TL_REASON_NO_LOGON_SERVERS;
}

static const struct tl_lookup_reader reader = {.read = read_as_machine};
static const struct tl_rules_sources sources = {.machine = &reader,
                                                .refresh = no_refresh};

static void setup(void)
{
    ctx = talloc_new(NULL);
    out = tl_outcome_new(ctx);
    ws = (struct tl_workstation){WS1_OF_FABRIKAM};
    machine = (struct tl_machine){.config = tl_config_defaults(ctx),
                                  .workstation = &ws,
                                  .topology = snapshot_of(ctx, TOPO_EXTERNAL, FABRIKAM)};
    in = (struct tl_rules_input){.machine = &machine, .sources = &sources};
    disabled = groups_hidden = false;
    memset(groups, 0, sizeof(groups));
    groups[0] = CONTOSO "-513";
    groups[1] = CONTOSO "-1200";
}

static void teardown(void)
{
    talloc_free(ctx);
}

static enum tl_reason account(void)
{
    const struct tl_sid alice = sid_of(CONTOSO "-1104");

    return tl_rules_account(ctx, &in, &alice, &member, &own, out);
}

/* As a group that lets in. */
static bool counts(const char *text)
{
    const struct tl_sid sid = sid_of(text);

    for (size_t i = 0; i < member->count; i++)
        if (tl_sid_equal(&member->groups[i].sid, &sid) &&
            (member->groups[i].attributes & TL_MEMBER_DENY_ONLY) == 0)
            return true;
    return false;
}

START_TEST(as_a_ticket)
{
    ck_assert_int_eq(account(), TL_REASON_OK);
    ck_assert_str_eq(member->account, "alice");
    ck_assert(counts(CONTOSO "-513") && counts(CONTOSO "-1200"));
    ck_assert(counts("S-1-5-15"));
    ck_assert(!counts("S-1-5-1000"));
    ck_assert(own.revision != 0); /* the own domain was asked as well */
}
END_TEST

/* The trusted domain's directory says so, and nobody who may. */
static const char *const claimed[] = {FABRIKAM "-512",     FABRIKAM "-1300", "S-1-5-1000",
                                      "S-1-18-1",          "S-1-5-32-544",   "S-1-5-18",
                                      "S-1-5-21-7-7-7-512"};

START_TEST(groups_of_others)
{
    groups[2] = claimed[_i];
    ck_assert_int_eq(account(), TL_REASON_OK);
    ck_assert(counts(CONTOSO "-1200"));
    ck_assert_msg(!counts(claimed[_i]), "%s", claimed[_i]);
}
END_TEST

START_TEST(other_organization)
{
    machine.topology->trusts[0].attributes |= TL_TRUST_CROSS_ORGANIZATION;
    ck_assert_int_eq(account(), TL_REASON_OK);
    ck_assert(counts("S-1-5-1000"));
    ck_assert(!counts("S-1-5-15"));
}
END_TEST

/* Though nothing more can be read. */
START_TEST(disabled_account)
{
    disabled = groups_hidden = true;
    ck_assert_int_eq(account(), TL_REASON_ACCOUNT_DISABLED);
    disabled = false;
    tl_outcome_reset(out);
    ck_assert_int_eq(account(), TL_REASON_DIRECTORY_UNREADABLE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_account");
    TCase *tc = tcase_create("rules_account");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, as_a_ticket);
    tcase_add_loop_test(tc, groups_of_others, 0, COUNT(claimed));
    tcase_add_test(tc, other_organization);
    tcase_add_test(tc, disabled_account);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
