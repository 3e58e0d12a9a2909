/* SPDX-License-Identifier: MIT
 *
 * message.c - what can be read of a message without a key: its kind, the realm that it
 * refers to, and the content of a KRB-ERROR.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

#include "status/der.h"

#define DER_GENERAL_STRING 0x1b
#define DER_TGS_REP 0x6d /* [APPLICATION 13] */
#define DER_TICKET 0x61  /* [APPLICATION 1] */

enum tli_krb_msg tli_krb_msg_kind(const uint8_t *data, size_t len)
{
    if (len < 2)
        return TL_MSG_OTHER;
    switch (data[0]) { /* [APPLICATION n], constructed */
    case 0x6a:
        return TL_MSG_AS_REQ;
    case 0x6b:
        return TL_MSG_AS_REP;
    case 0x6c:
        return TL_MSG_TGS_REQ;
    case 0x6d:
        return TL_MSG_TGS_REP;
    case 0x7e:
        return TL_MSG_ERROR;
    default:
        return TL_MSG_OTHER;
    }
}

const char *tli_krb_msg_name(enum tli_krb_msg kind)
{
    static const char *const names[] = {"?",       "AS-REQ",  "AS-REP",
                                        "TGS-REQ", "TGS-REP", "KRB-ERROR"};

    return names[kind];
}

/* Skip the elements [0] to [last], optional ones among them. */
static void skip_to(struct tli_der *in, uint8_t last)
{
    struct tli_der ignored;

    for (uint8_t n = 0; n <= last; n++)
        if (tli_der_is(in, TL_DER_CONTEXT(n)))
            (void)tli_der_take(in, TL_DER_CONTEXT(n), &ignored);
}

/* The sname of the ticket in a TGS-REP [RFC 4120 5.3, 5.4.2]: a window on its strings. */
static int take_service(const krb5_data *reply, struct tli_der *names)
{
    struct tli_der in = {(const uint8_t *)reply->data, reply->length};
    struct tli_der rep, ticket, name;

    if (tli_der_take(&in, DER_TGS_REP, &rep) != 0 ||
        tli_der_take(&rep, TL_DER_SEQUENCE, &in) != 0)
        return -EBADMSG;
    skip_to(&in, 4);
    if (tli_der_take(&in, TL_DER_CONTEXT(5), &rep) != 0 ||
        tli_der_take(&rep, DER_TICKET, &ticket) != 0 ||
        tli_der_take(&ticket, TL_DER_SEQUENCE, &in) != 0)
        return -EBADMSG;
    skip_to(&in, 1);
    if (tli_der_take(&in, TL_DER_CONTEXT(2), &rep) != 0 ||
        tli_der_take(&rep, TL_DER_SEQUENCE, &name) != 0)
        return -EBADMSG;
    skip_to(&name, 0);
    if (tli_der_take(&name, TL_DER_CONTEXT(1), &in) != 0)
        return -EBADMSG;
    return tli_der_take(&in, TL_DER_SEQUENCE, names);
}

char *tli_krb_referred_to(TALLOC_CTX *ctx, const krb5_data *reply)
{
    struct tli_der names, first, realm;

    if (reply->data == NULL || take_service(reply, &names) != 0 ||
        tli_der_take(&names, DER_GENERAL_STRING, &first) != 0 ||
        tli_der_take(&names, DER_GENERAL_STRING, &realm) != 0 || names.len != 0)
        return NULL;
    if (first.len != KRB5_TGS_NAME_SIZE ||
        memcmp(first.data, KRB5_TGS_NAME, KRB5_TGS_NAME_SIZE) != 0 || realm.len == 0 ||
        memchr(realm.data, '\0', realm.len) != NULL)
        return NULL;
    return talloc_strndup(ctx, (const char *)realm.data, realm.len);
}

void tli_krb_error_read(TALLOC_CTX *ctx, krb5_context k5, const krb5_data *reply,
                        struct tli_krb_error *err)
{
    krb5_error *raw = NULL;

    memset(err, 0, sizeof(*err));
    err->code = TL_KRB_NONE;
    if (tli_krb_msg_kind((const uint8_t *)reply->data, reply->length) != TL_MSG_ERROR)
        return;
    if (krb5_rd_error(k5, reply, &raw) != 0)
        return;
    err->code = (int32_t)raw->error;
    /* krb5_timestamp is 32 bits; read as unsigned it lasts until 2106 */
    err->stime = (int64_t)(uint32_t)raw->stime;
    if (raw->e_data.length > 0)
        (void)tl_edata_ntstatus((const uint8_t *)raw->e_data.data, raw->e_data.length,
                                &err->edata_ntstatus);
    if (raw->client != NULL && raw->client->realm.length > 0)
        err->crealm =
            talloc_strndup(ctx, raw->client->realm.data, raw->client->realm.length);
    krb5_free_error(k5, raw);
}
