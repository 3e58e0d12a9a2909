/* SPDX-License-Identifier: MIT
 *
 * test_k5_conf.c - krb5.conf that libkrb5 does not take: file, line and its own words.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kerberos/internal.h"
#include "scratch.h"

/* A file of the folder; "@" in its text stands for the folder. */
static const char *put(const char *name, const char *text)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '@')
            fputs(folder, file);
        else
            fputc(*at, file);
    fclose(file);
    return path;
}

static const struct {
    const char *main, *other; /* krb5.conf and d/extra.conf */
    const char *where;        /* which file, and line; NULL: all is well */
    const char *said;
} files[] = {
    {"[libdefaults]\n default_realm = A.TEST\n", "", NULL, NULL},
    {"", "", NULL, NULL},
    {"[libdefaults]\n default_realm FABRIKAM.TEST\n[realms]\n", "",
     "/krb5.conf, line 2: ", "Syntax error in profile relation"},
    {"# one\n\n[libdefaults\n a = b\n", "",
     "/krb5.conf, line 3: ", "Syntax error in profile section header"},
    {"[a]\n b = {\n c = d\n }\n}\n[e]\n", "",
     "/krb5.conf, line 5: ", "Extra closing brace"},
    {"[a]\n b = {\n c = d\n }\n}", "", "/krb5.conf, line 5: ", "Extra closing brace"},
    {"include @/nothing\n[libdefaults]\n", "",
     "/krb5.conf, line 1: ", "Included profile file could not be read"},
    {"[libdefaults]\n\nincludedir @/nothing\n", "",
     "/krb5.conf, line 3: ", "Included profile directory could not be read"},
    {"include @/d/extra.conf\n", "[libdefaults]\n nonsense\n",
     "/d/extra.conf, line 2: ", "Syntax error"},
    {"[x]\n y = z\nincludedir @/d\n[more]\n", "[libdefaults]\n nonsense\n",
     "/d/extra.conf, line 2: ", "Syntax error"},
    {"[libdefaults]\n module\n", "", "/krb5.conf, line 2: ", "Syntax error"},
};

START_TEST(test_syntax)
{
    const char *path;
    char *fault;

    ck_assert_int_eq(mkdir(talloc_asprintf(ctx, "%s/d", folder), 0700), 0);
    put("d/extra.conf", files[_i].other);
    put("d/ignored.txt", "nonsense in a file that is not read\n");
    path = put("krb5.conf", files[_i].main);
    fault = tli_k5_conf_syntax(ctx, path);
    if (files[_i].where == NULL) {
        ck_assert_msg(fault == NULL, "%s", fault);
        return;
    }
    ck_assert_ptr_nonnull(fault);
    ck_assert_msg(strstr(fault, files[_i].where) != NULL, "%s", fault);
    ck_assert_msg(strstr(fault, files[_i].said) != NULL, "%s", fault);
}
END_TEST

static const struct {
    const char *text, *fault;
} values[] = {
    {"[libdefaults]\n ticket_lifetime = 10h\n renew_lifetime = 7d\n", NULL},
    {"[libdefaults]\n ticket_lifetime = 36000\n", NULL},
    {"[libdefaults]\n", NULL},
    {"[libdefaults]\n ticket_lifetime = tomorrow\n",
     "[libdefaults] ticket_lifetime: 'tomorrow' is not a time"},
    {"[libdefaults]\n renew_lifetime = 7 moons\n",
     "[libdefaults] renew_lifetime: '7 moons'"},
    {"[libdefaults]\n A.TEST = {\n  ticket_lifetime = never\n }\n",
     "[libdefaults] A.TEST ticket_lifetime: 'never'"},
};

START_TEST(test_values)
{
    char *fault = tli_k5_conf_values(ctx, put("krb5.conf", values[_i].text));

    if (values[_i].fault == NULL)
        ck_assert_msg(fault == NULL, "%s", fault);
    else
        ck_assert_msg(fault != NULL && strstr(fault, values[_i].fault) != NULL, "%s",
                      fault != NULL ? fault : "nothing");
}
END_TEST

/* Long files are not read line by line: twelve parses for thousands of lines. */
START_TEST(test_long)
{
    char *text = talloc_strdup(ctx, "[libdefaults]\n");

    for (int i = 0; i < 4000; i++)
        text = talloc_strdup_append_buffer(text, " a = b\n");
    text = talloc_strdup_append_buffer(text, " c\n d = e\n");
    text = tli_k5_conf_syntax(ctx, put("krb5.conf", text));
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strstr(text, "line 4002: ") != NULL, "%s", text);
}
END_TEST

START_TEST(test_missing)
{
    char *fault = tli_k5_conf_syntax(ctx, talloc_asprintf(ctx, "%s/nothing", folder));

    ck_assert(fault == NULL || strstr(fault, "/nothing: ") != NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("krb5.conf");
    TCase *tc = tcase_create("krb5.conf");

    tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
    tcase_add_loop_test(tc, test_syntax, 0, COUNT(files));
    tcase_add_loop_test(tc, test_values, 0, COUNT(values));
    tcase_add_test(tc, test_long);
    tcase_add_test(tc, test_missing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
