/* SPDX-License-Identifier: MIT
 *
 * test_keytab_machines.c - which machine a keytab with keys of several is of: each row
 * in every order of its entries, since the order says nothing.
 */
#include <check.h>
#include <string.h>

#include "machine/keytab_machines.h"
#include "run_suite.h"

#define MAX_ENTRIES 7
#define CONTOSO "CONTOSO.TEST"
#define FABRIKAM "FABRIKAM.TEST"

static TALLOC_CTX *mem;

static void setup(void)
{
    mem = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(mem);
}

#define HOST(realm, name, key, kvno, time)                                               \
    {                                                                                    \
        realm, name, false, key, kvno, time                                              \
    }
#define ACCOUNT(realm, name, key, kvno, time)                                            \
    {                                                                                    \
        realm, name, true, key, kvno, time                                               \
    }

static const struct {
    const char *what;
    struct tli_keytab_machine_entry entries[MAX_ENTRIES];
    const char *realm, *hostname, *own, *default_realm; /* hints */
    const char *unknown; /* the account that its KDC does not know */
    struct tli_keytab_machine first;
    size_t machines;
} rows[] = {
    {.what = "disjoint namespace, short host name",
     .entries = {HOST(FABRIKAM, "WS1", 1, 2, 10), ACCOUNT(FABRIKAM, "WS1", 1, 2, 10),
                 HOST(FABRIKAM, "ws1.lab.example", 1, 2, 11)},
     .own = "ws1",
     .first = {FABRIKAM, "ws1.lab.example", "WS1"},
     .machines = 1},
    {.what = "disjoint namespace, full host name of the realm's domain",
     .entries = {HOST(FABRIKAM, "WS1", 1, 2, 10), ACCOUNT(FABRIKAM, "WS1", 1, 2, 10),
                 HOST(FABRIKAM, "ws1.lab.example", 1, 2, 10)},
     .own = "ws1.fabrikam.test",
     .first = {FABRIKAM, "ws1.lab.example", "WS1"},
     .machines = 1},
    {.what = "a DNS name with another first label, bound to the account by its key",
     .entries = {ACCOUNT(FABRIKAM, "WS1", 7, 2, 10),
                 HOST(FABRIKAM, "desk.lab.example", 7, 2, 10)},
     .own = "ws1",
     .first = {FABRIKAM, "desk.lab.example", "WS1"},
     .machines = 1},
    {.what = "two full names: the one that the machine calls itself",
     .entries = {HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10),
                 HOST(FABRIKAM, "ws1.lan.example", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .own = "WS1.lan.example",
     .first = {FABRIKAM, "ws1.lan.example", "WS1"},
     .machines = 1},
    {.what = "two full names: the realm's where nothing else tells",
     .entries = {HOST(FABRIKAM, "ws1.a.example", 1, 2, 10),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10)},
     .own = "ws1",
     .first = {FABRIKAM, "ws1.fabrikam.test", NULL},
     .machines = 1},
    {.what = "a service's name in the keytab of the machine",
     .entries = {HOST(FABRIKAM, "cluster.fabrikam.test", 9, 5, 30),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .own = "gate", /* not even the host name helps */
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "another realm's entries: by krb5.conf",
     .entries = {HOST(CONTOSO, "ws1.contoso.test", 2, 9, 90),
                 ACCOUNT(CONTOSO, "WS1", 2, 9, 90),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .own = "ws1",
     .default_realm = "fabrikam.test",
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "another realm's entries: by the full host name",
     .entries = {HOST(CONTOSO, "ws1.contoso.test", 2, 9, 90),
                 ACCOUNT(CONTOSO, "WS1", 2, 9, 90),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .own = "ws1.fabrikam.test",
     .default_realm = "ATHENA.MIT.EDU",
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "another realm's entries: by the configuration",
     .entries = {HOST(CONTOSO, "ws1.contoso.test", 1, 9, 90),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10)},
     .own = "ws1.contoso.test",
     .realm = "fabrikam.test",
     .default_realm = CONTOSO,
     .first = {FABRIKAM, "ws1.fabrikam.test", NULL},
     .machines = 1},
    {.what = "a foreign account of the same realm: by the host name",
     .entries = {ACCOUNT(FABRIKAM, "LAPTOP7", 2, 9, 90),
                 ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .own = "ws1",
     .default_realm = FABRIKAM,
     .first = {FABRIKAM, NULL, "WS1"},
     .machines = 2},
    {.what = "a foreign account of another realm, without any host name",
     .entries = {ACCOUNT(CONTOSO, "LAPTOP7", 2, 9, 90),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .default_realm = FABRIKAM,
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "renamed and joined again, the host name too",
     .entries = {HOST(FABRIKAM, "old.fabrikam.test", 1, 9, 10),
                 ACCOUNT(FABRIKAM, "OLD", 1, 9, 10),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 2, 2, 20),
                 ACCOUNT(FABRIKAM, "WS1", 2, 2, 20)},
     .own = "ws1",
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "joined again as another computer, host name of neither: by time",
     .entries = {HOST(FABRIKAM, "old.fabrikam.test", 1, 9, 10),
                 ACCOUNT(FABRIKAM, "OLD", 1, 9, 10),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 2, 2, 20),
                 ACCOUNT(FABRIKAM, "WS1", 2, 2, 20)},
     .own = "gate",
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "the account renamed: both names have one key",
     .entries = {ACCOUNT(FABRIKAM, "OLD", 1, 2, 10),
                 HOST(FABRIKAM, "old.fabrikam.test", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 3, 20),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 1, 3, 20)},
     .own = "old",
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "net ads join under a new name: the new key under the old NAME$ as well",
     .entries = {HOST(FABRIKAM, "ws1.fabrikam.test", 1, 1, 10),
                 HOST(FABRIKAM, "WS1", 1, 1, 10),
                 HOST(FABRIKAM, "ws1.lab.example", 2, 2, 20),
                 HOST(FABRIKAM, "ws9.fabrikam.test", 3, 1, 30),
                 HOST(FABRIKAM, "WS9", 3, 1, 30), ACCOUNT(FABRIKAM, "WS9", 3, 1, 30),
                 ACCOUNT(FABRIKAM, "WS1", 3, 1, 31)},
     .own = "ws1",
     .default_realm = FABRIKAM,
     .first = {FABRIKAM, "ws9.fabrikam.test", "WS9"},
     .machines = 2},
    {.what = "the same, and the KDC does not know the new name",
     .entries = {HOST(FABRIKAM, "ws1.fabrikam.test", 3, 1, 30),
                 HOST(FABRIKAM, "ws9.fabrikam.test", 3, 1, 30),
                 ACCOUNT(FABRIKAM, "WS9", 3, 1, 30), ACCOUNT(FABRIKAM, "WS1", 3, 1, 31)},
     .own = "ws9",
     .unknown = "WS9",
     .first = {FABRIKAM, "ws1.fabrikam.test", "WS1"},
     .machines = 2},
    {.what = "joined again under another DNS name: the stale one is not taken",
     .entries = {HOST(FABRIKAM, "ws1.fabrikam.test", 1, 4, 10),
                 ACCOUNT(FABRIKAM, "WS1", 1, 4, 10),
                 HOST(FABRIKAM, "ws1.lab.example", 2, 2, 20),
                 ACCOUNT(FABRIKAM, "WS1", 2, 2, 21)},
     .own = "ws1.fabrikam.test",
     .first = {FABRIKAM, "ws1.lab.example", "WS1"},
     .machines = 1},
    {.what = "its KDC does not know the likelier one",
     .entries = {HOST(FABRIKAM, "old.fabrikam.test", 1, 2, 30),
                 ACCOUNT(FABRIKAM, "OLD", 1, 2, 30), ACCOUNT(FABRIKAM, "WS1", 2, 2, 20)},
     .own = "old.fabrikam.test",
     .default_realm = FABRIKAM,
     .unknown = "OLD",
     .first = {FABRIKAM, NULL, "WS1"},
     .machines = 2},
    {.what = "its KDC does not know the only one",
     .entries = {ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .unknown = "WS1",
     .first = {FABRIKAM, NULL, "WS1"},
     .machines = 1},
    {.what = "what is configured, unknown or not",
     .entries = {HOST(FABRIKAM, "old.fabrikam.test", 1, 2, 10),
                 HOST(FABRIKAM, "ws1.fabrikam.test", 2, 2, 20)},
     .hostname = "OLD.fabrikam.test",
     .own = "ws1",
     .unknown = "OLD",
     .first = {FABRIKAM, "old.fabrikam.test", NULL},
     .machines = 2},
    {.what = "names of one length and time: by the alphabet",
     .entries = {ACCOUNT(FABRIKAM, "WS2", 2, 2, 10), ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .own = "ws",
     .first = {FABRIKAM, NULL, "WS1"},
     .machines = 2},
    {.what = "more than 15 characters",
     .entries = {HOST(FABRIKAM, "averylongworkstationname.fabrikam.test", 1, 2, 10),
                 ACCOUNT(FABRIKAM, "AVERYLONGWORKST", 2, 2, 10)},
     .own = "averylongworkstationname",
     .first = {FABRIKAM, "averylongworkstationname.fabrikam.test", "AVERYLONGWORKST"},
     .machines = 1},
    {.what = "none of the configured realm",
     .entries = {ACCOUNT(FABRIKAM, "WS1", 1, 2, 10)},
     .realm = CONTOSO,
     .machines = 0},
    {.what = "none at all", .machines = 0},
};

static bool is_unknown(const void *arg, const char *realm, const char *flat)
{
    return arg != NULL && strcmp(realm, FABRIKAM) == 0 && strcmp(arg, flat) == 0;
}

static void same_text(const char *got, const char *expected, const char *what)
{
    if (expected == NULL)
        ck_assert_msg(got == NULL, "%s: %s", what, got);
    else
        ck_assert_msg(got != NULL && strcmp(got, expected) == 0, "%s: %s, not %s", what,
                      got != NULL ? got : "none", expected);
}

static void expect(int row, const struct tli_keytab_machine_entry *entries, size_t count)
{
    struct tli_keytab_machine_hints hints = {.realm = rows[row].realm,
                                             .hostname = rows[row].hostname,
                                             .own = rows[row].own,
                                             .default_realm = rows[row].default_realm,
                                             .unknown = is_unknown,
                                             .arg = rows[row].unknown};
    struct tli_keytab_machine *machines = NULL;
    size_t n = 99;

    ck_assert_int_eq(tli_keytab_machines_rank(mem, entries, count, &hints, &machines, &n),
                     0);
    ck_assert_msg(n == rows[row].machines, "%s: %zu machines", rows[row].what, n);
    if (n > 0) {
        same_text(machines[0].realm, rows[row].first.realm, rows[row].what);
        same_text(machines[0].host, rows[row].first.host, rows[row].what);
        same_text(machines[0].flat, rows[row].first.flat, rows[row].what);
    }
    talloc_free(machines);
}

/* All orders, by Heap's method. */
static void permute(int row, struct tli_keytab_machine_entry *entries, size_t count)
{
    size_t turns[MAX_ENTRIES] = {0};

    expect(row, entries, count);
    for (size_t i = 1; i < count;) {
        size_t from = i % 2 == 0 ? 0 : turns[i];
        struct tli_keytab_machine_entry moved = entries[i];

        if (turns[i] >= i) {
            turns[i++] = 0;
            continue;
        }
        entries[i] = entries[from];
        entries[from] = moved;
        expect(row, entries, count);
        turns[i]++;
        i = 1;
    }
}

START_TEST(test_every_order)
{
    struct tli_keytab_machine_entry entries[MAX_ENTRIES];
    size_t count = 0;

    while (count < MAX_ENTRIES && rows[_i].entries[count].realm != NULL) {
        entries[count] = rows[_i].entries[count];
        count++;
    }
    permute(_i, entries, count);
}
END_TEST

/* Years of renewed passwords, of which nothing was ever removed: each process
 * reads it, so it must not take long. */
START_TEST(test_long_keytab)
{
    const size_t count = 900, month = 30 * 86400;
    struct tli_keytab_machine_entry *entries =
        talloc_zero_array(mem, struct tli_keytab_machine_entry, count);
    struct tli_keytab_machine_hints hints = {.own = "ws1"};
    struct tli_keytab_machine *machines;
    size_t n;

    for (size_t i = 0; i < count; i++) {
        const size_t version = i / 9;

        entries[i] = (struct tli_keytab_machine_entry){
            .realm = FABRIKAM,
            .name = i % 3 == 1 ? "ws1.fabrikam.test" : "WS1",
            .account = i % 3 == 0,
            .key = (unsigned int)(i / 3 * 3),
            .kvno = (uint32_t)(1 + version),
            .time = (uint32_t)(version * month)};
    }
    ck_assert_int_eq(tli_keytab_machines_rank(mem, entries, count, &hints, &machines, &n),
                     0);
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(machines[0].host, "ws1.fabrikam.test");
    ck_assert_str_eq(machines[0].flat, "WS1");
}
END_TEST

START_TEST(test_flat)
{
    ck_assert_str_eq(tli_flat_of(mem, "ws1.lab.example"), "WS1");
    ck_assert_str_eq(tli_flat_of(mem, "averylongworkstationname"), "AVERYLONGWORKST");
    ck_assert_str_eq(tli_flat_of(mem, ""), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("machine");
    TCase *tc = tcase_create("machine");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_every_order, 0, COUNT(rows));
    tcase_add_test(tc, test_flat);
    tcase_add_test(tc, test_long_keytab);
    tcase_set_timeout(tc, 10); /* of a second's work under the sanitizers */
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
