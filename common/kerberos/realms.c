/* SPDX-License-Identifier: MIT
 *
 * realms.c - the realms of a path: loops are found, hops counted.
 */
#include "internal.h"

#include <string.h>
#include <strings.h>

enum tl_reason tli_realms_enter(TALLOC_CTX *ctx, struct tli_realms *seen, int limit,
                                const char *realm, size_t len)
{
    char **names;

    for (size_t i = 0; i < seen->count; i++)
        if (strlen(seen->names[i]) == len && strncasecmp(seen->names[i], realm, len) == 0)
            return TL_REASON_REFERRAL_LOOP;
    /* the first realm is where it starts, no hop yet */
    if (limit >= 0 && seen->count > (size_t)limit)
        return TL_REASON_REFERRAL_LIMIT;
    names = talloc_realloc(ctx, seen->names, char *, seen->count + 1);
    if (names == NULL)
        return TL_REASON_NO_MEMORY;
    seen->names = names;
    names[seen->count] = talloc_strndup(names, realm, len);
    if (names[seen->count] == NULL)
        return TL_REASON_NO_MEMORY;
    seen->count++;
    return TL_REASON_OK;
}

char *tli_realms_text(TALLOC_CTX *ctx, const struct tli_realms *seen, const char *last)
{
    char *text = talloc_strdup(ctx, "");

    for (size_t i = 0; i < seen->count && text != NULL; i++)
        text = talloc_asprintf_append(text, "%s, ", seen->names[i]);
    return text != NULL ? talloc_asprintf_append(text, "%s", last) : NULL;
}

char *tli_realms_all_text(TALLOC_CTX *ctx, const struct tli_realms *realms)
{
    struct tli_realms start = *realms;

    if (start.count == 0)
        return NULL;
    start.count--;
    return tli_realms_text(ctx, &start, realms->names[start.count]);
}
