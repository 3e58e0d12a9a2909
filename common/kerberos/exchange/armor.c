/* SPDX-License-Identifier: MIT
 *
 * armor.c - when an AS exchange is armored, what is inside the armor, and what it means
 * if a reply comes outside.
 *
 * `demand`: every request is armored, and nothing outside is followed. `try`: the
 * same for a realm that has proven to support FAST; another one is asked in the
 * clear first, and its offer taken up. A plain first request holds nothing made
 * from the password. libkrb5's own way from the clear to armor is not used: it would
 * ask for the ticket while it reads the offer.
 */
#include "armor.h"
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fast_message.h"
#include "status/s2k.h"

#define FAST_AVAIL "fast_avail" /* libkrb5's name for it in a credentials cache */

static bool demanded(const struct tli_fast *fast)
{
    return fast->krb->config->fast == TL_FAST_DEMAND;
}

/* No KDC of the user's realm can be reached: without armor it would be the same. */
static bool unreachable(const struct tli_fast *fast, const struct tl_outcome *out)
{
    return out->ntstatus == TL_NT_NO_LOGON_SERVERS && out->krb_error == TL_KRB_NONE &&
           out->realm != NULL && strcasecmp(out->realm, fast->realm) == 0;
}

/* The armor for fast->realm. With `try`, going without is not a failure: fast->plain. */
static enum tl_reason get_armor(struct tli_fast *fast, struct tl_outcome *out)
{
    struct tli_armor *armor = fast->krb->armor;
    enum tl_reason reason;

    if (fast->ready)
        return TL_REASON_OK;
    reason = armor->get(armor, fast->krb, fast->realm, out);
    if (reason == TL_REASON_OK) {
        fast->ready = true;
        tl_trace_note(fast->krb->trace, "armor: a ticket of %s$ for %s/%s%s", armor->flat,
                      KRB5_TGS_NAME, fast->realm,
                      armor->saved ? ", saved by an earlier logon" : "");
        tl_outcome_reset(out); /* its hops are not the user's */
        return TL_REASON_OK;
    }
    if (reason == TL_REASON_NO_MEMORY || unreachable(fast, out))
        return reason;
    /* Where armor has worked before, an attacker on the wire may have made it fail: the
     * errors of KDCs for the machine's ticket are not protected either. */
    if (!demanded(fast) && !tli_realm_has_fast(fast->krb->config, fast->realm)) {
        tl_trace_note(fast->krb->trace,
                      "no armor: %s$ gets no ticket for %s/%s (%s); continuing without",
                      armor->flat, KRB5_TGS_NAME, fast->realm,
                      out->detail != NULL ? out->detail : tl_reason_info(reason)->slug);
        fast->plain = true;
        tl_outcome_reset(out);
        return TL_REASON_OK;
    }
    return reason;
}

enum tl_reason tli_fast_begin(struct tli_fast *fast, krb5_get_init_creds_opt *opt,
                              struct tl_outcome *out)
{
    struct tl_krb *krb = fast->krb;
    enum tl_reason reason = TL_REASON_OK;
    krb5_error_code ret;

    tli_fast_end(fast);
    fast->again = false;
    fast->on =
        demanded(fast) ||
        (!fast->plain && (fast->offered || tli_realm_has_fast(krb->config, fast->realm)));
    if (fast->on)
        reason = get_armor(fast, out);
    if (fast->plain)
        fast->on = false;
    if (reason != TL_REASON_OK || !fast->on)
        return reason;
    ret = krb5_get_init_creds_opt_set_fast_ccache_name(krb->k5, opt,
                                                       krb->armor->machine->ccache_name);
    if (ret == 0)
        ret = krb5_get_init_creds_opt_set_fast_flags(krb->k5, opt, KRB5_FAST_REQUIRED);
    return ret == 0 ? TL_REASON_OK
                    : tli_krb_fail_local(krb, out, TL_STAGE_AS, ret, "no armor");
}

void tli_fast_end(struct tli_fast *fast)
{
    if (fast->key != NULL)
        krb5_free_keyblock(fast->krb->k5, fast->key);
    fast->key = NULL;
}

static struct tli_der der_of(const krb5_data *data)
{
    return (struct tli_der){(const uint8_t *)data->data, data->length};
}

/* A child of mem, or NULL. */
static uint8_t *decrypt(TALLOC_CTX *mem, krb5_context k5, const krb5_keyblock *key,
                        krb5_keyusage usage, const struct tli_encrypted *enc,
                        struct tli_der *plain)
{
    krb5_enc_data in = {.enctype = enc->etype};
    krb5_data out = {0};

    in.ciphertext.data = (char *)(uintptr_t)enc->cipher.data;
    in.ciphertext.length = (unsigned int)enc->cipher.len;
    out.length = in.ciphertext.length;
    out.data = talloc_size(mem, out.length);
    if (out.data == NULL || krb5_c_decrypt(k5, key, usage, NULL, &in, &out) != 0) {
        talloc_free(out.data);
        return NULL;
    }
    *plain = der_of(&out);
    return (uint8_t *)out.data;
}

/* The session key of the ticket in the armor. */
static krb5_error_code ticket_key(struct tli_fast *fast, krb5_creds *got)
{
    struct tl_krb *machine = fast->krb->armor->machine;
    krb5_creds want;
    krb5_error_code ret;

    memset(&want, 0, sizeof(want));
    want.client = machine->client;
    ret =
        krb5_build_principal(machine->k5, &want.server, (unsigned int)strlen(fast->realm),
                             fast->realm, KRB5_TGS_NAME, fast->realm, (char *)NULL);
    if (ret == 0)
        ret = krb5_cc_retrieve_cred(machine->k5, machine->ccache, 0, &want, got);
    krb5_free_principal(machine->k5, want.server);
    return ret;
}

/*
 * The armor's key [RFC 6113 5.4.1.1] is libkrb5's secret, but made of two that are
 * known here: the ticket's session key, and with it the subkey in the request.
 */
static int find_key(TALLOC_CTX *mem, struct tli_fast *fast, const krb5_data *request)
{
    krb5_context k5 = fast->krb->k5;
    krb5_keyblock subkey = {.magic = KV5M_KEYBLOCK};
    struct tli_encrypted enc;
    struct tli_der plain, key;
    krb5_creds creds;
    uint8_t *bytes = NULL;
    int32_t etype;
    int ret = tli_fast_authenticator(der_of(request), &enc);

    memset(&creds, 0, sizeof(creds));
    if (ret == 0 && ticket_key(fast, &creds) != 0)
        ret = -ENOENT;
    if (ret == 0) {
        bytes =
            decrypt(mem, k5, &creds.keyblock, KRB5_KEYUSAGE_AP_REQ_AUTH, &enc, &plain);
        ret = bytes == NULL ? -EBADMSG : tli_authenticator_subkey(plain, &etype, &key);
    }
    if (ret == 0) {
        subkey.enctype = etype;
        subkey.length = (unsigned int)key.len;
        subkey.contents = (krb5_octet *)(uintptr_t)key.data;
        if (krb5_c_fx_cf2_simple(k5, &subkey, "subkeyarmor", &creds.keyblock,
                                 "ticketarmor", &fast->key) != 0)
            ret = -EBADMSG;
    }
    if (bytes != NULL)
        explicit_bzero(bytes, talloc_get_size(bytes));
    talloc_free(bytes);
    krb5_free_cred_contents(k5, &creds);
    return ret;
}

/* The KRB-ERROR inside. Its e-data is another element of the same padata. */
static int read_error(TALLOC_CTX *mem, struct tli_fast *fast, struct tli_der list,
                      struct tli_krb_error *err)
{
    struct tli_der value;
    krb5_data inner = {0};

    if (tli_padata_find(list, TL_PA_FX_ERROR, &value) != 0)
        return -EBADMSG;
    inner.data = (char *)(uintptr_t)value.data;
    inner.length = (unsigned int)value.len;
    tli_krb_error_read(mem, fast->krb->k5, &inner, err);
    if (err->edata_ntstatus == 0)
        (void)tl_edata_ntstatus(list.data, list.len, &err->edata_ntstatus);
    return err->code == TL_KRB_NONE ? -EBADMSG : 0;
}

enum tl_reason tli_fast_open(TALLOC_CTX *mem, struct tli_fast *fast,
                             const krb5_data *request, struct tli_exchange *ex,
                             struct tl_outcome *out)
{
    struct tli_der list, value, plain;
    struct tli_encrypted enc;
    bool error = tli_krb_msg_kind((const uint8_t *)ex->reply.data, ex->reply.length) ==
                 TL_MSG_ERROR;

    ex->armored = false;
    if (fast == NULL || !fast->on || tli_reply_padata(der_of(&ex->reply), &list) != 0 ||
        tli_padata_find(list, TL_PA_FX_FAST, &value) != 0 || value.len == 0)
        return TL_REASON_OK;
    if (fast->key == NULL && find_key(mem, fast, request) != 0)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL,
                               "the key of the armor cannot be found");
    if (tli_fast_reply(value, &enc) != 0 ||
        decrypt(mem, fast->krb->k5, fast->key, KRB5_KEYUSAGE_FAST_REP, &enc, &plain) ==
            NULL ||
        tli_fast_response_padata(plain, &list) != 0 ||
        (error && read_error(mem, fast, list, &ex->err) != 0))
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KDC_GARBAGE,
                               "the armored reply cannot be decoded");
    if (!tli_s2k_padata_affordable(list.data, list.len))
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_KDC_GARBAGE,
                               "the armored reply requires more than %u rounds of PBKDF2",
                               TL_S2K_ROUNDS_MAX);
    ex->armored = true;
    tli_realm_note_fast(fast->krb->config, fast->realm);
    return TL_REASON_OK;
}

/* METHOD-DATA names PA-FX-FAST, with nothing in it. */
static bool offers_fast(const struct tli_exchange *ex)
{
    struct tli_der list, value;

    return tli_reply_padata(der_of(&ex->reply), &list) == 0 &&
           tli_padata_find(list, TL_PA_FX_FAST, &value) == 0;
}

/* An answer outside, to a request inside the armor. */
static enum tl_reason judge_plain(struct tli_fast *fast, const struct tli_exchange *ex,
                                  struct tl_outcome *out)
{
    bool known = fast->offered || tli_realm_has_fast(fast->krb->config, fast->realm) ||
                 offers_fast(ex);
    const struct tl_krb_info *info = tl_krb_by_code(ex->err.code);

    /* A KDC that cannot open the armor has no key to reply inside it. The cause may be
     * the clock, which is then named, or tickets from before the domain changed its
     * keys. */
    if (ex->err.code == TL_KRB_SKEW)
        return TL_REASON_OK;
    if (fast->krb->armor->saved && !fast->renewed && ex->err.code != TL_KRB_NONE &&
        ex->err.code != TL_KRB_PREAUTH_REQUIRED) {
        tl_trace_note(fast->krb->trace,
                      "%s rejects the saved armor tickets: trying again with new ones",
                      ex->kdc);
        fast->krb->armor->drop(fast->krb->armor);
        fast->ready = false;
        fast->renewed = true;
        fast->again = true;
        return TL_REASON_OK;
    }
    return tl_outcome_fail(out, TL_STAGE_AS,
                           known ? TL_REASON_ARMOR_STRIPPED : TL_REASON_ARMOR_UNSUPPORTED,
                           "it answered %s",
                           ex->err.code == TL_KRB_NONE ? "with a ticket"
                           : info != NULL              ? info->name
                                                       : "with an error");
}

/* Referred to another realm [RFC 6806 7]: another armor. libkrb5 would go there with
 * none, or with this one's. */
static enum tl_reason follow(struct tli_fast *fast, const struct tli_exchange *ex,
                             struct tl_outcome *out)
{
    krb5_data to;
    char *realm;
    enum tl_reason reason;

    if ((ex->err.code != TL_KRB_WRONG_REALM &&
         ex->err.code != TL_KRB_C_PRINCIPAL_UNKNOWN) ||
        ex->err.crealm == NULL || strcasecmp(ex->err.crealm, fast->realm) == 0)
        return TL_REASON_OK;
    to = (krb5_data){.data = ex->err.crealm,
                     .length = (unsigned int)strlen(ex->err.crealm)};
    reason = tli_referral_name(fast->krb, TL_STAGE_AS, &to, &realm, out);
    if (reason != TL_REASON_OK)
        return reason;
    talloc_free(fast->realm);
    fast->realm = realm;
    fast->plain = fast->offered = fast->ready = fast->renewed = false;
    fast->again = true;
    return TL_REASON_OK;
}

enum tl_reason tli_fast_judge(struct tli_fast *fast, const struct tli_exchange *ex,
                              struct tl_outcome *out)
{
    enum tl_reason reason = TL_REASON_OK;

    if (fast->krb == NULL)
        return TL_REASON_OK;
    if (fast->on && !ex->armored)
        return judge_plain(fast, ex, out);
    if (!fast->on && !fast->plain && ex->err.code == TL_KRB_PREAUTH_REQUIRED &&
        offers_fast(ex)) {
        fast->offered = true;
        reason = get_armor(fast, out);
        fast->again = reason == TL_REASON_OK && !fast->plain;
        return reason;
    }
    return follow(fast, ex, out);
}

/* libkrb5 has read it in the part of the reply that the password protects. */
static bool says_fast(struct tl_krb *krb, const char *realm)
{
    krb5_principal tgs = NULL;
    krb5_data data = {0};
    bool says = krb5_build_principal(krb->k5, &tgs, (unsigned int)strlen(realm), realm,
                                     KRB5_TGS_NAME, realm, (char *)NULL) == 0 &&
                krb5_cc_get_config(krb->k5, krb->ccache, tgs, FAST_AVAIL, &data) == 0;

    krb5_free_data_contents(krb->k5, &data);
    krb5_free_principal(krb->k5, tgs);
    return says;
}

enum tl_reason tli_fast_after(struct tli_fast *fast, struct tl_outcome *out)
{
    enum tl_reason reason;

    if (fast->krb == NULL || fast->on || fast->plain ||
        !says_fast(fast->krb, fast->realm))
        return TL_REASON_OK;
    fast->offered = true;
    reason = get_armor(fast, out);
    if (reason != TL_REASON_OK || fast->plain)
        return reason;
    tl_trace_note(
        fast->krb->trace,
        "%s supports FAST, but its offer did not arrive: trying again with armor",
        fast->realm);
    fast->again = true;
    return TL_REASON_OK;
}
