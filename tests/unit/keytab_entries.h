/* SPDX-License-Identifier: MIT
 *
 * keytab_entries.h - keys for a keytab of the test's.
 */
#ifndef TL_TEST_KEYTAB_ENTRIES_H
#define TL_TEST_KEYTAB_ENTRIES_H

#include <check.h>
#include <krb5.h>

/* A further key in the keytab of this name, which is made where it is missing. */
static inline void add_to_keytab(krb5_context k5, const char *name, const char *principal,
                                 krb5_kvno kvno, const krb5_keyblock *key)
{
    krb5_keytab_entry entry = {.vno = kvno, .key = *key};
    krb5_keytab keytab;

    ck_assert_int_eq(krb5_parse_name(k5, principal, &entry.principal), 0);
    ck_assert_int_eq(krb5_kt_resolve(k5, name, &keytab), 0);
    ck_assert_int_eq(krb5_kt_add_entry(k5, keytab, &entry), 0);
    krb5_kt_close(k5, keytab);
    krb5_free_principal(k5, entry.principal);
}

/* The same with an AES key of these 32 bytes. */
static inline void add_aes_to_keytab(krb5_context k5, const char *name,
                                     const char *principal, krb5_kvno kvno,
                                     uint8_t bytes[32])
{
    const krb5_keyblock key = {
        .enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96, .length = 32, .contents = bytes};

    add_to_keytab(k5, name, principal, kvno, &key);
}

#endif
