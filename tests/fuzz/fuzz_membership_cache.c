/* SPDX-License-Identifier: MIT
 *
 * fuzz_membership_cache.c - a file of the agent's membership cache: the times at its
 * head, and below them the groups, which are fuzz_rules.c's as well.
 */
#include <stdlib.h>

#include "agent/membership_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size);
    struct tla_membership_cache cache = {0};

    if (text != NULL && tla_membership_cache_parse(ctx, text, &cache) == 0 &&
        (cache.proven < 0 || cache.checked < 0 || cache.own_asked < 0 ||
         cache.own_answered < 0 || cache.member == NULL))
        abort();
    talloc_free(ctx);
    return 0;
}
