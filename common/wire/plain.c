/* SPDX-License-Identifier: MIT
 *
 * plain.c - replacing what is unfit for a terminal, a log and a prompt (plain.h).
 */
#include "plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct range {
    uint32_t first, last;
};

/* Sorted. [Unicode 15, UnicodeData.txt: Cc, Zl, Zp, Cf but for the soft hyphen and the
 * signs of Arabic and Kaithi numbers, which are seen; variation selectors of plane 14] */
static const struct range unfit[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},     {0x180e, 0x180e},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},   {0xfdd0, 0xfdef},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool is_unfit(uint32_t c)
{
    if ((c & 0xfffe) == 0xfffe) /* the last two of each plane */
        return true;
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        if (c >= unfit[i].first && c <= unfit[i].last)
            return true;
    }
    return false;
}

/* Bytes of the character at `p`, which ends in a NUL; 0: none. */
static size_t read_one(const char *p, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)p[0];
    size_t len = first < 0x80   ? 1
                 : first < 0xc0 ? 0
                 : first < 0xe0 ? 2
                 : first < 0xf0 ? 3
                                : 4;

    if (len <= 1) {
        *c = first;
        return len;
    }
    if (first >= 0xf8)
        return 0;
    *c = first & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)p[i];

        if ((next & 0xc0) != 0x80)
            return 0; /* the NUL, too */
        *c = *c << 6 | (next & 0x3fU);
    }
    return *c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff) ? 0 : len;
}

void tli_plain(char *text, const char *keep)
{
    char *to = text;

    while (*text != '\0') {
        uint32_t c;
        size_t len = read_one(text, &c);
        bool kept = len == 1 && keep != NULL && strchr(keep, *text) != NULL;

        if (len == 0 || (is_unfit(c) && !kept)) {
            *to++ = '?';
            text += len > 0 ? len : 1;
            continue;
        }
        memmove(to, text, len);
        to += len;
        text += len;
    }
    *to = '\0';
}
