/* SPDX-License-Identifier: MIT
 *
 * kpasswd_message.c - the bytes of the password change protocol [RFC 3244 2], and the
 * content of the decrypted reply. Integers are big-endian.
 */
#include "kpasswd.h"

#include <errno.h>
#include <string.h>
#include <unistr.h>

#define HEADER_LEN 6
#define KRB_ERROR_TAG 0x7e /* [APPLICATION 30] [RFC 4120 5.9.1] */

/* AD's packed policy: two zero bytes (so that no client takes it for a text),
 * length, history, properties, maximum and minimum age in 100 ns. */
#define POLICY_LEN 30
#define TICKS_PER_SECOND 10000000U

static uint64_t be(const uint8_t *p, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | p[i];
    return value;
}

static void put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

int tli_kpasswd_read(const uint8_t *data, size_t len, struct tli_kpasswd_frame *frame)
{
    size_t ap_len;

    memset(frame, 0, sizeof(*frame));
    if (len > 0 && data[0] == KRB_ERROR_TAG) {
        frame->body = data;
        frame->body_len = len;
        return 0;
    }
    if (len < HEADER_LEN || be(data, 2) != len)
        return -EBADMSG;
    ap_len = be(data + 4, 2);
    if (ap_len > len - HEADER_LEN)
        return -EBADMSG;
    frame->version = (uint16_t)be(data + 2, 2);
    frame->ap = ap_len > 0 ? data + HEADER_LEN : NULL;
    frame->ap_len = ap_len;
    frame->body = data + HEADER_LEN + ap_len;
    frame->body_len = len - HEADER_LEN - ap_len;
    return 0;
}

int tli_kpasswd_write(TALLOC_CTX *ctx, const struct tli_kpasswd_frame *frame,
                      uint8_t **data, size_t *len)
{
    size_t size;
    uint8_t *bytes;

    *data = NULL;
    *len = 0;
    if (frame->ap_len > TL_KPASSWD_MAX || frame->body_len > TL_KPASSWD_MAX)
        return -E2BIG;
    size = HEADER_LEN + frame->ap_len + frame->body_len;
    if (size > TL_KPASSWD_MAX)
        return -E2BIG;
    bytes = talloc_array(ctx, uint8_t, size);
    if (bytes == NULL)
        return -ENOMEM;
    put16(bytes, size);
    put16(bytes + 2, frame->version);
    put16(bytes + 4, frame->ap_len);
    memcpy(bytes + HEADER_LEN, frame->ap, frame->ap_len);
    memcpy(bytes + HEADER_LEN + frame->ap_len, frame->body, frame->body_len);
    *data = bytes;
    *len = size;
    return 0;
}

/* Ages are durations here; in the directory they are negative. A value that a server sent
 * with its sign, or one longer than a lifetime, counts as absent. */
static uint64_t age(const uint8_t *p)
{
    uint64_t ticks = be(p, 8);

    return ticks > INT64_MAX ? 0 : ticks / TICKS_PER_SECOND;
}

static bool read_policy(const uint8_t *p, size_t len, struct tli_password_policy *policy)
{
    if (len != POLICY_LEN || be(p, 2) != 0)
        return false;
    policy->min_length = (uint32_t)be(p + 2, 4);
    policy->history = (uint32_t)be(p + 6, 4);
    policy->properties = (uint32_t)be(p + 10, 4);
    policy->max_age = age(p + 14);
    policy->min_age = age(p + 22);
    return true;
}

/* A text is shown only if it is valid. Some servers end it in a NUL. */
static int read_text(TALLOC_CTX *ctx, const uint8_t *p, size_t len, char **text)
{
    char *whole;

    while (len > 0 && (p[len - 1] == '\0' || p[len - 1] == '\n'))
        len--;
    if (len == 0 || memchr(p, '\0', len) != NULL || u8_check(p, len) != NULL)
        return 0;
    whole = talloc_strndup(ctx, (const char *)p, len);
    *text = whole != NULL ? tl_plain_text(ctx, whole) : NULL;
    talloc_free(whole);
    return *text != NULL ? 0 : -ENOMEM;
}

int tli_kpasswd_result_read(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                            struct tli_kpasswd_result *result)
{
    memset(result, 0, sizeof(*result));
    if (len < 2)
        return -EBADMSG;
    result->code = (uint16_t)be(data, 2);
    result->has_policy = read_policy(data + 2, len - 2, &result->policy);
    if (result->has_policy)
        return 0;
    return read_text(ctx, data + 2, len - 2, &result->text);
}
