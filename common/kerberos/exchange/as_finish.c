/* SPDX-License-Identifier: MIT
 *
 * What comes of an AS exchange: is it the ticket that was asked for, whose is it,
 * and where it is kept.
 */
#include "exchange.h"

#include <string.h>

struct keep {
    struct tl_krb *krb;
    TALLOC_CTX *mem;
    bool changepw;
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
 * another service (kadmin/changepw for an expired password, CVE-2022-2031) has
 * not logged anybody on. The other way round, a TGT sent to a password service
 * would be given away.
 */
static enum tl_reason check_ticket(struct keep *keep, const krb5_creds *creds)
{
    krb5_const_principal server = creds->server;

    if (!(keep->changepw ? is_changepw(server) : is_tgt(server)))
        return tl_outcome_fail(keep->out, TL_STAGE_AS, TL_REASON_REPLY_MISMATCH,
                               "asked for a %s, it gave %s",
                               keep->changepw ? "ticket for kadmin/changepw" : "TGT",
                               tli_k5_name(keep->mem, keep->krb->k5, server));
    if (!tli_enctype_allowed(keep->krb->config->allow_rc4, TL_KEY_ANY,
                             creds->keyblock.enctype))
        return tl_outcome_fail(keep->out, TL_STAGE_AS, TL_REASON_ETYPE_UNSUPPORTED,
                               "the session key is of type %d",
                               (int)creds->keyblock.enctype);
    return TL_REASON_OK;
}

/* Whose ticket it is, by the names of the reply. */
static enum tl_reason keep_client(struct keep *keep, const krb5_creds *creds)
{
    struct tl_krb *krb = keep->krb;
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
        return tl_outcome_fail(keep->out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_OK;
}

enum tl_reason tli_as_finish(struct tl_krb *krb, krb5_init_creds_context icc,
                             bool changepw, struct tl_outcome *out)
{
    struct keep keep = {.krb = krb, .changepw = changepw, .out = out};
    krb5_creds creds;
    krb5_error_code ret;
    enum tl_reason reason;

    memset(&creds, 0, sizeof(creds));
    keep.mem = talloc_new(krb);
    ret = krb5_init_creds_get_creds(krb->k5, icc, &creds);
    if (ret != 0) {
        talloc_free(keep.mem);
        return tli_krb_fail_local(krb, out, TL_STAGE_AS, ret, "no ticket was kept");
    }
    reason = check_ticket(&keep, &creds);
    if (reason == TL_REASON_OK)
        reason = keep_client(&keep, &creds);
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
    talloc_free(keep.mem);
    return reason;
}
