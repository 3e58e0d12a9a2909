/* SPDX-License-Identifier: MIT
 *
 * test_agent_deferred_tickets.c - which sessions that began with a cached logon still
 * want tickets.
 */
#include <check.h>
#include <stdlib.h>

#include "../../agent/files.c"
#include "../../agent/deferred_tickets.c"
#include "run_suite.h"

#define TOKEN "00000000000000000000000000000001"
#define LATER "00000000000000000000000000000002"
#define FOREIGN "00000000000000000000000000000003"

/* The agent's other files, of which nothing here is about. */
bool tla_token_is_valid(const char *token)
{
    return strlen(token) == TLA_TOKEN_LEN;
}

void tla_journal_line(int priority, const char *fmt, ...)
{
}

int tla_gate_place(TALLOC_CTX *ctx, const char *run_dir, const char *holder, int most,
                   struct tla_gate **out)
{
    return -EAGAIN;
}

enum tl_reason tla_keep_identity(struct tla_conv *conv, struct tl_logon *logon)
{
    return TL_REASON_OK;
}

int tla_keep_groups(struct tla_conv *conv, struct tl_logon *logon, int64_t proven)
{
    return 0;
}

void tla_cached_keep(struct tla_conv *conv, const struct tl_sid *sid, int64_t proven,
                     const char *password)
{
}

void tla_cached_forget(struct tla_conv *conv, const struct tl_sid *sid)
{
}

bool tla_cached_is_over(enum tl_reason reason)
{
    return false;
}

static const struct {
    const char *ccache;
    int64_t waited_s;
    bool gone;
} sessions[] = {
    {"", 0, false},
    {"", TLA_PENDING_SECONDS, false},
    {"", TLA_PENDING_SECONDS + 1, true}, /* sudo: setcred never comes */
    {"FILE:/etc/passwd", GIVE_UP_S, false},
    {"FILE:/nonexistent/krb5cc_1", 0, true},
    {"KEYRING:persistent:1000", GIVE_UP_S, false},
    {"KCM:", GIVE_UP_S, false},
};

START_TEST(test_gone)
{
    ck_assert_int_eq(is_gone(sessions[_i].ccache, sessions[_i].waited_s * 1000000),
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
    struct waiting w = {.conv = conv}, second = w, third = w;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    conv->setup = &setup;
    conv->config = &config;
    config.run_dir = dir;
    w.note = note_of(ctx, dir, TOKEN);
    second.note = note_of(ctx, dir, LATER);
    third.note = note_of(ctx, dir, FOREIGN);
    ck_assert_int_eq(mkdir(talloc_asprintf(ctx, "%s/pending", dir), 0700), 0);
    ck_assert_ptr_null(read_note(ctx, &w));
    tla_when_back_tell(dir, TOKEN, 1000, "KCM:"); /* nobody waits */
    ck_assert_ptr_null(read_note(ctx, &w));
    tla_when_back_note(conv, &pending);
    ck_assert_str_eq(read_note(ctx, &w), "");
    tla_when_back_tell(dir, TOKEN, 1000, "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_str_eq(read_note(ctx, &w), "FILE:/tmp/krb5cc_1_abcdef");
    /* Another session's, another user's. */
    tla_when_back_note(conv, &later);
    tla_when_back_note(conv, &foreign);
    tla_when_back_tell(dir, FOREIGN, 1001, "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_str_eq(read_note(ctx, &w), "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_str_eq(read_note(ctx, &second), "");
    /* The same session's: the later one has the password that was typed last. */
    tla_when_back_tell(dir, LATER, 1000, "FILE:/tmp/krb5cc_1_abcdef");
    ck_assert_ptr_null(read_note(ctx, &w));
    ck_assert_ptr_nonnull(read_note(ctx, &second));
    ck_assert_ptr_nonnull(read_note(ctx, &third));
    /* Lockers that never say which cache. */
    conv->peer = 1000;
    tla_when_back_cancel(dir, LATER);
    tla_when_back_note(conv, &pending);
    tla_when_back_note(conv, &later);
    ck_assert_ptr_null(read_note(ctx, &w));
    ck_assert_ptr_nonnull(read_note(ctx, &second));
    ck_assert_ptr_nonnull(read_note(ctx, &third));
    tla_when_back_cancel(dir, LATER);
    tla_when_back_cancel(dir, FOREIGN);
    tla_when_back_cancel(dir, TOKEN);
    ck_assert_ptr_null(read_note(ctx, &w));
    ck_assert_int_eq(rmdir(talloc_asprintf(ctx, "%s/pending", dir)), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    talloc_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_when_back");
    TCase *tcase = tcase_create("agent_when_back");

    tcase_add_loop_test(tcase, test_gone, 0, sizeof(sessions) / sizeof(sessions[0]));
    tcase_add_test(tcase, test_note);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
