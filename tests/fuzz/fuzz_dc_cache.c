/* SPDX-License-Identifier: MIT
 *
 * fuzz_dc_cache.c - the text of a DC cache file. What is accepted must come back the
 * same after being written again.
 */
#include <stdlib.h>
#include <string.h>

#include "locate/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_cache_entry *entry = NULL, *again = NULL;
    char *text, *second;

    if (tli_cache_decode(NULL, (const char *)data, size, &entry) != 0)
        return 0;
    text = tli_cache_encode(entry, entry);
    if (!text || tli_cache_decode(entry, text, strlen(text), &again) != 0)
        abort();
    second = tli_cache_encode(entry, again);
    if (!second || strcmp(text, second) != 0)
        abort();
    talloc_free(entry);
    return 0;
}
