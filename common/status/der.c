/* SPDX-License-Identifier: MIT
 *
 * der.c - the DER reader of der.h. Every length is compared with what is left before
 * anything is read; no sum of lengths is ever formed.
 */
#include <errno.h>

#include "der.h"

/* Read the length octets into *len; `in` is behind the tag. */
static int take_length(struct tli_der *in, size_t *len)
{
    size_t value = 0, octets;

    if (in->len == 0)
        return -EBADMSG;
    octets = in->data[0];
    in->data++;
    in->len--;
    if (octets < 0x80) {
        *len = octets;
        return 0;
    }
    /* 0x80 is the indefinite form, which DER forbids; four octets are more than
     * any Kerberos message needs. */
    octets &= 0x7f;
    if (octets == 0 || octets > 4 || octets > in->len)
        return -EBADMSG;
    if (in->data[0] == 0)
        return -EBADMSG;
    for (size_t i = 0; i < octets; i++)
        value = value << 8 | in->data[i];
    if (value < 0x80)
        return -EBADMSG;
    in->data += octets;
    in->len -= octets;
    *len = value;
    return 0;
}

bool tli_der_is(const struct tli_der *in, uint8_t tag)
{
    return in->len > 0 && in->data[0] == tag;
}

int tli_der_take(struct tli_der *in, uint8_t tag, struct tli_der *content)
{
    struct tli_der rest = *in;
    size_t len;

    *content = (struct tli_der){NULL, 0};
    if (!tli_der_is(&rest, tag))
        return -EBADMSG;
    rest.data++;
    rest.len--;
    if (take_length(&rest, &len) < 0 || len > rest.len)
        return -EBADMSG;
    content->data = rest.data;
    content->len = len;
    in->data = rest.data + len;
    in->len = rest.len - len;
    return 0;
}

int tli_der_int32(struct tli_der *in, int32_t *value)
{
    struct tli_der rest = *in, content;
    uint32_t bits;

    *value = 0;
    if (tli_der_take(&rest, TL_DER_INTEGER, &content) < 0)
        return -EBADMSG;
    if (content.len == 0 || content.len > 4)
        return -EBADMSG;
    /* Shortest form: the first nine bits are neither all 0 nor all 1. */
    if (content.len > 1 && ((content.data[0] == 0x00 && content.data[1] < 0x80) ||
                            (content.data[0] == 0xff && content.data[1] >= 0x80)))
        return -EBADMSG;
    bits = content.data[0] >= 0x80 ? UINT32_MAX : 0;
    for (size_t i = 0; i < content.len; i++)
        bits = bits << 8 | content.data[i];
    *value = (int32_t)bits;
    *in = rest;
    return 0;
}
