/* SPDX-License-Identifier: MIT
 *
 * same_name.c - folding as common/name/fold.c does it, where only libc may be linked.
 *
 * The locale of the program does not count: in Turkish the small letter of I is another
 * one. C.UTF-8 is part of libc; without it, letters beyond ASCII match only if they are
 * identical.
 */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <wctype.h>

#include "same_name.h"

#define FINAL_SIGMA 0x3c2
#define SIGMA 0x3c3
#define NO_CHARACTER UINT32_MAX

/* The next character, and *p behind it; NO_CHARACTER for bytes that are not UTF-8. */
static uint32_t next(const unsigned char **p)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t c = *(*p)++;
    int more = c < 0x80 ? 0 : (c & 0xE0) == 0xC0 ? 1 : (c & 0xF0) == 0xE0 ? 2 : 3;

    if (c >= 0x80 && (c < 0xC0 || c >= 0xF8))
        return NO_CHARACTER;
    if (more > 0)
        c &= 0x3FU >> more;
    for (int i = 0; i < more; i++) {
        if ((**p & 0xC0) != 0x80)
            return NO_CHARACTER;
        c = c << 6 | (*(*p)++ & 0x3FU);
    }
    return c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? NO_CHARACTER
                                                                           : c;
}

static uint32_t fold(uint32_t c, locale_t utf8)
{
    wint_t small;

    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    if (utf8 == NULL)
        return c;
    if (c == FINAL_SIGMA)
        return SIGMA;
    small = towlower_l((wint_t)c, utf8);
    return towupper_l(small, utf8) == (wint_t)c ? (uint32_t)small : c;
}

static bool same(const char *name, const char *folded, locale_t utf8)
{
    const unsigned char *a = (const unsigned char *)name;
    const unsigned char *b = (const unsigned char *)folded;

    while (*a != '\0' && *b != '\0') {
        uint32_t theirs = next(&a), ours = next(&b);

        if (theirs == NO_CHARACTER || fold(theirs, utf8) != ours)
            return false;
    }
    return *a == *b;
}

bool localauth_same_name(const char *name, const char *folded)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    bool yes = same(name, folded, utf8);

    if (utf8 != (locale_t)0)
        freelocale(utf8);
    return yes;
}
