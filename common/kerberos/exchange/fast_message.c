/* SPDX-License-Identifier: MIT
 *
 * fast_message.c - the parts of FAST in Kerberos messages [RFC 6113 5.4, RFC 4120 5].
 */
#include "fast_message.h"

#include <errno.h>

#define AUTHENTICATOR 0x62 /* [APPLICATION n] */
#define AS_REQ 0x6a
#define AS_REP 0x6b
#define TGS_REP 0x6d
#define AP_REQ 0x6e
#define KRB_ERROR 0x7e
#define FX_FAST_ARMOR_AP_REQUEST 1

/* What is inside one element of this tag, with nothing behind it. */
static int inside(struct tli_der *in, uint8_t tag, struct tli_der *content)
{
    if (tli_der_take(in, tag, content) != 0 || in->len != 0)
        return -EBADMSG;
    return 0;
}

/* Field [n] of a SEQUENCE's content, skipping others. Fields are in order. */
static int field(struct tli_der fields, unsigned int n, struct tli_der *value)
{
    while (fields.len > 0) {
        uint8_t tag = fields.data[0];

        if (tli_der_take(&fields, tag, value) != 0)
            return -EBADMSG;
        if (tag == TL_DER_CONTEXT(n))
            return 0;
    }
    return -ENOENT;
}

static int int_field(struct tli_der fields, unsigned int n, int32_t *value)
{
    struct tli_der content;
    int ret = field(fields, n, &content);

    if (ret != 0)
        return ret;
    return tli_der_int32(&content, value) == 0 && content.len == 0 ? 0 : -EBADMSG;
}

static int octets_field(struct tli_der fields, unsigned int n, struct tli_der *value)
{
    struct tli_der content;
    int ret = field(fields, n, &content);

    return ret != 0 ? ret : inside(&content, TL_DER_OCTET_STRING, value);
}

static int sequence_field(struct tli_der fields, unsigned int n, struct tli_der *value)
{
    struct tli_der content;
    int ret = field(fields, n, &content);

    return ret != 0 ? ret : inside(&content, TL_DER_SEQUENCE, value);
}

/* The fields of a message: [APPLICATION n] SEQUENCE { ... }. */
static int message(struct tli_der in, uint8_t tag, struct tli_der *fields)
{
    struct tli_der body;

    return inside(&in, tag, &body) != 0 ? -EBADMSG
                                        : inside(&body, TL_DER_SEQUENCE, fields);
}

static int encrypted(struct tli_der fields, struct tli_encrypted *enc)
{
    int ret = int_field(fields, 0, &enc->etype);

    return ret != 0 ? ret : octets_field(fields, 2, &enc->cipher);
}

int tli_padata_find(struct tli_der list, int32_t type, struct tli_der *value)
{
    struct tli_der all, one;
    int32_t its;

    if (inside(&list, TL_DER_SEQUENCE, &all) != 0)
        return -EBADMSG;
    while (all.len > 0) {
        if (tli_der_take(&all, TL_DER_SEQUENCE, &one) != 0 ||
            int_field(one, 1, &its) != 0 || octets_field(one, 2, value) != 0)
            return -EBADMSG;
        if (its == type)
            return 0;
    }
    return -ENOENT;
}

int tli_reply_padata(struct tli_der reply, struct tli_der *list)
{
    struct tli_der fields;

    if (tli_der_is(&reply, KRB_ERROR))
        return message(reply, KRB_ERROR, &fields) != 0 ? -EBADMSG
                                                       : octets_field(fields, 12, list);
    if (message(reply, tli_der_is(&reply, TGS_REP) ? TGS_REP : AS_REP, &fields) != 0)
        return -EBADMSG;
    return field(fields, 2, list);
}

int tli_fast_authenticator(struct tli_der request, struct tli_encrypted *authenticator)
{
    struct tli_der fields, list, value, armored, armor, ap_req, enc;
    int32_t type;

    if (message(request, AS_REQ, &fields) != 0 || field(fields, 3, &list) != 0 ||
        tli_padata_find(list, TL_PA_FX_FAST, &value) != 0)
        return -ENOENT;
    /* PA-FX-FAST-REQUEST is a CHOICE of one */
    if (sequence_field(value, 0, &armored) != 0 ||
        sequence_field(armored, 0, &armor) != 0 || int_field(armor, 0, &type) != 0 ||
        type != FX_FAST_ARMOR_AP_REQUEST || octets_field(armor, 1, &value) != 0 ||
        message(value, AP_REQ, &ap_req) != 0 || sequence_field(ap_req, 4, &enc) != 0)
        return -EBADMSG;
    return encrypted(enc, authenticator);
}

int tli_authenticator_subkey(struct tli_der authenticator, int32_t *etype,
                             struct tli_der *key)
{
    struct tli_der fields, subkey;

    if (message(authenticator, AUTHENTICATOR, &fields) != 0 ||
        sequence_field(fields, 6, &subkey) != 0 || int_field(subkey, 0, etype) != 0)
        return -EBADMSG;
    return octets_field(subkey, 1, key);
}

int tli_fast_reply(struct tli_der value, struct tli_encrypted *enc)
{
    struct tli_der armored, content;

    if (sequence_field(value, 0, &armored) != 0 ||
        sequence_field(armored, 0, &content) != 0)
        return -EBADMSG;
    return encrypted(content, enc);
}

int tli_fast_response_padata(struct tli_der response, struct tli_der *list)
{
    struct tli_der fields;

    return inside(&response, TL_DER_SEQUENCE, &fields) != 0 ? -EBADMSG
                                                            : field(fields, 0, list);
}
