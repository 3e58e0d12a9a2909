/* SPDX-License-Identifier: MIT
 *
 * fuzz_rules.c - what access rules are made of and held against: the lists as written,
 * the memberships kept between two processes, and the remembered names. The first byte
 * chooses.
 */
#include <stdlib.h>
#include <string.h>

#include <trustlogon/access.h>

#include "access/rule_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Rules that were parsed parse to the same again. */
static void membership(TALLOC_CTX *ctx, const char *text, size_t len)
{
    struct tl_membership *member, *again;
    char *first, *second;

    if (tl_membership_from_text(ctx, text, len, &member) != 0)
        return;
    if (tl_membership_to_text(ctx, member, &first) != 0)
        return; /* a name with control characters */
    if (tl_membership_from_text(ctx, first, strlen(first), &again) != 0 ||
        tl_membership_to_text(ctx, again, &second) != 0 || strcmp(first, second) != 0)
        abort();
}

static void list(TALLOC_CTX *ctx, const char *text)
{
    struct tl_access_list parsed = {0}, again = {0};
    const char *fault = NULL;
    char *shown;
    int ret = tl_access_parse(ctx, text, &parsed, &fault);

    if ((ret == 0) != (parsed.count > 0) || (ret != 0) != (fault != NULL))
        abort();
    if (ret != 0)
        return;
    shown = tl_access_show(ctx, &parsed);
    if (shown == NULL || tl_access_parse(ctx, shown, &again, &fault) != 0 ||
        again.count != parsed.count)
        abort();
}

static void names(TALLOC_CTX *ctx, const char *text, size_t len)
{
    struct tl_config config = {.state_dir = "/nonexistent"};
    struct tli_rule_cache *cache = tli_rule_cache_load(ctx, &config);

    if (cache != NULL && tli_rule_cache_parse(cache, text, len) != 0 && cache->count != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = size > 0 ? talloc_strndup(ctx, (const char *)data + 1, size - 1) : NULL;

    if (text != NULL) {
        switch (data[0]) {
        case 'L':
            list(ctx, text);
            break;
        case 'M':
            membership(ctx, (const char *)data + 1, size - 1);
            break;
        default:
            names(ctx, (const char *)data + 1, size - 1);
            break;
        }
    }
    talloc_free(ctx);
    return 0;
}
