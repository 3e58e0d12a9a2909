/* SPDX-License-Identifier: MIT
 *
 * test_armor.c - what FAST armor contains, and what it means when an answer comes
 * outside. libkrb5 makes the requests; the test is the KDC; and what our side reads
 * in a reply, libkrb5 must read in it too.
 */
#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/machine.h>

#include "kerberos/exchange/armor.h"
#include "kerberos/exchange/fast_message.h"
#include "fixtures.h"

#define REALM "CONTOSO.TEST"
#define TGS "krbtgt/" REALM "@" REALM
#define PA_PW_SALT 3
#define PA_ETYPE_INFO2 19
#define PA_FX_COOKIE 133
#define PA_ENCRYPTED_CHALLENGE 138

static const struct tl_workstation ws = {WS1_OF_FABRIKAM};
static TALLOC_CTX *ctx;
static temp_path dir;
static struct tl_config config;
static struct tl_krb *krb;
static struct tl_outcome *out;

/* --- DER, from the inside out --- */

struct bytes {
    uint8_t *p;
    size_t n;
};

static struct bytes raw(const void *data, size_t n)
{
    return (struct bytes){talloc_memdup(ctx, data, n + (n == 0)), n};
}

static struct bytes join(size_t count, ...)
{
    struct bytes all = {talloc_zero_size(ctx, 1), 0};
    va_list args;

    va_start(args, count);
    while (count-- > 0) {
        struct bytes one = va_arg(args, struct bytes);

        all.p = talloc_realloc_size(ctx, all.p, all.n + one.n + 1);
        memcpy(all.p + all.n, one.p, one.n);
        all.n += one.n;
    }
    va_end(args);
    return all;
}

static struct bytes tagged(uint8_t tag, struct bytes in)
{
    uint8_t head[4] = {tag, 0x82, (uint8_t)(in.n >> 8), (uint8_t)in.n};

    if (in.n < 0x80)
        head[1] = (uint8_t)in.n;
    else if (in.n < 0x100)
        head[1] = 0x81, head[2] = (uint8_t)in.n;
    return join(2, raw(head, in.n < 0x80 ? 2 : in.n < 0x100 ? 3 : 4), in);
}

static struct bytes num(unsigned int n)
{
    uint8_t be[5] = {0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                     (uint8_t)n};
    size_t skip = 0;

    while (skip < 4 && be[skip] == 0 && be[skip + 1] < 0x80)
        skip++;
    return tagged(2, raw(be + skip, 5 - skip));
}

#define C(n, content) tagged((uint8_t)(0xa0 | (n)), content)
#define SEQ(content) tagged(0x30, content)
#define OCTETS(content) tagged(4, content)

static struct bytes text(const char *s)
{
    return tagged(0x1b, raw(s, strlen(s)));
}

static struct bytes pa(unsigned int type, struct bytes value)
{
    return SEQ(join(2, C(1, num(type)), C(2, OCTETS(value))));
}

static struct bytes krbtgt(void)
{
    return SEQ(join(2, C(0, num(2)), C(1, SEQ(join(2, text("krbtgt"), text(REALM))))));
}

static struct bytes encrypted(struct bytes cipher)
{
    return SEQ(join(2, C(0, num(ENCTYPE_AES256_CTS_HMAC_SHA1_96)), C(2, OCTETS(cipher))));
}

static struct bytes nothing(void)
{
    return raw("", 0);
}

/* A KRB-ERROR; `client` names the client's realm, or NULL. */
static struct bytes error(unsigned int code, const char *client, struct bytes e_data)
{
    struct bytes realm =
        client == NULL ? nothing()
                       : join(2, C(7, text(client)),
                              C(8, SEQ(join(2, C(0, num(1)), C(1, SEQ(text("alice")))))));
    char when[20];
    time_t now = time(NULL);
    struct tm utc;

    strftime(when, sizeof(when), "%Y%m%d%H%M%SZ", gmtime_r(&now, &utc));
    return tagged(
        0x7e,
        SEQ(join(9, C(0, num(5)), C(1, num(30)), C(4, tagged(0x18, raw(when, 15))),
                 C(5, num(0)), C(6, num(code)), realm, C(9, text(REALM)), C(10, krbtgt()),
                 e_data.n > 0 ? C(12, OCTETS(e_data)) : nothing())));
}

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

/* --- the client's side --- */

static int close_krb(struct tl_krb *session)
{
    krb5_free_principal(session->k5, session->client);
    krb5_cc_destroy(session->k5, session->ccache);
    krb5_free_context(session->k5);
    return 0;
}

static struct tl_krb *new_session(TALLOC_CTX *parent)
{
    struct tl_krb *session = talloc_zero(parent, struct tl_krb);
    char *name;

    session->config = &config;
    ck_assert_int_eq(tli_k5_context(TL_RC4_NO, &session->k5), 0);
    ck_assert_int_eq(krb5_cc_new_unique(session->k5, "MEMORY", NULL, &session->ccache),
                     0);
    ck_assert_int_eq(krb5_cc_get_full_name(session->k5, session->ccache, &name), 0);
    session->ccache_name = talloc_strdup(session, name);
    krb5_free_string(session->k5, name);
    talloc_set_destructor(session, close_krb);
    return session;
}

/* The machine's ticket for the user's realm, made up but for its key. */
static void put_ticket(struct tl_krb *machine)
{
    struct bytes ticket =
        tagged(0x61, SEQ(join(4, C(0, num(5)), C(1, text(REALM)), C(2, krbtgt()),
                              C(3, encrypted(raw("0123456789abcdef", 16))))));
    krb5_creds creds;

    memset(&creds, 0, sizeof(creds));
    ck_assert_int_eq(krb5_parse_name(machine->k5, "WS1$@FABRIKAM.TEST", &machine->client),
                     0);
    ck_assert_int_eq(krb5_cc_initialize(machine->k5, machine->ccache, machine->client),
                     0);
    creds.client = machine->client;
    ck_assert_int_eq(krb5_parse_name(machine->k5, TGS, &creds.server), 0);
    ck_assert_int_eq(krb5_c_make_random_key(machine->k5, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
                                            &creds.keyblock),
                     0);
    creds.ticket.data = (char *)ticket.p;
    creds.ticket.length = (unsigned int)ticket.n;
    creds.times.endtime = (krb5_timestamp)(time(NULL) + 36000);
    ck_assert_int_eq(krb5_cc_store_cred(machine->k5, machine->ccache, &creds), 0);
    krb5_free_principal(machine->k5, creds.server);
    krb5_free_keyblock_contents(machine->k5, &creds.keyblock);
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    make_temp_folder(dir);
    config = (struct tl_config){.fast = TL_FAST_DEMAND, .state_dir = dir, .run_dir = dir};
    out = tl_outcome_new(ctx);
    krb = new_session(ctx);
    ck_assert_int_eq(tl_krb_set_armor(krb, &ws), 0);
    krb->armor->machine = new_session(krb);
    put_ticket(krb->armor->machine);
}

static void teardown(void)
{
    char *known = talloc_asprintf(ctx, "%s/fast." REALM, dir);

    unlink(known);
    ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left there */
    talloc_free(ctx);
}

/* An exchange that has sent its first request. */
struct exchange {
    struct tli_fast fast;
    struct tli_exchange ex;
    krb5_get_init_creds_opt *opt;
    krb5_init_creds_context icc;
    krb5_principal alice;
    krb5_data request;
};

static krb5_error_code step(struct exchange *e, krb5_data *in)
{
    krb5_data realm = {0};
    unsigned int flags;
    krb5_error_code ret;

    krb5_free_data_contents(krb->k5, &e->request);
    ret = krb5_init_creds_step(krb->k5, e->icc, in, &e->request, &realm, &flags);
    krb5_free_data_contents(krb->k5, &realm);
    return ret;
}

static void start(struct exchange *e)
{
    krb5_data none = {0};

    *e = (struct exchange){.fast = {.krb = krb},
                           .ex = {.kdc = "dc1", .subject = "alice", .realm = REALM}};
    e->fast.realm = talloc_strdup(ctx, REALM);
    ck_assert_int_eq(krb5_get_init_creds_opt_alloc(krb->k5, &e->opt), 0);
    ck_assert_int_eq(tli_fast_begin(&e->fast, e->opt, out), TL_REASON_OK);
    ck_assert_int_eq(krb5_parse_name(krb->k5, "alice@" REALM, &e->alice), 0);
    ck_assert_int_eq(
        krb5_init_creds_init(krb->k5, e->alice, NULL, NULL, 0, e->opt, &e->icc), 0);
    ck_assert_int_eq(krb5_init_creds_set_password(krb->k5, e->icc, "x"), 0);
    ck_assert_int_eq(step(e, &none), 0);
}

static void stop(struct exchange *e)
{
    krb5_free_data_contents(krb->k5, &e->request);
    krb5_init_creds_free(krb->k5, e->icc);
    krb5_get_init_creds_opt_free(krb->k5, e->opt);
    krb5_free_principal(krb->k5, e->alice);
    tli_fast_end(&e->fast);
}

static enum tl_reason receive(struct exchange *e, struct bytes reply)
{
    e->ex.reply = (krb5_data){.length = (unsigned int)reply.n, .data = (char *)reply.p};
    tli_krb_error_read(ctx, krb->k5, &e->ex.reply, &e->ex.err);
    return tli_fast_open(ctx, &e->fast, &e->request, &e->ex, out);
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

/* Answers outside the armor. */
static const struct {
    enum tl_fast_policy policy;
    bool known, kept, offer;
    int32_t code;
    enum tl_reason reason;
    bool again;
} plain[] = {
#define DEMAND TL_FAST_DEMAND, false, false
#define TRY_KNOWN TL_FAST_TRY, true, false
    {DEMAND, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_UNSUPPORTED, false},
    {DEMAND, true, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED, false},
    {DEMAND, false, TL_KRB_CLIENT_REVOKED, TL_REASON_ARMOR_UNSUPPORTED, false},
    {DEMAND, false, TL_KRB_KEY_EXPIRED, TL_REASON_ARMOR_UNSUPPORTED, false},
    {DEMAND, false, TL_KRB_WRONG_REALM, TL_REASON_ARMOR_UNSUPPORTED, false},
    /* no key to answer with, and its clock is why: goes on, to that error */
    {DEMAND, false, TL_KRB_SKEW, TL_REASON_OK, false},
    {TL_FAST_DEMAND, true, false, false, TL_KRB_PREAUTH_REQUIRED,
     TL_REASON_ARMOR_STRIPPED, false},
    /* kept tickets may be from before the domain changed its keys: a second try */
    {TL_FAST_DEMAND, true, true, false, TL_KRB_BADKEYVER, TL_REASON_OK, true},
    {TL_FAST_TRY, true, true, false, TL_KRB_PREAUTH_FAILED, TL_REASON_OK, true},
    /* but this KDC did not even look at it */
    {TL_FAST_TRY, true, true, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED,
     false},
    {TRY_KNOWN, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED, false},
    {TRY_KNOWN, true, TL_KRB_PREAUTH_REQUIRED, TL_REASON_ARMOR_STRIPPED, false},
    {TRY_KNOWN, false, TL_KRB_PREAUTH_FAILED, TL_REASON_ARMOR_STRIPPED, false},
    /* not known: in the clear first, and the offer is taken up */
    {TL_FAST_TRY, false, false, true, TL_KRB_PREAUTH_REQUIRED, TL_REASON_OK, true},
    {TL_FAST_TRY, false, false, false, TL_KRB_PREAUTH_REQUIRED, TL_REASON_OK, false},
    {TL_FAST_TRY, false, false, false, TL_KRB_PREAUTH_FAILED, TL_REASON_OK, false},
    /* another realm is another question, for there armor may be known */
    {TL_FAST_TRY, false, false, false, TL_KRB_WRONG_REALM, TL_REASON_OK, true},
#undef DEMAND
#undef TRY_KNOWN
};

START_TEST(outside)
{
    struct exchange e;
    struct bytes list = plain[_i].offer ? SEQ(pa(TL_PA_FX_FAST, nothing())) : nothing();

    config.fast = plain[_i].policy;
    if (plain[_i].known)
        tli_realm_note_fast(&config, REALM);
    krb->armor->saved = plain[_i].kept;
    start(&e);
    ck_assert_int_eq(e.fast.on, plain[_i].policy == TL_FAST_DEMAND || plain[_i].known);
    ck_assert_int_eq(
        receive(&e, error((unsigned int)plain[_i].code, "FABRIKAM.TEST", list)),
        TL_REASON_OK);
    ck_assert(!e.ex.armored);
    ck_assert_int_eq(tli_fast_judge(&e.fast, &e.ex, out), plain[_i].reason);
    ck_assert_int_eq(e.fast.again, plain[_i].again);
    if (plain[_i].reason != TL_REASON_OK)
        ck_assert_uint_eq(out->ntstatus, TL_NT_DOWNGRADE_DETECTED);
    if (plain[_i].code == TL_KRB_WRONG_REALM && plain[_i].again)
        ck_assert_str_eq(e.fast.realm, "FABRIKAM.TEST");
    stop(&e);
}
END_TEST

START_TEST(kept_once)
{
    struct exchange e;

    krb->armor->saved = true;
    start(&e);
    e.fast.renewed = true; /* these are the new ones */
    ck_assert_int_eq(receive(&e, error(TL_KRB_BADKEYVER, NULL, nothing())), TL_REASON_OK);
    ck_assert_int_eq(tli_fast_judge(&e.fast, &e.ex, out), TL_REASON_ARMOR_UNSUPPORTED);
    stop(&e);
}
END_TEST

START_TEST(memory)
{
    char *path = talloc_asprintf(ctx, "%s/fast." REALM, dir);
    struct timespec old[2] = {{.tv_sec = time(NULL) - 31L * 24 * 3600},
                              {.tv_sec = time(NULL) - 31L * 24 * 3600}};
    struct stat st;

    ck_assert(!tli_realm_has_fast(&config, REALM));
    tli_realm_note_fast(&config, REALM);
    ck_assert(tli_realm_has_fast(&config, REALM));
    ck_assert(!tli_realm_has_fast(&config, "FABRIKAM.TEST"));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
    ck_assert(!tli_realm_has_fast(&config, REALM)); /* too long ago */
    tli_realm_note_fast(&config, REALM);
    ck_assert(tli_realm_has_fast(&config, REALM));
    /* invalid names, and a link of another user */
    tli_realm_note_fast(&config, "../x");
    ck_assert(!tli_realm_has_fast(&config, "../x"));
    unlink(path);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert(!tli_realm_has_fast(&config, REALM));
    tli_realm_note_fast(&config, REALM);
    ck_assert(!tli_realm_has_fast(&config, REALM));
}
END_TEST

/* The folder may be this logon's to make, and NSS reads what lies beside. */
START_TEST(folder)
{
    struct stat st;
    mode_t mask;

    config.state_dir = talloc_asprintf(ctx, "%s/state", dir);
    mask = umask(077);
    tli_realm_note_fast(&config, REALM);
    umask(mask);
    ck_assert(tli_realm_has_fast(&config, REALM));
    ck_assert_int_eq(stat(config.state_dir, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
    ck_assert_int_eq(unlink(talloc_asprintf(ctx, "%s/fast." REALM, config.state_dir)), 0);
    ck_assert_int_eq(rmdir(config.state_dir), 0);
    config.state_dir = dir;
}
END_TEST

/* libkrb5 finds the ticket in the cache, or nowhere. */
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
    tcase_add_loop_test(tc, outside, 0, COUNT(plain));
    tcase_add_test(tc, kept_once);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, folder);
    tcase_add_test(tc, never_by_itself);
    tcase_add_test(tc, cut_short);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
