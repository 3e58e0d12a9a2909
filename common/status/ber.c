/* SPDX-License-Identifier: MIT
 *
 * ber.c - the BER reader of ber.h. Every length is compared with what is left before
 * anything is read.
 */
#include <errno.h>

#include "ber.h"

/* The element's head: 1 with *head and *len (of the content), 0: more bytes are needed,
 * -EBADMSG. */
static int read_head(const uint8_t *data, size_t left, uint8_t tag, size_t *head,
                     size_t *len)
{
    size_t bytes, value = 0;

    if (left > 0 && data[0] != tag)
        return -EBADMSG;
    if (left < 2)
        return 0;
    *head = 2;
    *len = data[1];
    if ((data[1] & 0x80U) == 0)
        return 1;
    bytes = data[1] & 0x7fU;
    if (bytes == 0 || bytes > 4)
        return -EBADMSG;
    if (left < 2 + bytes)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | data[2 + i];
    *head = 2 + bytes;
    *len = value;
    return 1;
}

int tli_ber_size(const uint8_t *data, size_t len, uint8_t tag, size_t *size)
{
    size_t head, content;
    int ret = read_head(data, len, tag, &head, &content);

    *size = 0;
    if (ret == 1)
        *size = head + content;
    return ret;
}

bool tli_ber_is(const struct tli_ber *in, uint8_t tag)
{
    return in->len > 0 && in->data[0] == tag;
}

bool tli_ber_take(struct tli_ber *in, uint8_t tag, struct tli_ber *content)
{
    size_t head, len;

    if (read_head(in->data, in->len, tag, &head, &len) != 1 || len > in->len - head)
        return false;
    *content = (struct tli_ber){in->data + head, len};
    in->data += head + len;
    in->len -= head + len;
    return true;
}

bool tli_ber_number(struct tli_ber *in, uint8_t tag, int *value)
{
    struct tli_ber rest = *in, content;
    uint32_t bits = 0;

    if (!tli_ber_take(&rest, tag, &content) || content.len == 0 || content.len > 4 ||
        (content.data[0] & 0x80U) != 0)
        return false;
    for (size_t i = 0; i < content.len; i++)
        bits = bits << 8 | content.data[i];
    *value = (int)bits;
    *in = rest;
    return true;
}
