/* SPDX-License-Identifier: MIT
 *
 * test_outcome.c - the record of a failure, its words, the trace, deadlines.
 */
#include <trustlogon/outcome.h>
#include <trustlogon/trace.h>

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static struct tl_outcome *out;

static void setup(void)
{
    out = tl_outcome_new(NULL);
    ck_assert_ptr_nonnull(out);
}

static void teardown(void)
{
    talloc_free(out);
}

static void assert_ok(void)
{
    ck_assert_int_eq(out->reason, TL_REASON_OK);
    ck_assert_uint_eq(out->ntstatus, TL_NT_SUCCESS);
    ck_assert_int_eq(out->krb_error, TL_KRB_NONE);
    ck_assert_uint_eq(out->edata_ntstatus, 0);
    ck_assert_int_eq(out->hop, 0);
    ck_assert_ptr_null(out->realm);
    ck_assert_ptr_null(out->kdc);
    ck_assert_ptr_null(out->subject);
    ck_assert_ptr_null(out->attribute);
    ck_assert_ptr_null(out->detail);
}

START_TEST(new_and_reset_say_ok)
{
    assert_ok();
    out->hop = 3;
    tl_outcome_set_realm(out, "CONTOSO.TEST");
    tl_outcome_fail_krb(out, TL_STAGE_WALK, 12, 0xC0000413, "no");
    tl_outcome_reset(out);
    assert_ok();
    ck_assert_uint_eq(talloc_total_blocks(out), 1);
    tl_outcome_reset(NULL);
}
END_TEST

START_TEST(fail_takes_the_status_of_the_reason)
{
    ck_assert_int_eq(
        tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_RECORDS, "%s %d", "x", 1),
        TL_REASON_DNS_NO_RECORDS);
    ck_assert_int_eq(out->reason, TL_REASON_DNS_NO_RECORDS);
    ck_assert_int_eq(out->stage, TL_STAGE_LOCATE);
    ck_assert_uint_eq(out->ntstatus, TL_NT_NO_LOGON_SERVERS);
    ck_assert_str_eq(out->detail, "x 1");
    tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_WRONG_PASSWORD, NULL);
    ck_assert_uint_eq(out->ntstatus, TL_NT_LOGON_FAILURE);
    ck_assert_ptr_null(out->detail);
    /* without a record the reason still comes back */
    ck_assert_int_eq(tl_outcome_fail(NULL, TL_STAGE_AS, TL_REASON_DEADLINE, "x"),
                     TL_REASON_DEADLINE);
    ck_assert_int_eq(tl_outcome_fail_krb(NULL, TL_STAGE_WALK, 7, 0, NULL),
                     TL_REASON_WALK_UNKNOWN);
}
END_TEST

/* A trust without a status of its own explains the 1787 that came before. */
START_TEST(a_later_cause_keeps_the_status)
{
    tl_outcome_fail(out, TL_STAGE_ROUTE, TL_REASON_TRUST_DOWNLEVEL, NULL);
    ck_assert_uint_eq(out->ntstatus, TL_NT_INTERNAL_ERROR);
    tl_outcome_reset(out);

    out->hop = 1;
    tl_outcome_set_kdc(out, "dc1");
    ck_assert_int_eq(tl_outcome_fail_krb(out, TL_STAGE_WALK, 7, 0xC0000371, "7 came"),
                     TL_REASON_WALK_UNKNOWN);
    ck_assert_uint_eq(out->ntstatus, TL_NT_NO_TRUST_SAM_ACCOUNT);
    tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_TRUST_DOWNLEVEL, NULL);
    ck_assert_int_eq(out->reason, TL_REASON_TRUST_DOWNLEVEL);
    ck_assert_uint_eq(out->ntstatus, TL_NT_NO_TRUST_SAM_ACCOUNT);
    ck_assert_int_eq(out->krb_error, 7);
    ck_assert_uint_eq(out->edata_ntstatus, 0xC0000371);
    ck_assert_int_eq(out->hop, 1);
    ck_assert_str_eq(out->kdc, "dc1");
}
END_TEST

START_TEST(fields_are_copied_and_replaced)
{
    char realm[] = "A";
    struct tl_outcome *copy;

    tl_outcome_set_realm(out, realm);
    realm[0] = 'B';
    ck_assert_str_eq(out->realm, "A");
    tl_outcome_set_subject(out, "long subject");
    tl_outcome_set_subject(out, out->subject + 5); /* out of itself */
    ck_assert_str_eq(out->subject, "subject");
    tl_outcome_set_attribute(out, "trustType = 1");
    tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL, "first");
    tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL, "%s, then this", out->detail);
    ck_assert_str_eq(out->detail, "first, then this");

    copy = tl_outcome_copy(NULL, out);
    ck_assert_str_eq(talloc_get_name(copy), "struct tl_outcome");
    tl_outcome_set_realm(out, NULL);
    ck_assert_ptr_null(out->realm);
    tl_outcome_reset(out);
    ck_assert_str_eq(copy->realm, "A");
    ck_assert_str_eq(copy->subject, "subject");
    ck_assert_str_eq(copy->attribute, "trustType = 1");
    ck_assert_str_eq(copy->detail, "first, then this");
    ck_assert_ptr_null(copy->kdc);
    talloc_free(copy);
    ck_assert_ptr_null(tl_outcome_copy(NULL, NULL));
}
END_TEST

START_TEST(words_of_the_central_case)
{
    const struct tl_words_input in = {.user = "CONTOSO\\alice",
                                      .workstation_domain = "fabrikam.test",
                                      .user_domain = "contoso.test"};
    struct tl_words *words;

    tl_outcome_fail_krb(out, TL_STAGE_WALK, 7, 0, NULL);
    tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_TRUST_DOWNLEVEL, NULL);
    tl_outcome_set_subject(out, "CN=FABRIKAM,CN=System,DC=contoso,DC=test");
    tl_outcome_set_attribute(out, "trustType = 1");
    words = tl_outcome_words(out, out, &in);
    ck_assert_str_eq(
        words->message,
        "The security database on the server does not have a computer account "
        "for this workstation trust relationship.");
    ck_assert_ptr_nonnull(
        strstr(words->explanation,
               "CN=FABRIKAM,CN=System,DC=contoso,DC=test has trustType = 1:"));
    ck_assert_ptr_nonnull(
        strstr(words->remedy, "by DNS names (contoso.test, fabrikam.test)"));
}
END_TEST

START_TEST(words_of_success_and_of_unknown_codes)
{
    struct tl_words *words = tl_outcome_words(out, out, NULL);

    ck_assert_ptr_null(words->message);
    ck_assert_ptr_null(words->remedy);
    ck_assert_str_eq(words->explanation, "It works.");
    tl_outcome_fail_krb(out, TL_STAGE_WALK, TL_KRB_GENERIC, 0xC0ABCDEF, "odd.");
    words = tl_outcome_words(out, out, NULL);
    ck_assert_str_eq(words->message, "The logon failed with status 0xC0ABCDEF.");
    out->reason = TL_REASON_COUNT; /* what no function records still gets words */
    words = tl_outcome_words(out, out, NULL);
    ck_assert_ptr_nonnull(strstr(words->explanation, "Internal error"));
}
END_TEST

/* With nothing known and with everything known: no placeholder is left, no
 * sentence is empty. */
START_TEST(every_reason_has_words)
{
    const struct tl_words_input full = {"USER", "UPN", "WS", "WSDOM", "UDOM", "WSFLAT"};

    for (int filled = 0; filled < 2; filled++) {
        struct tl_words *words;

        tl_outcome_reset(out);
        if (filled) {
            tl_outcome_set_realm(out, "REALM");
            tl_outcome_set_kdc(out, "KDC");
            tl_outcome_set_subject(out, "SUBJECT");
            tl_outcome_set_attribute(out, "ATTRIBUTE");
        }
        tl_outcome_fail(out, TL_STAGE_AS, (enum tl_reason)_i, filled ? "DETAIL" : NULL);
        words = tl_outcome_words(out, out, filled ? &full : NULL);
        ck_assert_ptr_nonnull(words);
        ck_assert(words->message == NULL || words->message[0] != '\0');
        ck_assert(words->explanation[0] != '\0');
        ck_assert_ptr_null(strstr(words->explanation, "%{"));
        ck_assert_ptr_null(strstr(words->explanation, ".."));
        ck_assert_int_eq(words->explanation[strlen(words->explanation) - 1], '.');
        if (words->remedy != NULL)
            ck_assert_ptr_null(strstr(words->remedy, "%{"));
    }
}
END_TEST

static const struct {
    const char *value;
    const char *shown;
} hostile[] = {
    {"dc\x1b[31m1", "dc?[31m1"},
    {"a\nFAKE: line", "a?FAKE: line"},
    {"a\xc2\x9b"
     "2J",
     "a?2J"},
    {"a\xe2\x80\xae"
     "evil",
     "a?evil"}, /* right-to-left override */
    {"a\xe2\x80\xa8"
     "b",
     "a?b"}, /* line separator */
    {"a\xff"
     "b\xc3",
     "a?b?"},
    {"m\xc3\xbc", "m\xc3\xbc"},
    {"%s%n %{detail} %{kdc}", "%s%n %{detail} %{kdc}"}, /* a value is not a template */
};

START_TEST(values_are_made_harmless)
{
    char *expected = talloc_asprintf(out, "Internal error: %s.", hostile[_i].shown);

    tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL, "%s", hostile[_i].value);
    ck_assert_str_eq(tl_outcome_words(out, out, NULL)->explanation, expected);
}
END_TEST

START_TEST(long_values_are_cut)
{
    char value[2001];
    const char *text;

    memset(value, 'x', sizeof(value));
    memcpy(value + 511, "\xc3\xbc", 2); /* does not fit whole: not shown in half */
    value[sizeof(value) - 1] = '\0';
    tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL, "%s", value);
    text = tl_outcome_words(out, out, NULL)->explanation;
    ck_assert_uint_eq(strlen(text), strlen("Internal error: ") + 511 + 3);
    ck_assert_str_eq(text + strlen(text) - 4, "x...");
}
END_TEST

START_TEST(trace_keeps_events)
{
    struct tl_trace_log *log = tl_trace_log_new(out);
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, log);
    struct tl_trace deaf = tl_trace_start(NULL, NULL);
    char server[] = "dc1";
    struct tl_event event = {
        .kind = TL_EVENT_REPLY, .server = server, .message = "KRB-ERROR", .krb_error = 7};

    tl_trace_event(&trace, &event);
    server[0] = 'X';
    for (int i = 0; i < 100; i++)
        tl_trace_note(&trace, "note %d", i);
    ck_assert_uint_eq(log->count, 101);
    ck_assert_str_eq(log->events[0].server, "dc1");
    ck_assert_int_eq(log->events[0].krb_error, 7);
    ck_assert_ptr_null(log->events[0].text);
    ck_assert_str_eq(log->events[100].text, "note 99");
    ck_assert_int_eq(log->events[100].kind, TL_EVENT_NOTE);
    ck_assert_int_eq(log->events[100].krb_error, TL_KRB_NONE);
    for (size_t i = 1; i < log->count; i++)
        ck_assert_int_ge(log->events[i].at_us, log->events[i - 1].at_us);
    /* without a receiver */
    tl_trace_event(NULL, &event);
    tl_trace_note(NULL, "x");
    tl_trace_event(&deaf, &event);
    tl_trace_note(&deaf, "x");
}
END_TEST

START_TEST(deadlines)
{
    tl_deadline now = tl_now_us();

    ck_assert_int_eq(tl_deadline_left_ms(now - 1), 0);
    ck_assert_int_eq(tl_deadline_left_ms(now), 0);
    ck_assert_int_eq(tl_deadline_left_ms(0), 0);
    ck_assert_int_eq(tl_deadline_left_ms(INT64_MIN), 0);
    ck_assert_int_eq(tl_deadline_left_ms(INT64_MAX), INT_MAX);
    ck_assert_int_eq(tl_deadline_in_ms(INT64_MAX), INT64_MAX);
    ck_assert_int_eq(tl_deadline_left_ms(tl_deadline_in_ms(-5)), 0);
    ck_assert_int_le(tl_deadline_left_ms(tl_deadline_in_ms(10000)), 10000);
    ck_assert_int_gt(tl_deadline_left_ms(tl_deadline_in_ms(10000)), 5000);
    ck_assert_int_eq(tl_deadline_min(3, 4), 3);
    ck_assert_int_eq(tl_deadline_min(4, 3), 3);
}
END_TEST

/* While any time is left, the timeout for poll(2) is not zero. */
START_TEST(deadlines_round_up)
{
    tl_deadline deadline = tl_deadline_in_ms(30);
    int left;

    while ((left = tl_deadline_left_ms(deadline)) > 0)
        ck_assert_int_le(left, 30);
    ck_assert_int_ge(tl_now_us(), deadline);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tcase = tcase_create("outcome");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, new_and_reset_say_ok);
    tcase_add_test(tcase, fail_takes_the_status_of_the_reason);
    tcase_add_test(tcase, a_later_cause_keeps_the_status);
    tcase_add_test(tcase, fields_are_copied_and_replaced);
    tcase_add_test(tcase, words_of_the_central_case);
    tcase_add_test(tcase, words_of_success_and_of_unknown_codes);
    tcase_add_loop_test(tcase, every_reason_has_words, 0, TL_REASON_COUNT);
    tcase_add_loop_test(tcase, values_are_made_harmless, 0, COUNT(hostile));
    tcase_add_test(tcase, long_values_are_cut);
    tcase_add_test(tcase, trace_keeps_events);
    tcase_add_test(tcase, deadlines);
    tcase_add_test(tcase, deadlines_round_up);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
