/* SPDX-License-Identifier: MIT
 *
 * test_no_topology.c - nothing is known: every entry of the library that takes a
 * topology, by itself or in its input, is called without one and with one that is empty.
 * The public headers are read for their names, so that no later entry is forgotten here.
 */
#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <trustlogon/idmap.h>
#include <trustlogon/sidrules.h>
#include <trustlogon/pac_name_check.h>

#include "topology_calls.h"

START_TEST(test_null)
{
    if (calls[_i].call != NULL)
        calls[_i].call(NULL);
}
END_TEST

START_TEST(test_empty)
{
    if (calls[_i].call != NULL)
        calls[_i].call(tl_topology_new(ctx));
}
END_TEST

/* As it is before the first look into the directory: the names only. */
START_TEST(test_bare)
{
    struct tl_topology *topo = tl_topology_new(ctx);

    topo->domain = topo->forest = "fabrikam.test";
    if (calls[_i].call != NULL)
        calls[_i].call(topo);
}
END_TEST

static bool is_called(const char *entry)
{
    size_t len = strlen(entry);

    for (size_t i = 0; i < NUM_CALLS; i++)
        for (const char *at = calls[i].entries; (at = strstr(at, entry)); at += len)
            if ((at == calls[i].entries || at[-1] == ' ') &&
                (at[len] == ' ' || at[len] == '\0'))
                return true;
    return false;
}

/* Whether the parameters have a topology that the callee reads. */
static bool takes_topology(const char *parameters)
{
    static const char topology[] = "struct tl_topology *";
    static const char *const inputs[] = {"tl_identity_input", "tl_lookup_input",
                                         "tl_rules_input", "struct tl_lookup *",
                                         "struct tl_machine *machine"};

    for (const char *at = parameters; (at = strstr(at, topology)); at++)
        if (at[sizeof topology - 1] != '*')
            return true;
    for (size_t i = 0; i < COUNT(inputs); i++)
        if (strstr(parameters, inputs[i]))
            return true;
    return false;
}

/* One declaration, up to its semicolon. */
static size_t look_at(char *declaration)
{
    char *open = strchr(declaration, '('), *name = open;

    if (open == NULL || !takes_topology(open))
        return 0;
    *open = '\0';
    while (isalnum((unsigned char)name[-1]) || name[-1] == '_')
        name--;
    ck_assert_msg(is_called(name), "%s takes a topology; call it here without one", name);
    return 1;
}

static size_t look_into(const char *path)
{
    FILE *file = fopen(path, "re");
    static char text[64 * 1024];
    size_t len = fread(text, 1, sizeof text - 1, file), found = 0;
    char *next;

    ck_assert_uint_lt(len, sizeof text - 1);
    text[len] = '\0';
    fclose(file);
    for (char *at = strstr(text, "TL_PUBLIC"); at != NULL; at = next) {
        char *end = strchr(at, ';');

        if (end == NULL) /* its own definition */
            break;
        *end = '\0';
        next = strstr(end + 1, "TL_PUBLIC");
        found += look_at(at);
    }
    return found;
}

START_TEST(test_all_are_here)
{
    DIR *dir = opendir(PUBLIC_HEADERS);
    const struct dirent *de;
    size_t found = 0;

    ck_assert_ptr_nonnull(dir);
    while ((de = readdir(dir)))
        if (strstr(de->d_name, ".h"))
            found += look_into(talloc_asprintf(ctx, "%s/%s", PUBLIC_HEADERS, de->d_name));
    closedir(dir);
    ck_assert_uint_ge(found, 28);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("no topology");
    TCase *tc = tcase_create("no topology");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_null, 0, NUM_CALLS);
    tcase_add_loop_test(tc, test_empty, 0, NUM_CALLS);
    tcase_add_loop_test(tc, test_bare, 0, NUM_CALLS);
    tcase_add_test(tc, test_all_are_here);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
