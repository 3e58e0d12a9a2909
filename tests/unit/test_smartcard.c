/* SPDX-License-Identifier: MIT
 *
 * Settings of libkrb5's pkinit plugin over those of krb5.conf, and which card is none.
 * The cards themselves are the lab's (test_50_smartcard.py).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kerberos/smartcard.h"
#include "run_suite.h"

static const char theirs[] = "[libdefaults]\n"
                             "    pkinit_cert_match = <SUBJECT>of all\n"
                             "    OWN.TEST = {\n"
                             "        pkinit_kdc_hostname = kdc.own.test\n"
                             "    }\n"
                             "[realms]\n"
                             "    REALM.TEST = {\n"
                             "        pkinit_kdc_hostname = kdc1.realm.test\n"
                             "        pkinit_kdc_hostname = kdc2.realm.test\n"
                             "    }\n"
                             "[plugins]\n"
                             "    clpreauth = {\n"
                             "        disable = spake\n"
                             "    }\n";

#define DISABLE                                                                          \
    {                                                                                    \
        "plugins", "clpreauth", "disable", NULL                                          \
    }
#define HOSTNAME(realm)                                                                  \
    {                                                                                    \
        "realms", realm, "pkinit_kdc_hostname", NULL                                     \
    }
#define MATCH(realm)                                                                     \
    {                                                                                    \
        "realms", realm, "pkinit_cert_match", NULL                                       \
    }

/* `wanted`: what is laid over the file, with blanks between; NULL: the file decides. */
static const struct {
    const char *file;
    bool cards;
    const char *names[5];
    const char *wanted;
} rows[] = {
    {"", false, DISABLE, "pkinit"},
    {theirs, false, DISABLE, "spake pkinit"},
    {theirs, true, DISABLE, NULL},
    {"", true, HOSTNAME("CONTOSO.TEST"), "CONTOSO.TEST"},
    {"", false, HOSTNAME("CONTOSO.TEST"), NULL},
    {theirs, true, HOSTNAME("CONTOSO.TEST"), "CONTOSO.TEST"},
    {theirs, true, HOSTNAME("REALM.TEST"), NULL},
    {theirs, true, HOSTNAME("OWN.TEST"), NULL},
    {"[libdefaults]\n    pkinit_kdc_hostname = one.for.all\n", true,
     HOSTNAME("CONTOSO.TEST"), NULL},
    {"", true, MATCH("CONTOSO.TEST"),
     "<EKU>msScLogin <EKU>pkinit <EKU>clientAuth<KU>digitalSignature <SUBJECT>.*"},
    {theirs, true, MATCH("CONTOSO.TEST"), NULL},
    {"", true, {"libdefaults", "pkinit_kdc_hostname", NULL}, NULL},
    {"", true, {"realms", "CONTOSO.TEST", "kdc", NULL}, NULL},
    {"", false, {"plugins", "pwqual", "disable", NULL}, NULL},
    {"", true, {"realms", "A.TEST", "pkinit_kdc_hostname", "x", NULL}, NULL},
    {"", true, {"realms", NULL}, NULL},
};

static profile_t profile_of(const char *text)
{
    char path[] = "/tmp/test_smartcard.XXXXXX";
    int fd = mkstemp(path);
    profile_t profile = NULL;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    ck_assert_int_eq(profile_init_path(path, &profile), 0);
    unlink(path);
    return profile;
}

START_TEST(settings_over_krb5_conf)
{
    profile_t below = profile_of(rows[_i].file);
    char **values = NULL, text[256] = "";
    long ret = -1;
    bool ours = tl_card_profile(below, rows[_i].cards, rows[_i].names, &values, &ret);

    ck_assert_int_eq(ours, rows[_i].wanted != NULL);
    ck_assert_int_eq(ret, 0);
    for (size_t i = 0; ours && values[i] != NULL; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i > 0 ? " " : "", values[i]);
    if (ours)
        ck_assert_str_eq(text, rows[_i].wanted);
    profile_free_list(values);
    profile_abandon(below);
}
END_TEST

START_TEST(settings_of_realms)
{
    profile_t profile = profile_of(theirs);

    ck_assert(tl_card_setting(profile, "REALM.TEST", "pkinit_kdc_hostname"));
    ck_assert(tl_card_setting(profile, "OWN.TEST", "pkinit_kdc_hostname"));
    ck_assert(!tl_card_setting(profile, "CONTOSO.TEST", "pkinit_kdc_hostname"));
    ck_assert(!tl_card_setting(profile, NULL, "pkinit_kdc_hostname"));
    ck_assert(tl_card_setting(profile, "CONTOSO.TEST", "pkinit_cert_match"));
    ck_assert(tl_card_setting(profile, NULL, "pkinit_cert_match"));
    profile_abandon(profile);
}
END_TEST

/* Whether the machine has the plugin, or not. */
START_TEST(no_card)
{
    struct tl_config *config = tl_config_defaults(NULL);
    struct tl_outcome *out = tl_outcome_new(config);
    struct tl_card *card = NULL;
    enum tl_reason reason;

    config->pkinit_identity = _i == 0 ? "FILE:/nowhere/cert.pem,/nowhere/key.pem"
                                      : "PKCS11:module_name=/nowhere/module.so";
    config->pkinit_anchors = "FILE:/nowhere/ca.pem";
    reason = tl_card_find(config, config, "CONTOSO.TEST", &card, out);
    ck_assert(reason == TL_REASON_SMARTCARD_NONE || reason == TL_REASON_SMARTCARD_PLUGIN);
    ck_assert_int_eq(out->reason, reason);
    ck_assert_ptr_null(card);
    talloc_free(config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smartcard");
    TCase *tests = tcase_create("smartcard");

    tcase_add_loop_test(tests, settings_over_krb5_conf, 0,
                        (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tests, settings_of_realms);
    tcase_add_loop_test(tests, no_card, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
