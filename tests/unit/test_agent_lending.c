/* SPDX-License-Identifier: MIT
 *
 * test_agent_lending.c - which of the machine's tickets a worker is lent: one that does a
 * piece of work, and one that reads a domain's directory for look-ups.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/worker_message.h"
#include "agent/worker_requests.h"
#include "fixtures.h"

static TALLOC_CTX *ctx;
static struct tl_workstation ws = {WS1_OF_FABRIKAM};
static struct tl_machine machine;
static struct tla_work work;
static int ends[2];
static struct tl_loan lent;
static int loans;

static enum tl_reason lend(const struct tla_work *asked, const struct tl_loan *loan,
                           struct tl_tickets **tickets, struct tl_outcome *out)
{
    loans++;
    lent = (struct tl_loan){
        .fresh = loan->fresh,
        .armor = loan->armor != NULL ? talloc_strdup(ctx, loan->armor) : NULL,
        .service = loan->service != NULL ? talloc_strdup(ctx, loan->service) : NULL,
        .realm = loan->realm != NULL ? talloc_strdup(ctx, loan->realm) : NULL};
    *tickets = tl_tickets_new(ctx);
    (*tickets)->client = "WS1$@FABRIKAM.TEST";
    return TL_REASON_OK;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    machine = (struct tl_machine){.workstation = &ws, .config = tl_config_defaults(ctx)};
    work = (struct tla_work){.lend = lend};
    work.logon = tl_logon_new(ctx, &machine, NULL);
    ck_assert_ptr_nonnull(work.logon);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    work.fd = ends[0];
    loans = 0;
    lent = (struct tl_loan){0};
}

static void teardown(void)
{
    close(ends[0]);
    close(ends[1]);
    talloc_free(ctx);
}

/* `rest`: further members of the request. */
static int ask(const char *rest)
{
    char *text = talloc_asprintf(ctx, "{\"ask\":\"tickets\",\"fresh\":false%s}", rest);
    json_t *request = json_loads(text, 0, NULL), *answer = NULL;
    int rc;

    ck_assert_ptr_nonnull(request);
    rc = tla_request_serve(&work, request, tl_deadline_in_ms(1000));
    json_decref(request);
    if (rc == 0)
        ck_assert_int_eq(tla_message_receive(ends[1], tl_deadline_in_ms(1000), &answer),
                         0);
    json_decref(answer);
    return rc;
}

START_TEST(for_a_piece_of_work)
{
    ck_assert_int_eq(ask(""), 0);
    ck_assert(loans == 1 && lent.service == NULL && lent.realm == NULL);
    ck_assert_int_eq(ask(",\"service\":\"ldap/dc1.fabrikam.test/fabrikam.test\""),
                     -EBADMSG);
    ck_assert_int_eq(loans, 1);
}
END_TEST

START_TEST(for_look_ups)
{
    work.serves = "contoso.test";
    ck_assert_int_eq(ask(",\"service\":\"ldap/DC1.contoso.test/Contoso.Test\""), 0);
    ck_assert_int_eq(loans, 1);
    ck_assert_str_eq(lent.service, "ldap/DC1.contoso.test/Contoso.Test");
    ck_assert_str_eq(lent.realm, "CONTOSO.TEST");
    ck_assert_ptr_null(lent.armor);
}
END_TEST

/* The TGT, another service, another domain's server, any computer's LDAP, and names that
 * are more than they look. */
static const char *const refused[] = {
    "",
    ",\"service\":null",
    ",\"armor\":\"CONTOSO.TEST\"",
    ",\"armor\":\"CONTOSO.TEST\",\"service\":\"ldap/dc1.contoso.test/contoso.test\"",
    ",\"service\":\"krbtgt/CONTOSO.TEST\"",
    ",\"service\":\"cifs/dc1.contoso.test/contoso.test\"",
    ",\"service\":\"ldap/dc1.fabrikam.test/fabrikam.test\"",
    ",\"service\":\"ldap/dc1.contoso.test\"",
    ",\"service\":\"ldap//contoso.test\"",
    ",\"service\":\"ldap/a/b/contoso.test\"",
    ",\"service\":\"ldap/dc1.contoso.test/contoso.test@FABRIKAM.TEST\"",
    ",\"service\":\"ldap/x@FABRIKAM.TEST/contoso.test\"",
    ",\"service\":\"ldap/dc1\\\\/x/contoso.test\"",
    ",\"service\":7",
};

START_TEST(for_nothing_else)
{
    work.serves = "contoso.test";
    ck_assert_int_eq(ask(refused[_i]), -EBADMSG);
    ck_assert_int_eq(loans, 0);
}
END_TEST

/* Nor does it say where other domains' controllers are. */
START_TEST(keeps_its_own_domain)
{
    static const char *const others[] = {
        "{\"ask\":\"dcs\",\"domain\":\"fabrikam.test\",\"text\":\"{}\"}",
        "{\"ask\":\"dcs\",\"domain\":\"emea.contoso.test\",\"text\":\"{}\"}",
        "{\"ask\":\"fast\",\"realm\":\"CONTOSO.TEST\"}"};
    json_t *own = json_loads(
        "{\"ask\":\"dcs\",\"domain\":\"contoso.test\",\"text\":\"{}\"}", 0, NULL);

    work.serves = "contoso.test";
    ck_assert_int_eq(tla_request_serve(&work, own, tl_deadline_in_ms(1000)), 0);
    json_decref(own);
    for (size_t i = 0; i < COUNT(others); i++) {
        json_t *request = json_loads(others[i], 0, NULL);

        ck_assert_int_eq(tla_request_serve(&work, request, tl_deadline_in_ms(1000)),
                         -EBADMSG);
        json_decref(request);
    }
}
END_TEST

/* One that stays is told so, and may ask again later. */
START_TEST(not_without_end_in_a_life)
{
    work.serves = "contoso.test";
    work.clients = 7;
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(ask(",\"service\":\"ldap/dc1.contoso.test/contoso.test\""), 0);
    ck_assert_int_eq(loans, 20);
    loans = 0;
    work.counted_us -= 3600LL * 1000000;
    ck_assert_int_eq(ask(",\"service\":\"ldap/dc1.contoso.test/contoso.test\""), 0);
    ck_assert_int_eq(loans, 1);
}
END_TEST

/* Not longer than the question is waited for. */
START_TEST(in_its_time)
{
    work.serves = "contoso.test";
    ck_assert_int_eq(
        ask(",\"ms\":5000,\"service\":\"ldap/dc1.contoso.test/contoso.test\""), 0);
    ck_assert_int_le(tl_deadline_left_ms(work.logon->deadline), 5000);
    ck_assert_int_eq(ask(",\"ms\":-1,\"service\":\"ldap/dc1.contoso.test/contoso.test\""),
                     0);
    ck_assert_int_le(tl_deadline_left_ms(work.logon->deadline), 30000);
}
END_TEST

START_TEST(not_without_end)
{
    int rc = 0, times = 0;

    while (rc == 0 && times++ < 100)
        rc = ask("");
    ck_assert_int_eq(rc, -EBADMSG);
    ck_assert_int_lt(loans, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_lending");
    TCase *tc = tcase_create("agent_lending");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, for_a_piece_of_work);
    tcase_add_test(tc, for_look_ups);
    tcase_add_loop_test(tc, for_nothing_else, 0, COUNT(refused));
    tcase_add_test(tc, keeps_its_own_domain);
    tcase_add_test(tc, not_without_end);
    tcase_add_test(tc, not_without_end_in_a_life);
    tcase_add_test(tc, in_its_time);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
