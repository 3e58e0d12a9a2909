/* SPDX-License-Identifier: MIT
 *
 * test_armor.c - what FAST armor contains. libkrb5 makes the requests; the test is the
 * KDC; and what our side reads in a reply, libkrb5 must read in it too.
 */
#include <check.h>
#include <string.h>
#include <trustlogon/machine.h>

#include "kerberos/exchange/fast_message.h"
#include "armor_kdc.h"

#define PA_PW_SALT 3
#define PA_ETYPE_INFO2 19
#define PA_FX_COOKIE 133
#define PA_ENCRYPTED_CHALLENGE 138

/* --- the KDC's side --- */

/* The armor's key, as a KDC gets it: from the request and the ticket's key. */
static krb5_keyblock *armor_key(const krb5_data *request)
{
    struct tli_encrypted enc;
    struct tli_der der = {(const uint8_t *)request->data, request->length}, key;
    krb5_principal server;
    krb5_creds want, got;
    krb5_enc_data in = {.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96};
    krb5_keyblock subkey, *armor = NULL;
    krb5_data plain;
    int32_t etype;

    ck_assert_int_eq(tli_fast_authenticator(der, &enc), 0);
    memset(&want, 0, sizeof(want));
    ck_assert_int_eq(krb5_parse_name(krb->k5, TGS, &server), 0);
    want.server = server;
    want.client = krb->armor->machine->client;
    ck_assert_int_eq(
        krb5_cc_retrieve_cred(krb->k5, krb->armor->machine->ccache, 0, &want, &got), 0);
    krb5_free_principal(krb->k5, server);
    in.ciphertext.data = (char *)(uintptr_t)enc.cipher.data;
    in.ciphertext.length = (unsigned int)enc.cipher.len;
    plain.length = in.ciphertext.length;
    plain.data = talloc_size(ctx, plain.length);
    ck_assert_int_eq(krb5_c_decrypt(krb->k5, &got.keyblock, KRB5_KEYUSAGE_AP_REQ_AUTH,
                                    NULL, &in, &plain),
                     0);
    der = (struct tli_der){(const uint8_t *)plain.data, plain.length};
    ck_assert_int_eq(tli_authenticator_subkey(der, &etype, &key), 0);
    memset(&subkey, 0, sizeof(subkey));
    subkey.enctype = etype;
    subkey.length = (unsigned int)key.len;
    subkey.contents = (krb5_octet *)(uintptr_t)key.data;
    ck_assert_int_eq(krb5_c_fx_cf2_simple(krb->k5, &subkey, "subkeyarmor", &got.keyblock,
                                          "ticketarmor", &armor),
                     0);
    krb5_free_cred_contents(krb->k5, &got);
    return armor;
}

/* [7] of the request inside, which the answer must repeat; that outside is another. */
static unsigned int nonce_of(const krb5_data *request, const krb5_keyblock *key)
{
    struct tli_der in = {(const uint8_t *)request->data, request->length}, at, list;
    krb5_enc_data enc = {.enctype = key->enctype};
    krb5_data inside;
    unsigned int nonce = 0;
    const uint8_t *p;

    /* AS-REQ, its third field; PA-FX-FAST, armored, its third field, the cipher */
    ck_assert_int_eq(tli_der_take(&in, 0x6a, &at), 0);
    ck_assert_int_eq(tli_der_take(&at, 0x30, &in), 0);
    for (uint8_t tag = 0xa1; tag <= 0xa3; tag++)
        ck_assert_int_eq(tli_der_take(&in, tag, &list), 0);
    ck_assert_int_eq(tli_padata_find(list, TL_PA_FX_FAST, &at), 0);
    ck_assert_int_eq(tli_der_take(&at, 0xa0, &in), 0);
    ck_assert_int_eq(tli_der_take(&in, 0x30, &at), 0);
    for (uint8_t tag = 0xa0; tag <= 0xa2; tag++)
        ck_assert_int_eq(tli_der_take(&at, tag, &in), 0);
    ck_assert_int_eq(tli_der_take(&in, 0x30, &at), 0);
    ck_assert_int_eq(tli_der_take(&at, 0xa0, &in), 0);
    ck_assert_int_eq(tli_der_take(&at, 0xa2, &in), 0);
    ck_assert_int_eq(tli_der_take(&in, 4, &at), 0);
    enc.ciphertext.data = (char *)(uintptr_t)at.data;
    enc.ciphertext.length = (unsigned int)at.len;
    inside.length = enc.ciphertext.length;
    inside.data = talloc_size(ctx, inside.length);
    ck_assert_int_eq(
        krb5_c_decrypt(krb->k5, key, KRB5_KEYUSAGE_FAST_ENC, NULL, &enc, &inside), 0);
    p = (const uint8_t *)inside.data;
    for (size_t i = inside.length - 4; i > 0; i--) /* behind it are enctypes only */
        if (p[i] == 0xa7 && p[i + 2] == 2 && p[i + 1] == p[i + 3] + 2) {
            for (size_t k = 0; k < p[i + 3]; k++)
                nonce = nonce << 8 | p[i + 4 + k];
            return nonce;
        }
    ck_abort_msg("no nonce");
    return 0;
}

/* An answer inside the armor. */
static struct bytes sealed(const krb5_data *request, unsigned int code,
                           struct bytes padata, bool own_key)
{
    krb5_keyblock *key = armor_key(request);
    struct bytes response =
        SEQ(join(2, C(0, SEQ(padata)), C(3, num(nonce_of(request, key)))));
    krb5_data plain = {.length = (unsigned int)response.n, .data = (char *)response.p};
    krb5_enc_data enc;
    size_t len;

    memset(&enc, 0, sizeof(enc));
    if (!own_key)
        key->contents[0] ^= 1;
    ck_assert_int_eq(krb5_c_encrypt_length(krb->k5, key->enctype, response.n, &len), 0);
    enc.ciphertext.length = (unsigned int)len;
    enc.ciphertext.data = talloc_size(ctx, len);
    ck_assert_int_eq(
        krb5_c_encrypt(krb->k5, key, KRB5_KEYUSAGE_FAST_REP, NULL, &plain, &enc), 0);
    krb5_free_keyblock(krb->k5, key);
    return error(code, NULL,
                 SEQ(pa(TL_PA_FX_FAST,
                        C(0, SEQ(C(0, encrypted(raw(enc.ciphertext.data, len))))))));
}

/* What a KDC says first: its salt and the cost of a key, and that it takes a challenge.
 */
static struct bytes hints(uint32_t rounds)
{
    uint8_t be[4] = {(uint8_t)(rounds >> 24), (uint8_t)(rounds >> 16),
                     (uint8_t)(rounds >> 8), (uint8_t)rounds};
    struct bytes info = SEQ(join(3, C(0, num(ENCTYPE_AES256_CTS_HMAC_SHA1_96)),
                                 C(1, text(REALM "alice")), C(2, OCTETS(raw(be, 4)))));

    return join(4, pa(PA_ETYPE_INFO2, SEQ(info)), pa(PA_ENCRYPTED_CHALLENGE, nothing()),
                pa(PA_FX_COOKIE, raw("MIT", 3)),
                pa(TL_PA_FX_ERROR, error(TL_KRB_PREAUTH_REQUIRED, NULL, nothing())));
}

static struct tli_der der(const krb5_data *data)
{
    return (struct tli_der){(const uint8_t *)data->data, data->length};
}

START_TEST(hints_inside)
{
    struct exchange e;
    struct tli_encrypted enc;

    start(&e);
    ck_assert(e.fast.on);
    ck_assert_int_eq(tli_fast_authenticator(der(&e.request), &enc), 0);
    ck_assert_int_eq(
        receive(&e, sealed(&e.request, TL_KRB_PREAUTH_REQUIRED, hints(4096), true)),
        TL_REASON_OK);
    ck_assert(e.ex.armored);
    ck_assert_int_eq(e.ex.err.code, TL_KRB_PREAUTH_REQUIRED);
    ck_assert_int_eq(tli_fast_judge(&e.fast, &e.ex, out), TL_REASON_OK);
    ck_assert(!e.fast.again);
    ck_assert(tli_realm_has_fast(&config, REALM));
    /* libkrb5 reads the same in it, and goes on in the same armor */
    ck_assert_int_eq(step(&e, &e.ex.reply), 0);
    ck_assert_int_eq(tli_fast_authenticator(der(&e.request), &enc), 0);
    stop(&e);
}
END_TEST

START_TEST(status_inside)
{
    /* KERB-EXT-ERROR [MS-KILE 2.2.3]: the account is disabled */
    static const uint8_t disabled[12] = {0x72, 0, 0, 0xc0, 0, 0, 0, 0, 1};
    struct exchange e;

    start(&e);
    /* the code outside is unprotected, and not the one inside */
    ck_assert_int_eq(
        receive(&e, sealed(&e.request, TL_KRB_GENERIC,
                           join(2, pa(PA_PW_SALT, raw(disabled, sizeof(disabled))),
                                pa(TL_PA_FX_ERROR,
                                   error(TL_KRB_CLIENT_REVOKED, NULL, nothing()))),
                           true)),
        TL_REASON_OK);
    ck_assert(e.ex.armored);
    ck_assert_int_eq(e.ex.err.code, TL_KRB_CLIENT_REVOKED);
    ck_assert_uint_eq(e.ex.err.edata_ntstatus, TL_NT_ACCOUNT_DISABLED);
    ck_assert_int_eq(step(&e, &e.ex.reply), KRB5KDC_ERR_CLIENT_REVOKED);
    stop(&e);
}
END_TEST

/* What libkrb5 would obey, inside the armor as well as outside. */
START_TEST(dear_inside)
{
    static const uint32_t rounds[] = {0, TL_REASON_COUNT << 20, 131073, 0xffffffff};
    struct exchange e;

    start(&e);
    for (size_t i = 0; i < COUNT(rounds); i++)
        ck_assert_int_eq(receive(&e, sealed(&e.request, TL_KRB_PREAUTH_REQUIRED,
                                            hints(rounds[i]), true)),
                         TL_REASON_KDC_GARBAGE);
    stop(&e);
}
END_TEST

START_TEST(not_to_be_read)
{
    struct exchange e;
    struct bytes good;

    start(&e);
    good = sealed(&e.request, TL_KRB_PREAUTH_REQUIRED, hints(4096), true);
    /* another key; no KRB-ERROR inside; an inside that is not one */
    ck_assert_int_eq(
        receive(&e, sealed(&e.request, TL_KRB_PREAUTH_REQUIRED, hints(4096), false)),
        TL_REASON_KDC_GARBAGE);
    ck_assert_int_eq(receive(&e, sealed(&e.request, TL_KRB_PREAUTH_REQUIRED,
                                        pa(PA_FX_COOKIE, raw("MIT", 3)), true)),
                     TL_REASON_KDC_GARBAGE);
    ck_assert_int_eq(receive(&e, sealed(&e.request, TL_KRB_PREAUTH_REQUIRED,
                                        pa(TL_PA_FX_ERROR, raw("?", 1)), true)),
                     TL_REASON_KDC_GARBAGE);
    ck_assert(!tli_realm_has_fast(&config, REALM));
    /* each byte changed in transit: never in the armor, and never good */
    for (size_t i = 0; i < good.n; i++) {
        struct bytes bad = raw(good.p, good.n);
        enum tl_reason reason;

        bad.p[i] ^= 1;
        reason = receive(&e, bad);
        ck_assert(reason != TL_REASON_OK || !e.ex.armored ||
                  e.ex.err.code == TL_KRB_PREAUTH_REQUIRED);
    }
    stop(&e);
}
END_TEST

/* libkrb5 finds the ticket in the cache, or not at all. */
START_TEST(never_by_itself)
{
    struct exchange e;
    krb5_data none = {0};

    krb5_cc_initialize(krb->k5, krb->armor->machine->ccache, krb->armor->machine->client);
    e = (struct exchange){.fast = {.krb = krb}};
    ck_assert_int_eq(krb5_get_init_creds_opt_alloc(krb->k5, &e.opt), 0);
    ck_assert_int_eq(krb5_get_init_creds_opt_set_fast_ccache_name(
                         krb->k5, e.opt, krb->armor->machine->ccache_name),
                     0);
    krb5_get_init_creds_opt_set_fast_flags(krb->k5, e.opt, KRB5_FAST_REQUIRED);
    ck_assert_int_eq(krb5_parse_name(krb->k5, "alice@" REALM, &e.alice), 0);
    if (krb5_init_creds_init(krb->k5, e.alice, NULL, NULL, 0, e.opt, &e.icc) == 0)
        ck_assert_int_ne(step(&e, &none), 0);
    stop(&e);
}
END_TEST

/* Every message cut short: an error, and no byte read behind it. */
START_TEST(cut_short)
{
    struct exchange e;
    struct bytes reply;
    struct tli_encrypted enc;
    struct tli_der list;

    start(&e);
    reply = sealed(&e.request, TL_KRB_PREAUTH_REQUIRED, hints(4096), true);
    for (size_t n = 0; n < e.request.length; n++) {
        struct tli_der cut = {talloc_memdup(ctx, e.request.data, n), n};

        ck_assert_int_ne(tli_fast_authenticator(cut, &enc), 0);
    }
    for (size_t n = 0; n < reply.n; n++) {
        struct tli_der cut = {talloc_memdup(ctx, reply.p, n), n};

        ck_assert_int_ne(tli_reply_padata(cut, &list), 0);
    }
    stop(&e);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("armor");
    TCase *tc = tcase_create("armor");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, hints_inside);
    tcase_add_test(tc, status_inside);
    tcase_add_test(tc, dear_inside);
    tcase_add_test(tc, not_to_be_read);
    tcase_add_test(tc, never_by_itself);
    tcase_add_test(tc, cut_short);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
