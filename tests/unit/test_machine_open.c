/* SPDX-License-Identifier: MIT
 *
 * test_machine_open.c - the machine with its snapshot and its site, and another machine
 * of the keytab where the KDC does not know the first.
 */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/machine.h>

#include "machine_keytab.h"

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

/* What the listener has parsed is what its children find, until the file is another. */
START_TEST(test_kept_snapshot)
{
    struct tl_machine *first = NULL, *second = NULL;

    config->state_dir = folder;
    add("host/ws1.fabrikam.test@FABRIKAM.TEST");
    save_snapshot("fabrikam.test", "Berlin");
    tl_machine_keep_snapshot(config);
    ck_assert_int_eq(tl_machine_open(mem, config, &first, out), TL_REASON_OK);
    ck_assert_int_eq(tl_machine_open(mem, config, &second, out), TL_REASON_OK);
    ck_assert_ptr_eq(first->topology, second->topology);
    ck_assert_str_eq(second->site, "Berlin");
    ck_assert_ptr_nonnull(first->topology->index);
    talloc_free(first);
    ck_assert_str_eq(second->topology->domain, "fabrikam.test");
    save_snapshot("fabrikam.test", "Roma");
    ck_assert_int_eq(tl_machine_open(mem, config, &first, out), TL_REASON_OK);
    ck_assert_ptr_ne(first->topology, second->topology);
    ck_assert_str_eq(first->site, "Roma");
    tl_machine_keep_snapshot(config);
    ck_assert_int_eq(tl_machine_open(mem, config, &first, out), TL_REASON_OK);
    ck_assert_int_eq(tl_machine_open(mem, config, &second, out), TL_REASON_OK);
    ck_assert_ptr_eq(first->topology, second->topology);
    config->state_dir = "/nowhere";
    tl_machine_keep_snapshot(config);
    ck_assert_int_eq(tl_machine_open(mem, config, &first, out), TL_REASON_OK);
    ck_assert_ptr_null(first->topology);
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

int main(void)
{
    Suite *suite = suite_create("machine_open");
    TCase *tc = tcase_create("workstation");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_disowned);
    tcase_add_test(tc, test_open);
    tcase_add_test(tc, test_foreign_snapshot);
    tcase_add_test(tc, test_kept_snapshot);
    tcase_add_test(tc, test_try_other);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
