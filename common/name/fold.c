/* SPDX-License-Identifier: MIT
 *
 * fold.c - case folding: the form in which names are compared and stored.
 */
#include <string.h>
#include <unicase.h>
#include <unistr.h>

#include <trustlogon/name.h>

#include "chars.h"

#define FINAL_SIGMA 0x3c2U
#define SIGMA 0x3c3U

/* Most names are ASCII, and NSS folds a name for every lookup. */
static char *fold_ascii(TALLOC_CTX *ctx, const char *ascii, size_t len)
{
    char *copy = talloc_strndup(ctx, ascii, len);

    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    }
    return copy;
}

static bool is_ascii(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)bytes[i] >= 0x80)
            return false;
    }
    return true;
}

/* The small letter of a pair, if both lead to each other: the dotless i has no capital of
 * its own, and the Kelvin sign is not the capital of any letter. The sigma at the end of
 * a word is the one exception that directories make, since they compare capitals. */
static ucs4_t fold_one(ucs4_t c)
{
    ucs4_t small = c == FINAL_SIGMA ? SIGMA : uc_tolower(c);

    return c == FINAL_SIGMA || uc_toupper(small) == c ? small : c;
}

char *tl_fold(TALLOC_CTX *ctx, const char *utf8)
{
    size_t len, left, room, used = 0;
    char *result;

    if (utf8 == NULL)
        return NULL;
    len = strlen(utf8);
    if (is_ascii(utf8, len))
        return fold_ascii(ctx, utf8, len);
    if (!tli_chars_utf8(utf8, len))
        return NULL;

    room = 2 * len; /* two bytes may become three (U+023A) */
    result = talloc_array(ctx, char, room + 1);
    left = result != NULL ? len : 0;
    for (const char *p = utf8; left > 0;) {
        ucs4_t c;
        int taken = u8_mbtouc(&c, (const uint8_t *)p, left);
        int put =
            u8_uctomb((uint8_t *)result + used, fold_one(c), (ptrdiff_t)(room - used));

        if (put < 0) { /* cannot happen */
            talloc_free(result);
            return NULL;
        }
        p += taken;
        left -= (size_t)taken;
        used += (size_t)put;
    }
    if (result != NULL)
        result[used] = '\0';
    return result;
}

bool tl_name_equal(const char *a, const char *b)
{
    char *fa, *fb;
    bool equal;

    if (a == NULL || b == NULL)
        return false;
    fa = tl_fold(NULL, a);
    fb = tl_fold(NULL, b);
    equal = fa != NULL && fb != NULL && strcmp(fa, fb) == 0;
    talloc_free(fa);
    talloc_free(fb);
    return equal;
}
