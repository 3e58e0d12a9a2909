/* SPDX-License-Identifier: MIT
 *
 * worker_json.c - strings, bytes, numbers and SIDs in the messages of workers.
 */
#include "worker_json.h"

#include <string.h>

#include "wire/wire.h"

/* A string, or null. Text that is not UTF-8, from a KDC's message, is left out. */
json_t *tla_json_text(const char *text)
{
    json_t *string = text != NULL ? json_string(text) : NULL;

    return string != NULL ? string : json_null();
}

/* NULL for null; false: neither, or too long. */
bool tla_json_text_of(TALLOC_CTX *ctx, const json_t *value, const char **text)
{
    size_t len;

    *text = NULL;
    if (value == NULL || json_is_null(value))
        return true;
    len = json_string_length(value);
    if (!json_is_string(value) || len > TL_WIRE_STRING_MAX ||
        strlen(json_string_value(value)) != len)
        return false;
    *text = talloc_strdup(ctx, json_string_value(value));
    return *text != NULL;
}

bool tla_json_take_text(TALLOC_CTX *ctx, const json_t *from, const char *key,
                        const char **text)
{
    return tla_json_text_of(ctx, json_object_get(from, key), text);
}

bool tla_json_take_number(const json_t *from, const char *key, int64_t low, int64_t high,
                          int64_t *number)
{
    const json_t *value = json_object_get(from, key);

    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= low && *number <= high;
}

bool tla_json_take_flag(const json_t *from, const char *key, bool *flag)
{
    const json_t *value = json_object_get(from, key);

    *flag = json_is_true(value);
    return json_is_boolean(value);
}

json_t *tla_json_bytes(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = talloc_size(NULL, 2 * len + 1);
    json_t *string = NULL;

    for (size_t i = 0; text != NULL && i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    if (text != NULL) {
        string = json_stringn_nocheck(text, 2 * len);
        explicit_bzero(text, 2 * len);
    }
    talloc_free(text);
    return string;
}

static int nibble(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

/* NULL: not bytes, or more than `max`. */
uint8_t *tla_json_take_bytes(TALLOC_CTX *ctx, const json_t *from, size_t max, size_t *len)
{
    const char *text = json_string_value(from);
    uint8_t *bytes;

    *len = json_string_length(from) / 2;
    if (text == NULL || json_string_length(from) % 2 != 0 || *len > max)
        return NULL;
    bytes = talloc_size(ctx, *len + 1);
    for (size_t i = 0; bytes != NULL && i < *len; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            talloc_free(bytes);
            return NULL;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return bytes;
}

bool tla_json_take_sid(const json_t *from, struct tl_sid *sid)
{
    return json_is_string(from) && tl_sid_parse(json_string_value(from), sid) == 0;
}

json_t *tla_json_sid(const struct tl_sid *sid)
{
    char text[TL_SID_STRING_MAX];

    return json_string(tl_sid_format(sid, text));
}
