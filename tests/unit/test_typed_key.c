/* SPDX-License-Identifier: MIT
 *
 * test_typed_key.c - a password's key is the one that libkrb5 makes.
 */
#include <check.h>
#include <string.h>

#include "kerberos/exchange/typed_key.h"
#include "kerberos/internal.h"
#include "fixtures.h"

static krb5_context k5;

static void setup(void)
{
    ck_assert_int_eq(tli_k5_context(TL_RC4_NO, &k5), 0);
}

static void teardown(void)
{
    krb5_free_context(k5);
}

static void libkrb5s(const char *password, const struct tli_s2k_hint *hint,
                     krb5_keyblock *key)
{
    char number[4] = {(char)(hint->rounds >> 24), (char)(hint->rounds >> 16),
                      (char)(hint->rounds >> 8), (char)hint->rounds};
    const krb5_data text = {.data = (char *)(uintptr_t)password,
                            .length = (unsigned int)strlen(password)};
    const krb5_data salt = {.data = (char *)(uintptr_t)hint->salt,
                            .length = (unsigned int)hint->salt_len};
    const krb5_data params = {.data = number, .length = 4};

    ck_assert_int_eq(
        krb5_c_string_to_key_with_params(k5, hint->etype, &text, &salt, &params, key), 0);
}

#define SALT(s) (const uint8_t *)(s), sizeof(s) - 1
static const struct {
    const char *password;
    struct tli_s2k_hint hint;
} rows[] = {
    {"Passw0rd.Lab1", {18, SALT("CONTOSO.TESTalice"), 4096}},
    {"Passw0rd.Lab1", {17, SALT("CONTOSO.TESTalice"), 4096}},
    {"password", {18, SALT("ATHENA.MIT.EDUraeburn"), 4097}},
    {"password", {17, SALT("ATHENA.MIT.EDUraeburn"), 10000}},
    {"", {18, SALT("CONTOSO.TESTalice"), 4096}},
    {"x", {18, SALT(""), 4096}},
    {"\xf0\x9d\x84\x9e", {18, SALT("EXAMPLE.COMpianist"), 4096}},
    {"XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
     {17, SALT("a\0b"), 4096}},
};

START_TEST(test_same_key)
{
    uint8_t key[32];
    krb5_keyblock wanted;
    size_t len;

    ck_assert(tli_typed_key(rows[_i].password, &rows[_i].hint, key, &len));
    libkrb5s(rows[_i].password, &rows[_i].hint, &wanted);
    ck_assert_uint_eq(len, wanted.length);
    ck_assert_mem_eq(key, wanted.contents, len);
    krb5_free_keyblock_contents(k5, &wanted);
}
END_TEST

START_TEST(test_not_made)
{
    const struct tli_s2k_hint rc4 = {23, SALT(""), 4096}, sha2 = {20, SALT("x"), 32768};
    const struct tli_s2k_hint cheap = {18, SALT("CONTOSO.TESTalice"), 4095};
    uint8_t key[32];
    size_t len;

    ck_assert(!tli_typed_key("x", &rc4, key, &len));
    ck_assert(!tli_typed_key("x", &sha2, key, &len));
    ck_assert(!tli_typed_key("x", &cheap, key, &len));
}
END_TEST

static const struct {
    struct tli_s2k_hints hints;
    krb5_enctype taken; /* 0: libkrb5 makes it */
} choices[] = {
    {{2, {{17, SALT("s"), 4096}, {18, SALT("s"), 4096}}}, 18},
    {{3, {{23, SALT("s"), 4096}, {17, SALT("s"), 4096}, {17, SALT("t"), 4096}}}, 17},
    {{1, {{23, SALT("s"), 4096}}}, 0},
    {{0}, 0},
    {{1, {{-7, SALT("s"), 4096}}}, 0},
    {{2, {{17, SALT("s"), 4096}, {18, NULL, 0, 4096}}}, 0}, /* 18 is libkrb5's choice */
};

START_TEST(test_choice)
{
    krb5_principal client;
    krb5_keytab keytab;
    krb5_keytab_entry entry;
    const struct tli_s2k_hint *hint = NULL;
    krb5_keyblock wanted = {0};

    ck_assert_int_eq(krb5_parse_name(k5, "alice@CONTOSO.TEST", &client), 0);
    ck_assert_int_eq(tli_typed_keytab(k5, client, "pw", &choices[_i].hints, &keytab), 0);
    ck_assert_int_eq(keytab != NULL, choices[_i].taken != 0);
    if (keytab != NULL) {
        ck_assert_int_eq(
            krb5_kt_get_entry(k5, keytab, client, 0, choices[_i].taken, &entry), 0);
        for (size_t i = choices[_i].hints.count; i > 0; i--)
            if (choices[_i].hints.each[i - 1].etype == choices[_i].taken)
                hint = &choices[_i].hints.each[i - 1];
        ck_assert_ptr_nonnull(hint);
        libkrb5s("pw", hint, &wanted);
        ck_assert_mem_eq(entry.key.contents, wanted.contents, wanted.length);
        krb5_free_keytab_entry_contents(k5, &entry);
        krb5_free_keyblock_contents(k5, &wanted);
        krb5_kt_close(k5, keytab);
    }
    krb5_free_principal(k5, client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("typed_key");
    TCase *tcase = tcase_create("typed_key");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_same_key, 0, COUNT(rows));
    tcase_add_test(tcase, test_not_made);
    tcase_add_loop_test(tcase, test_choice, 0, COUNT(choices));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
