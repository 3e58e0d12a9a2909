/* SPDX-License-Identifier: MIT
 *
 * The walk: from the user's TGT to a ticket for host/<this workstation>.
 *
 * libkrb5 makes the requests and reads the replies, one ticket at a time; which
 * ticket is asked for, and when it ends, is decided here. libkrb5 by itself
 * answers a KRB-ERROR with another question (without canonicalize, by way of
 * the fallback realm, through realms in between), and so succeeds where Windows
 * fails, or hides the hop that failed. So every KRB-ERROR ends a walk: the reply
 * is still given to libkrb5, which would know the code inside a FAST wrapping
 * (RFC 6113 5.4.4), and what it would ask next is dropped.
 */
#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct walk {
    struct tl_krb *krb;
    TALLOC_CTX *mem;
    struct tli_referrals referrals;
    struct tli_exchange ex;
    struct tl_outcome *out;
};

static bool path_known(const struct tl_route *route)
{
    for (size_t i = 0; i < route->num_hops; i++)
        if (route->hops[i].tdo_from != NULL || route->hops[i].tdo_to != NULL)
            return true;
    return false;
}

/*
 * windows: where suffix routing may apply, the KDC is asked for the host and
 * refers; over an external trust it cannot, and where the user named the domain
 * the workstation's realm is asked for by name (ee849847 item 3, KB2008039;
 * docs/decisions/kerberos.md#order-of-questions). When the topology did not know which, a
 * first 7 leaves one more question.
 */
struct tli_walk_plan tli_walk_plan_for(enum tl_walk policy, const struct tl_route *route,
                                       bool same_realm)
{
    struct tli_walk_plan plan = {false, false};

    if (same_realm || policy == TL_WALK_REFERRAL)
        return plan;
    if (policy == TL_WALK_DIRECT) {
        plan.krbtgt_first = true;
        return plan;
    }
    plan.krbtgt_first = route->first_ask == TL_ASK_KRBTGT;
    plan.krbtgt_retry = !plan.krbtgt_first && route->domain_named && !path_known(route);
    return plan;
}

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

static enum tl_reason enter_realm(struct walk *walk, const krb5_data *realm)
{
    enum tl_reason reason =
        tli_referral_enter(walk->mem, &walk->referrals, realm, walk->out);

    if (walk->out != NULL)
        walk->out->hop = walk->referrals.asked;
    if (reason == TL_REASON_OK)
        walk->ex.realm = walk->referrals.realm;
    return reason;
}

/* libkrb5 looks for circles, too, and follows ten referrals at most; it says the same
 * of both, and of a KDC that cannot be reached. */
static enum tl_reason stopped(struct walk *walk, krb5_error_code ret)
{
    char *next = NULL;
    krb5_data realm;
    enum tl_reason reason;

    if (ret == KRB5_KDC_UNREACH)
        next = tli_krb_referred_to(walk->mem, &walk->ex.reply);
    if (next == NULL)
        return tli_krb_fail_local(walk->krb, walk->out, TL_STAGE_WALK, ret,
                                  walk->ex.subject);
    realm = (krb5_data){.data = next, .length = (unsigned int)strlen(next)};
    reason = strcasecmp(walk->ex.realm, next) == 0 ? TL_REASON_REFERRAL_LOOP
                                                   : enter_realm(walk, &realm);
    if (reason != TL_REASON_OK && reason != TL_REASON_REFERRAL_LOOP)
        return reason;
    if (reason == TL_REASON_OK) {
        walk->referrals.seen.count--; /* it was entered only to see whether it may be */
        reason = TL_REASON_REFERRAL_LIMIT;
    }
    return tl_outcome_fail(walk->out, TL_STAGE_WALK, reason, "%s",
                           tli_realms_text(walk->mem, &walk->referrals.seen, next));
}

/* The protocol error that libkrb5 found, else the one in the clear. */
static int32_t error_of(krb5_error_code ret, int32_t outer)
{
    if (ret > ERROR_TABLE_BASE_krb5 && ret < ERROR_TABLE_BASE_krb5 + 128)
        return (int32_t)(ret - ERROR_TABLE_BASE_krb5);
    return outer;
}

static enum tl_reason send_plain(struct walk *walk, const krb5_data *request)
{
    size_t len;
    uint8_t *plain = tli_tgs_req_plain(walk->mem, (const uint8_t *)request->data,
                                       request->length, &len);
    krb5_data bytes = *request;

    if (plain != NULL) {
        bytes.data = (char *)plain;
        bytes.length = (unsigned int)len;
    }
    return tli_krb_exchange(walk->mem, walk->krb, &walk->ex, &bytes, walk->out);
}

static enum tl_reason step_all(struct walk *walk, krb5_tkt_creds_context tcc)
{
    krb5_context k5 = walk->krb->k5;
    krb5_data in = {0}, request = {0}, realm = {0};
    unsigned int flags = 0;
    enum tl_reason reason = TL_REASON_OK;

    walk->ex.err.code = TL_KRB_NONE;
    while (reason == TL_REASON_OK) {
        krb5_error_code ret = krb5_tkt_creds_step(k5, tcc, &in, &request, &realm, &flags);

        if (walk->ex.err.code != TL_KRB_NONE)
            reason = tli_krb_fail_error(walk->krb, walk->out, &walk->ex,
                                        error_of(ret, walk->ex.err.code));
        else if (ret != 0)
            reason = stopped(walk, ret);
        else if (!(flags & KRB5_TKT_CREDS_STEP_FLAG_CONTINUE))
            break;
        else
            reason = enter_realm(walk, &realm);
        if (reason == TL_REASON_OK)
            reason = send_plain(walk, &request);
        in = walk->ex.reply;
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

static enum tl_reason check_ticket(struct walk *walk, const krb5_creds *creds)
{
    enum tli_key_use use = is_referral(creds->server) ? TL_KEY_OF_REFERRAL : TL_KEY_ANY;

    if (!tli_enctype_allowed(walk->krb->config->allow_rc4, use, creds->keyblock.enctype))
        return tl_outcome_fail(walk->out, TL_STAGE_WALK, TL_REASON_ETYPE_UNSUPPORTED,
                               "the session key of the ticket for %s is of type %d",
                               walk->ex.subject, (int)creds->keyblock.enctype);
    return TL_REASON_OK;
}

/* One ticket: first/second@realm, beginning with the best TGT in the ccache. It is
 * stored there unless `creds` is to take it. */
static enum tl_reason ask(struct walk *walk, const char *first, const char *second,
                          const char *realm, krb5_creds **creds)
{
    struct tl_krb *krb = walk->krb;
    krb5_creds want, got;
    krb5_tkt_creds_context tcc = NULL;
    krb5_flags options = KRB5_GC_CANONICALIZE | (creds != NULL ? KRB5_GC_NO_STORE : 0);
    krb5_error_code ret;
    enum tl_reason reason;

    memset(&want, 0, sizeof(want));
    memset(&got, 0, sizeof(got));
    walk->ex.subject = talloc_asprintf(walk->mem, "%s/%s", first, second);
    want.client = krb->client;
    ret = walk->ex.subject == NULL
              ? ENOMEM
              : make_service(krb->k5, realm, first, second, &want.server);
    if (ret == 0)
        ret = krb5_tkt_creds_init(krb->k5, krb->ccache, &want, options, &tcc);
    if (ret != 0)
        reason = tli_krb_fail_local(krb, walk->out, TL_STAGE_WALK, ret,
                                    "no request can be made");
    else
        reason = step_all(walk, tcc);
    if (reason == TL_REASON_OK) {
        ret = krb5_tkt_creds_get_creds(krb->k5, tcc, &got);
        if (ret == 0)
            reason = check_ticket(walk, &got);
        if (ret == 0 && reason == TL_REASON_OK && creds != NULL)
            ret = krb5_copy_creds(krb->k5, &got, creds);
        if (ret != 0)
            reason =
                tli_krb_fail_local(krb, walk->out, TL_STAGE_WALK, ret, walk->ex.subject);
    }
    krb5_tkt_creds_free(krb->k5, tcc);
    krb5_free_cred_contents(krb->k5, &got);
    krb5_free_principal(krb->k5, want.server);
    return reason;
}

static struct walk start(struct tl_krb *krb, struct tl_outcome *out)
{
    return (struct walk){.krb = krb,
                         .out = out,
                         .referrals = {.stage = TL_STAGE_WALK,
                                       .limit = krb->config->hop_limit,
                                       .repeats = 2 * krb->config->hop_limit},
                         .ex = {.stage = TL_STAGE_WALK}};
}

/* Forget where it has been: another question begins at the user's KDC. */
static void restart(struct walk *walk)
{
    TALLOC_FREE(walk->referrals.seen.names);
    walk->referrals.seen.count = 0;
    walk->referrals.realm = NULL;
    walk->ex.realm = NULL;
}

/* The ticket must be of the workstation's own realm: an account of the same host
 * name in another domain would be a ticket that proves nothing here. */
static enum tl_reason keep_host(struct walk *walk, const struct tl_workstation *ws,
                                krb5_creds *creds)
{
    struct tl_krb *krb = walk->krb;
    krb5_ticket *ticket = NULL;
    enum tl_reason reason = TL_REASON_OK;

    if (krb5_decode_ticket(&creds->ticket, &ticket) != 0)
        reason = tl_outcome_fail(walk->out, TL_STAGE_WALK, TL_REASON_KDC_GARBAGE,
                                 "a ticket that cannot be decoded");
    else if (ticket->server->realm.length != strlen(ws->realm) ||
             strncasecmp(ticket->server->realm.data, ws->realm, strlen(ws->realm)) != 0)
        reason = tl_outcome_fail(
            walk->out, TL_STAGE_WALK, TL_REASON_REPLY_MISMATCH,
            "it gave a ticket for %s; an account by the workstation's name is in the way",
            tli_k5_name(walk->mem, krb->k5, ticket->server));
    krb5_free_ticket(krb->k5, ticket);
    if (reason != TL_REASON_OK) {
        krb5_free_creds(krb->k5, creds);
        return reason;
    }
    if (krb->host != NULL)
        krb5_free_creds(krb->k5, krb->host);
    krb->host = creds;
    krb->host_kdc = talloc_strdup(krb, walk->ex.kdc);
    return TL_REASON_OK;
}

static void keep_way(struct walk *walk)
{
    talloc_free(walk->krb->way.names);
    walk->krb->way = walk->referrals.seen;
    talloc_steal(walk->krb, walk->referrals.seen.names);
}

enum tl_reason tl_krb_walk(struct tl_krb *krb, const struct tl_route *route,
                           const struct tl_workstation *ws, struct tl_outcome *out)
{
    struct walk walk = start(krb, out);
    bool same_realm = strcasecmp(krb->tgt_realm, ws->realm) == 0;
    struct tli_walk_plan plan = tli_walk_plan_for(krb->config->walk, route, same_realm);
    krb5_creds *creds = NULL;
    enum tl_reason reason = TL_REASON_OK;

    walk.mem = talloc_new(krb);
    if (walk.mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_NO_MEMORY, NULL);
    if (!plan.krbtgt_first) {
        reason = ask(&walk, "host", ws->fqdn, krb->tgt_realm, &creds);
        if (reason != TL_REASON_OK && plan.krbtgt_retry && walk.referrals.asked == 1 &&
            walk.ex.err.code == TL_KRB_S_PRINCIPAL_UNKNOWN) {
            tl_trace_note(krb->trace, "%s routes no host of %s; asking it for %s by name",
                          krb->tgt_realm, ws->domain, ws->realm);
            plan.krbtgt_first = true;
            restart(&walk);
            if (out != NULL)
                tl_outcome_reset(out);
        }
    }
    if (plan.krbtgt_first) {
        reason = ask(&walk, KRB5_TGS_NAME, ws->realm, krb->tgt_realm, NULL);
        if (reason == TL_REASON_OK)
            reason = ask(&walk, "host", ws->fqdn, ws->realm, &creds);
    }
    if (reason == TL_REASON_OK && creds != NULL)
        reason = keep_host(&walk, ws, creds);
    keep_way(&walk);
    talloc_free(walk.mem);
    return reason;
}

/* GSSAPI will look for the ticket by the name without a realm (libkrb5's
 * referral realm), or with the realm its krb5.conf maps the host to: file it
 * under both. */
static void file_under_aliases(struct tl_krb *krb, krb5_creds *creds)
{
    krb5_ticket *ticket = NULL;
    krb5_principal kept = creds->server;

    if (krb5_decode_ticket(&creds->ticket, &ticket) != 0)
        return;
    creds->server = ticket->server;
    (void)krb5_cc_store_cred(krb->k5, krb->ccache, creds);
    if (krb5_set_principal_realm(krb->k5, creds->server, "") == 0)
        (void)krb5_cc_store_cred(krb->k5, krb->ccache, creds);
    creds->server = kept;
    krb5_free_ticket(krb->k5, ticket);
}

enum tl_reason tl_krb_ticket(struct tl_krb *krb, const char *service, const char *realm,
                             struct tl_outcome *out)
{
    struct walk walk = start(krb, out);
    const char *slash = strchr(service, '/');
    krb5_creds *creds = NULL;
    char *first;
    enum tl_reason reason = TL_REASON_OK;

    if (slash == NULL || krb->tgt_realm == NULL)
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_INTERNAL,
                               "no ticket for %s can be asked for", service);
    walk.mem = talloc_new(krb);
    first = talloc_strndup(walk.mem, service, (size_t)(slash - service));
    if (first == NULL) {
        talloc_free(walk.mem);
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_NO_MEMORY, NULL);
    }
    if (realm == NULL)
        realm = krb->tgt_realm;
    if (strcasecmp(realm, krb->tgt_realm) != 0)
        reason = ask(&walk, KRB5_TGS_NAME, realm, krb->tgt_realm, NULL);
    if (reason == TL_REASON_OK)
        reason = ask(&walk, first, slash + 1, realm, &creds);
    if (reason == TL_REASON_OK && creds != NULL) {
        file_under_aliases(krb, creds);
        krb5_free_creds(krb->k5, creds);
    }
    talloc_free(walk.mem);
    return reason;
}
