/* SPDX-License-Identifier: MIT
 *
 * typed_key.c - the key that a password makes [RFC 3962 4].
 */
#include "typed_key.h"

#include <nettle/aes.h>
#include <nettle/pbkdf2.h>
#include <stdio.h>
#include <string.h>

#define AES128_KEY 16
#define AES256_KEY 32

/* "kerberos", n-folded to a block of AES [RFC 3961 5.1]. */
static const uint8_t FOLDED[AES_BLOCK_SIZE] = {0x6b, 0x65, 0x72, 0x62, 0x65, 0x72,
                                               0x6f, 0x73, 0x7b, 0x9b, 0x5b, 0x2b,
                                               0x93, 0x13, 0x2b, 0x93};

static size_t key_size(int32_t etype)
{
    return etype == ENCTYPE_AES256_CTS_HMAC_SHA1_96   ? AES256_KEY
           : etype == ENCTYPE_AES128_CTS_HMAC_SHA1_96 ? AES128_KEY
                                                      : 0;
}

/* DK(key, "kerberos") [RFC 3961 5.1]: the constant, encrypted once for each block of the
 * new key; for one block, CTS is the cipher itself. */
static void derive(const uint8_t *from, size_t len, uint8_t *key)
{
    struct aes128_ctx aes128;
    struct aes256_ctx aes256;

    if (len == AES128_KEY) {
        aes128_set_encrypt_key(&aes128, from);
        aes128_encrypt(&aes128, AES_BLOCK_SIZE, key, FOLDED);
        explicit_bzero(&aes128, sizeof(aes128));
        return;
    }
    aes256_set_encrypt_key(&aes256, from);
    aes256_encrypt(&aes256, AES_BLOCK_SIZE, key, FOLDED);
    aes256_encrypt(&aes256, AES_BLOCK_SIZE, key + AES_BLOCK_SIZE, key);
    explicit_bzero(&aes256, sizeof(aes256));
}

bool tli_typed_key(const char *password, const struct tli_s2k_hint *hint, uint8_t key[32],
                   size_t *len)
{
    uint8_t stretched[AES256_KEY];

    *len = key_size(hint->etype);
    if (*len == 0 || hint->salt == NULL || hint->rounds < TL_S2K_ROUNDS)
        return false;
    pbkdf2_hmac_sha1(strlen(password), (const uint8_t *)password, hint->rounds,
                     hint->salt_len, hint->salt, *len, stretched);
    derive(stretched, *len, key);
    explicit_bzero(stretched, sizeof(stretched));
    return true;
}

/* Of the types that are asked for, the first one that has a hint. */
static const struct tli_s2k_hint *choose(krb5_context k5,
                                         const struct tli_s2k_hints *hints)
{
    const struct tli_s2k_hint *found = NULL;
    krb5_enctype *types = NULL;

    if (krb5_get_permitted_enctypes(k5, &types) != 0)
        return NULL;
    for (size_t t = 0; types[t] != 0 && found == NULL; t++)
        for (size_t i = 0; i < hints->count && found == NULL; i++)
            if (hints->each[i].etype == types[t])
                found = &hints->each[i];
    krb5_free_enctypes(k5, types);
    return found;
}

krb5_error_code tli_typed_keytab(krb5_context k5, krb5_const_principal client,
                                 const char *password, const struct tli_s2k_hints *hints,
                                 krb5_keytab *keytab)
{
    const struct tli_s2k_hint *hint = choose(k5, hints);
    uint8_t key[AES256_KEY];
    krb5_keytab_entry entry;
    char name[64];
    krb5_error_code ret;
    size_t len;

    *keytab = NULL;
    if (hint == NULL || !tli_typed_key(password, hint, key, &len))
        return 0;
    snprintf(name, sizeof(name), "MEMORY:typed-%p", (const void *)hints);
    memset(&entry, 0, sizeof(entry));
    entry.principal = (krb5_principal)(uintptr_t)client;
    entry.vno = 1;
    entry.key.enctype = hint->etype;
    entry.key.length = (unsigned int)len;
    entry.key.contents = key;
    ret = krb5_kt_resolve(k5, name, keytab);
    if (ret == 0)
        ret = krb5_kt_add_entry(k5, *keytab, &entry);
    if (ret != 0 && *keytab != NULL) {
        krb5_kt_close(k5, *keytab);
        *keytab = NULL;
    }
    explicit_bzero(key, sizeof(key));
    return ret;
}
