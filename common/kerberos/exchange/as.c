/* SPDX-License-Identifier: MIT
 *
 * The AS exchange: from a name and a password (or the machine's keytab) to a
 * TGT. libkrb5 makes the requests; which answers may be followed is decided
 * here. A KRB-ERROR other than "preauthenticate" and "ask that realm" is the
 * end: libkrb5 would go on to other mechanisms, and each try of a wrong password
 * counts towards a lockout.
 */
#include "armor.h"
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "smartcard.h"
#include "status/s2k.h"

#define MORE_PREAUTH_DATA_REQUIRED 91 /* RFC 6113: a mechanism of several rounds */

#define CHANGEPW_LIFE (5 * 60) /* seconds */

#define NETBIOS_LEN 16 /* a NetBIOS name on the wire: padded with blanks */

struct as_run {
    struct tl_krb *krb;
    TALLOC_CTX *mem;
    bool changepw;             /* a ticket for kadmin/changepw in place of a TGT */
    struct tli_card_try *card; /* in place of a password, or NULL */
    krb5_init_creds_context icc;
    krb5_get_init_creds_opt *opt;
    struct tli_referrals referrals;
    struct tli_exchange ex;
    struct tli_fast fast;
    struct tl_outcome *out;
    krb5_octet netbios[NETBIOS_LEN];
    krb5_address address;
    krb5_address *addresses[2];
};

/* HostAddress of type 20 [RFC 4120 7.5.3]: what userWorkstations is compared to. */
static krb5_address **own_address(struct as_run *run)
{
    const char *name = run->krb->workstation;
    size_t len = name != NULL ? strlen(name) : 0;

    if (name == NULL)
        return NULL;
    memset(run->netbios, ' ', NETBIOS_LEN);
    memcpy(run->netbios, name, len < NETBIOS_LEN ? len : NETBIOS_LEN);
    run->address = (krb5_address){.magic = KV5M_ADDRESS,
                                  .addrtype = ADDRTYPE_NETBIOS,
                                  .length = NETBIOS_LEN,
                                  .contents = run->netbios};
    run->addresses[0] = &run->address;
    return run->addresses;
}

/* As Windows asks: canonicalize, PAC [KILE 3.2.5]; how long a TGT is asked for, and
 * whether forwardable, krb5.conf says (k5_profile.c). A ticket for changing the password
 * is for now, and kept nowhere. */
static krb5_error_code make_options(struct as_run *run)
{
    krb5_context k5 = run->krb->k5;
    krb5_error_code ret = krb5_get_init_creds_opt_alloc(k5, &run->opt);
    bool tgt = !run->changepw;

    if (ret != 0)
        return ret;
    if (!tgt) {
        krb5_get_init_creds_opt_set_forwardable(run->opt, 0);
        krb5_get_init_creds_opt_set_tkt_life(run->opt, CHANGEPW_LIFE);
        krb5_get_init_creds_opt_set_renew_life(run->opt, 0);
    }
    krb5_get_init_creds_opt_set_proxiable(run->opt, 0);
    krb5_get_init_creds_opt_set_canonicalize(run->opt, 1);
    krb5_get_init_creds_opt_set_address_list(run->opt, own_address(run));
    krb5_get_init_creds_opt_set_change_password_prompt(run->opt, 0);
    ret = krb5_get_init_creds_opt_set_pac_request(k5, run->opt, TRUE);
    if (ret == 0 && tgt)
        ret = krb5_get_init_creds_opt_set_out_ccache(k5, run->opt, run->krb->ccache);
    if (ret == 0 && run->card != NULL)
        ret = tli_card_offer(k5, run->opt, run->krb->config, run->card);
    return ret;
}

static krb5_error_code make_principal(krb5_context k5, const char *realm,
                                      const char *name, krb5_int32 type,
                                      krb5_principal *princ)
{
    krb5_error_code ret =
        krb5_build_principal_ext(k5, princ, (unsigned int)strlen(realm), realm,
                                 (unsigned int)strlen(name), name, 0);

    if (ret == 0)
        (*princ)->type = type;
    return ret;
}

/* libkrb5 wants to ask `realm` next: the first time, again, or referred to it. */
static enum tl_reason enter_realm(struct as_run *run, const krb5_data *realm)
{
    enum tl_reason reason =
        tli_referral_enter(run->mem, &run->referrals, realm, run->out);

    if (reason == TL_REASON_OK)
        run->ex.realm = run->referrals.realm;
    return reason;
}

/* May the exchange go on after this error? `next` is whom libkrb5 would ask. */
static bool may_continue(const struct as_run *run, const krb5_data *next)
{
    switch (run->ex.err.code) {
    case TL_KRB_NONE:
    case TL_KRB_PREAUTH_REQUIRED:
    case MORE_PREAUTH_DATA_REQUIRED:
        return true;
    case TL_KRB_WRONG_REALM:
    case TL_KRB_C_PRINCIPAL_UNKNOWN: /* Windows 2003 refers with this one */
        return strlen(run->ex.realm) != next->length ||
               strncasecmp(run->ex.realm, next->data, next->length) != 0;
    default:
        return false;
    }
}

/*
 * libkrb5 would take the KDC's time from PREAUTH_REQUIRED for its timestamp and
 * so hide a clock that is off until some ticket fails. Tell it now, before
 * anything made from the password leaves.
 */
static enum tl_reason check_clock(struct as_run *run)
{
    int64_t here = (int64_t)time(NULL), there = run->ex.err.stime;
    int64_t off = here > there ? here - there : there - here;

    if (run->ex.err.code != TL_KRB_PREAUTH_REQUIRED || off <= run->krb->clockskew)
        return TL_REASON_OK;
    return tl_outcome_fail(run->out, TL_STAGE_AS, TL_REASON_CLOCK_SKEW, "%s",
                           tl_clock_sentence(run->mem, here, there, run->ex.kdc));
}

/* Before libkrb5 makes a key by it. */
static enum tl_reason check_cost(struct as_run *run)
{
    bool asks = run->ex.err.code == TL_KRB_NONE ||
                run->ex.err.code == TL_KRB_PREAUTH_REQUIRED ||
                run->ex.err.code == MORE_PREAUTH_DATA_REQUIRED;

    if (!asks ||
        tli_s2k_affordable((const uint8_t *)run->ex.reply.data, run->ex.reply.length))
        return TL_REASON_OK;
    return tl_outcome_fail(run->out, TL_STAGE_AS, TL_REASON_KDC_GARBAGE,
                           "it is no DER, or asks for more than %u rounds of PBKDF2",
                           TL_S2K_ROUNDS_MAX);
}

static enum tl_reason exchange_all(struct as_run *run)
{
    krb5_context k5 = run->krb->k5;
    krb5_data in = {0}, request = {0}, realm = {0};
    unsigned int flags = 0;
    enum tl_reason reason = TL_REASON_OK;

    run->ex.err.code = TL_KRB_NONE;
    while (reason == TL_REASON_OK) {
        krb5_error_code ret =
            krb5_init_creds_step(k5, run->icc, &in, &request, &realm, &flags);

        if (ret != 0 && run->ex.err.code != TL_KRB_NONE &&
            (ret == run->ex.err.code + ERROR_TABLE_BASE_krb5 ||
             run->ex.err.code != TL_KRB_PREAUTH_REQUIRED))
            reason = tli_krb_fail_error(run->krb, run->out, &run->ex, run->ex.err.code);
        else if (ret != 0 && run->card != NULL)
            reason = tli_card_fail(run->krb, run->card, ret, &run->ex, run->out);
        else if (ret != 0)
            reason = tli_krb_fail_local(run->krb, run->out, TL_STAGE_AS, ret,
                                        "the AS exchange failed");
        else if (!(flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE))
            break;
        else if (!may_continue(run, &realm))
            reason = tli_krb_fail_error(run->krb, run->out, &run->ex, run->ex.err.code);
        else
            reason = enter_realm(run, &realm);
        if (reason == TL_REASON_OK) {
            run->ex.counts_as_attempt = run->ex.err.code == TL_KRB_PREAUTH_REQUIRED ||
                                        run->ex.err.code == MORE_PREAUTH_DATA_REQUIRED;
            reason = tli_krb_exchange(run->mem, run->krb, &run->ex, &request, run->out);
            in = run->ex.reply;
        }
        if (reason == TL_REASON_OK)
            reason = tli_fast_judge(&run->fast, &run->ex, run->out);
        if (reason == TL_REASON_OK)
            reason = check_clock(run);
        if (reason == TL_REASON_OK)
            reason = check_cost(run);
        krb5_free_data_contents(k5, &request);
        krb5_free_data_contents(k5, &realm);
        if (run->fast.again)
            break;
    }
    krb5_free_data_contents(k5, &request);
    krb5_free_data_contents(k5, &realm);
    return reason;
}

/* What the client has, one of them. */
struct as_secret {
    const char *password;
    krb5_keytab keytab;
    struct tli_card_try *card;
};

/* libkrb5's part of an exchange. */
static enum tl_reason begin(struct as_run *run, krb5_principal princ,
                            const struct as_secret *secret)
{
    krb5_context k5 = run->krb->k5;
    krb5_error_code ret = make_options(run);
    enum tl_reason reason = TL_REASON_OK;

    if (ret == 0 && run->fast.krb != NULL)
        reason = tli_fast_begin(&run->fast, run->opt, run->out);
    run->ex.request_armored = run->fast.on;
    if (ret == 0 && reason == TL_REASON_OK)
        ret = krb5_init_creds_init(k5, princ, NULL, NULL, 0, run->opt, &run->icc);
    if (ret != 0 || reason != TL_REASON_OK)
        goto cleanup;
    if (run->changepw)
        ret = krb5_init_creds_set_service(k5, run->icc, "kadmin/changepw");
    if (ret == 0 && secret->keytab != NULL)
        ret = krb5_init_creds_set_keytab(k5, run->icc, secret->keytab);
    else if (ret == 0 && secret->password != NULL)
        ret = krb5_init_creds_set_password(k5, run->icc, secret->password);

cleanup:
    if (ret != 0)
        reason = tli_krb_fail_local(run->krb, run->out, TL_STAGE_AS, ret,
                                    "the AS exchange cannot begin");
    return reason;
}

static void end(struct as_run *run)
{
    krb5_init_creds_free(run->krb->k5, run->icc);
    krb5_get_init_creds_opt_free(run->krb->k5, run->opt);
    run->icc = NULL;
    run->opt = NULL;
}

/* With armor it may take more than one run: another realm, or armor that was offered. */
static enum tl_reason run_as(struct tl_krb *krb, krb5_principal princ,
                             const struct as_secret *secret, bool changepw,
                             struct tl_outcome *out)
{
    struct as_run run = {.krb = krb,
                         .out = out,
                         .changepw = changepw,
                         .card = secret->card,
                         .referrals = {.stage = TL_STAGE_AS,
                                       .limit = krb->config->hop_limit,
                                       .repeats = -1,
                                       .trace = krb->trace},
                         .ex = {.stage = TL_STAGE_AS}};
    enum tl_reason reason;

    run.mem = talloc_new(krb);
    run.ex.subject = tli_k5_name(run.mem, krb->k5, princ);
    run.referrals.subject = run.ex.subject;
    if (secret->keytab == NULL && krb->armor != NULL) {
        run.fast.krb = krb;
        run.fast.realm = talloc_strndup(krb, princ->realm.data, princ->realm.length);
        run.ex.fast = &run.fast;
        run.ex.open = tli_fast_open;
    }
    if (run.mem == NULL || (run.ex.fast != NULL && run.fast.realm == NULL)) {
        talloc_free(run.mem);
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    }
    do {
        reason = begin(&run, princ, secret);
        if (reason == TL_REASON_OK)
            reason = exchange_all(&run);
        if (reason == TL_REASON_OK && !run.fast.again) {
            reason = tli_as_finish(krb, run.icc, changepw, out);
            if (reason == TL_REASON_OK && !changepw)
                reason = tli_fast_after(&run.fast, out);
        }
        end(&run);
        if (run.fast.again && krb5_set_principal_realm(krb->k5, princ, run.fast.realm))
            reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    } while (reason == TL_REASON_OK && run.fast.again);
    tli_fast_end(&run.fast);
    talloc_free(run.fast.realm);
    talloc_free(run.mem);
    return reason;
}

static enum tl_reason as_user(struct tl_krb *krb, const struct tl_route *route,
                              const struct as_secret *secret, bool changepw,
                              struct tl_outcome *out)
{
    krb5_principal princ = NULL;
    enum tl_reason reason;

    if (make_principal(krb->k5, route->realm, route->principal,
                       route->type == TL_ENTERPRISE ? KRB5_NT_ENTERPRISE_PRINCIPAL
                                                    : KRB5_NT_PRINCIPAL,
                       &princ) != 0)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    reason = run_as(krb, princ, secret, changepw, out);
    krb5_free_principal(krb->k5, princ);
    return reason;
}

enum tl_reason tl_krb_as_password(struct tl_krb *krb, const struct tl_route *route,
                                  const char *password, const char **client,
                                  struct tl_outcome *out)
{
    const struct as_secret secret = {.password = password};
    enum tl_reason reason = as_user(krb, route, &secret, false, out);

    *client = reason == TL_REASON_OK ? krb->client_name : NULL;
    return reason;
}

enum tl_reason tl_krb_as_card(struct tl_krb *krb, const struct tl_route *route,
                              struct tl_card *card, const char *pin, const char **client,
                              struct tl_outcome *out)
{
    struct tli_card_try card_try = {.card = card, .pin = pin};
    const struct as_secret secret = {.card = &card_try};
    enum tl_reason reason;

    *client = NULL;
    if (card->spent)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_PIN_WRONG, NULL);
    reason = as_user(krb, route, &secret, false, out);
    (void)krb5_set_trace_callback(krb->k5, NULL, NULL); /* it names card_try */
    talloc_free(card_try.complaint);
    if (reason == TL_REASON_WRONG_PASSWORD)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_UNTRUSTED,
                                 "the KDC refused it without saying why, as Samba does "
                                 "also where it has no certificate of its own");
    if (reason == TL_REASON_ACCOUNT_RC4) /* its password's keys are not asked for */
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_ETYPE_UNSUPPORTED,
                                 "none for the exchange with a certificate");
    if (reason == TL_REASON_SMARTCARD_PIN_WRONG)
        reason = tli_card_count(krb->config, route->realm, card, out);
    *client = reason == TL_REASON_OK ? krb->client_name : NULL;
    return reason;
}

enum tl_reason tl_krb_as_changepw(struct tl_krb *krb, const struct tl_route *route,
                                  const char *password, const char **client,
                                  struct tl_outcome *out)
{
    const struct as_secret secret = {.password = password};
    enum tl_reason reason = as_user(krb, route, &secret, true, out);

    *client = reason == TL_REASON_OK ? krb->client_name : NULL;
    return reason;
}

enum tl_reason tli_as_keytab(struct tl_krb *krb, krb5_principal princ, krb5_keytab keytab,
                             struct tl_outcome *out)
{
    return run_as(krb, princ, &(struct as_secret){.keytab = keytab}, false, out);
}
