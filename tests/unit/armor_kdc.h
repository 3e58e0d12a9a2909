/* SPDX-License-Identifier: MIT
 *
 * armor_kdc.h - a KDC that answers libkrb5's requests inside FAST armor, DER from the
 * inside out, and an exchange with it.
 */
#ifndef TL_TEST_ARMOR_KDC_H
#define TL_TEST_ARMOR_KDC_H

#include <check.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <trustlogon/machine.h>
#include <unistd.h>

#include "kerberos/exchange/armor.h"
#include "fixtures.h"

#define REALM "CONTOSO.TEST"
#define TGS "krbtgt/" REALM "@" REALM

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

static inline struct bytes raw(const void *data, size_t n)
{
    return (struct bytes){talloc_memdup(ctx, data, n + (n == 0)), n};
}

static inline struct bytes join(size_t count, ...)
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

static inline struct bytes tagged(uint8_t tag, struct bytes in)
{
    uint8_t head[4] = {tag, 0x82, (uint8_t)(in.n >> 8), (uint8_t)in.n};

    if (in.n < 0x80)
        head[1] = (uint8_t)in.n;
    else if (in.n < 0x100)
        head[1] = 0x81, head[2] = (uint8_t)in.n;
    return join(2, raw(head, in.n < 0x80 ? 2 : in.n < 0x100 ? 3 : 4), in);
}

static inline struct bytes num(unsigned int n)
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

static inline struct bytes text(const char *s)
{
    return tagged(0x1b, raw(s, strlen(s)));
}

static inline struct bytes pa(unsigned int type, struct bytes value)
{
    return SEQ(join(2, C(1, num(type)), C(2, OCTETS(value))));
}

static inline struct bytes krbtgt(void)
{
    return SEQ(join(2, C(0, num(2)), C(1, SEQ(join(2, text("krbtgt"), text(REALM))))));
}

static inline struct bytes encrypted(struct bytes cipher)
{
    return SEQ(join(2, C(0, num(ENCTYPE_AES256_CTS_HMAC_SHA1_96)), C(2, OCTETS(cipher))));
}

static inline struct bytes nothing(void)
{
    return raw("", 0);
}

/* A KRB-ERROR; `client` names the client's realm, or NULL. */
static inline struct bytes error(unsigned int code, const char *client,
                                 struct bytes e_data)
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

/* --- the client's side --- */

static inline int close_krb(struct tl_krb *session)
{
    krb5_free_principal(session->k5, session->client);
    krb5_cc_destroy(session->k5, session->ccache);
    krb5_free_context(session->k5);
    return 0;
}

static inline struct tl_krb *new_session(TALLOC_CTX *parent)
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
static inline void put_ticket(struct tl_krb *machine)
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

static inline void setup(void)
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

static inline void teardown(void)
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

/* The next message of libkrb5, which becomes e->request, on this one of the KDC. */
static inline krb5_error_code step(struct exchange *e, krb5_data *in)
{
    krb5_data realm = {0};
    unsigned int flags;
    krb5_error_code ret;

    krb5_free_data_contents(krb->k5, &e->request);
    ret = krb5_init_creds_step(krb->k5, e->icc, in, &e->request, &realm, &flags);
    krb5_free_data_contents(krb->k5, &realm);
    return ret;
}

/* Begins an exchange and makes its first request. */
static inline void start(struct exchange *e)
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

static inline void stop(struct exchange *e)
{
    krb5_free_data_contents(krb->k5, &e->request);
    krb5_init_creds_free(krb->k5, e->icc);
    krb5_get_init_creds_opt_free(krb->k5, e->opt);
    krb5_free_principal(krb->k5, e->alice);
    tli_fast_end(&e->fast);
}

/* Reads a reply of the KDC, as the exchange does. */
static inline enum tl_reason receive(struct exchange *e, struct bytes reply)
{
    e->ex.reply = (krb5_data){.length = (unsigned int)reply.n, .data = (char *)reply.p};
    tli_krb_error_read(ctx, krb->k5, &e->ex.reply, &e->ex.err);
    return tli_fast_open(ctx, &e->fast, &e->request, &e->ex, out);
}

#endif
