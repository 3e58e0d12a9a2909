/* SPDX-License-Identifier: MIT
 *
 * test_config.c - the configuration: its defaults, what good files mean, and that the
 * manual page has every option.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_files.h"

START_TEST(defaults_are_the_headers)
{
    struct tl_config *c = tl_config_defaults(ctx);

    ck_assert_ptr_nonnull(c);
    ck_assert_ptr_null(c->realm);
    ck_assert_str_eq(c->keytab, "/etc/krb5.keytab");
    ck_assert_int_eq(c->walk, TL_WALK_WINDOWS);
    ck_assert_int_eq(c->logon_timeout, 15000);
    ck_assert_int_eq(c->kdc_connect_timeout, 2500);
    ck_assert_int_eq(c->kdc_race_delay, 250);
    ck_assert_int_eq(c->hop_limit, 6);
    ck_assert(c->explain && c->require_ldap_ping && c->allow_rc4 == TL_RC4_TRUSTS);
    ck_assert_uint_eq(c->minimum_uid, 1000);
    ck_assert_int_eq(c->negative_lifetime, 45);
    ck_assert_int_eq(c->close_site_timeout, 900);
    ck_assert(!c->try_next_closest_site);
    ck_assert_int_eq(c->cache_lifetime, 43200);
    ck_assert_int_eq(c->max_per_uid, 8);
    ck_assert_ptr_nonnull(c->state_dir);
}
END_TEST

START_TEST(keys_are_unique)
{
    for (size_t i = 0; i < tli_num_options; i++)
        ck_assert_ptr_eq(tli_option_find(NULL, tli_options[i].key), &tli_options[i]);
}
END_TEST

START_TEST(good_file)
{
    struct tl_config *c =
        loaded(put("a.conf",
                   "# comment\n\n; another\n[workstation]\n"
                   " realm = fabrikam.test\n hostname = WS1.Fabrikam.Test\n"
                   " default_domain = CONTOSO\n keytab = FILE:/etc/k\n"
                   "[logon]\r\n walk=\"direct\"\r\n explain = Off\r\n"
                   " minimum_uid = 4294967294\n"
                   " ccache = KEYRING:persistent:%{uid}\n"
                   "[logon]\n hop_limit = 3\n[topology]\n",
                   0644));

    ck_assert_str_eq(c->realm, "FABRIKAM.TEST");
    ck_assert_str_eq(c->hostname, "ws1.fabrikam.test");
    ck_assert_str_eq(c->default_domain, "CONTOSO");
    ck_assert_str_eq(c->keytab, "FILE:/etc/k");
    ck_assert_int_eq(c->walk, TL_WALK_DIRECT);
    ck_assert(!c->explain);
    ck_assert_uint_eq(c->minimum_uid, 4294967294U);
    ck_assert_str_eq(c->ccache, "KEYRING:persistent:%{uid}");
    ck_assert_int_eq(c->hop_limit, 3);
    ck_assert_int_eq(c->logon_timeout, 15000);
    ck_assert_ptr_nonnull(strstr(c->file, "a.conf"));
}
END_TEST

/* It has been a boolean, and takes the words of one. */
static const struct {
    const char *word;
    enum tl_rc4 policy;
} rc4_words[] = {{"no", TL_RC4_NO},         {"False", TL_RC4_NO}, {"0", TL_RC4_NO},
                 {"trusts", TL_RC4_TRUSTS}, {"yes", TL_RC4_YES},  {"TRUE", TL_RC4_YES},
                 {"1", TL_RC4_YES}};

START_TEST(rc4_is_a_boolean_too)
{
    char *text = talloc_asprintf(NULL, "[logon]\n allow_rc4 = %s\n", rc4_words[_i].word);

    ck_assert_int_eq(loaded(put("rc4.conf", text, 0644))->allow_rc4,
                     rc4_words[_i].policy);
    talloc_free(text);
}
END_TEST

START_TEST(bom_and_empty)
{
    static const char bom[] = "\xef\xbb\xbf[logon]\nwalk = direct\n";
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_error *error;

    ck_assert_int_eq(tli_config_text(ctx, config, "f", "", 0, &error), 0);
    ck_assert_int_eq(tli_config_text(ctx, config, "f", "# x", 3, &error), 0);
    ck_assert_int_eq(tli_config_text(ctx, config, "f", bom, sizeof(bom) - 1, &error), 0);
    ck_assert_int_eq(config->walk, TL_WALK_DIRECT);
}
END_TEST

START_TEST(set_and_items)
{
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_item *items;
    struct tl_config_error *error;
    size_t count;

    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "walk=referral", &error), 0);
    ck_assert_int_eq(config->walk, TL_WALK_REFERRAL);
    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "walk=x", &error), -EINVAL);
    ck_assert_str_eq(error->text, "pam: walk: 'x' must be windows, referral or direct");
    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "walk", &error), -EINVAL);
    ck_assert_str_eq(error->text, "pam: walk: has no value (key=value)");
    ck_assert_int_eq(tl_config_set(ctx, config, "pam", "run=x", &error), -EINVAL);
    ck_assert_str_eq(error->text, "pam: run: no such option");
    ck_assert_int_eq(config->walk, TL_WALK_REFERRAL);

    items = tl_config_items(ctx, config, &count);
    ck_assert_ptr_nonnull(items);
    ck_assert_uint_eq(count, tli_num_options);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(items[i].value);
        ck_assert_int_eq(items[i].is_default, strcmp(items[i].key, "walk") != 0);
        if (strcmp(items[i].key, "walk") == 0)
            ck_assert_str_eq(items[i].value, "referral");
    }
}
END_TEST

/* The page lists options as ".It Cm name = default" under ".Ss [section]". */
START_TEST(manual_page_and_table_agree)
{
    FILE *page = fopen(MANUAL_PAGE, "r");
    char line[512], section[64] = "", key[64], value[128];
    size_t seen = 0;

    ck_assert_ptr_nonnull(page);
    while (fgets(line, sizeof(line), page) != NULL) {
        const struct tli_option *option;

        if (sscanf(line, ".Ss [%63[a-z]]", section) == 1 ||
            sscanf(line, ".It Cm %63[a-z0-9_] = Ar %127[^\n]", key, value) != 2)
            continue;
        option = tli_option_find(section, key);
        ck_assert_msg(option != NULL, "the page has [%s] %s, the table not", section,
                      key);
        if (option->initial != NULL)
            ck_assert_msg(strcmp(option->initial, value) == 0, "%s: default %s, page %s",
                          key, option->initial, value);
        ck_assert_msg(option == &tli_options[seen], "%s stands elsewhere in the table",
                      key);
        seen++;
    }
    fclose(page);
    ck_assert_uint_eq(seen, tli_num_options);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *t = tcase_create("config");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, defaults_are_the_headers);
    tcase_add_test(t, keys_are_unique);
    tcase_add_test(t, good_file);
    tcase_add_loop_test(t, rc4_is_a_boolean_too, 0, COUNT(rc4_words));
    tcase_add_test(t, bom_and_empty);
    tcase_add_test(t, set_and_items);
    tcase_add_test(t, manual_page_and_table_agree);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
