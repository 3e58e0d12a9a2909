/* SPDX-License-Identifier: MIT
 *
 * fuzz_forest_info.c - any bytes as msDS-TrustForestTrustInfo: refused with a
 * phrase, or a table that survives matching and a snapshot.
 */
#include <stdlib.h>
#include <string.h>

#include "trust/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses a name to match; the rest is the blob. */
static const char *const names[] = {"contoso.test", "x.corp.example", "a", "",
                                    "plant.corp.example"};

static void match(TALLOC_CTX *ctx, struct tl_forest_info *info, const char *name)
{
    struct tl_tdo tdo = {.holder = "fabrikam.test",
                         .partner = "contoso.test",
                         .type = TL_TRUST_UPLEVEL,
                         .attributes = TL_TRUST_FOREST_TRANSITIVE,
                         .direction = 3,
                         .forest_info = info};
    struct tl_topology topo = {.domain = "fabrikam.test",
                               .forest = "fabrikam.test",
                               .num_trusts = 1,
                               .trusts = &tdo};
    struct tl_suffix_index *index;
    struct tl_suffix_match fast, slow;
    struct tl_topology *back = NULL;
    char *json, *error;
    size_t labels;

    if (tl_suffix_index_new(ctx, &topo, &index) != 0)
        abort();
    fast = tl_suffix_find(index, name);
    slow = tli_forest_match(&tdo, name, &labels);
    if (fast.tdo != slow.tdo || fast.record != slow.record || fast.reason != slow.reason)
        abort();
    if (tl_topology_to_json(ctx, &topo, &json) != 0 ||
        tl_topology_from_json(ctx, json, strlen(json), &back, &error) != 0)
        abort();
    if (back->trusts[0].forest_info->count != info->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_forest_info *info;
    const char *where;
    int ret;

    if (size == 0)
        goto cleanup;
    ret = tl_forest_info_decode(ctx, data + 1, size - 1, &info, &where);
    if ((ret == 0) != (info != NULL) || (ret == 0) != (where == NULL))
        abort();
    if (ret == 0)
        match(ctx, info, names[data[0] % (sizeof names / sizeof names[0])]);

cleanup:
    talloc_free(ctx);
    return 0;
}
