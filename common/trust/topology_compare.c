/* SPDX-License-Identifier: MIT
 *
 * topology_compare.c - what the directory says today, beside a snapshot that was saved.
 */
#include <string.h>

#include "internal.h"

#define DIFFERENCES_MAX 3 /* that are named */

/* The first attribute in which two readings of one object differ, or NULL. */
static const char *changed(const struct tl_tdo *a, const struct tl_tdo *b)
{
    if (!tli_same_domain(a->partner, b->partner))
        return "trustPartner";
    if (a->type != b->type)
        return "trustType";
    if (a->direction != b->direction)
        return "trustDirection";
    if (a->attributes != b->attributes)
        return "trustAttributes";
    if (!tli_same_flat(a->flat, b->flat) && (a->flat != NULL || b->flat != NULL))
        return "flatName";
    if (a->has_sid != b->has_sid || (a->has_sid && !tl_sid_equal(&a->sid, &b->sid)))
        return "securityIdentifier";
    if (a->has_enctypes != b->has_enctypes || a->enctypes != b->enctypes)
        return "msDS-SupportedEncryptionTypes";
    return NULL;
}

static bool same_record(const struct tl_ft_record *a, const struct tl_ft_record *b)
{
    return a->raw_type == b->raw_type && a->flags == b->flags &&
           (a->name == b->name || tli_same_domain(a->name, b->name)) &&
           a->has_sid == b->has_sid && (!a->has_sid || tl_sid_equal(&a->sid, &b->sid));
}

static bool same_info(const struct tl_forest_info *a, const struct tl_forest_info *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_record(&a->records[i], &b->records[i]))
            return false;
    return true;
}

static void tell(TALLOC_CTX *ctx, const struct tl_tdo *tdo, const char *how,
                 size_t *count, char **words)
{
    if ((*count)++ >= DIFFERENCES_MAX)
        return;
    *words = talloc_asprintf_append(*words != NULL ? *words : talloc_strdup(ctx, ""),
                                    "%s%s: %s", *count > 1 ? "; " : "",
                                    tdo->dn != NULL ? tdo->dn : tdo->partner, how);
}

/* The same object in another reading, by its DN where it is known. */
static const struct tl_tdo *same_object(const struct tl_topology *topo,
                                        const struct tl_tdo *tdo)
{
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *other = &topo->trusts[i];

        if (tdo->dn != NULL && other->dn != NULL
                ? tli_ascii_order(tdo->dn, other->dn) == 0
                : tli_same_domain(tdo->holder, other->holder) &&
                      tli_same_domain(tdo->partner, other->partner))
            return other;
    }
    return NULL;
}

char *tl_topology_difference(TALLOC_CTX *ctx, const struct tl_topology *saved,
                             const struct tl_topology *now)
{
    char *words = NULL;
    size_t count = 0;

    for (size_t i = 0; saved != NULL && now != NULL && i < saved->num_trusts; i++) {
        const struct tl_tdo *tdo = &saved->trusts[i];
        const struct tl_tdo *other = same_object(now, tdo);
        const char *how;

        if (!tl_topology_was_read(now, tdo->holder))
            continue;
        how = other == NULL ? "it is no longer there" : changed(tdo, other);
        if (how == NULL && !same_info(tdo->forest_info, other->forest_info))
            how = "msDS-TrustForestTrustInfo";
        if (how != NULL)
            tell(ctx, tdo, how, &count, &words);
    }
    for (size_t i = 0; saved != NULL && now != NULL && i < now->num_trusts; i++) {
        const struct tl_tdo *tdo = &now->trusts[i];

        if (tl_topology_was_read(saved, tdo->holder) && same_object(saved, tdo) == NULL)
            tell(ctx, tdo, "it is new", &count, &words);
    }
    if (count > DIFFERENCES_MAX)
        words = talloc_asprintf_append(words, "; and %zu more", count - DIFFERENCES_MAX);
    return words;
}
