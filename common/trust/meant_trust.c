/* SPDX-License-Identifier: MIT
 *
 * meant_trust.c - the trust that was meant by a domain's name which no trust has.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* "contoso" of contoso.test is what most domains have as NetBIOS name. */
static bool is_first_label(const char *dns, const char *typed)
{
    size_t len = strcspn(dns, ".");

    return strlen(typed) == len && tli_ascii_equal(dns, typed, len);
}

/* The reason why this TDO was not found by what was typed, or OK: it is another's. */
static enum tl_reason judge(TALLOC_CTX *ctx, const struct tl_tdo *tdo, const char *typed,
                            char **attribute)
{
    char *name;
    bool bears = tl_tdo_bears_its_name(ctx, tdo, &name);

    if (name == NULL)
        return TL_REASON_OK;
    if (!bears && (tli_same_domain(name, typed) || tli_same_flat(tdo->flat, typed))) {
        *attribute =
            talloc_asprintf(ctx, "trustPartner = %s; right is %s", tdo->partner, name);
        return TL_REASON_TRUST_PARTNER;
    }
    if (strchr(typed, '.') == NULL && !tli_same_flat(tdo->flat, typed) &&
        is_first_label(name, typed)) {
        *attribute = tdo->flat != NULL ? talloc_asprintf(ctx, "flatName = %s", tdo->flat)
                                       : talloc_strdup(ctx, "no flatName");
        return TL_REASON_TRUST_FLAT;
    }
    return TL_REASON_OK;
}

enum tl_reason tl_route_meant(TALLOC_CTX *ctx, const struct tl_topology *topo,
                              const char *typed, const char **subject,
                              const char **attribute)
{
    const struct tl_nameless_tdo *nameless;
    enum tl_reason reason = TL_REASON_OK;

    *subject = *attribute = NULL;
    if (topo == NULL || typed == NULL)
        return TL_REASON_OK;
    nameless = tl_topology_nameless(topo, topo->domain, typed);
    if (nameless == NULL)
        nameless = tl_topology_nameless(topo, topo->forest, typed);
    if (nameless != NULL) {
        *subject = talloc_strdup(ctx, nameless->dn);
        *attribute = "no trustPartner";
        return TL_REASON_TRUST_DAMAGED;
    }
    for (size_t i = 0; i < topo->num_trusts && reason == TL_REASON_OK; i++) {
        char *words = NULL;

        if (!tli_tdo_is_own_side(topo, &topo->trusts[i]))
            continue;
        reason = judge(ctx, &topo->trusts[i], typed, &words);
        *subject = reason != TL_REASON_OK ? topo->trusts[i].dn : NULL;
        *attribute = words;
    }
    return reason;
}
