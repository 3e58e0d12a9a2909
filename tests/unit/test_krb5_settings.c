/* SPDX-License-Identifier: MIT
 *
 * test_krb5_settings.c - krb5.conf and the environment cannot loosen the library's
 * settings; which names of credentials caches are taken.
 */
#include <check.h>
#include <errno.h>
#include <profile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kerberos/exchange/exchange.h"
#include "kerberos/tickets/ccache_name.h"
#include "fixtures.h"

static bool has_enctype(krb5_context k5, krb5_enctype wanted)
{
    krb5_enctype *types = NULL;
    bool found = false;

    ck_assert_int_eq(krb5_get_permitted_enctypes(k5, &types), 0);
    for (size_t i = 0; types[i] != 0; i++)
        found = found || types[i] == wanted;
    krb5_free_enctypes(k5, types);
    return found;
}

static int boolean(profile_t profile, const char *a, const char *b, int fallback)
{
    int value = -1;

    profile_get_boolean(profile, "libdefaults", a, b, fallback, &value);
    return value;
}

/* Neither the environment nor a realm's own section turns a fixed setting. */
START_TEST(test_settings_are_fixed)
{
    temp_path path;
    static const char text[] =
        "[libdefaults]\n allow_weak_crypto = true\n permitted_enctypes = rc4\n"
        " dns_lookup_kdc = true\n ignored_by_us = true\n"
        " A.TEST = {\n  dns_lookup_kdc = true\n }\n";
    krb5_context k5;
    profile_t profile;
    char **values = NULL;
    const char *path_names[] = {"capaths", "A.TEST", "B.TEST", NULL};
    /* the policy from which on RC4 is in the list */
    static const struct {
        const char *name;
        enum tl_rc4 rc4_from;
    } lists[] = {{"default_tkt_enctypes", TL_RC4_YES},
                 {"default_tgs_enctypes", TL_RC4_TRUSTS},
                 {"permitted_enctypes", TL_RC4_TRUSTS}};
    enum tl_rc4 policy = (enum tl_rc4)_i;

    make_temp_file(path);
    write_text(path, text);
    setenv("KRB5_CONFIG", path, 1);
    ck_assert_int_eq(tli_k5_context(policy, &k5), 0);
    ck_assert_int_eq(krb5_get_profile(k5, &profile), 0);
    ck_assert_int_eq(boolean(profile, "ignored_by_us", NULL, 0), 0);
    ck_assert_int_eq(boolean(profile, "allow_weak_crypto", NULL, 1), 0);
    ck_assert_int_eq(boolean(profile, "dns_lookup_kdc", NULL, 1), 0);
    ck_assert_int_eq(boolean(profile, "A.TEST", "dns_lookup_kdc", 1), 0);
    ck_assert_int_eq(boolean(profile, "kdc_timesync", NULL, 1), 0);
    ck_assert_int_eq(profile_get_values(profile, path_names, &values), 0);
    ck_assert_str_eq(values[0], ".");
    profile_free_list(values);
    ck_assert(has_enctype(k5, ENCTYPE_AES256_CTS_HMAC_SHA1_96));
    ck_assert_int_eq(has_enctype(k5, ENCTYPE_ARCFOUR_HMAC), _i != TL_RC4_NO);
    for (size_t i = 0; i < 3; i++) {
        char *list = NULL;

        ck_assert_int_eq(
            profile_get_string(profile, "libdefaults", lists[i].name, NULL, "", &list),
            0);
        ck_assert_int_eq(strstr(list, "arcfour") != NULL, _i >= (int)lists[i].rc4_from);
        profile_release_string(list);
    }
    ck_assert_int_eq(tli_enctype_allowed(policy, TL_KEY_ANY, ENCTYPE_ARCFOUR_HMAC),
                     _i == TL_RC4_YES);
    ck_assert_int_eq(
        tli_enctype_allowed(policy, TL_KEY_OF_REFERRAL, ENCTYPE_ARCFOUR_HMAC),
        _i != TL_RC4_NO);
    ck_assert(!tli_enctype_allowed(policy, TL_KEY_OF_REFERRAL, ENCTYPE_DES3_CBC_SHA1));
    ck_assert(tli_enctype_allowed(policy, TL_KEY_ANY, ENCTYPE_AES128_CTS_HMAC_SHA1_96));
    profile_abandon(profile);
    krb5_free_context(k5);
    unlink(path);
}
END_TEST

static const struct {
    const char *pattern, *name; /* name NULL: refused */
} names[] = {
    {NULL, "FILE:/tmp/krb5cc_1001_XXXXXX"},
    {"FILE", "FILE:/tmp/krb5cc_1001_XXXXXX"},
    {"FILE:/tmp/krb5cc_%{uid}", "FILE:/tmp/krb5cc_1001_XXXXXX"},
    {"/tmp/krb5cc_%{USERID}", "FILE:/tmp/krb5cc_1001_XXXXXX"},
    {"FILE:/tmp/mine_%{euid}", "FILE:/tmp/mine_1001"},
    {"FILE:%{TEMP}/%{null}x", NULL}, /* must begin with / */
    {"/home/x/cc", "FILE:/home/x/cc"},
    {"DIR:/run/user/%{uid}/krb5cc", "DIR:/run/user/1001/krb5cc"},
    {"KEYRING:persistent:%{uid}", "KEYRING:persistent:1001"},
    {"KCM:", "KCM:"},
    {"KCM", "KCM:"},
    {"KEYRING", "KEYRING:persistent:1001"},
    {"KEYRING:session:x", NULL},
    {"MEMORY:x", NULL},
    {"FILE:relative", NULL},
    {"API:x", NULL},
    {"FILE:/tmp/%{username}", NULL},
    {"FILE:/tmp/%{uid", NULL},
};

START_TEST(test_ccache_names)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    char *name = NULL;
    const char *why = NULL;
    int ret = tli_ccache_expand(mem, names[_i].pattern, 1001, &name, &why);

    if (names[_i].name != NULL) {
        ck_assert_int_eq(ret, 0);
        ck_assert_str_eq(name, names[_i].name);
        ck_assert_ptr_null(why);
    } else {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_ptr_null(name);
        ck_assert_ptr_nonnull(why);
    }
    talloc_free(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("krb5_settings");
    TCase *tc = tcase_create("walk");

    tcase_add_loop_test(tc, test_settings_are_fixed, 0, 3);
    tcase_add_loop_test(tc, test_ccache_names, 0, COUNT(names));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
