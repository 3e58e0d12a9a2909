/* SPDX-License-Identifier: MIT
 *
 * test_workstation.c - which machine a keytab belongs to, and its names.
 */
#include <check.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/machine.h>

#include "machine_keytab.h"

static const struct {
    const char *entries[4];
    const char *realm, *hostname; /* configured, or NULL */
    const char *flat, *fqdn, *its_realm;
} machines[] = {
    /* as `net ads join` writes it */
    {{"host/ws1.fabrikam.test@FABRIKAM.TEST", "host/WS1@FABRIKAM.TEST",
      "WS1$@FABRIKAM.TEST"},
     NULL,
     NULL,
     "WS1",
     "ws1.fabrikam.test",
     "FABRIKAM.TEST"},
    /* the name with dots is the better one, wherever it stands */
    {{"host/WS1@FABRIKAM.TEST", "host/ws1.fabrikam.test@FABRIKAM.TEST"},
     NULL,
     NULL,
     "WS1",
     "ws1.fabrikam.test",
     "FABRIKAM.TEST"},
    /* only NAME$ and a short name: completed with the domain */
    {{"host/WS1@FABRIKAM.TEST", "WS1$@FABRIKAM.TEST"},
     NULL,
     NULL,
     "WS1",
     "ws1.fabrikam.test",
     "FABRIKAM.TEST"},
    /* a flat name that is not the first label (15 characters are its limit) */
    {{"host/averylongworkstationname.fabrikam.test@FABRIKAM.TEST",
      "AVERYLONGWORKST$@FABRIKAM.TEST"},
     NULL,
     NULL,
     "AVERYLONGWORKST",
     "averylongworkstationname.fabrikam.test",
     "FABRIKAM.TEST"},
    {{"host/averylongworkstationname.fabrikam.test@FABRIKAM.TEST"},
     NULL,
     NULL,
     "AVERYLONGWORKST",
     "averylongworkstationname.fabrikam.test",
     "FABRIKAM.TEST"},
    /* two realms: the configuration decides, for the flat name as well */
    {{"host/old.contoso.test@CONTOSO.TEST", "OLD$@CONTOSO.TEST",
      "host/ws1.fabrikam.test@FABRIKAM.TEST", "WS1$@FABRIKAM.TEST"},
     "fabrikam.test",
     NULL,
     "WS1",
     "ws1.fabrikam.test",
     "FABRIKAM.TEST"},
    /* a configured name, in another domain of the DNS */
    {{"host/ws1.fabrikam.test@FABRIKAM.TEST", "host/ws1.lan.example@FABRIKAM.TEST"},
     NULL,
     "WS1.lan.example",
     "WS1",
     "ws1.lan.example",
     "FABRIKAM.TEST"},
};

START_TEST(test_machine)
{
    struct tl_workstation *ws = NULL;
    enum tl_reason reason;

    for (int i = 0; i < 4 && machines[_i].entries[i] != NULL; i++)
        add(machines[_i].entries[i]);
    config->realm = machines[_i].realm;
    config->hostname = machines[_i].hostname;
    reason = tli_workstation_detect(mem, config, &ws, out);
    ck_assert_msg(reason == TL_REASON_OK, "%s", out->detail);
    ck_assert_str_eq(ws->flat, machines[_i].flat);
    ck_assert_str_eq(ws->fqdn, machines[_i].fqdn);
    ck_assert_str_eq(ws->realm, machines[_i].its_realm);
    ck_assert_str_eq(ws->domain, "fabrikam.test");
    ck_assert_ptr_null(ws->default_domain);
}
END_TEST

/* One meaning for PAM and NSS: bare_names, above any other option. */
START_TEST(test_bare_names)
{
    static const struct {
        const char *names, *domain, *expect;
        bool bare;
    } rows[] = {{"no", NULL, NULL, false},
                {"no", "CONTOSO", "CONTOSO", false},
                {"own", NULL, "fabrikam.test", true},
                {"own", "CONTOSO", "fabrikam.test", true},
                {"contoso.test", "FABRIKAM", "contoso.test", true}};

    add("host/ws1.fabrikam.test@FABRIKAM.TEST");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tl_workstation *ws = NULL;

        config->bare_names = rows[i].names;
        config->default_domain = rows[i].domain;
        ck_assert_int_eq(tli_workstation_detect(mem, config, &ws, out), TL_REASON_OK);
        ck_assert_int_eq(ws->bare_names, rows[i].bare);
        if (rows[i].expect == NULL)
            ck_assert_ptr_null(ws->default_domain);
        else
            ck_assert_str_eq(ws->default_domain, rows[i].expect);
    }
}
END_TEST

static void expect(enum tl_reason reason)
{
    struct tl_workstation *ws = NULL;

    ck_assert_int_eq(tli_workstation_detect(mem, config, &ws, out), reason);
    ck_assert_ptr_null(ws);
    ck_assert_str_eq(out->subject, config->keytab);
    ck_assert_uint_eq(out->ntstatus, TL_NT_TRUSTED_RELATIONSHIP_FAILURE);
}

START_TEST(test_missing)
{
    expect(TL_REASON_KEYTAB_MISSING);
}
END_TEST

/* For root alone, as keys are kept. */
static void put_keytab(const char *bytes)
{
    write_text(config->keytab, bytes);
    ck_assert_int_eq(chmod(config->keytab, 0600), 0);
}

START_TEST(test_damaged)
{
    put_keytab("no keytab");
    expect(TL_REASON_KEYTAB_UNREADABLE);
}
END_TEST

START_TEST(test_folder)
{
    ck_assert_int_eq(mkdir(config->keytab, 0700), 0);
    expect(TL_REASON_KEYTAB_UNREADABLE);
    rmdir(config->keytab);
}
END_TEST

START_TEST(test_empty)
{
    put_keytab("\x05\x02");
    expect(TL_REASON_KEYTAB_NO_KEY);
}
END_TEST

/* Keys, but of services only; of another realm than the configured one. */
START_TEST(test_no_machine_key)
{
    add("HTTP/www.fabrikam.test@FABRIKAM.TEST");
    if (_i == 1)
        add("host/ws1.fabrikam.test@FABRIKAM.TEST");
    config->realm = _i == 0 ? NULL : "CONTOSO.TEST";
    expect(TL_REASON_KEYTAB_NO_KEY);
}
END_TEST

static const struct {
    const char *name;
    bool ours;
} names[] = {
    {"host/ws1.fabrikam.test@FABRIKAM.TEST", true},
    {"HOST/WS1@FABRIKAM.TEST", true},
    {"WS1$@FABRIKAM.TEST", true},
    {"ws1$@fabrikam.test", true},
    {"WS1$@CONTOSO.TEST", false},
    {"WS10$@FABRIKAM.TEST", false},
    {"WS1@FABRIKAM.TEST", false},
    {"host/ws2.fabrikam.test@FABRIKAM.TEST", false},
    {"HTTP/ws1.fabrikam.test@FABRIKAM.TEST", false},
    {"host/ws1.fabrikam.test/x@FABRIKAM.TEST", false},
};

/* Entries that no keytab of a machine has do not hide those it has. */
START_TEST(test_odd_entries)
{
    struct tl_workstation *ws = NULL;

    add_entry("host/ws1.no..name@NO..REALM", 3, 9);
    add_entry("host/\\0ws1@FABRIKAM.TEST", 4, 9);
    add_entry("$@FABRIKAM.TEST", 5, 9);
    add_entry("ws1$@fabrikam.test", 1, 2);
    ck_assert_int_eq(tli_workstation_detect(mem, config, &ws, out), TL_REASON_OK);
    ck_assert_str_eq(ws->flat, "WS1");
    ck_assert_str_eq(ws->realm, "FABRIKAM.TEST");
}
END_TEST

/* The keys that the machine's AS exchange is made with. */
START_TEST(test_versions)
{
    struct tl_workstation ws = {
        .flat = "WS1", .fqdn = "ws1.fabrikam.test", .realm = "FABRIKAM.TEST"};
    krb5_principal princ;
    krb5_keytab keytab;
    krb5_keytab_entry entry;

    ck_assert_int_eq(krb5_parse_name(k5, "WS1$@FABRIKAM.TEST", &princ), 0);
    add_entry("LAPTOP7$@FABRIKAM.TEST", 9, 99);
    add_entry("WS1$@FABRIKAM.TEST", 1, 7);
    ck_assert_int_eq(tli_keytab_for_machine(k5, config, &ws, princ, true, &keytab, out),
                     TL_REASON_KEYTAB_NO_KEY);
    sleep(2); /* the file knows whole seconds */
    add_entry("host/ws1.fabrikam.test@FABRIKAM.TEST", 2, 2);
    for (int others = 0; others <= 1; others++) {
        ck_assert_int_eq(
            tli_keytab_for_machine(k5, config, &ws, princ, others, &keytab, out),
            TL_REASON_OK);
        ck_assert_int_eq(krb5_kt_get_entry(k5, keytab, princ, 0, 0, &entry), 0);
        ck_assert_uint_eq(entry.vno, others ? 7 : 2);
        ck_assert_uint_eq(entry.key.contents[0], others ? 1 : 2);
        krb5_free_keytab_entry_contents(k5, &entry);
        krb5_kt_close(k5, keytab);
    }
    krb5_free_principal(k5, princ);
}
END_TEST

/* Only keys of the machine itself prove a logon to it. */
START_TEST(test_is_machine)
{
    struct tl_workstation ws = {
        .flat = "WS1", .fqdn = "ws1.fabrikam.test", .realm = "FABRIKAM.TEST"};
    krb5_principal princ;

    ck_assert_int_eq(krb5_parse_name(k5, names[_i].name, &princ), 0);
    ck_assert_int_eq(tli_keytab_is_machine(princ, &ws), names[_i].ours);
    krb5_free_principal(k5, princ);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workstation");
    TCase *tc = tcase_create("workstation");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_machine, 0, COUNT(machines));
    tcase_add_test(tc, test_bare_names);
    tcase_add_test(tc, test_missing);
    tcase_add_test(tc, test_damaged);
    tcase_add_test(tc, test_folder);
    tcase_add_test(tc, test_empty);
    tcase_add_loop_test(tc, test_no_machine_key, 0, 2);
    tcase_add_test(tc, test_odd_entries);
    tcase_add_test(tc, test_versions);
    tcase_add_loop_test(tc, test_is_machine, 0, COUNT(names));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
