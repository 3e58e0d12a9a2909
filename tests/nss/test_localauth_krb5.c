/* SPDX-License-Identifier: MIT
 *
 * test_localauth_krb5.c - the localauth module through libkrb5, with the drop-in that is
 * installed.
 */
#include <krb5.h>
#include <stdlib.h>

#include "localauth_users.h"

static const struct {
    const char *principal, *lname;
} local_names[] = {
    {"alice@CONTOSO.TEST", "alice@contoso.test"},
    {"Administrator@FABRIKAM.TEST", "administrator@fabrikam.test"},
    {"root@FABRIKAM.TEST", NULL},
    {"eve@CONTOSO.TEST", NULL},
    {"alice/admin@CONTOSO.TEST", NULL},
    {"ws2$@CONTOSO.TEST", NULL},
    {"\xc3\xabve@CONTOSO.TEST", NULL},
    {"\xc3\x9cnal@CONTOSO.TEST", "\xc3\xbcnal@contoso.test"},
};

/* A default realm whose principals libkrb5 itself would map by name. */
static krb5_context make_context(const char *more)
{
    char conf[] = "/tmp/trustlogon-krb5.XXXXXX";
    int fd = mkstemp(conf);
    krb5_context context;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(dprintf(fd,
                             "[libdefaults]\n default_realm = FABRIKAM.TEST\n"
                             "[plugins]\n localauth = {\n module = trustlogon:%s\n"
                             "%s }\n",
                             TEST_LOCALAUTH, more),
                     0);
    close(fd);
    ck_assert_int_eq(setenv("KRB5_CONFIG", conf, 1), 0);
    ck_assert_int_eq(krb5_init_context(&context), 0);
    unlink(conf);
    return context;
}

START_TEST(through_libkrb5)
{
    krb5_context context = make_context("  enable_only = trustlogon\n");
    krb5_principal p;
    char name[300];

    for (size_t i = 0; i < COUNT(local_names); i++) {
        int got;

        ck_assert_int_eq(krb5_parse_name(context, local_names[i].principal, &p), 0);
        got = krb5_aname_to_localname(context, p, sizeof(name), name);
        ck_assert_int_eq(got, local_names[i].lname != NULL ? 0 : KRB5_LNAME_NOTRANS);
        if (local_names[i].lname != NULL)
            ck_assert_str_eq(name, local_names[i].lname);
        krb5_free_principal(context, p);
    }
    ck_assert_int_eq(krb5_parse_name(context, "administrator@FABRIKAM.TEST", &p), 0);
    ck_assert(krb5_kuserok(context, p, "administrator@fabrikam.test"));
    ck_assert(!krb5_kuserok(context, p, "administrator"));
    ck_assert(!krb5_kuserok(context, p, "root"));
    krb5_free_principal(context, p);
    krb5_free_context(context);
}
END_TEST

/* Where libkrb5's own mappings were left on, and one of them says yes. */
START_TEST(beside_other_mappings)
{
    static const char *const settings[] = {"", "  disable = trustlogon\n"};

    for (size_t i = 0; i < COUNT(settings); i++) {
        krb5_context context = make_context(settings[i]);
        krb5_principal p;

        ck_assert_int_eq(krb5_parse_name(context, "administrator@FABRIKAM.TEST", &p), 0);
        ck_assert(krb5_kuserok(context, p, "administrator") == (i == 1));
        krb5_free_principal(context, p);
        krb5_free_context(context);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("localauth_krb5");
    TCase *tcase = tcase_create("module");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, through_libkrb5);
    tcase_add_test(tcase, beside_other_mappings);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
