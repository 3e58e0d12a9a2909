/* SPDX-License-Identifier: MIT
 *
 * fuzz_pending.c - the agent's record of a logon: what is taken for one can be written
 * again, and says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/pending_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tla_pending *one = talloc_zero(ctx, struct tla_pending);
    struct tla_pending *other = talloc_zero(ctx, struct tla_pending);
    char *record = talloc_strndup(ctx, (const char *)data, size), *again;

    if (record != NULL && tla_pending_parse(one, record) == 0) {
        if (one->user[0] == '\0' || one->canonical[0] == '\0' || one->member == NULL)
            abort();
        /* Names in the list of groups may hold what is not written again. */
        if (tla_pending_format(ctx, one, &again) == 0 &&
            (tla_pending_parse(other, again) != 0 || other->uid != one->uid ||
             other->gid != one->gid || other->expires != one->expires ||
             !same(other->user, one->user) || !same(other->canonical, one->canonical) ||
             !same(other->domain, one->domain) || !same(other->refused, one->refused) ||
             !same(other->detail, one->detail)))
            abort();
    }
    talloc_free(ctx);
    return 0;
}
