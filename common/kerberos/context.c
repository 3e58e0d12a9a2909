/* SPDX-License-Identifier: MIT
 *
 * context.c - a Kerberos context: libkrb5's context, its connections, its tickets.
 */
#include "internal.h"

#include <errno.h>

static int krb_destroy(struct tl_krb *krb)
{
    if (krb->changepw != NULL)
        krb5_free_creds(krb->k5, krb->changepw);
    if (krb->host != NULL)
        krb5_free_creds(krb->k5, krb->host);
    if (krb->client != NULL)
        krb5_free_principal(krb->k5, krb->client);
    if (krb->ccache != NULL)
        krb5_cc_destroy(krb->k5, krb->ccache);
    krb5_free_context(krb->k5);
    return 0;
}

/* KRB-ERROR 29: the next KDC may do better (RFC 4120 7.5.9). */
static bool says_unavailable(void *arg, const uint8_t *reply, size_t len)
{
    struct tl_krb *krb = arg;
    char *copy = talloc_memdup(krb, reply, len);
    krb5_data data = {0};
    struct tli_krb_error err;

    if (copy == NULL)
        return false;
    data.length = (unsigned int)len;
    data.data = copy;
    tli_krb_error_read(copy, krb->k5, &data, &err);
    talloc_free(copy);
    return err.code == TL_KRB_SVC_UNAVAILABLE;
}

static enum tl_reason find(TALLOC_CTX *ctx, void *arg, const char *domain,
                           unsigned int flags, tl_deadline deadline,
                           struct tl_dc_list **list, struct tl_outcome *out)
{
    return tl_locate(ctx, arg, domain, flags, deadline, list, out);
}

static void failed(void *arg, const struct tl_dc *dc)
{
    tl_locate_failed(arg, dc);
}

static void worked(void *arg, const struct tl_dc *dc)
{
    tl_locate_worked(arg, dc);
}

static krb5_error_code make_ccache(struct tl_krb *krb)
{
    krb5_error_code ret = krb5_cc_new_unique(krb->k5, "MEMORY", NULL, &krb->ccache);
    char *name = NULL;

    if (ret == 0)
        ret = krb5_cc_get_full_name(krb->k5, krb->ccache, &name);
    if (ret != 0)
        return ret;
    krb->ccache_name = talloc_strdup(krb, name);
    krb5_free_string(krb->k5, name);
    return krb->ccache_name != NULL ? 0 : ENOMEM;
}

/* The transport finds and judges DCs through the locator, and asks this context
 * whether a reply says "try another KDC". */
static enum tl_reason new_context(TALLOC_CTX *ctx, const struct tl_config *config,
                                  bool cards, struct tl_locator *locator,
                                  tl_deadline deadline, const struct tl_trace *trace,
                                  struct tl_krb **krb_out, struct tl_outcome *out)
{
    struct tli_transport_source source = {
        .find = find, .failed = failed, .worked = worked, .arg = locator};
    struct tl_krb *krb = talloc_zero(ctx, struct tl_krb);
    enum tl_reason reason;

    *krb_out = NULL;
    if (krb == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    krb->config = config;
    krb->locator = locator;
    krb->deadline = deadline;
    krb->trace = trace;
    reason = tli_k5_open(config->allow_rc4, cards, TL_STAGE_LOCAL, &krb->k5, out);
    if (reason != TL_REASON_OK) {
        talloc_free(krb);
        return reason;
    }
    talloc_set_destructor(krb, krb_destroy);
    krb->clockskew = tli_k5_clockskew(krb->k5);
    source.unavailable = says_unavailable;
    source.unavailable_arg = krb;
    krb->net = tli_transport_new(krb, config, trace, &source);
    if (krb->net == NULL || make_ccache(krb) != 0) {
        talloc_free(krb);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    *krb_out = krb;
    return TL_REASON_OK;
}

enum tl_reason tl_krb_new(TALLOC_CTX *ctx, const struct tl_config *config,
                          struct tl_locator *locator, tl_deadline deadline,
                          const struct tl_trace *trace, struct tl_krb **krb,
                          struct tl_outcome *out)
{
    return new_context(ctx, config, false, locator, deadline, trace, krb, out);
}

enum tl_reason tl_krb_new_for_card(TALLOC_CTX *ctx, const struct tl_config *config,
                                   struct tl_locator *locator, tl_deadline deadline,
                                   const struct tl_trace *trace, struct tl_krb **krb,
                                   struct tl_outcome *out)
{
    return new_context(ctx, config, true, locator, deadline, trace, krb, out);
}

int tl_krb_set_dcs(struct tl_krb *krb, const char *realm, struct tl_dc_list *dcs,
                   int64_t took_us)
{
    return tli_transport_set_candidates(krb->net, realm, dcs, took_us);
}

void tl_krb_set_deadline(struct tl_krb *krb, tl_deadline deadline)
{
    krb->deadline = deadline;
}

int tl_krb_set_workstation(struct tl_krb *krb, const char *flat)
{
    krb->workstation = talloc_strdup(krb, flat);
    return krb->workstation != NULL ? 0 : -ENOMEM;
}

const char *tl_krb_ccache_name(const struct tl_krb *krb)
{
    return krb->ccache_name;
}

int64_t tl_krb_tgt_end(const struct tl_krb *krb)
{
    return krb->tgt_end;
}

const char *tl_krb_realm_path(const struct tl_krb *krb, size_t i)
{
    return i < krb->path.count ? krb->path.names[i] : NULL;
}

char *tl_krb_realm_path_text(TALLOC_CTX *ctx, const struct tl_krb *krb)
{
    return tli_realms_all_text(ctx, &krb->path);
}

bool tl_krb_answered(const struct tl_krb *krb)
{
    return krb->answered;
}
