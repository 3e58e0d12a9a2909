/* SPDX-License-Identifier: MIT
 *
 * typed_key.h - the key that a password makes [RFC 3962 4], made by nettle.
 *
 * libkrb5 takes four milliseconds for the 4,096 rounds of PBKDF2, which is most of what a
 * logon computes; nettle, with the processor's instructions for SHA-1, one.
 */
#ifndef TL_KERBEROS_TYPED_KEY_H
#define TL_KERBEROS_TYPED_KEY_H

#include <krb5.h>

#include "status/s2k.h"

/* The key by this hint, as krb5_c_string_to_key_with_params() makes it. False: not an
 * encryption type of AES with SHA-1, no salt, or fewer rounds than the default. libkrb5
 * refuses those, since an attacker who modifies messages could use them to guess
 * passwords faster. The caller wipes `key`. Pure. */
bool tli_typed_key(const char *password, const struct tli_s2k_hint *hint, uint8_t key[32],
                   size_t *len);

/*
 * A keytab in memory with the key that libkrb5 will ask for: of the encryption types that
 * this context requests, the first one that has a hint. If tli_typed_key() cannot make
 * that key, *keytab is NULL and libkrb5 derives the key itself.
 */
krb5_error_code tli_typed_keytab(krb5_context k5, krb5_const_principal client,
                                 const char *password, const struct tli_s2k_hints *hints,
                                 krb5_keytab *keytab);

#endif
