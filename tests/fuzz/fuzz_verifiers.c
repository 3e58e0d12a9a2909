/* SPDX-License-Identifier: MIT
 *
 * fuzz_verifiers.c - the file of cached logons. What is taken is written back as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/verifiers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tla_verifiers *list = NULL, *again = NULL;

    if (tla_verifiers_parse(ctx, (const char *)data, size, &list) == 0) {
        char *text = tla_verifiers_format(ctx, list);

        if (text == NULL || tla_verifiers_parse(ctx, text, strlen(text), &again) != 0 ||
            again->count != list->count)
            abort();
    }
    talloc_free(ctx);
    return 0;
}
