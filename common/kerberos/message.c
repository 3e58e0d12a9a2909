/* SPDX-License-Identifier: MIT
 *
 * Reading of a message what needs no key: its kind, and what a KRB-ERROR says.
 */
#include "kerberos_internal.h"

#include <string.h>

enum tl_krb_msg tl_krb_msg_kind(const uint8_t *data, size_t len)
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

const char *tl_krb_msg_name(enum tl_krb_msg kind)
{
    static const char *const names[] = {"?",       "AS-REQ",  "AS-REP",
                                        "TGS-REQ", "TGS-REP", "KRB-ERROR"};

    return names[kind];
}

void tl_krb_error_read(TALLOC_CTX *ctx, krb5_context k5, const krb5_data *reply,
                       struct tl_krb_error *err)
{
    krb5_error *raw = NULL;

    memset(err, 0, sizeof(*err));
    err->code = TL_KRB_NONE;
    if (tl_krb_msg_kind((const uint8_t *)reply->data, reply->length) != TL_MSG_ERROR)
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
