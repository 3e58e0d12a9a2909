/* SPDX-License-Identifier: MIT
 *
 * test_smartcard.c - settings of libkrb5's pkinit plugin over those of krb5.conf, and
 * what does not count as a card. The cards themselves are the lab's (test_smartcard.py).
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kerberos/safe_file.h"
#include "kerberos/exchange/smartcard.h"
#include "kerberos/smartcard_profile.h"
#include "fixtures.h"

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

static temp_path profile_path;

/* The file stays until profile_done(): the library looks for a newer one each second. */
static profile_t profile_of(const char *text)
{
    profile_t profile = NULL;

    make_temp_file(profile_path);
    write_text(profile_path, text);
    ck_assert_int_eq(profile_init_path(profile_path, &profile), 0);
    return profile;
}

static void profile_done(profile_t profile)
{
    profile_abandon(profile);
    unlink(profile_path);
}

START_TEST(settings_over_krb5_conf)
{
    profile_t below = profile_of(rows[_i].file);
    char **values = NULL, text[256] = "";
    long ret = -1;
    bool ours = tli_card_profile(below, rows[_i].cards, rows[_i].names, &values, &ret);

    ck_assert_int_eq(ours, rows[_i].wanted != NULL);
    ck_assert_int_eq(ret, 0);
    for (size_t i = 0; ours && values[i] != NULL; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i > 0 ? " " : "", values[i]);
    if (ours)
        ck_assert_str_eq(text, rows[_i].wanted);
    profile_free_list(values);
    profile_done(below);
}
END_TEST

START_TEST(settings_of_realms)
{
    profile_t profile = profile_of(theirs);

    ck_assert(tli_card_setting(profile, "REALM.TEST", "pkinit_kdc_hostname"));
    ck_assert(tli_card_setting(profile, "OWN.TEST", "pkinit_kdc_hostname"));
    ck_assert(!tli_card_setting(profile, "CONTOSO.TEST", "pkinit_kdc_hostname"));
    ck_assert(!tli_card_setting(profile, NULL, "pkinit_kdc_hostname"));
    ck_assert(tli_card_setting(profile, "CONTOSO.TEST", "pkinit_cert_match"));
    ck_assert(tli_card_setting(profile, NULL, "pkinit_cert_match"));
    profile_done(profile);
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

/* Files that say whom to trust, or are loaded: %s is the one whose owner and mode count.
 */
static const struct {
    const char *value;
    mode_t mode;
    uid_t owner;
    bool safe;
} files[] = {
    {"FILE:%s", 0644, 0, true},
    {"FILE:%s", 0664, 0, false},
    {"FILE:%s", 0646, 0, false},
    {"FILE:%s", 0644, 1, false},
    {"FILE:%s,/nowhere/key.pem", 0666, 0, false},
    {"DIR:%s", 0755, 0, true},
    {"DIR:%s", 0757, 0, false},
    {"DIR:%s", 0755, 1, false},
    {"PKCS11:module_name=%s:token=x", 0755, 0, true},
    {"PKCS11:module_name=%s:token=x", 0775, 0, false},
    {"PKCS11:slotid=1:module_name=%s", 0755, 1, false},
    {"PKCS11:%s", 0777, 0, false},
};

START_TEST(owner_and_mode)
{
    temp_path folder;
    char *path, *within, *file = NULL;
    TALLOC_CTX *mem = talloc_new(NULL);
    bool is_dir = strncmp(files[_i].value, "DIR:", 4) == 0;
    const char *at = strstr(files[_i].value, "%s");
    char *value, *settings;
    profile_t profile;

    if (geteuid() != 0)
        return;
    make_temp_folder(folder);
    path = is_dir ? folder : talloc_asprintf(mem, "%s/file", folder);
    within = talloc_asprintf(mem, "%s/file", folder);
    write_text(within, "");
    ck_assert_int_eq(chmod(within, 0644), 0);
    ck_assert_int_eq(chmod(path, files[_i].mode), 0);
    ck_assert_int_eq(chown(path, files[_i].owner, 0), 0);
    value = talloc_asprintf(mem, "%.*s%s%s", (int)(at - files[_i].value), files[_i].value,
                            path, at + 2);
    ck_assert_msg((tli_pkinit_unsafe(mem, value, &file) == NULL) == files[_i].safe, "%s",
                  value);
    if (!files[_i].safe)
        ck_assert_str_eq(file, path);
    settings = talloc_asprintf(mem,
                               "[realms]\n    REALM.TEST = {\n        pkinit_anchors = "
                               "FILE:/nowhere\n        pkinit_anchors = %s\n    }\n",
                               value);
    profile = profile_of(settings);
    ck_assert((tli_card_unsafe(mem, profile, "REALM.TEST", &file) == NULL) ==
              files[_i].safe);
    ck_assert_ptr_null(tli_card_unsafe(mem, profile, "OTHER.TEST", &file));
    profile_done(profile);
    if (is_dir && files[_i].safe) { /* and what is in it */
        ck_assert_int_eq(chmod(within, 0666), 0);
        ck_assert_ptr_nonnull(tli_pkinit_unsafe(mem, value, &file));
        ck_assert_str_eq(file, within);
    }
    remove_tree(folder);
    talloc_free(mem);
}
END_TEST

/* The reason, before a card is looked for. */
START_TEST(unsafe_anchors)
{
    temp_path path;
    struct tl_config *config = tl_config_defaults(NULL);
    struct tl_outcome *out = tl_outcome_new(config);
    struct tl_card *card = NULL;
    enum tl_reason reason;

    make_temp_file(path);
    ck_assert_int_eq(chmod(path, 0622), 0);
    config->pkinit_identity = "PKCS11:module_name=/nowhere/module.so";
    config->pkinit_anchors = talloc_asprintf(config, "FILE:%s", path);
    reason = tl_card_find(config, config, "CONTOSO.TEST", &card, out);
    unlink(path);
    ck_assert_ptr_null(card);
    if (reason != TL_REASON_SMARTCARD_PLUGIN) { /* which this machine may not have */
        ck_assert_int_eq(reason, TL_REASON_SMARTCARD_FILE_UNSAFE);
        ck_assert_str_eq(out->subject, path);
    }
    talloc_free(config);
}
END_TEST

/* Only the step at which the plugin stopped shows the cause: libkrb5 has one code for
 * all. */
static const struct {
    enum tli_card_step step;
    bool asked, given;
    krb5_error_code ret;
    enum tl_reason reason;
} stops[] = {
    {TL_CARD_PIN, false, false, KRB5_PREAUTH_FAILED, TL_REASON_PKINIT_UNSUPPORTED},
    {TL_CARD_PIN, true, false, KRB5_PREAUTH_FAILED, TL_REASON_SMARTCARD_NONE},
    {TL_CARD_PIN, true, true, KRB5_PREAUTH_FAILED, TL_REASON_SMARTCARD_PIN_WRONG},
    {TL_CARD_CHOICE, true, true, KRB5_PREAUTH_FAILED, TL_REASON_SMARTCARD_NO_CERTIFICATE},
    {TL_CARD_ANCHORS, true, true, KRB5_PREAUTH_FAILED, TL_REASON_CONFIG_INVALID},
    {TL_CARD_REQUEST, true, true, KRB5_PREAUTH_FAILED, TL_REASON_SMARTCARD_BROKEN},
    {TL_CARD_REQUEST, true, true, ENOMEM, TL_REASON_NO_MEMORY},
};

START_TEST(where_it_stopped)
{
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tl_krb *krb = talloc_zero(mem, struct tl_krb);
    struct tl_outcome *out = tl_outcome_new(mem);
    struct tl_card card = {.label = talloc_strdup(mem, "a card")};
    struct tli_card_try card_try = {.card = talloc_memdup(mem, &card, sizeof(card)),
                                    .step = stops[_i].step,
                                    .asked = stops[_i].asked,
                                    .given = stops[_i].given};
    struct tli_exchange ex = {0};

    ck_assert_int_eq(krb5_init_context(&krb->k5), 0);
    ck_assert_int_eq(tli_card_fail(krb, &card_try, stops[_i].ret, &ex, out),
                     stops[_i].reason);
    ck_assert_int_eq(out->reason, stops[_i].reason);
    ck_assert_int_eq(card_try.card->spent,
                     stops[_i].reason == TL_REASON_SMARTCARD_PIN_WRONG);
    krb5_free_context(krb->k5);
    talloc_free(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smartcard");
    TCase *tests = tcase_create("smartcard");

    tcase_add_loop_test(tests, settings_over_krb5_conf, 0, COUNT(rows));
    tcase_add_test(tests, settings_of_realms);
    tcase_add_loop_test(tests, no_card, 0, 2);
    tcase_add_loop_test(tests, owner_and_mode, 0, COUNT(files));
    tcase_add_test(tests, unsafe_anchors);
    tcase_add_loop_test(tests, where_it_stopped, 0,
                        (int)(sizeof(stops) / sizeof(stops[0])));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
