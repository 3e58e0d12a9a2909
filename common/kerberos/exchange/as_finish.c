/* SPDX-License-Identifier: MIT
 *
 * as_finish.c - the ticket of an AS exchange: is it the one that was asked for, whose is
 * it, and where is it stored?
 */
#include "exchange.h"

#include <string.h>

struct finish {
    struct tl_krb *krb;
    TALLOC_CTX *mem; /* of the texts in `out` */
    bool changepw;   /* a ticket for kadmin/changepw was asked for, not a TGT */
    struct tl_outcome *out;
};

static bool data_is(const krb5_data *data, const char *text)
{
    return data->length == strlen(text) && memcmp(data->data, text, data->length) == 0;
}

static bool is_tgt(krb5_const_principal server)
{
    return server->length == 2 && data_is(&server->data[0], KRB5_TGS_NAME) &&
           server->data[1].length == server->realm.length &&
           memcmp(server->data[1].data, server->realm.data, server->realm.length) == 0;
}

static bool is_changepw(krb5_const_principal server)
{
    return server->length == 2 && data_is(&server->data[0], "kadmin") &&
           data_is(&server->data[1], "changepw");
}

/*
 * The ticket must be a TGT, krbtgt/R@R: a KDC that answers with a ticket for
 * another service (kadmin/changepw for an expired password, CVE-2022-2031) is
 * not a logon. Conversely, a TGT sent to a password service would be given away.
 */
static enum tl_reason check_ticket(struct finish *f, const krb5_creds *creds)
{
    krb5_const_principal server = creds->server;

    if (!(f->changepw ? is_changepw(server) : is_tgt(server)))
        return tl_outcome_fail(f->out, TL_STAGE_AS, TL_REASON_REPLY_MISMATCH,
                               "requested a %s, it issued %s",
                               f->changepw ? "ticket for kadmin/changepw" : "TGT",
                               tli_k5_name(f->mem, f->krb->k5, server));
    if (!tli_enctype_allowed(f->krb->config->allow_rc4, TL_KEY_ANY,
                             creds->keyblock.enctype))
        return tl_outcome_fail(f->out, TL_STAGE_AS, TL_REASON_ETYPE_UNSUPPORTED,
                               "the session key is of type %d",
                               (int)creds->keyblock.enctype);
    return TL_REASON_OK;
}

/* Whose ticket it is, by the names of the reply. */
static enum tl_reason take_client(struct finish *f, const krb5_creds *creds)
{
    struct tl_krb *krb = f->krb;
    krb5_error_code ret;

    if (krb->client != NULL)
        krb5_free_principal(krb->k5, krb->client);
    krb->client = NULL;
    ret = krb5_copy_principal(krb->k5, creds->client, &krb->client);
    talloc_free(krb->client_name);
    talloc_free(krb->tgt_realm);
    krb->client_name = tli_k5_name(krb, krb->k5, creds->client);
    krb->tgt_realm =
        talloc_strndup(krb, creds->server->realm.data, creds->server->realm.length);
    if (ret != 0 || krb->client_name == NULL || krb->tgt_realm == NULL)
        return tl_outcome_fail(f->out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_OK;
}

enum tl_reason tli_as_finish(struct tl_krb *krb, krb5_init_creds_context icc,
                             bool changepw, struct tl_outcome *out)
{
    struct finish f = {.krb = krb, .changepw = changepw, .out = out};
    krb5_creds creds;
    krb5_error_code ret;
    enum tl_reason reason;

    memset(&creds, 0, sizeof(creds));
    f.mem = talloc_new(krb);
    ret = krb5_init_creds_get_creds(krb->k5, icc, &creds);
    if (ret != 0) {
        talloc_free(f.mem);
        return tli_krb_fail_local(krb, out, TL_STAGE_AS, ret, "there is no ticket");
    }
    reason = check_ticket(&f, &creds);
    if (reason == TL_REASON_OK)
        reason = take_client(&f, &creds);
    if (reason == TL_REASON_OK && changepw) {
        if (krb->changepw != NULL)
            krb5_free_creds(krb->k5, krb->changepw);
        krb->changepw = NULL;
        if (krb5_copy_creds(krb->k5, &creds, &krb->changepw) != 0)
            reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    } else if (reason == TL_REASON_OK) {
        krb->tgt_end = (int64_t)(uint32_t)creds.times.endtime;
    }
    krb5_free_cred_contents(krb->k5, &creds);
    talloc_free(f.mem);
    return reason;
}
