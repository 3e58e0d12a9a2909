/* SPDX-License-Identifier: MIT
 *
 * Case folding: the form in which names are compared and stored.
 */
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include <trustlogon/name.h>

#include "chars.h"

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

char *tl_fold(TALLOC_CTX *ctx, const char *utf8)
{
    uint8_t *folded;
    size_t len, folded_len;
    char *result = NULL;

    if (utf8 == NULL)
        return NULL;
    len = strlen(utf8);
    if (is_ascii(utf8, len))
        return fold_ascii(ctx, utf8, len);
    if (!tl_chars_utf8(utf8, len))
        return NULL;

    /* Asked for a normal form, u8_casefold() decomposes first, without which the
     * result would depend on how the name was typed (Unicode 3.13, D145): U+0345
     * folds differently inside and outside of a composed character. */
    folded =
        u8_casefold((const uint8_t *)utf8, len, NULL, UNINORM_NFC, NULL, &folded_len);
    if (folded == NULL)
        return NULL;
    result = talloc_strndup(ctx, (const char *)folded, folded_len);
    free(folded);
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
