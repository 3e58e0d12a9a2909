/* SPDX-License-Identifier: MIT
 *
 * kpasswd.c - changing a password [RFC 3244]: AP-REQ for kadmin/changepw and the new
 * password in a KRB-PRIV out, AP-REP and the result in a KRB-PRIV back.
 *
 * libkrb5 makes and opens the messages; krb5_change_password() would also send them, to
 * servers and for times of its own choosing, and hides which of them it was. The reply's
 * AP-REP answers our authenticator and the KRB-PRIV is under its subkey: only a server
 * that can open the ticket can say "changed".
 */
#include "kpasswd.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <trustlogon/name.h>

struct change {
    struct tl_krb *krb;
    TALLOC_CTX *mem; /* ends with the change */
    struct tl_outcome *out;
    struct tli_kpasswd_server *server; /* the one DC that is asked */
    krb5_auth_context auth;            /* subkey and sequence numbers of both messages */
    krb5_data ap_req, priv;            /* the two parts of the request */
    const char *new_password;
};

static enum tl_reason fail_local(struct change *c, krb5_error_code code)
{
    return tl_outcome_fail(
        c->out, TL_STAGE_PASSWORD,
        code == ENOMEM ? TL_REASON_NO_MEMORY : TL_REASON_PASSWORD_FAILED,
        "The request cannot be created: %s.", tli_k5_message(c->mem, c->krb->k5, code));
}

/* A KRB-PRIV names its sender's address [RFC 4120 5.7.1]. */
static krb5_error_code set_address(struct change *c)
{
    struct sockaddr_storage *local = &c->server->local;
    krb5_address address = {.magic = KV5M_ADDRESS};

    if (local->ss_family == AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)local;

        address.addrtype = ADDRTYPE_INET6;
        address.length = sizeof(in6->sin6_addr);
        address.contents = (krb5_octet *)&in6->sin6_addr;
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)local;

        address.addrtype = ADDRTYPE_INET;
        address.length = sizeof(in->sin_addr);
        address.contents = (krb5_octet *)&in->sin_addr;
    }
    return krb5_auth_con_setaddrs(c->krb->k5, c->auth, &address, NULL);
}

/* The KRB-PRIV takes the subkey and sequence number of the AP-REQ before it, so the
 * order of the libkrb5 calls matters. */
static enum tl_reason make_request(struct change *c, krb5_data *request)
{
    krb5_context k5 = c->krb->k5;
    krb5_data password = {.length = (unsigned int)strlen(c->new_password),
                          .data = (char *)(uintptr_t)c->new_password};
    krb5_replay_data replay;
    krb5_error_code ret = krb5_auth_con_init(k5, &c->auth);
    struct tli_kpasswd_frame frame = {.version = TL_KPASSWD_CHANGE};
    uint8_t *bytes = NULL;
    size_t len = 0;
    int rc;

    if (ret == 0)
        ret = krb5_mk_req_extended(k5, &c->auth, AP_OPTS_USE_SUBKEY, NULL,
                                   c->krb->changepw, &c->ap_req);
    if (ret == 0)
        ret = set_address(c);
    if (ret == 0)
        ret = krb5_auth_con_setflags(k5, c->auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE);
    if (ret == 0)
        ret = krb5_mk_priv(k5, c->auth, &password, &c->priv, &replay);
    if (ret != 0)
        return fail_local(c, ret);
    frame.ap = (const uint8_t *)c->ap_req.data;
    frame.ap_len = c->ap_req.length;
    frame.body = (const uint8_t *)c->priv.data;
    frame.body_len = c->priv.length;
    rc = tli_kpasswd_write(c->mem, &frame, &bytes, &len);
    if (rc != 0)
        return fail_local(c, rc == -ENOMEM ? ENOMEM : KRB5KRB_ERR_FIELD_TOOLONG);
    request->data = (char *)bytes;
    request->length = (unsigned int)len;
    return TL_REASON_OK;
}

static enum tl_reason not_trusted(struct change *c, const char *why)
{
    return tl_outcome_fail(c->out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_UNKNOWN,
                           "Its reply is not valid: %s.", why);
}

/* The plain text of an authenticated reply; a child of c->mem, or NULL. */
static krb5_error_code open_reply(struct change *c, const struct tli_kpasswd_frame *frame,
                                  krb5_data *plain)
{
    krb5_context k5 = c->krb->k5;
    krb5_data ap = {.length = (unsigned int)frame->ap_len,
                    .data = (char *)(uintptr_t)frame->ap};
    krb5_data priv = {.length = (unsigned int)frame->body_len,
                      .data = (char *)(uintptr_t)frame->body};
    krb5_ap_rep_enc_part *part = NULL;
    krb5_keyblock *subkey = NULL;
    krb5_replay_data replay;
    krb5_error_code ret = krb5_auth_con_getsendsubkey(k5, c->auth, &subkey);

    if (ret == 0)
        ret = krb5_rd_rep(k5, c->auth, &ap, &part);
    /* The reply is under the subkey of the request; one in the AP-REP is ignored. */
    if (ret == 0)
        ret = krb5_auth_con_setrecvsubkey(k5, c->auth, subkey);
    if (ret == 0)
        ret = krb5_rd_priv(k5, c->auth, &priv, plain, &replay);
    krb5_free_ap_rep_enc_part(k5, part);
    krb5_free_keyblock(k5, subkey);
    return ret;
}

/* "alice" of alice@CONTOSO.TEST: what a password must not hold. */
static const char *account_of(struct change *c)
{
    krb5_const_principal client = c->krb->client;

    return client != NULL && client->length == 1
               ? talloc_strndup(c->mem, client->data[0].data, client->data[0].length)
               : NULL;
}

static enum tl_reason judge(struct change *c, const struct tli_kpasswd_result *result)
{
    struct tli_password_refusal refusal = {
        .result = result, .password = c->new_password, .account = account_of(c)};
    char *detail = NULL;
    enum tl_reason reason;

    switch (result->code) {
    case TL_KPASSWD_SUCCESS:
        return TL_REASON_OK;
    case TL_KPASSWD_SOFTERROR:
        reason = tli_password_refused(c->mem, &refusal, &detail);
        return tl_outcome_fail(c->out, TL_STAGE_PASSWORD, reason, "%s",
                               detail != NULL ? detail : "");
    case TL_KPASSWD_ACCESSDENIED:
        return tl_outcome_fail(c->out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_DENIED,
                               "The domain does not let this user change the password.");
    default:
        return tl_outcome_fail(c->out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_FAILED,
                               "It answered with result %u%s%s.", result->code,
                               result->text != NULL ? ": " : "",
                               result->text != NULL ? result->text : "");
    }
}

/* The result in the e-data of a KRB-ERROR, which AD may reply with. */
static bool error_result(struct change *c, const krb5_data *packet,
                         struct tli_kpasswd_result *result)
{
    krb5_error *raw = NULL;
    int rc = -EBADMSG;

    if (krb5_rd_error(c->krb->k5, packet, &raw) == 0)
        rc = tli_kpasswd_result_read(c->mem, (const uint8_t *)raw->e_data.data,
                                     raw->e_data.length, result);
    krb5_free_error(c->krb->k5, raw);
    return rc == 0;
}

/*
 * A KRB-ERROR is not authenticated. It says that nothing was changed, and so does the
 * outcome; but the user also learns what to do if that is false.
 */
static enum tl_reason read_error(struct change *c, const struct tli_kpasswd_frame *frame)
{
    krb5_data packet = {.length = (unsigned int)frame->body_len,
                        .data = (char *)(uintptr_t)frame->body};
    struct tli_kpasswd_result result = {0};
    struct tli_krb_error err;
    const struct tl_krb_info *info;
    enum tl_reason reason;
    bool told;

    tli_krb_error_read(c->mem, c->krb->k5, &packet, &err);
    if (err.code == TL_KRB_NONE)
        return not_trusted(c, "it is not a message of this protocol");
    if (err.code == TL_KRB_SKEW)
        return tl_outcome_fail(
            c->out, TL_STAGE_PASSWORD, TL_REASON_CLOCK_SKEW, "%s",
            tl_clock_sentence(c->mem, (int64_t)time(NULL), err.stime, c->server->name));
    told = error_result(c, &packet, &result);
    info = tl_krb_by_code(err.code);
    if (told &&
        (result.code == TL_KPASSWD_SOFTERROR || result.code == TL_KPASSWD_ACCESSDENIED))
        reason = judge(c, &result);
    else
        reason = tl_outcome_fail(c->out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_FAILED,
                                 "It answered %s (%d)%s%s.",
                                 info != NULL ? info->name : "with an error",
                                 (int)err.code, result.text != NULL ? ": " : "",
                                 result.text != NULL ? result.text : "");
    if (c->out == NULL)
        return reason;
    c->out->krb_error = err.code;
    return tl_outcome_fail(
        c->out, TL_STAGE_PASSWORD, reason,
        "%s If the old password is refused from now on, try the new one.",
        c->out->detail);
}

static enum tl_reason read_reply(struct change *c, const krb5_data *reply)
{
    struct tli_kpasswd_frame frame;
    struct tli_kpasswd_result result;
    krb5_data plain = {0};
    krb5_error_code ret;
    int rc;

    if (tli_kpasswd_read((const uint8_t *)reply->data, reply->length, &frame) != 0)
        return not_trusted(c, "it is not a message of this protocol");
    if (frame.ap == NULL)
        return read_error(c, &frame);
    ret = open_reply(c, &frame, &plain);
    if (ret != 0)
        return not_trusted(c, tli_k5_message(c->mem, c->krb->k5, ret));
    rc = tli_kpasswd_result_read(c->mem, (const uint8_t *)plain.data, plain.length,
                                 &result);
    krb5_free_data_contents(c->krb->k5, &plain);
    if (rc == -ENOMEM)
        return tl_outcome_fail(c->out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
    if (rc != 0)
        return not_trusted(c, "it has no result");
    return judge(c, &result);
}

static enum tl_reason change(struct change *c, const struct tl_dc_list *list)
{
    krb5_data request = {0}, reply = {0};
    enum tl_reason reason = tli_kpasswd_connect(c->mem, c->krb, list, &c->server, c->out);

    if (reason == TL_REASON_OK)
        reason = make_request(c, &request);
    if (reason == TL_REASON_OK)
        reason = tli_kpasswd_ask(c->mem, c->krb, c->server, &request, &reply, c->out);
    if (reason == TL_REASON_OK)
        reason = read_reply(c, &reply);
    /* the DC that has the new password is asked first from now on */
    if (reason == TL_REASON_OK && c->krb->locator != NULL)
        tl_locate_worked(c->krb->locator, &c->server->dc);
    return reason;
}

enum tl_reason tli_kpasswd_change(struct tl_krb *krb, const struct tl_dc_list *list,
                                  const char *new_password, struct tl_outcome *out)
{
    struct change c = {.krb = krb, .out = out, .new_password = new_password};
    enum tl_reason reason;

    if (krb->changepw == NULL)
        return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_INTERNAL,
                               "there is no ticket for a password change");
    c.mem = talloc_new(krb);
    if (c.mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
    tl_outcome_set_subject(out, "kadmin/changepw");
    reason = change(&c, list);
    krb5_free_data_contents(krb->k5, &c.ap_req);
    krb5_free_data_contents(krb->k5, &c.priv);
    if (c.auth != NULL)
        krb5_auth_con_free(krb->k5, c.auth);
    talloc_free(c.mem);
    return reason;
}

static bool read_only(const struct tl_dc *dc)
{
    return dc->flags != 0 && (dc->flags & TL_DS_WRITABLE) == 0;
}

void tli_kpasswd_order(struct tl_dc_list *list)
{
    size_t writable = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct tl_dc dc = list->dcs[i];

        if (read_only(&dc))
            continue;
        memmove(&list->dcs[writable + 1], &list->dcs[writable],
                (i - writable) * sizeof(dc));
        list->dcs[writable++] = dc;
    }
}

/* The domain controllers of the realm that gave the ticket; a child of krb. */
static enum tl_reason candidates(struct tl_krb *krb, struct tl_dc_list **list,
                                 struct tl_outcome *out)
{
    char *domain = krb->tgt_realm != NULL ? tl_dns_of(krb, krb->tgt_realm) : NULL;
    enum tl_reason reason;

    *list = NULL;
    if (domain == NULL)
        return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
    tl_outcome_set_realm(out, krb->tgt_realm);
    reason = tl_locate(krb, krb->locator, domain, 0, krb->deadline, list, out);
    if (reason == TL_REASON_OK)
        tli_kpasswd_order(*list);
    talloc_free(domain);
    return reason;
}

enum tl_reason tl_krb_change_password(struct tl_krb *krb, const char *new_password,
                                      struct tl_outcome *out)
{
    struct tl_dc_list *list;
    enum tl_reason reason = candidates(krb, &list, out);

    if (reason == TL_REASON_OK)
        reason = tli_kpasswd_change(krb, list, new_password, out);
    talloc_free(list);
    return reason;
}

enum tl_reason tl_krb_changepw_reach(struct tl_krb *krb, struct tl_outcome *out)
{
    struct tli_kpasswd_server *server = NULL;
    struct tl_dc_list *list;
    enum tl_reason reason = candidates(krb, &list, out);

    if (reason == TL_REASON_OK)
        reason = tli_kpasswd_connect(krb, krb, list, &server, out);
    talloc_free(server);
    talloc_free(list);
    return reason;
}
