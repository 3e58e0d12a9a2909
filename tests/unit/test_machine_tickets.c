/* SPDX-License-Identifier: MIT
 *
 * test_machine_tickets.c - the machine's tickets between two sessions: what is kept, what
 * is taken, and from whose file.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

#include "kerberos/internal.h"
#include "fixtures.h"

#define LDAP "ldap/dc1.contoso.test"

static const struct tl_workstation ws = {WS1_OF_FABRIKAM};
static TALLOC_CTX *ctx;
static temp_path dir;
static char *path;

static int close_krb(struct tl_krb *krb)
{
    krb5_free_principal(krb->k5, krb->client);
    krb5_cc_destroy(krb->k5, krb->ccache);
    krb5_free_context(krb->k5);
    return 0;
}

static struct tl_krb *new_session(void)
{
    struct tl_krb *krb = talloc_zero(ctx, struct tl_krb);

    ck_assert_int_eq(tli_k5_context(TL_RC4_NO, &krb->k5), 0);
    ck_assert_int_eq(krb5_cc_new_unique(krb->k5, "MEMORY", NULL, &krb->ccache), 0);
    talloc_set_destructor(krb, close_krb);
    return krb;
}

static void add(struct tl_krb *krb, const char *server, int seconds)
{
    krb5_creds creds;
    char bytes[] = "0123456789abcdef";

    memset(&creds, 0, sizeof(creds));
    creds.client = krb->client;
    ck_assert_int_eq(krb5_parse_name(krb->k5, server, &creds.server), 0);
    creds.keyblock.enctype = ENCTYPE_AES128_CTS_HMAC_SHA1_96;
    creds.keyblock.length = 16;
    creds.keyblock.contents = (krb5_octet *)bytes;
    creds.ticket.data = bytes;
    creds.ticket.length = 16;
    creds.times.endtime = (krb5_timestamp)(time(NULL) + seconds);
    ck_assert_int_eq(krb5_cc_store_cred(krb->k5, krb->ccache, &creds), 0);
    krb5_free_principal(krb->k5, creds.server);
}

/* A session with a TGT of `client` that ends in so many seconds. */
static struct tl_krb *with_tgt(const char *client, int seconds)
{
    struct tl_krb *krb = new_session();

    ck_assert_int_eq(krb5_parse_name(krb->k5, client, &krb->client), 0);
    krb->client_name = talloc_strdup(krb, client);
    ck_assert_int_eq(krb5_cc_initialize(krb->k5, krb->ccache, krb->client), 0);
    add(krb, "krbtgt/FABRIKAM.TEST@FABRIKAM.TEST", seconds);
    return krb;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    make_temp_folder(dir);
    path = talloc_asprintf(ctx, "%s/machine.tickets", dir);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0); /* no other file is left */
    talloc_free(ctx);
}

START_TEST(round_trip)
{
    struct tl_krb *krb = with_tgt("WS1$@FABRIKAM.TEST", 36000), *next = new_session();
    struct stat st;

    add(krb, LDAP "@CONTOSO.TEST", 36000);
    add(krb, "ldap/dc2.contoso.test@CONTOSO.TEST", 60);
    ck_assert(tl_krb_has_ticket(krb, LDAP, "CONTOSO.TEST"));
    ck_assert(!tl_krb_has_ticket(krb, "ldap/dc2.contoso.test", "CONTOSO.TEST"));
    ck_assert_int_eq(tl_krb_save_machine_tickets(krb, path), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(tl_krb_load_machine_tickets(next, &ws, path), 0);
    ck_assert_str_eq(next->client_name, "WS1$@FABRIKAM.TEST");
    ck_assert_str_eq(next->tgt_realm, "FABRIKAM.TEST");
    ck_assert_int_ge(next->tgt_end, time(NULL) + 35000);
    ck_assert(tl_krb_has_ticket(next, LDAP, "CONTOSO.TEST"));
    ck_assert(!tl_krb_has_ticket(next, LDAP, "FABRIKAM.TEST"));
    /* Kept again over the old file. */
    ck_assert_int_eq(tl_krb_save_machine_tickets(next, path), 0);
}
END_TEST

/* Tickets of another machine, or about to end: an AS exchange is due. */
START_TEST(not_worth_taking)
{
    static const struct {
        const char *client;
        int seconds;
    } rows[] = {{"WS1$@FABRIKAM.TEST", 100},
                {"WS1$@FABRIKAM.TEST", -100},
                {"WS2$@FABRIKAM.TEST", 36000},
                {"carol@FABRIKAM.TEST", 36000}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tl_krb *next = new_session();

        ck_assert_int_eq(
            tl_krb_save_machine_tickets(with_tgt(rows[i].client, rows[i].seconds), path),
            0);
        ck_assert_int_eq(tl_krb_load_machine_tickets(next, &ws, path), -ENOENT);
        ck_assert_ptr_null(next->client);
        ck_assert_ptr_null(next->tgt_realm);
    }
}
END_TEST

START_TEST(not_ours_alone)
{
    struct tl_krb *next = new_session();
    char *other = talloc_asprintf(ctx, "%s/other", dir);

    ck_assert_int_eq(tl_krb_load_machine_tickets(next, &ws, path), -ENOENT);
    ck_assert_int_eq(
        tl_krb_save_machine_tickets(with_tgt("WS1$@FABRIKAM.TEST", 36000), path), 0);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(tl_krb_load_machine_tickets(next, &ws, path), -EPERM);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(tl_krb_load_machine_tickets(next, &ws, path), -EPERM);
    /* Keeping replaces a link, and writes nothing through it. */
    ck_assert_int_eq(
        tl_krb_save_machine_tickets(with_tgt("WS2$@FABRIKAM.TEST", 36000), path), 0);
    ck_assert_int_eq(tl_krb_load_machine_tickets(next, &ws, other), 0);
    ck_assert_int_eq(unlink(other), 0);
    write_text(path, "no tickets at all");
    ck_assert_int_lt(tl_krb_load_machine_tickets(new_session(), &ws, path), 0);
}
END_TEST

START_TEST(nothing_to_keep)
{
    ck_assert_int_eq(tl_krb_save_machine_tickets(new_session(), path), -EINVAL);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(tl_krb_save_machine_tickets(with_tgt("WS1$@FABRIKAM.TEST", 36000),
                                                 "/nonexistent/x"),
                     -ENOENT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("kept");
    TCase *tcase = tcase_create("kept");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, round_trip);
    tcase_add_test(tcase, not_worth_taking);
    tcase_add_test(tcase, not_ours_alone);
    tcase_add_test(tcase, nothing_to_keep);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
