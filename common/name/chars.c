/* SPDX-License-Identifier: MIT
 *
 * chars.c - the characters that the parts of a name may hold (chars.h).
 */
#include <string.h>
#include <unistr.h>

#include "chars.h"

bool tli_chars_any(const char *bytes, size_t len, const char *set)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\0' && strchr(set, bytes[i]) != NULL)
            return true;
    }
    return false;
}

bool tli_chars_control(const char *utf8, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)utf8[i];

        if (c < 0x20 || c == 0x7f)
            return true;
        /* U+0080 to U+009F are C2 80 to C2 9F. */
        if (c == 0xc2 && i + 1 < len && (unsigned char)utf8[i + 1] < 0xa0)
            return true;
    }
    return false;
}

bool tli_chars_utf8(const char *bytes, size_t len)
{
    return u8_check((const uint8_t *)bytes, len) == NULL;
}
