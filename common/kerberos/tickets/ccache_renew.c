/* SPDX-License-Identifier: MIT
 *
 * ccache_renew.c - renewing the TGT in the cache of a user's session [RFC 4120 3.3.3.1].
 *
 * All of it runs as the user, in a child: the owner may have put anything into the cache,
 * and it can do no more here than the owner can.
 * libkrb5 makes the request and reads the reply; the bytes are ours to send.
 */
#include "kerberos/internal.h"

#include "ccache_write.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <trustlogon/tickets.h>

/* Seconds for the child: the cache twice, and the KDC within the context's deadline. */
#define CHILD_TIMEOUT 30

struct renewal {
    struct tl_krb *krb;     /* its connections carry the request */
    const char *realm;      /* whose TGT is renewed */
    krb5_ccache cache;      /* the user's */
    krb5_principal client;  /* of the cache */
    krb5_creds old, fresh;  /* the TGT, before and after */
    struct tli_exchange ex; /* the request and its reply */
    enum tl_reason reason;  /* of the exchange */
    struct tl_outcome *out;
};

/* Times of libkrb5 are 32 bits, unsigned since 2038 came into sight. */
static int64_t seconds(krb5_timestamp time)
{
    return (int64_t)(uint32_t)time;
}

enum tl_renewal tl_renewal_due(const krb5_creds *tgt, int64_t now)
{
    int64_t end = seconds(tgt->times.endtime);
    int64_t start =
        seconds(tgt->times.starttime != 0 ? tgt->times.starttime : tgt->times.authtime);

    if (now >= end)
        return TL_RENEWAL_OVER;
    if ((tgt->ticket_flags & TKT_FLG_RENEWABLE) == 0 ||
        seconds(tgt->times.renew_till) <= end)
        return TL_RENEWAL_OVER;
    return now - start < (end - start) / 2 ? TL_RENEWAL_NOT_DUE : TL_RENEWAL_DONE;
}

static int end_with(struct ccache_job *job, enum tl_renewal result, const char *text)
{
    snprintf(job->error, sizeof(job->error), "%s", text);
    return (int)result;
}

static int end_with_k5(struct ccache_job *job, enum tl_renewal result,
                       krb5_error_code code)
{
    const char *text = krb5_get_error_message(job->k5, code);

    (void)end_with(job, result, text);
    krb5_free_error_message(job->k5, text);
    return (int)result;
}

static krb5_error_code find_tgt(krb5_context k5, struct renewal *r)
{
    const krb5_data *realm = &r->client->realm;
    krb5_creds wanted = {.client = r->client};
    krb5_error_code ret = krb5_build_principal_ext(
        k5, &wanted.server, realm->length, realm->data, KRB5_TGS_NAME_SIZE, KRB5_TGS_NAME,
        realm->length, realm->data, 0);

    if (ret == 0)
        ret = krb5_cc_retrieve_cred(k5, r->cache, 0, &wanted, &r->old);
    krb5_free_principal(k5, wanted.server);
    return ret;
}

/* DONE: there is a TGT of the user's realm, and it is due. */
static int look(struct ccache_job *job)
{
    struct renewal *r = job->arg;
    krb5_error_code ret = krb5_cc_resolve(job->k5, job->name, &r->cache);
    enum tl_renewal due;

    if (ret == 0)
        ret = krb5_cc_get_principal(job->k5, r->cache, &r->client);
    if (ret == KRB5_FCC_NOFILE || ret == KRB5_CC_NOTFOUND)
        return end_with(job, TL_RENEWAL_GONE, "the cache does not exist any more");
    if (ret != 0)
        return end_with_k5(job, TL_RENEWAL_FAILED, ret);
    if (strlen(r->realm) != r->client->realm.length ||
        strncasecmp(r->realm, r->client->realm.data, r->client->realm.length) != 0)
        return end_with(job, TL_RENEWAL_NOT_DUE,
                        "the cache belongs to a user of another realm");
    if (find_tgt(job->k5, r) != 0)
        return end_with(job, TL_RENEWAL_NOT_DUE, "the cache has no TGT");
    job->end = seconds(r->old.times.endtime);
    due = tl_renewal_due(&r->old, (int64_t)time(NULL));
    return end_with(job, due, due == TL_RENEWAL_OVER ? "it cannot be renewed" : "");
}

static krb5_error_code send_ours(krb5_context k5, void *data, const krb5_data *realm,
                                 const krb5_data *message, krb5_data **new_message,
                                 krb5_data **new_reply)
{
    struct renewal *r = data;

    r->ex.err.code = TL_KRB_NONE;
    r->reason = tli_krb_exchange(r->krb, r->krb, &r->ex, message, r->out);
    if (r->reason != TL_REASON_OK)
        return KRB5_KDC_UNREACH;
    return krb5_copy_data(k5, &r->ex.reply, new_reply);
}

/* libkrb5 makes one request and reads one reply; a hook carries both over our own
 * connections. */
static int ask(struct ccache_job *job)
{
    struct renewal *r = job->arg;
    char text[sizeof(job->error)];
    krb5_error_code ret;

    r->ex = (struct tli_exchange){.stage = TL_STAGE_WALK,
                                  .realm = r->realm,
                                  .subject = tli_k5_name(r->krb, job->k5, r->old.server),
                                  .err = {.code = TL_KRB_NONE}};
    krb5_set_kdc_send_hook(job->k5, send_ours, r);
    ret = krb5_get_renewed_creds(job->k5, &r->fresh, r->client, r->cache, NULL);
    krb5_set_kdc_send_hook(job->k5, NULL, NULL);
    if (ret == 0 && r->fresh.times.endtime == r->old.times.endtime)
        return end_with(job, TL_RENEWAL_REFUSED, "the KDC did not extend its lifetime");
    if (ret == 0) {
        job->end = seconds(r->fresh.times.endtime);
        return end_with(job, TL_RENEWAL_DONE, "");
    }
    if (r->reason == TL_REASON_OK && r->ex.err.code != TL_KRB_NONE)
        (void)tli_krb_fail_error(r->krb, r->out, &r->ex, r->ex.err.code);
    else if (r->reason == TL_REASON_OK)
        (void)tli_krb_fail_local(r->krb, r->out, TL_STAGE_WALK, ret, "the reply");
    snprintf(text, sizeof(text), "%s: %s", r->out->kdc != NULL ? r->out->kdc : r->realm,
             r->out->detail != NULL ? r->out->detail
                                    : tl_reason_info(r->out->reason)->slug);
    if (r->reason != TL_REASON_OK)
        return end_with(job, TL_RENEWAL_SILENT, text);
    return end_with(
        job, r->ex.err.code != TL_KRB_NONE ? TL_RENEWAL_REFUSED : TL_RENEWAL_FAILED,
        text);
}

/* The cache as it is, but for the new TGT in the place of the old one. */
static krb5_error_code copy_with_fresh(struct ccache_job *job)
{
    struct renewal *r = job->arg;
    krb5_cc_cursor cursor = NULL;
    krb5_error_code ret = krb5_cc_new_unique(job->k5, "MEMORY", NULL, &job->tickets);
    krb5_creds one;

    if (ret == 0)
        ret = krb5_cc_initialize(job->k5, job->tickets, r->client);
    if (ret == 0)
        ret = krb5_cc_store_cred(job->k5, job->tickets, &r->fresh);
    if (ret == 0)
        ret = krb5_cc_start_seq_get(job->k5, r->cache, &cursor);
    if (ret != 0)
        return ret;
    while ((ret = krb5_cc_next_cred(job->k5, r->cache, &cursor, &one)) == 0) {
        if (!krb5_principal_compare(job->k5, one.server, r->old.server))
            ret = krb5_cc_store_cred(job->k5, job->tickets, &one);
        krb5_free_cred_contents(job->k5, &one);
        if (ret != 0)
            break;
    }
    (void)krb5_cc_end_seq_get(job->k5, r->cache, &cursor);
    return ret == KRB5_CC_END ? 0 : ret;
}

/* A file is replaced whole. A keyring takes a key of the same name in the place of the
 * one that it has; KCM must be filled again. */
static int write_back(struct ccache_job *job, const char *full)
{
    struct renewal *r = job->arg;
    krb5_error_code ret;

    if (strncmp(full, "KEYRING:", 8) == 0) {
        ret = krb5_cc_store_cred(job->k5, r->cache, &r->fresh);
        return ret == 0 ? 0 : end_with_k5(job, TL_RENEWAL_FAILED, ret);
    }
    ret = copy_with_fresh(job);
    if (ret == 0 && strncmp(full, "FILE:", 5) != 0 && strncmp(full, "DIR::", 5) != 0)
        ret = tli_ccache_fill(job, r->cache);
    if (ret != 0)
        return end_with_k5(job, TL_RENEWAL_FAILED, ret);
    if (strncmp(full, "FILE:", 5) != 0 && strncmp(full, "DIR::", 5) != 0)
        return 0;
    snprintf(job->name, sizeof(job->name), "FILE:%s", full + 5);
    job->only_existing = true; /* it may have been deleted meanwhile */
    return tli_ccache_write(job) == 0 ? 0 : (int)TL_RENEWAL_FAILED;
}

static int renew(struct ccache_job *job)
{
    struct renewal *r = job->arg;
    char *full = NULL;
    krb5_error_code ret;
    int rc = look(job);

    if (rc == TL_RENEWAL_DONE)
        rc = ask(job);
    if (rc != TL_RENEWAL_DONE)
        return rc;
    ret = krb5_cc_get_full_name(job->k5, r->cache, &full);
    if (ret != 0)
        return end_with_k5(job, TL_RENEWAL_FAILED, ret);
    return write_back(job, full); /* no cleanup: the child ends */
}

enum tl_renewal tl_ccache_renew(TALLOC_CTX *ctx, struct tl_krb *krb,
                                const struct tl_renewal_request *req, int64_t *end,
                                const char **why)
{
    struct renewal renewing = {.krb = krb, .realm = req->realm};
    struct ccache_job job = {.k5 = krb->k5,
                             .uid = req->uid,
                             .gid = req->gid,
                             .seconds = CHILD_TIMEOUT,
                             .work = renew,
                             .arg = &renewing};
    struct ccache_report report = {.status = -1};
    int status;

    *end = 0;
    *why = NULL;
    renewing.out = tl_outcome_new(krb);
    if (renewing.out == NULL || strlen(req->ccache) >= sizeof(job.name) - 16)
        return TL_RENEWAL_FAILED;
    snprintf(job.name, sizeof(job.name), "%s", req->ccache);
    status = tli_ccache_as_user(&job, &report);
    *end = report.end;
    *why = talloc_strdup(ctx, status == TL_RENEWAL_DONE ? "" : report.text);
    return status >= TL_RENEWAL_DONE && status <= TL_RENEWAL_FAILED
               ? (enum tl_renewal)status
               : TL_RENEWAL_FAILED;
}
