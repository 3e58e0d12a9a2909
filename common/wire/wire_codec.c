/* SPDX-License-Identifier: MIT
 *
 * wire_codec.c - messages to bytes and back (wire.h describes the bytes).
 *
 * Both directions walk one table of fields, so that a field cannot be written
 * without being readable. All access goes through a cursor that refuses to
 * pass the end of its buffer and never computes a pointer beyond it.
 */
#include "wire.h"

#include <errno.h>
#include <string.h>

#define MAGIC 0x31574c54U /* "TLW1" */
#define HEADER_LEN 8
#define FIELD_HEADER_LEN 8

enum kind { KIND_U32 = 1, KIND_STRING = 3 };

struct field {
    uint8_t tag; /* at most 31: decoding remembers the tags seen in 32 bits */
    uint8_t kind;
    size_t offset; /* in struct tli_wire_msg */
};

/* clang-format off */
#define NUMBER(tag, member) {tag, KIND_U32, offsetof(struct tli_wire_msg, member)}
#define STRING(tag, member) {tag, KIND_STRING, offsetof(struct tli_wire_msg, member)}
/* clang-format on */

/* Tags are part of the protocol: never reuse one for another meaning. */
static const struct field fields[] = {
    NUMBER(1, op),       NUMBER(2, flags),      NUMBER(3, style),
    NUMBER(4, uid),      NUMBER(5, gid),        NUMBER(6, has_owner),
    NUMBER(7, ntstatus), NUMBER(8, local_user), NUMBER(9, expires),
    STRING(10, user),    STRING(11, service),   STRING(12, tty),
    STRING(13, rhost),   STRING(14, options),   STRING(15, conf),
    STRING(16, session), STRING(17, ccache),    STRING(18, text),
    STRING(19, secret),  STRING(20, reason),    STRING(21, canonical),
    NUMBER(22, lookup),  NUMBER(23, id),        STRING(24, new_secret),
    STRING(25, caller),  NUMBER(26, unnamed),
};
#define NUM_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* A cursor that writes; len never exceeds cap. */
struct writer {
    uint8_t *buf;
    size_t cap, len;
};

/* A cursor that reads; pos never exceeds len. */
struct reader {
    const uint8_t *buf;
    size_t len, pos;
};

static int put_bytes(struct writer *w, const void *bytes, size_t len)
{
    if (len > w->cap - w->len)
        return -ENOSPC;
    memcpy(w->buf + w->len, bytes, len);
    w->len += len;
    return 0;
}

static int put_u32(struct writer *w, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8),
                              (uint8_t)(value >> 16), (uint8_t)(value >> 24)};

    return put_bytes(w, bytes, sizeof(bytes));
}

static int put_field_header(struct writer *w, const struct field *f, size_t len)
{
    const uint8_t head[4] = {f->tag, f->kind, 0, 0};
    int ret = put_bytes(w, head, sizeof(head));

    return ret != 0 ? ret : put_u32(w, (uint32_t)len);
}

static const uint8_t *get_bytes(struct reader *r, size_t len)
{
    const uint8_t *at = r->buf + r->pos;

    if (len > r->len - r->pos)
        return NULL;
    r->pos += len;
    return at;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static uint32_t *number_of(struct tli_wire_msg *msg, const struct field *f)
{
    return (uint32_t *)(void *)((uint8_t *)msg + f->offset);
}

static const char **string_of(struct tli_wire_msg *msg, const struct field *f)
{
    return (const char **)(void *)((uint8_t *)msg + f->offset);
}

static bool type_valid(unsigned type)
{
    return type >= TL_WIRE_REQUEST && type <= TL_WIRE_DONE;
}

/* *count is increased by one if the field was written. */
static int encode_field(struct writer *w, const struct tli_wire_msg *msg,
                        const struct field *f, uint16_t *count)
{
    const uint8_t *at = (const uint8_t *)msg + f->offset;
    const char *string;
    uint32_t number;
    size_t len;
    int ret;

    if (f->kind == KIND_U32) {
        memcpy(&number, at, sizeof(number));
        if (number == 0)
            return 0;
        ret = put_field_header(w, f, sizeof(number));
        if (ret == 0)
            ret = put_u32(w, number);
    } else {
        memcpy(&string, at, sizeof(string));
        if (string == NULL)
            return 0;
        len = strnlen(string, TL_WIRE_STRING_MAX) + 1;
        if (len > TL_WIRE_STRING_MAX)
            return -E2BIG;
        ret = put_field_header(w, f, len);
        if (ret == 0)
            ret = put_bytes(w, string, len);
    }
    if (ret == 0)
        (*count)++;
    return ret;
}

int tli_wire_encode(const struct tli_wire_msg *msg, uint8_t *buf, size_t cap, size_t *len)
{
    struct writer w = {buf, cap < TL_WIRE_MAX ? cap : TL_WIRE_MAX, 0};
    uint8_t head[4] = {TL_WIRE_VERSION, (uint8_t)msg->type, 0, 0};
    uint16_t count = 0;
    int ret;

    *len = 0;
    if (!type_valid(msg->type))
        return -EINVAL;
    ret = put_u32(&w, MAGIC);
    if (ret == 0)
        ret = put_bytes(&w, head, sizeof(head));
    for (size_t i = 0; ret == 0 && i < NUM_FIELDS; i++)
        ret = encode_field(&w, msg, &fields[i], &count);
    if (ret != 0)
        return ret;
    buf[6] = (uint8_t)count;
    buf[7] = (uint8_t)(count >> 8);
    *len = w.len;
    return 0;
}

static const struct field *find_field(uint8_t tag)
{
    for (size_t i = 0; i < NUM_FIELDS; i++) {
        if (fields[i].tag == tag)
            return &fields[i];
    }
    return NULL;
}

static bool decode_field(struct reader *r, struct tli_wire_msg *msg, uint32_t *seen)
{
    const uint8_t *head = get_bytes(r, FIELD_HEADER_LEN), *value;
    const struct field *f;
    uint32_t len;

    if (head == NULL)
        return false;
    f = find_field(head[0]);
    if (f == NULL || head[1] != f->kind || head[2] != 0 || head[3] != 0)
        return false;
    if (*seen & (1U << f->tag))
        return false;
    *seen |= 1U << f->tag;
    len = le32(head + 4);
    value = get_bytes(r, len);
    if (value == NULL)
        return false;
    if (f->kind == KIND_U32) {
        if (len != 4)
            return false;
        *number_of(msg, f) = le32(value);
        return true;
    }
    /* The first NUL must be the last byte: a string that hides bytes behind a NUL would
     * mean one thing here and another to code that counts lengths. */
    if (len == 0 || len > TL_WIRE_STRING_MAX ||
        memchr(value, '\0', len) != value + len - 1)
        return false;
    *string_of(msg, f) = (const char *)value;
    return true;
}

static bool decode_message(struct reader *r, struct tli_wire_msg *msg)
{
    const uint8_t *head = get_bytes(r, HEADER_LEN);
    uint32_t seen = 0;
    unsigned count;

    if (head == NULL || le32(head) != MAGIC || head[4] != TL_WIRE_VERSION ||
        !type_valid(head[5]))
        return false;
    msg->type = (enum tli_wire_type)head[5];
    count = (unsigned)head[6] | (unsigned)head[7] << 8;
    for (unsigned i = 0; i < count; i++) {
        if (!decode_field(r, msg, &seen))
            return false;
    }
    return r->pos == r->len;
}

int tli_wire_decode(const uint8_t *buf, size_t len, struct tli_wire_msg *msg)
{
    struct reader r = {buf, len, 0};

    memset(msg, 0, sizeof(*msg));
    if (len > TL_WIRE_MAX || !decode_message(&r, msg)) {
        memset(msg, 0, sizeof(*msg));
        return -EBADMSG;
    }
    return 0;
}
