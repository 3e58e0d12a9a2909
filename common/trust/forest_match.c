/* SPDX-License-Identifier: MIT
 *
 * forest_match.c - how one forest trust treats one DNS name
 * [MS-DRSR 5.64.2 ForestTrustOwnsName, MS-ADTS 6.1.6.9.3.2].
 *
 * suffix_index.c answers the same question over all trusts at once, fast; the tests
 * hold the two to the same answers.
 */
#include <trustlogon/name.h>

#include "internal.h"

bool tli_tdo_routes_names(const struct tl_tdo *tdo)
{
    /* NON_TRANSITIVE takes the names beyond the two ends away again: Samba's routing
     * table then matches the partner's own name only (util_trusts.c). */
    return tl_tdo_is_forest(tdo) && (tdo->attributes & TL_TRUST_NON_TRANSITIVE) == 0;
}

bool tli_tdo_is_own_side(const struct tl_topology *topo, const struct tl_tdo *tdo)
{
    return tli_same_domain(tdo->holder, topo->domain) ||
           tli_same_domain(tdo->holder, topo->forest);
}

enum tl_reason tli_tln_reason(uint32_t flags)
{
    /* An administrator can take back only what an administrator has set, so that bit is
     * reported first where several are set. Any bit of the mask disables. */
    if ((flags & TL_FT_DISABLED_ADMIN) != 0)
        return TL_REASON_SUFFIX_DISABLED_ADMIN;
    if ((flags & TL_FT_DISABLED_CONFLICT) != 0)
        return TL_REASON_SUFFIX_DISABLED_CONFLICT;
    if ((flags & TL_FT_DISABLED_NEW) != 0)
        return TL_REASON_SUFFIX_DISABLED_NEW;
    return (flags & TL_FT_DISABLED_MASK) != 0 ? TL_REASON_SUFFIX_DISABLED_ADMIN
                                              : TL_REASON_OK;
}

bool tli_domain_sid_disabled(const struct tl_ft_record *rec)
{
    return rec->type == TL_FT_DOMAIN &&
           (rec->flags & (TL_FT_SID_DISABLED_ADMIN | TL_FT_SID_DISABLED_CONFLICT)) != 0;
}

const char *tli_ft_flag_words(const struct tl_ft_record *rec)
{
    if (rec->type == TL_FT_DOMAIN) {
        if ((rec->flags & TL_FT_SID_DISABLED_ADMIN) != 0)
            return "Disabled-SID";
        if ((rec->flags & TL_FT_SID_DISABLED_CONFLICT) != 0)
            return "Disabled-SID-Conflicting";
        if ((rec->flags & TL_FT_NB_DISABLED_ADMIN) != 0)
            return "Disabled-NB";
        return (rec->flags & TL_FT_NB_DISABLED_CONFLICT) != 0 ? "Disabled-NB-Conflicting"
                                                              : "";
    }
    switch (tli_tln_reason(rec->flags)) {
    case TL_REASON_SUFFIX_DISABLED_NEW:
        return "Disabled-New";
    case TL_REASON_SUFFIX_DISABLED_CONFLICT:
        return "Disabled-Conflicting";
    case TL_REASON_SUFFIX_DISABLED_ADMIN:
        return "Disabled";
    default:
        return "";
    }
}

/* The most specific record of each kind that covers the name; the first of equals. */
struct covering {
    const struct tl_ft_record *enabled, *disabled, *exclusion, *domain;
};

static void keep_longer(const struct tl_ft_record **best, const struct tl_ft_record *rec)
{
    if (*best == NULL || tli_dns_length(rec->name) > tli_dns_length((*best)->name))
        *best = rec;
}

static struct covering cover(const struct tl_forest_info *info, const char *name)
{
    struct covering c = {0};

    for (size_t i = 0; i < info->count; i++) {
        const struct tl_ft_record *rec = &info->records[i];

        if (rec->name == NULL || !tli_dns_within(name, rec->name))
            continue;
        /* A disabled exclusion still excludes:
         * docs/decisions/routing.md#disabled-exclusion. */
        if (rec->type == TL_FT_TLN_EX)
            keep_longer(&c.exclusion, rec);
        else if (rec->type == TL_FT_TLN)
            keep_longer(tli_tln_reason(rec->flags) == TL_REASON_OK ? &c.enabled
                                                                   : &c.disabled,
                        rec);
        else if (tli_domain_sid_disabled(rec))
            keep_longer(&c.domain, rec);
    }
    return c;
}

static struct tl_suffix_match decide(const struct tl_tdo *tdo, const struct covering *c)
{
    struct tl_suffix_match match = {.tdo = tdo, .reason = TL_REASON_OK};

    if (c->exclusion != NULL &&
        (c->domain == NULL ||
         tli_dns_length(c->exclusion->name) >= tli_dns_length(c->domain->name))) {
        match.record = c->exclusion;
        match.reason = TL_REASON_SUFFIX_EXCLUDED;
    } else if (c->domain != NULL) {
        match.record = c->domain;
        match.reason = TL_REASON_DOMAIN_DISABLED;
    } else if (c->enabled != NULL) {
        match.record = c->enabled;
    } else if (c->disabled != NULL) {
        match.record = c->disabled;
        match.reason = tli_tln_reason(c->disabled->flags);
    } else {
        match.tdo = NULL;
        match.reason = TL_REASON_SUFFIX_UNKNOWN;
    }
    return match;
}

struct tl_suffix_match tli_forest_match(const struct tl_tdo *tdo, const char *name,
                                        size_t *specific)
{
    struct tl_suffix_match match = {.reason = TL_REASON_SUFFIX_UNKNOWN};
    struct covering c;

    *specific = 0;
    if (tdo->forest_info == NULL && tdo->forest_info_error != NULL) {
        match.tdo = tdo;
        match.reason = TL_REASON_TRUST_INFO_BROKEN;
    } else if (tdo->forest_info == NULL) {
        /* Without a table the partner's own name stands for it (Samba: measured). */
        if (tli_dns_within(name, tdo->partner)) {
            match.tdo = tdo;
            match.reason = TL_REASON_OK;
            *specific = tl_dns_labels(tdo->partner);
        }
    } else {
        c = cover(tdo->forest_info, name);
        match = decide(tdo, &c);
        if (match.record != NULL)
            *specific = tl_dns_labels(match.record->name);
    }
    return match;
}
