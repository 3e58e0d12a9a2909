/* SPDX-License-Identifier: MIT
 *
 * test_diagnose.c - the sum of a checklist claims no more than was looked at.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diagnose/checks.h"
#include "fixtures.h"
#include "store/writer.h"

static TALLOC_CTX *ctx;
static struct tl_diagnosis *diag;
static struct tl_area areas[3];

static void setup(void)
{
    ctx = talloc_new(NULL);
    diag = talloc_zero(ctx, struct tl_diagnosis);
    areas[0] = (struct tl_area){"logon", "the logon", TL_AREA_LOOKED, NULL};
    areas[1] = (struct tl_area){"ccache", "the credentials cache", TL_AREA_LOOKED, NULL};
    areas[2] = (struct tl_area){"sshd", "sshd", TL_AREA_LOOKED, NULL};
    diag->areas = areas;
    diag->num_areas = 3;
    diag->complete = true;
    diag->logon = talloc_zero(diag, struct tl_logon);
    diag->logon->outcome = tl_outcome_new(diag->logon);
}

static void teardown(void)
{
    talloc_free(ctx);
}

static const char *sum(void)
{
    return tl_diagnosis_summary(ctx, diag);
}

START_TEST(all_is_well)
{
    ck_assert_str_eq(sum(), "Everything works.");
    ck_assert_str_eq(tl_diagnosis_extent(ctx, diag),
                     "Tested: the logon, the credentials cache, sshd.");
}
END_TEST

/* Each part that is left out removes the claim. */
START_TEST(nothing_else_is_everything)
{
    diag->failed = 1;
    ck_assert_str_eq(sum(), "The logon works; 1 check above failed.");
    diag->warned = 2;
    ck_assert_str_eq(sum(), "The logon works; 1 check above failed, 2 warned.");
    diag->failed = 0;
    ck_assert_str_eq(sum(), "The logon works; 2 checks above warn.");
    diag->warned = 1;
    ck_assert_str_eq(sum(), "The logon works; 1 check above warns.");
    diag->warned = 0;
    diag->complete = false;
    ck_assert_ptr_nonnull(strstr(sum(), "not everything could be checked"));
    diag->complete = true;
    for (size_t i = 0; i < 3; i++) {
        areas[i].state = TL_AREA_PARTLY;
        ck_assert_str_eq(sum(), "What was tested works.");
        areas[i].state = TL_AREA_NOT_LOOKED;
        ck_assert_str_eq(sum(), "What was tested works.");
        areas[i].state = TL_AREA_LOOKED;
    }
    areas[1].state = TL_AREA_NEEDLESS;
    ck_assert_str_eq(sum(), "Everything works.");
    areas[1].state = TL_AREA_LOOKED;
    diag->logon = NULL;
    ck_assert_str_eq(sum(), "No fault was found, and no logon was tried.");
    diag->warned = 1;
    ck_assert_str_eq(sum(), "No logon was tried; 1 check above warns.");
}
END_TEST

START_TEST(a_cause_is_summed_up)
{
    diag->reason = TL_REASON_CCACHE_FAILED;
    diag->failed = 1;
    ck_assert_ptr_nonnull(strstr(sum(), "this machine is not ready"));
    diag->logon->outcome->reason = TL_REASON_WRONG_PASSWORD;
    ck_assert_str_eq(sum(), "The logon fails.");
    diag->cache_decides = true;
    ck_assert_str_eq(sum(),
                     "No domain controller grants the logon; cached credentials may.");
    diag->cache_decides = false;
    diag->logon = NULL;
    ck_assert_ptr_nonnull(strstr(sum(), "no logon was tried"));
}
END_TEST

START_TEST(the_extent_tells_why)
{
    areas[0].state = TL_AREA_NOT_LOOKED;
    areas[0].why = "without a password";
    areas[2].state = TL_AREA_PARTLY;
    areas[2].why = "but for 2 Match blocks";
    ck_assert_str_eq(
        tl_diagnosis_extent(ctx, diag),
        "Tested: the credentials cache. In part: sshd (but for 2 Match blocks). "
        "Not tested: the logon (without a password).");
    areas[1].state = TL_AREA_NEEDLESS;
    areas[1].why = "there is none";
    areas[0].why = NULL;
    areas[0].state = TL_AREA_LOOKED;
    areas[2].state = TL_AREA_NOT_LOOKED;
    ck_assert_str_eq(tl_diagnosis_extent(ctx, diag),
                     "Tested: the logon. Not tested: sshd (but for 2 Match blocks). "
                     "Nothing to test: the credentials cache (there is none).");
}
END_TEST

/* A row of the table that is the same as another, or has nothing to do. */
START_TEST(the_table_is_sound)
{
    for (size_t i = 0; i < tli_num_checks; i++) {
        ck_assert_ptr_nonnull(tli_checks[i].look);
        ck_assert_ptr_nonnull(tli_checks[i].what);
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(tli_checks[i].slug, tli_checks[j].slug);
            ck_assert_str_ne(tli_checks[i].what, tli_checks[j].what);
        }
    }
}
END_TEST

/* With bare_names sshd and the other programs know alice, and so does the checklist. */
START_TEST(bare_names_are_known)
{
    static const struct tli_store_range ids = {200000, 299999};
    static const char *const aliases[] = {"contoso.test\\alice", NULL};
    temp_path folder;
    struct tli_store_user user = {.name = "alice@contoso.test",
                                  .aliases = aliases,
                                  .sid = "S-1-5-21-1-2-3-1105",
                                  .uid = 201105,
                                  .gid = 200513,
                                  .gecos = "",
                                  .home = "/home/alice",
                                  .shell = "/bin/sh",
                                  .life = {.source = TL_STORE_SOURCE_PAC,
                                           .fresh_until = UINT64_MAX,
                                           .valid_until = UINT64_MAX}};
    struct tli_store_view *view = NULL;
    struct tli_store *store = NULL;
    char *path, *passwd;
    uint32_t uid = 0;

    make_temp_folder(folder);
    path = talloc_asprintf(ctx, "%s/store", folder);
    passwd = talloc_asprintf(ctx, "%s/passwd", folder);
    ck_assert_int_eq(tli_store_open(ctx, path, &ids, 1, &store), 0);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_view_open(ctx, path, &view), 0);
    ck_assert(!tli_store_knows(view, "alice", NULL, NULL));
    ck_assert_str_eq(tli_shown_name(ctx, view, passwd, user.name), user.name);
    talloc_free(view);

    ck_assert_int_eq(tli_store_set_bare(store, "contoso.test", true), 0);
    ck_assert_int_eq(tli_store_view_open(ctx, path, &view), 0);
    ck_assert(tli_store_knows(view, "alice", &uid, NULL));
    ck_assert_uint_eq(uid, user.uid);
    ck_assert_str_eq(tli_shown_name(ctx, view, passwd, user.name), "alice");
    write_text(passwd, "Alice:x:1000:1000::/:/bin/sh\n");
    ck_assert_str_eq(tli_shown_name(ctx, view, passwd, user.name), user.name);
    talloc_free(view);

    talloc_free(store);
    unlink(passwd);
    unlink(path);
    unlink(talloc_asprintf(ctx, "%s.lock", path));
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* The logon ended with clock-skew; whose clock is wrong was found by a later check. */
START_TEST(a_later_fact_explains_an_earlier_finding)
{
    const struct tl_fact here = {.kind = TL_FACT_CLOCK_HERE,
                                 .place = TL_PLACE_HERE,
                                 .source = TL_SOURCE_NETWORK,
                                 .holds = true};
    const struct tl_fact dc = {.kind = TL_FACT_CLOCK_DC,
                               .place = TL_PLACE_USER,
                               .source = TL_SOURCE_NETWORK,
                               .object = "dc1.contoso.test",
                               .attribute = "it is an hour behind"};
    struct tl_area area = {.slug = "logon"};
    struct run run = {.diag = diag, .facts = tl_facts_new(ctx), .area = &area};
    struct tl_outcome *out = tl_outcome_new(ctx);
    const struct tl_finding *findings;

    tl_outcome_fail_krb(out, TL_STAGE_WALK, TL_KRB_SKEW, 0, NULL);
    tl_outcome_set_realm(out, "CONTOSO.TEST");
    run.words.user_domain = "contoso.test";
    tli_found_outcome(&run, "walk", NULL, out);
    tli_found(&run, "clock", "dc1.contoso.test", TL_FINDING_WARNING, TL_REASON_CLOCK_SKEW,
              NULL, NULL, "a warning");
    tli_found(&run, "trust", "CN=x", TL_FINDING_FAILED, TL_REASON_TRUST_DIRECTION, "CN=x",
              NULL, "it is another one");
    findings = diag->findings;
    ck_assert_int_eq(findings[0].outcome->reason, TL_REASON_CLOCK_SKEW);

    tli_findings_refine(&run);
    ck_assert_int_eq(findings[0].outcome->reason, TL_REASON_CLOCK_SKEW);
    tl_facts_add(run.facts, &here);
    tl_facts_add(run.facts, &dc);
    tli_findings_refine(&run);
    ck_assert_int_eq(findings[0].outcome->reason, TL_REASON_CLOCK_DC);
    ck_assert_uint_eq(findings[0].outcome->ntstatus, TL_NT_TIME_DIFFERENCE_AT_DC);
    ck_assert_ptr_nonnull(strstr(findings[0].cause, "dc1.contoso.test"));
    ck_assert_ptr_nonnull(strstr(findings[0].what, "dc1.contoso.test"));
    ck_assert_int_eq(findings[1].outcome->reason, TL_REASON_CLOCK_SKEW);
    ck_assert_int_eq(findings[2].outcome->reason, TL_REASON_TRUST_DIRECTION);
    ck_assert_str_eq(findings[2].what, "it is another one");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diagnose");
    TCase *sums = tcase_create("sums");

    tcase_add_checked_fixture(sums, setup, teardown);
    tcase_add_test(sums, all_is_well);
    tcase_add_test(sums, nothing_else_is_everything);
    tcase_add_test(sums, a_cause_is_summed_up);
    tcase_add_test(sums, the_extent_tells_why);
    tcase_add_test(sums, the_table_is_sound);
    tcase_add_test(sums, bare_names_are_known);
    tcase_add_test(sums, a_later_fact_explains_an_earlier_finding);
    suite_add_tcase(suite, sums);
    return run_suite(suite);
}
