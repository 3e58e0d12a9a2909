/* SPDX-License-Identifier: MIT
 *
 * secret.c - strings that are overwritten when they are freed.
 */
#include "secret.h"

#include <string.h>

static int wipe(char *text)
{
    explicit_bzero(text, talloc_get_size(text));
    return 0;
}

char *tla_secret(TALLOC_CTX *ctx, const char *text)
{
    char *copy = text != NULL ? talloc_strdup(ctx, text) : NULL;

    if (copy != NULL)
        talloc_set_destructor(copy, wipe);
    return copy;
}
