/* SPDX-License-Identifier: MIT
 *
 * tgs.c - one ticket from the ticket-granting services, over as many referrals as it
 * takes.
 *
 * libkrb5 makes the requests and reads the replies, one step at a time. By itself it
 * answers a KRB-ERROR with another request (without canonicalize, at the fallback
 * realm, through realms in between), and so succeeds where Windows fails, or hides the
 * hop that failed. So every KRB-ERROR ends the question: libkrb5 still reads the reply,
 * as it knows the code inside a FAST wrapping (RFC 6113 5.4.4), and what it would ask
 * next is dropped.
 */
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* first/second@realm; "host/domain" as second makes three components. */
static krb5_error_code make_service(krb5_context k5, const char *realm, const char *first,
                                    const char *second, krb5_principal *princ)
{
    const char *slash = strchr(second, '/');
    size_t host = slash != NULL ? (size_t)(slash - second) : strlen(second);
    const char *domain = slash != NULL ? slash + 1 : "";
    krb5_error_code ret = krb5_build_principal_ext(
        k5, princ, (unsigned int)strlen(realm), realm, (unsigned int)strlen(first), first,
        (unsigned int)host, second, (unsigned int)strlen(domain), domain, 0);

    /* NT-SRV-HST would make libkrb5 look the host up */
    if (ret == 0)
        (*princ)->type = KRB5_NT_SRV_INST;
    return ret;
}

static enum tl_reason enter_realm(struct tli_tgs *tgs, const krb5_data *realm)
{
    enum tl_reason reason =
        tli_referral_enter(tgs->mem, &tgs->referrals, realm, tgs->out);

    if (tgs->out != NULL)
        tgs->out->hop = tgs->referrals.asked;
    if (reason == TL_REASON_OK)
        tgs->ex.realm = tgs->referrals.realm;
    return reason;
}

/* libkrb5 stopped by itself. It detects loops, too, and follows ten referrals at most;
 * both have the code of an unreachable KDC, so the realm that it was referred to shows
 * which it was. */
static enum tl_reason stopped(struct tli_tgs *tgs, krb5_error_code ret)
{
    char *next = NULL;
    krb5_data realm;
    enum tl_reason reason;

    if (ret == KRB5_KDC_UNREACH)
        next = tli_krb_referred_to(tgs->mem, &tgs->ex.reply);
    if (next == NULL)
        return tli_krb_fail_local(tgs->krb, tgs->out, TL_STAGE_WALK, ret,
                                  tgs->ex.subject);
    realm = (krb5_data){.data = next, .length = (unsigned int)strlen(next)};
    reason = strcasecmp(tgs->ex.realm, next) == 0 ? TL_REASON_REFERRAL_LOOP
                                                  : enter_realm(tgs, &realm);
    if (reason != TL_REASON_OK && reason != TL_REASON_REFERRAL_LOOP)
        return reason;
    if (reason == TL_REASON_OK) {
        tgs->referrals.seen.count--; /* it was entered only to see whether it may be */
        reason = TL_REASON_REFERRAL_LIMIT;
    }
    return tl_outcome_fail(tgs->out, TL_STAGE_WALK, reason, "%s",
                           tli_realms_text(tgs->mem, &tgs->referrals.seen, next));
}

/* The protocol error that libkrb5 found in the armor, else the one in the clear. */
static int32_t error_of(krb5_error_code ret, int32_t outer)
{
    if (ret > ERROR_TABLE_BASE_krb5 && ret < ERROR_TABLE_BASE_krb5 + 128)
        return (int32_t)(ret - ERROR_TABLE_BASE_krb5);
    return outer;
}

static enum tl_reason send_plain(struct tli_tgs *tgs, const krb5_data *request)
{
    size_t len;
    uint8_t *plain = tli_tgs_req_plain(tgs->mem, (const uint8_t *)request->data,
                                       request->length, &len);
    krb5_data bytes = *request;

    if (plain != NULL) {
        bytes.data = (char *)plain;
        bytes.length = (unsigned int)len;
    }
    return tli_krb_exchange(tgs->mem, tgs->krb, &tgs->ex, &bytes, tgs->out);
}

/* One question to its ticket, over as many referrals as it takes: libkrb5 makes a
 * request, a KDC of the realm that it names replies. */
static enum tl_reason step_all(struct tli_tgs *tgs, krb5_tkt_creds_context tcc)
{
    krb5_context k5 = tgs->krb->k5;
    krb5_data in = {0}, request = {0}, realm = {0};
    unsigned int flags = 0;
    enum tl_reason reason = TL_REASON_OK;

    tgs->ex.err.code = TL_KRB_NONE;
    while (reason == TL_REASON_OK) {
        krb5_error_code ret = krb5_tkt_creds_step(k5, tcc, &in, &request, &realm, &flags);

        if (tgs->ex.err.code != TL_KRB_NONE)
            reason = tli_krb_fail_error(tgs->krb, tgs->out, &tgs->ex,
                                        error_of(ret, tgs->ex.err.code));
        else if (ret != 0)
            reason = stopped(tgs, ret);
        else if (!(flags & KRB5_TKT_CREDS_STEP_FLAG_CONTINUE))
            break;
        else
            reason = enter_realm(tgs, &realm);
        if (reason == TL_REASON_OK)
            reason = send_plain(tgs, &request);
        in = tgs->ex.reply;
        krb5_free_data_contents(k5, &request);
        krb5_free_data_contents(k5, &realm);
    }
    krb5_free_data_contents(k5, &request);
    krb5_free_data_contents(k5, &realm);
    return reason;
}

/* A ticket of one realm for the KDCs of another. */
static bool is_referral(krb5_const_principal server)
{
    const krb5_data *realm = &server->realm;

    return server->length == 2 && server->data[0].length == strlen(KRB5_TGS_NAME) &&
           memcmp(server->data[0].data, KRB5_TGS_NAME, strlen(KRB5_TGS_NAME)) == 0 &&
           (server->data[1].length != realm->length ||
            memcmp(server->data[1].data, realm->data, realm->length) != 0);
}

static enum tl_reason check_ticket(struct tli_tgs *tgs, const krb5_creds *creds)
{
    enum tli_key_use use = is_referral(creds->server) ? TL_KEY_OF_REFERRAL : TL_KEY_ANY;

    if (!tli_enctype_allowed(tgs->krb->config->allow_rc4, use, creds->keyblock.enctype))
        return tl_outcome_fail(tgs->out, TL_STAGE_WALK, TL_REASON_ETYPE_UNSUPPORTED,
                               "the session key of the ticket for %s is of type %d",
                               tgs->ex.subject, (int)creds->keyblock.enctype);
    return TL_REASON_OK;
}

/* One question: the ticket first/second@realm, beginning with the best TGT in the ccache.
 * It is stored there unless `creds` is to take it. */
enum tl_reason tli_tgs_ask(struct tli_tgs *tgs, const char *first, const char *second,
                           const char *realm, krb5_creds **creds)
{
    struct tl_krb *krb = tgs->krb;
    krb5_creds want, got;
    krb5_tkt_creds_context tcc = NULL;
    krb5_flags options = KRB5_GC_CANONICALIZE | (creds != NULL ? KRB5_GC_NO_STORE : 0);
    krb5_error_code ret;
    enum tl_reason reason;

    memset(&want, 0, sizeof(want));
    memset(&got, 0, sizeof(got));
    tgs->ex.subject = talloc_asprintf(tgs->mem, "%s/%s", first, second);
    want.client = krb->client;
    ret = tgs->ex.subject == NULL
              ? ENOMEM
              : make_service(krb->k5, realm, first, second, &want.server);
    if (ret == 0)
        ret = krb5_tkt_creds_init(krb->k5, krb->ccache, &want, options, &tcc);
    if (ret != 0)
        reason = tli_krb_fail_local(krb, tgs->out, TL_STAGE_WALK, ret,
                                    "cannot create the request");
    else
        reason = step_all(tgs, tcc);
    if (reason == TL_REASON_OK) {
        ret = krb5_tkt_creds_get_creds(krb->k5, tcc, &got);
        if (ret == 0)
            reason = check_ticket(tgs, &got);
        if (ret == 0 && reason == TL_REASON_OK && creds != NULL)
            ret = krb5_copy_creds(krb->k5, &got, creds);
        if (ret != 0)
            reason =
                tli_krb_fail_local(krb, tgs->out, TL_STAGE_WALK, ret, tgs->ex.subject);
    }
    krb5_tkt_creds_free(krb->k5, tcc);
    krb5_free_cred_contents(krb->k5, &got);
    krb5_free_principal(krb->k5, want.server);
    return reason;
}

struct tli_tgs tli_tgs_start(struct tl_krb *krb, struct tl_outcome *out)
{
    return (struct tli_tgs){.krb = krb,
                            .mem = talloc_new(krb),
                            .out = out,
                            .referrals = {.stage = TL_STAGE_WALK,
                                          .limit = krb->config->hop_limit,
                                          .repeats = 2 * krb->config->hop_limit},
                            .ex = {.stage = TL_STAGE_WALK}};
}

void tli_tgs_restart(struct tli_tgs *tgs)
{
    TALLOC_FREE(tgs->referrals.seen.names);
    tgs->referrals.seen.count = 0;
    tgs->referrals.realm = NULL;
    tgs->ex.realm = NULL;
}
