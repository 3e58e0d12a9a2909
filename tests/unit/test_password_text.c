/* SPDX-License-Identifier: MIT
 *
 * test_password_text.c - bytes that are not UTF-8 cannot be a password: no packet is sent
 * with them, neither as the old password nor as the new one.
 */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include <trustlogon/logon.h>

#include "fixtures.h"

static const char *const texts[] = {"Passw0rd.Lab1", "", "p\u00e4ss", "\U0001f511",
                                    "\uffff"};
static const char *const others[] = {"p\xe4ss",      "\xff",     "a\xc3",
                                     "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"};

static TALLOC_CTX *ctx;
static unsigned int events;

static void see(void *arg, const struct tl_event *event)
{
    (void)arg;
    (void)event;
    events++;
}

static struct tl_logon *new_logon(const struct tl_trace *trace)
{
    static const struct tl_workstation ws = {WS1_OF_FABRIKAM};
    struct tl_machine machine = {.workstation = &ws};
    temp_path path;
    struct tl_config *config = NULL;
    struct tl_logon *logon;
    struct tl_config_error *error = NULL;

    make_temp_file(path); /* a configuration with nothing in it */
    ck_assert_msg(tl_config_load(ctx, path, &config, &error) == 0, "%s", error->text);
    unlink(path);
    machine.config = config;
    logon = tl_logon_new(ctx, &machine, trace);
    ck_assert_ptr_nonnull(logon);
    ck_assert_int_eq(tl_logon_prepare(logon, "carol@fabrikam.test"), TL_REASON_OK);
    return logon;
}

START_TEST(test_is_text)
{
    for (size_t i = 0; i < COUNT(texts); i++)
        ck_assert(tl_password_is_text(texts[i]));
    for (size_t i = 0; i < COUNT(others); i++)
        ck_assert(!tl_password_is_text(others[i]));
}
END_TEST

START_TEST(test_refused)
{
    struct tl_trace trace = tl_trace_start(see, NULL);

    ctx = talloc_new(NULL);
    for (size_t i = 0; i < COUNT(others); i++) {
        struct tl_logon *logon = new_logon(&trace);

        events = 0;
        ck_assert_int_eq(
            tl_logon_run(logon, &(struct tl_credential){.password = others[i]}),
            TL_REASON_PASSWORD_NOT_UTF8);
        ck_assert_uint_eq(logon->outcome->ntstatus, TL_NT_LOGON_FAILURE);
        ck_assert_ptr_nonnull(logon->words);
        ck_assert_int_eq(tl_password_prove(logon, others[i]),
                         TL_REASON_PASSWORD_NOT_UTF8);
        ck_assert_int_eq(tl_password_change(logon, others[i], "New.Passw0rd"),
                         TL_REASON_PASSWORD_NOT_UTF8);
        ck_assert_int_eq(tl_password_change(logon, "Passw0rd.Lab1", others[i]),
                         TL_REASON_PASSWORD_NOT_GIVEN);
        ck_assert_uint_eq(logon->outcome->ntstatus, TL_NT_PASSWORD_RESTRICTION);
        ck_assert_uint_eq(events, 0);
    }
    talloc_free(ctx);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("password_text");
    TCase *tcase = tcase_create("password_text");

    tcase_add_test(tcase, test_is_text);
    tcase_add_test(tcase, test_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
