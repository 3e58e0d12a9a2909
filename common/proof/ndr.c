/* SPDX-License-Identifier: MIT
 *
 * ndr.c - bounds-checked reading of NDR and flat PAC structures (see ndr.h).
 */
#include "ndr.h"

#include <errno.h>
#include <string.h>

#define TYPE_HEADERS_LEN 16

void tli_ndr_init(struct tli_ndr *r, const uint8_t *data, size_t len)
{
    *r = (struct tli_ndr){.data = data, .len = len};
}

void tli_ndr_fail(struct tli_ndr *r, const char *where)
{
    if (r->ret != 0)
        return;
    r->ret = -EBADMSG;
    r->where = where;
}

void tli_ndr_no_memory(struct tli_ndr *r)
{
    if (r->ret != 0)
        return;
    r->ret = -ENOMEM;
    r->where = "out of memory";
}

const uint8_t *tli_ndr_bytes(struct tli_ndr *r, size_t len)
{
    const uint8_t *at;

    if (r->ret != 0)
        return NULL;
    if (len > r->len - r->pos) {
        tli_ndr_fail(r, "a field reaches beyond its buffer");
        return NULL;
    }
    at = r->data + r->pos;
    r->pos += len;
    return at;
}

void tli_ndr_align(struct tli_ndr *r, size_t to)
{
    tli_ndr_bytes(r, (to - r->pos % to) % to);
}

uint32_t tli_ndr_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

uint16_t tli_ndr_u16(struct tli_ndr *r)
{
    const uint8_t *p;

    tli_ndr_align(r, 2);
    p = tli_ndr_bytes(r, 2);
    return p == NULL ? 0 : (uint16_t)(p[0] | p[1] << 8);
}

uint32_t tli_ndr_u32(struct tli_ndr *r)
{
    const uint8_t *p;

    tli_ndr_align(r, 4);
    p = tli_ndr_bytes(r, 4);
    return p == NULL ? 0 : tli_ndr_le32(p);
}

int64_t tli_ndr_filetime(struct tli_ndr *r)
{
    uint64_t low = tli_ndr_u32(r), high = tli_ndr_u32(r);

    return (int64_t)(high << 32 | low);
}

bool tli_ndr_pointer(struct tli_ndr *r)
{
    return tli_ndr_u32(r) != 0;
}

void tli_ndr_type_headers(struct tli_ndr *r)
{
    const uint8_t *head = tli_ndr_bytes(r, TYPE_HEADERS_LEN);
    uint32_t object_len;

    if (head == NULL)
        return;
    /* Version 1, little-endian, a common header of 8 bytes; the fillers carry
     * nothing [MS-RPCE 2.2.6.1, 2.2.6.2]. */
    if (head[0] != 1 || head[1] != 0x10 || head[2] != 8 || head[3] != 0) {
        tli_ndr_fail(r, "not a type serialization of version 1 in little-endian order");
        return;
    }
    object_len = tli_ndr_le32(head + 8);
    if (object_len % 8 != 0) {
        tli_ndr_fail(r, "the serialized object is not padded to 8 bytes");
        return;
    }
    if (object_len > r->len - r->pos) {
        tli_ndr_fail(r, "the serialized object reaches beyond its buffer");
        return;
    }
    tli_ndr_init(r, r->data + r->pos, object_len);
}

const uint8_t *tli_ndr_array(struct tli_ndr *r, uint32_t count, size_t element)
{
    uint32_t max = tli_ndr_u32(r);

    if (r->ret == 0 && max != count)
        tli_ndr_fail(r, "an array's size differs from the count announced");
    return tli_ndr_bytes(r, count * element);
}

void tli_ndr_sid(struct tli_ndr *r, struct tl_sid *sid)
{
    const uint8_t *head = tli_ndr_bytes(r, 8), *subs;

    memset(sid, 0, sizeof(*sid));
    if (head == NULL)
        return;
    if (head[0] != 1 || head[1] > TL_SID_MAX_SUBS) {
        tli_ndr_fail(r, "a SID of another revision or with too many sub-authorities");
        return;
    }
    subs = tli_ndr_bytes(r, (size_t)head[1] * 4);
    if (subs == NULL)
        return;
    sid->revision = head[0];
    sid->num_subs = head[1];
    memcpy(sid->authority, head + 2, sizeof(sid->authority));
    for (size_t i = 0; i < sid->num_subs; i++)
        sid->subs[i] = tli_ndr_le32(subs + 4 * i);
}

void tli_ndr_rpc_sid(struct tli_ndr *r, struct tl_sid *sid)
{
    uint32_t max = tli_ndr_u32(r);

    tli_ndr_sid(r, sid);
    if (r->ret == 0 && max != sid->num_subs)
        tli_ndr_fail(r, "a SID's conformance differs from its number of sub-authorities");
}

/* The code point at *at, which moves behind it; 0 for what is refused. */
static uint32_t utf16_next(const uint8_t *bytes, size_t units, size_t *at)
{
    uint32_t first = (uint32_t)bytes[2 * *at] | (uint32_t)bytes[2 * *at + 1] << 8, second;

    (*at)++;
    if (first < 0xd800 || first > 0xdfff)
        return first;
    if (first > 0xdbff || *at == units)
        return 0;
    second = (uint32_t)bytes[2 * *at] | (uint32_t)bytes[2 * *at + 1] << 8;
    if (second < 0xdc00 || second > 0xdfff)
        return 0;
    (*at)++;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static size_t utf8_len(uint32_t c)
{
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static char *utf8_put(char *out, uint32_t c)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = utf8_len(c);

    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(lead[len == 1 ? 0 : len] | c);
    return out + len;
}

const char *tli_ndr_utf16(struct tli_ndr *r, TALLOC_CTX *ctx, size_t len)
{
    const uint8_t *bytes = tli_ndr_bytes(r, len);
    size_t units = len / 2, need = 1;
    char *string, *out;

    if (bytes == NULL)
        return NULL;
    if (len % 2 != 0) {
        tli_ndr_fail(r, "a string of an odd number of bytes");
        return NULL;
    }
    for (size_t at = 0; at < units;) {
        uint32_t c = utf16_next(bytes, units, &at);

        if (c == 0) {
            tli_ndr_fail(r, "a string with a NUL or a surrogate without its pair");
            return NULL;
        }
        need += utf8_len(c);
    }
    string = talloc_array(ctx, char, need);
    if (string == NULL) {
        tli_ndr_no_memory(r);
        return NULL;
    }
    out = string;
    for (size_t at = 0; at < units;)
        out = utf8_put(out, utf16_next(bytes, units, &at));
    *out = '\0';
    return string;
}
