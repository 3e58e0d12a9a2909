/* SPDX-License-Identifier: MIT
 *
 * fuzz_membership_cache.c - the moments at the head of what the agent knows of a user;
 * the groups below them are fuzz_rules.c's.
 */
#include <stdlib.h>

#include "../../agent/files.c"
#include "../../agent/membership_cache.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size), *end;
    int64_t proven = -1, checked = -1;

    end = text != NULL ? text + strlen(text) : NULL;
    if (text != NULL && take_time(&text, "proven", &proven) &&
        take_time(&text, "checked", &checked)) {
        if (proven < 0 || checked < 0 || text > end)
            abort();
    }
    talloc_free(ctx);
    return 0;
}
