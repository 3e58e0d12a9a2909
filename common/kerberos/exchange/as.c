/* SPDX-License-Identifier: MIT
 *
 * as.c - the AS exchange [RFC 4120 3.1]: from a name and a password, a card or the
 * machine's keytab to a TGT.
 *
 * libkrb5 makes the requests and reads the replies, one step at a time. What goes to a
 * KDC, and which replies libkrb5 gets to read, is decided between its steps:
 *
 *   BEGIN  The options of the exchange are set, and armor is fetched if it is to be.
 *   MAKE   libkrb5 reads the last reply, if there is one, and makes the next request or
 *          has the ticket. A KRB-ERROR other than "preauthenticate" and "ask that realm"
 *          ends the exchange: libkrb5 would go on to other mechanisms, and each try of a
 *          wrong password counts towards a lockout. The realm that it wants to ask is
 *          entered (referral.c).
 *   SEND   The request goes to a KDC of that realm.
 *   CHECK  Before libkrb5 reads the reply: did it come in the armor that it must come in
 *          (armor.c), do the clocks agree, and is it worth the work that it asks for?
 *          That work, the key of a password, is done here where it can be (typed_key.c).
 *          Back to MAKE; or to BEGIN where another realm, or armor that was offered late,
 *          needs other options.
 *   DONE   The ticket is taken into the context (as_finish.c).
 */
#include "armor.h"
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "smartcard.h"
#include "typed_key.h"

#define MORE_PREAUTH_DATA_REQUIRED 91 /* RFC 6113: a mechanism of several rounds */

enum as_state { AS_BEGIN, AS_MAKE, AS_SEND, AS_CHECK, AS_DONE };

struct as_run {
    /* Set by the caller: whose ticket, and one of password, card and keytab. */
    struct tl_krb *krb;
    krb5_principal princ; /* its realm follows a referral that needs other armor */
    const char *password;
    struct tli_card_try *card;
    krb5_keytab keytab;
    bool changepw; /* a ticket for kadmin/changepw instead of a TGT */
    struct tl_outcome *out;
    /* The state of the exchange. */
    TALLOC_CTX *mem;               /* ends with it */
    struct tli_as_options options; /* from BEGIN on, like icc */
    krb5_init_creds_context icc;   /* libkrb5's state */
    krb5_data in;                  /* the reply for libkrb5 to read; empty at first */
    krb5_data request;             /* from MAKE to SEND */
    struct tli_referrals referrals;
    struct tli_exchange ex; /* the last request and its reply */
    struct tli_fast fast;
    struct tli_s2k_hints hints; /* of that reply */
    krb5_keytab typed;          /* the password's key, or NULL: libkrb5 makes it */
};

static void end(struct as_run *run)
{
    krb5_init_creds_free(run->krb->k5, run->icc);
    tli_as_options_free(run->krb->k5, &run->options);
    run->icc = NULL;
    if (run->typed != NULL)
        krb5_kt_close(run->krb->k5, run->typed); /* and wipes the key */
    run->typed = NULL;
}

static enum tl_reason begin(struct as_run *run, enum as_state *next)
{
    krb5_context k5 = run->krb->k5;
    enum tl_reason reason = TL_REASON_OK;
    krb5_error_code ret;

    end(run);
    run->in = (krb5_data){0};
    run->ex.err.code = TL_KRB_NONE;
    ret = tli_as_options_make(run->krb, run->changepw, &run->options);
    if (ret == 0 && run->card != NULL)
        ret = tli_card_offer(k5, run->options.opt, run->krb->config, run->card);
    if (ret == 0 && run->fast.krb != NULL)
        reason = tli_fast_begin(&run->fast, run->options.opt, run->out);
    run->ex.request_armored = run->fast.on;
    if (ret == 0 && reason == TL_REASON_OK)
        ret = krb5_init_creds_init(k5, run->princ, NULL, NULL, 0, run->options.opt,
                                   &run->icc);
    if (ret == 0 && reason == TL_REASON_OK && run->changepw)
        ret = krb5_init_creds_set_service(k5, run->icc, "kadmin/changepw");
    if (ret == 0 && reason == TL_REASON_OK && run->keytab != NULL)
        ret = krb5_init_creds_set_keytab(k5, run->icc, run->keytab);
    else if (ret == 0 && reason == TL_REASON_OK && run->password != NULL)
        ret = krb5_init_creds_set_password(k5, run->icc, run->password);
    if (ret != 0)
        reason = tli_krb_fail_local(run->krb, run->out, TL_STAGE_AS, ret,
                                    "the AS exchange cannot start");
    *next = AS_MAKE;
    return reason;
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

/* May the exchange go on after this error? `next` is the realm that libkrb5 would
 * ask. */
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

static enum tl_reason fail_error(struct as_run *run)
{
    return tli_krb_fail_error(run->krb, run->out, &run->ex, run->ex.err.code);
}

/* libkrb5 does not go on. If the KDC's error is why, that is the reason; but an error
 * of its own after PREAUTH_REQUIRED says what it lacks to answer that. */
static enum tl_reason fail_make(struct as_run *run, krb5_error_code ret)
{
    int32_t code = run->ex.err.code;

    if (code != TL_KRB_NONE &&
        (ret == code + ERROR_TABLE_BASE_krb5 || code != TL_KRB_PREAUTH_REQUIRED))
        return fail_error(run);
    if (run->card != NULL)
        return tli_card_fail(run->krb, run->card, ret, &run->ex, run->out);
    return tli_krb_fail_local(run->krb, run->out, TL_STAGE_AS, ret,
                              "the AS exchange failed");
}

static enum tl_reason make(struct as_run *run, enum as_state *next)
{
    krb5_data realm = {0};
    unsigned int flags = 0;
    krb5_error_code ret = krb5_init_creds_step(run->krb->k5, run->icc, &run->in,
                                               &run->request, &realm, &flags);
    enum tl_reason reason = TL_REASON_OK;

    *next = AS_SEND;
    if (ret != 0)
        reason = fail_make(run, ret);
    else if (!(flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE))
        *next = AS_DONE;
    else if (!may_continue(run, &realm))
        reason = fail_error(run);
    else
        reason = enter_realm(run, &realm);
    krb5_free_data_contents(run->krb->k5, &realm);
    return reason;
}

static enum tl_reason ask_kdc(struct as_run *run, enum as_state *next)
{
    enum tl_reason reason;

    run->ex.counts_as_attempt = run->ex.err.code == TL_KRB_PREAUTH_REQUIRED ||
                                run->ex.err.code == MORE_PREAUTH_DATA_REQUIRED;
    reason = tli_krb_exchange(run->mem, run->krb, &run->ex, &run->request, run->out);
    krb5_free_data_contents(run->krb->k5, &run->request);
    run->in = run->ex.reply;
    *next = AS_CHECK;
    return reason;
}

/*
 * libkrb5 would take the KDC's time from PREAUTH_REQUIRED for its timestamp and
 * so hide a clock that is off until some ticket fails. Report it now, before anything
 * made from the password leaves.
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

/* Of the string-to-key parameters, before libkrb5 makes a key by them. */
static enum tl_reason check_cost(struct as_run *run)
{
    bool asks = run->ex.err.code == TL_KRB_NONE ||
                run->ex.err.code == TL_KRB_PREAUTH_REQUIRED ||
                run->ex.err.code == MORE_PREAUTH_DATA_REQUIRED;

    if (!asks || tli_s2k_affordable((const uint8_t *)run->ex.reply.data,
                                    run->ex.reply.length, &run->hints))
        return TL_REASON_OK;
    return tl_outcome_fail(
        run->out, TL_STAGE_AS, TL_REASON_KDC_GARBAGE,
        "the reply is not DER, or requires more than %u rounds of PBKDF2",
        TL_S2K_ROUNDS_MAX);
}

/* The password's key, by what a KDC says in the open. libkrb5 would make it in the next
 * step, four times as slowly. */
static enum tl_reason make_key(struct as_run *run)
{
    krb5_context k5 = run->krb->k5;
    krb5_principal client = NULL;
    krb5_error_code ret;

    if (run->password == NULL || run->fast.on || run->fast.again || run->typed != NULL ||
        run->ex.err.code != TL_KRB_PREAUTH_REQUIRED)
        return TL_REASON_OK;
    /* libkrb5 asks for it by the name that it was given, in the realm that it asks. */
    ret = krb5_copy_principal(k5, run->princ, &client);
    if (ret == 0)
        ret = krb5_set_principal_realm(k5, client, run->ex.realm);
    if (ret == 0)
        ret = tli_typed_keytab(k5, client, run->password, &run->hints, &run->typed);
    if (ret == 0 && run->typed != NULL)
        ret = krb5_init_creds_set_keytab(k5, run->icc, run->typed);
    krb5_free_principal(k5, client);
    return ret == 0 ? TL_REASON_OK
                    : tli_krb_fail_local(run->krb, run->out, TL_STAGE_AS, ret,
                                         "the password's key cannot be made");
}

static enum tl_reason check(struct as_run *run, enum as_state *next)
{
    enum tl_reason reason = tli_fast_judge(&run->fast, &run->ex, run->out);

    if (reason == TL_REASON_OK)
        reason = check_clock(run);
    if (reason == TL_REASON_OK)
        reason = check_cost(run);
    if (reason == TL_REASON_OK)
        reason = make_key(run);
    *next = run->fast.again ? AS_BEGIN : AS_MAKE;
    return reason;
}

/* The ticket is there. If the KDC's offer of FAST did not arrive, begin again with armor.
 */
static enum tl_reason done(struct as_run *run, enum as_state *next)
{
    enum tl_reason reason = tli_as_finish(run->krb, run->icc, run->changepw, run->out);

    if (reason == TL_REASON_OK && !run->changepw)
        reason = tli_fast_after(&run->fast, run->out);
    *next = run->fast.again ? AS_BEGIN : AS_DONE;
    return reason;
}

static enum tl_reason again(struct as_run *run)
{
    if (krb5_set_principal_realm(run->krb->k5, run->princ, run->fast.realm) == 0)
        return TL_REASON_OK;
    return tl_outcome_fail(run->out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
}

/* The states of the file's header; a reason other than OK ends them. */
static enum tl_reason run_states(struct as_run *run)
{
    enum as_state state = AS_BEGIN;
    enum tl_reason reason = TL_REASON_OK;
    bool over = false;

    while (reason == TL_REASON_OK && !over) {
        switch (state) {
        case AS_BEGIN:
            reason = run->fast.again ? again(run) : TL_REASON_OK;
            if (reason == TL_REASON_OK)
                reason = begin(run, &state);
            break;
        case AS_MAKE:
            reason = make(run, &state);
            break;
        case AS_SEND:
            reason = ask_kdc(run, &state);
            break;
        case AS_CHECK:
            reason = check(run, &state);
            break;
        case AS_DONE:
            reason = done(run, &state);
            over = state == AS_DONE;
            break;
        }
    }
    krb5_free_data_contents(run->krb->k5, &run->request);
    return reason;
}

/* The caller has set the first group of members. */
static enum tl_reason run_as(struct as_run *run)
{
    struct tl_krb *krb = run->krb;
    const krb5_data *realm = &run->princ->realm;
    enum tl_reason reason;

    run->mem = talloc_new(krb);
    run->ex.stage = TL_STAGE_AS;
    run->ex.subject = tli_k5_name(run->mem, krb->k5, run->princ);
    run->referrals = (struct tli_referrals){.stage = TL_STAGE_AS,
                                            .limit = krb->config->hop_limit,
                                            .repeats = -1,
                                            .trace = krb->trace,
                                            .subject = run->ex.subject};
    if (run->keytab == NULL && krb->armor != NULL) {
        run->fast.krb = krb;
        run->fast.realm = talloc_strndup(krb, realm->data, realm->length);
        run->ex.fast = &run->fast;
        run->ex.open = tli_fast_open;
    }
    if (run->mem == NULL || (run->ex.fast != NULL && run->fast.realm == NULL))
        reason = tl_outcome_fail(run->out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    else
        reason = run_states(run);
    end(run);
    tli_fast_end(&run->fast);
    talloc_free(run->fast.realm);
    talloc_free(run->mem);
    return reason;
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

/* For the route's principal; *client as tl_krb_as() gives it. */
static enum tl_reason as_user(struct as_run *run, const struct tl_route *route,
                              const char **client)
{
    struct tl_krb *krb = run->krb;
    krb5_int32 type =
        route->type == TL_ENTERPRISE ? KRB5_NT_ENTERPRISE_PRINCIPAL : KRB5_NT_PRINCIPAL;
    enum tl_reason reason;

    *client = NULL;
    if (make_principal(krb->k5, route->realm, route->principal, type, &run->princ) != 0)
        return tl_outcome_fail(run->out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    reason = run_as(run);
    krb5_free_principal(krb->k5, run->princ);
    *client = reason == TL_REASON_OK ? krb->client_name : NULL;
    return reason;
}

/* What a KDC's errors and libkrb5's mean where a certificate stood in for the password.
 */
static enum tl_reason as_card(struct tl_krb *krb, const struct tl_route *route,
                              const struct tl_credential *credential, const char **client,
                              struct tl_outcome *out)
{
    struct tl_card *card = credential->card;
    struct tli_card_try card_try = {.card = card, .pin = credential->pin};
    struct as_run run = {.krb = krb, .card = &card_try, .out = out};
    enum tl_reason reason;

    *client = NULL;
    if (card->spent)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_PIN_WRONG, NULL);
    reason = as_user(&run, route, client);
    (void)krb5_set_trace_callback(krb->k5, NULL, NULL); /* it names card_try */
    talloc_free(card_try.complaint);
    if (reason == TL_REASON_WRONG_PASSWORD)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_SMARTCARD_UNTRUSTED,
                               "the KDC refused it without a reason, as Samba also does "
                               "if it has no certificate of its own");
    if (reason == TL_REASON_ACCOUNT_RC4) /* its password's keys are not asked for */
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_ETYPE_UNSUPPORTED,
                               "no common type for the exchange with a certificate");
    if (reason == TL_REASON_SMARTCARD_PIN_WRONG)
        return tli_card_count(krb->config, route->realm, card, out);
    return reason;
}

enum tl_reason tl_krb_as(struct tl_krb *krb, const struct tl_route *route,
                         const struct tl_credential *credential, const char **client,
                         struct tl_outcome *out)
{
    struct as_run run = {.krb = krb, .password = credential->password, .out = out};

    if (credential->card != NULL)
        return as_card(krb, route, credential, client, out);
    return as_user(&run, route, client);
}

enum tl_reason tl_krb_as_changepw(struct tl_krb *krb, const struct tl_route *route,
                                  const char *password, const char **client,
                                  struct tl_outcome *out)
{
    struct as_run run = {.krb = krb, .password = password, .changepw = true, .out = out};

    return as_user(&run, route, client);
}

enum tl_reason tli_as_keytab(struct tl_krb *krb, krb5_principal princ, krb5_keytab keytab,
                             struct tl_outcome *out)
{
    struct as_run run = {.krb = krb, .princ = princ, .keytab = keytab, .out = out};

    return run_as(&run);
}
