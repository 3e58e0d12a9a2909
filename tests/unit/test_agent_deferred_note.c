/* SPDX-License-Identifier: MIT
 *
 * test_agent_deferred_note.c - which sessions that began with a cached logon still
 * want tickets.
 */
#include <check.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/deferred_note.h"
#include "run_suite.h"

#define TOKEN "00000000000000000000000000000001"
#define LATER "00000000000000000000000000000002"
#define FOREIGN "00000000000000000000000000000003"

#define HOURS (10 * 3600)

static const struct {
    const char *ccache;
    int64_t waited_s;
    bool gone;
} sessions[] = {
    {"", 0, false},
    {"", TLA_PENDING_SECONDS, false},
    {"", TLA_PENDING_SECONDS + 1, true}, /* sudo: setcred never comes */
    {"FILE:/etc/passwd", HOURS, false},
    {"FILE:/nonexistent/krb5cc_1", 0, true},
    {"KEYRING:persistent:1000", HOURS, false},
    {"KCM:", HOURS, false},
};

START_TEST(test_gone)
{
    ck_assert_int_eq(
        tla_deferred_note_is_stale(sessions[_i].ccache, sessions[_i].waited_s * 1000000),
        sessions[_i].gone);
}
END_TEST

START_TEST(test_note)
{
    char dir[] = "/tmp/tl-back-XXXXXX";
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_config config = {0};
    const struct tla_setup setup = {0};
    struct tla_conv *conv = talloc_zero(ctx, struct tla_conv);
    const struct tla_pending pending = {.token = TOKEN, .uid = 1000};
    const struct tla_pending later = {.token = LATER, .uid = 1000};
    const struct tla_pending foreign = {.token = FOREIGN, .uid = 1001};
    const char *w, *second, *third;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    conv->setup = &setup;
    conv->config = &config;
    config.run_dir = dir;
    w = tla_deferred_note_path(ctx, dir, TOKEN);
    second = tla_deferred_note_path(ctx, dir, LATER);
    third = tla_deferred_note_path(ctx, dir, FOREIGN);
    ck_assert_int_eq(mkdir(talloc_asprintf(ctx, "%s/pending", dir), 0700), 0);
    ck_assert_ptr_null(tla_deferred_note_read(ctx, w));
    tla_deferred_note_set_cache(dir, TOKEN, 1000, "KCM:"); /* no note waits */
    ck_assert_ptr_null(tla_deferred_note_read(ctx, w));
    tla_deferred_note_begin(conv, &pending);
    ck_assert_str_eq(tla_deferred_note_read(ctx, w), "");
    tla_deferred_note_set_cache(dir, TOKEN, 1000, "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_str_eq(tla_deferred_note_read(ctx, w), "FILE:/tmp/krb5cc_1_abcdef");
    /* Another session's, another user's. */
    tla_deferred_note_begin(conv, &later);
    tla_deferred_note_begin(conv, &foreign);
    tla_deferred_note_set_cache(dir, FOREIGN, 1001, "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_str_eq(tla_deferred_note_read(ctx, w), "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_str_eq(tla_deferred_note_read(ctx, second), "");
    /* The same session's: the later one has the password that was typed last. */
    tla_deferred_note_set_cache(dir, LATER, 1000, "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_ptr_null(tla_deferred_note_read(ctx, w));
    ck_assert_ptr_nonnull(tla_deferred_note_read(ctx, second));
    ck_assert_ptr_nonnull(tla_deferred_note_read(ctx, third));
    /* Lockers that never name a cache. */
    conv->peer = 1000;
    tla_deferred_note_cancel(dir, LATER);
    tla_deferred_note_begin(conv, &pending);
    tla_deferred_note_begin(conv, &later);
    ck_assert_ptr_null(tla_deferred_note_read(ctx, w));
    ck_assert_ptr_nonnull(tla_deferred_note_read(ctx, second));
    ck_assert_ptr_nonnull(tla_deferred_note_read(ctx, third));
    tla_deferred_note_cancel(dir, LATER);
    tla_deferred_note_cancel(dir, FOREIGN);
    tla_deferred_note_cancel(dir, TOKEN);
    ck_assert_ptr_null(tla_deferred_note_read(ctx, w));
    ck_assert_int_eq(rmdir(talloc_asprintf(ctx, "%s/pending", dir)), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_deferred_note");
    TCase *tcase = tcase_create("agent_deferred_note");

    tcase_add_loop_test(tcase, test_gone, 0, COUNT(sessions));
    tcase_add_test(tcase, test_note);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
