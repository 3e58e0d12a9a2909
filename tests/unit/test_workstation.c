/* SPDX-License-Identifier: MIT
 *
 * test_workstation.c - which machine a keytab belongs to, and what it is called.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/machine.h>

#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "machine/keytab_machines.h"
#include "machine/workstation.h"
#include "fixtures.h"

static TALLOC_CTX *mem;
static struct tl_config *config;
static struct tl_outcome *out;
static temp_path folder;
static krb5_context k5;

static void setup(void)
{
    mem = talloc_new(NULL);
    config = tl_config_defaults(mem);
    out = tl_outcome_new(mem);
    make_temp_folder(folder);
    config->keytab = talloc_asprintf(mem, "%s/keytab", folder);
    ck_assert_int_eq(krb5_init_context(&k5), 0);
}

static void teardown(void)
{
    krb5_free_context(k5);
    remove_tree(folder);
    talloc_free(mem);
}

static void add_entry(const char *name, uint8_t first_byte, uint32_t kvno)
{
    krb5_keytab keytab;
    krb5_keytab_entry entry;
    uint8_t key[32] = {first_byte};

    memset(&entry, 0, sizeof(entry));
    ck_assert_int_eq(krb5_parse_name(k5, name, &entry.principal), 0);
    entry.vno = kvno;
    entry.key.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
    entry.key.length = sizeof(key);
    entry.key.contents = key;
    ck_assert_int_eq(krb5_kt_resolve(k5, config->keytab, &keytab), 0);
    ck_assert_int_eq(krb5_kt_add_entry(k5, keytab, &entry), 0);
    krb5_kt_close(k5, keytab);
    krb5_free_principal(k5, entry.principal);
}

static void add(const char *name)
{
    add_entry(name, 1, 2);
}

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

START_TEST(test_damaged)
{
    int fd = open(config->keytab, O_WRONLY | O_CREAT, 0600);

    ck_assert_int_eq(write(fd, "no keytab", 9), 9);
    close(fd);
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
    int fd = open(config->keytab, O_WRONLY | O_CREAT, 0600);

    ck_assert_int_eq(write(fd, "\x05\x02", 2), 2);
    close(fd);
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

static bool disowned(const char *flat)
{
    return tli_machine_is_disowned(config, "FABRIKAM.TEST", flat);
}

static void age(const char *mark, time_t seconds)
{
    char *path = talloc_asprintf(mem, "%s/%s", folder, mark);
    struct timespec at[2] = {{.tv_sec = time(NULL) - seconds},
                             {.tv_sec = time(NULL) - seconds}};

    ck_assert_int_eq(utimensat(AT_FDCWD, path, at, 0), 0);
}

/* A KDC's bare word lets another account of the keytab go first, for an hour. */
START_TEST(test_disowned)
{
    struct tl_workstation *ws = NULL;

    config->state_dir = folder;
    add_entry("host/ws1.fabrikam.test@FABRIKAM.TEST", 2, 9);
    add_entry("OLD$@FABRIKAM.TEST", 3, 3);
    config->hostname = NULL;
    config->realm = "FABRIKAM.TEST";
    ck_assert(!disowned("OLD"));
    tli_machine_disowned(config, "FABRIKAM.TEST", "OLD");
    ck_assert(disowned("OLD"));
    ck_assert(!disowned("WS1"));
    ck_assert_int_eq(tli_workstation_detect(mem, config, &ws, out), TL_REASON_OK);
    ck_assert_str_eq(ws->flat, "WS1");
    tli_machine_proven(config, "FABRIKAM.TEST", "OLD");
    ck_assert_int_eq(tli_workstation_detect(mem, config, &ws, out), TL_REASON_OK);
    ck_assert_str_eq(ws->flat, "OLD"); /* by its NAME$ */
    /* what is proven is not given up for a bare word */
    tli_machine_disowned(config, "FABRIKAM.TEST", "OLD");
    ck_assert(!disowned("OLD"));
    /* a keytab written since: all begins again */
    age("machine.OLD@FABRIKAM.TEST.proven", 60);
    ck_assert(!disowned("OLD"));
    tli_machine_disowned(config, "FABRIKAM.TEST", "OLD");
    ck_assert(disowned("OLD"));
    age("machine.OLD@FABRIKAM.TEST.disowned", 60);
    ck_assert(!disowned("OLD"));
    /* no path is made of a name */
    tli_machine_disowned(config, "FABRIKAM.TEST", "../../OLD");
    ck_assert(!disowned("../../OLD"));
    unlink(talloc_asprintf(mem, "%s/machine.OLD@FABRIKAM.TEST.proven", folder));
    unlink(talloc_asprintf(mem, "%s/machine.OLD@FABRIKAM.TEST.disowned", folder));
}
END_TEST

/* A snapshot in the state folder, as a member of `domain` took it. */
static void save_snapshot(const char *domain, const char *site)
{
    struct tl_topology *topology = tl_topology_new(mem);

    topology->domain = topology->forest = domain;
    topology->site = site;
    ck_assert_int_eq(
        tl_topology_save(topology, talloc_asprintf(mem, "%s/topology.json", folder)), 0);
}

/* The machine has the site of its snapshot, unless the configuration names one. */
START_TEST(test_open)
{
    struct tl_machine *machine = NULL;

    config->state_dir = folder;
    ck_assert_int_eq(tl_machine_open(mem, config, &machine, out),
                     TL_REASON_KEYTAB_MISSING);
    ck_assert_ptr_null(machine);
    add("host/ws1.fabrikam.test@FABRIKAM.TEST");
    ck_assert_int_eq(tl_machine_open(mem, config, &machine, out), TL_REASON_OK);
    ck_assert_str_eq(machine->workstation->flat, "WS1");
    ck_assert_ptr_null(machine->topology);
    ck_assert_ptr_null(machine->site);
    save_snapshot("fabrikam.test", "Berlin");
    ck_assert_int_eq(tl_machine_open(mem, config, &machine, out), TL_REASON_OK);
    ck_assert_str_eq(machine->topology->domain, "fabrikam.test");
    ck_assert_str_eq(machine->site, "Berlin");
    config->site = "Rome";
    ck_assert_int_eq(tl_machine_open(mem, config, &machine, out), TL_REASON_OK);
    ck_assert_str_eq(machine->site, "Rome");
}
END_TEST

/* Of a snapshot taken as a member of another domain only the site counts, in either
 * order of reading; without the keytab it is shown as it is. */
START_TEST(test_foreign_snapshot)
{
    struct tl_machine *machine = NULL;

    config->state_dir = folder;
    add("host/ws1.fabrikam.test@FABRIKAM.TEST");
    save_snapshot("contoso.test", "Berlin");
    ck_assert_int_eq(tl_machine_open(mem, config, &machine, out), TL_REASON_OK);
    ck_assert_ptr_null(machine->topology);
    ck_assert_str_eq(machine->site, "Berlin");
    machine = tl_machine_new(mem, config);
    ck_assert_int_eq(tl_machine_load_snapshot(machine), 0);
    ck_assert_str_eq(machine->topology->domain, "contoso.test");
    ck_assert_int_eq(tl_machine_detect(machine, out), TL_REASON_OK);
    ck_assert_ptr_null(machine->topology);
    ck_assert_str_eq(machine->site, "Berlin");
}
END_TEST

/* Another machine of the keytab comes first once the KDC does not know this one. */
START_TEST(test_try_other)
{
    struct tl_machine *machine = NULL;

    config->state_dir = folder;
    config->hostname = NULL;
    add_entry("WS1$@FABRIKAM.TEST", 2, 9);
    add_entry("OLD$@CONTOSO.TEST", 3, 3);
    save_snapshot("fabrikam.test", "Berlin");
    config->realm = NULL;
    tli_machine_disowned(config, "CONTOSO.TEST", "OLD");
    ck_assert_int_eq(tl_machine_open(mem, config, &machine, out), TL_REASON_OK);
    ck_assert_str_eq(machine->workstation->flat, "WS1");
    ck_assert_ptr_nonnull(machine->topology);
    ck_assert(!tl_machine_try_other(machine));
    ck_assert_str_eq(machine->workstation->flat, "WS1");
    tli_machine_proven(config, "CONTOSO.TEST", "OLD");
    tli_machine_disowned(config, "FABRIKAM.TEST", "WS1");
    ck_assert(tl_machine_try_other(machine));
    ck_assert_str_eq(machine->workstation->flat, "OLD");
    ck_assert_ptr_null(machine->topology);
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
    tcase_add_test(tc, test_disowned);
    tcase_add_test(tc, test_open);
    tcase_add_test(tc, test_foreign_snapshot);
    tcase_add_test(tc, test_try_other);
    tcase_add_test(tc, test_versions);
    tcase_add_loop_test(tc, test_is_machine, 0, COUNT(names));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
