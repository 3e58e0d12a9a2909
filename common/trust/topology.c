/* SPDX-License-Identifier: MIT
 *
 * topology.c - the snapshot of domains and trusts, as an object.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>
#include <trustlogon/topology.h>

#include "internal.h"

struct tl_topology *tl_topology_new(TALLOC_CTX *ctx)
{
    return talloc_zero(ctx, struct tl_topology);
}

static struct tl_forest_info *copy_info(TALLOC_CTX *ctx,
                                        const struct tl_forest_info *from)
{
    struct tl_forest_info *to = talloc_zero(ctx, struct tl_forest_info);

    if (to == NULL)
        return NULL;
    to->count = from->count;
    to->records = talloc_memdup(to, from->records, from->count * sizeof *from->records);
    if (to->records == NULL && from->count != 0)
        goto fail;
    for (size_t i = 0; i < to->count; i++)
        if (tli_copy_string(to, &to->records[i].name, from->records[i].name) != 0 ||
            tli_copy_string(to, &to->records[i].flat, from->records[i].flat) != 0)
            goto fail;
    return to;

fail:
    talloc_free(to);
    return NULL;
}

/* A copy whose strings hang on `ctx`. */
static int copy_trust(TALLOC_CTX *ctx, struct tl_tdo *to, const struct tl_tdo *from)
{
    *to = *from;
    to->forest_info = NULL;
    if (tli_copy_string(ctx, &to->holder, from->holder) != 0 ||
        tli_copy_string(ctx, &to->dn, from->dn) != 0 ||
        tli_copy_string(ctx, &to->partner, from->partner) != 0 ||
        tli_copy_string(ctx, &to->flat, from->flat) != 0 ||
        tli_copy_string(ctx, &to->forest_info_error, from->forest_info_error) != 0 ||
        tli_copy_string(ctx, &to->damage, from->damage) != 0)
        return -ENOMEM;
    if (from->forest_info == NULL)
        return 0;
    to->forest_info = copy_info(ctx, from->forest_info);
    return to->forest_info != NULL ? 0 : -ENOMEM;
}

/* Room for one more. A route holds on to trusts while more are read to explain why it
 * failed: an array that has become too small stays as it is. */
static int make_room(struct tl_topology *topo)
{
    struct tl_tdo *grown;

    if (topo->num_trusts < talloc_array_length(topo->trusts))
        return 0;
    grown = talloc_zero_array(topo, struct tl_tdo, 2 * topo->num_trusts + 4);
    if (grown == NULL)
        return -ENOMEM;
    if (topo->num_trusts > 0)
        memcpy(grown, topo->trusts, topo->num_trusts * sizeof(*grown));
    topo->trusts = grown;
    return 0;
}

/* Whether two are one object, of which one was read later. Snapshots by hand have no
 * DNs. */
static bool is_same_object(const struct tl_tdo *a, const struct tl_tdo *b)
{
    return tli_same_domain(a->holder, b->holder) &&
           tli_same_domain(a->partner, b->partner) &&
           (a->dn == NULL || b->dn == NULL || strcasecmp(a->dn, b->dn) == 0);
}

/* Of two objects for one partner the one that bears its name comes first. */
static void put_in_order(struct tl_topology *topo, size_t last)
{
    struct tl_tdo *tdo = &topo->trusts[last];
    char *name;
    bool bears = tl_tdo_bears_its_name(NULL, tdo, &name);

    talloc_free(name);
    if (!bears)
        return;
    for (size_t i = 0; i < last; i++)
        if (tli_same_domain(topo->trusts[i].holder, tdo->holder) &&
            tli_same_domain(topo->trusts[i].partner, tdo->partner)) {
            const struct tl_tdo other = topo->trusts[i];

            topo->trusts[i] = *tdo;
            *tdo = other;
            return;
        }
}

int tl_topology_add_trust(struct tl_topology *topo, const struct tl_tdo *tdo)
{
    struct tl_tdo copy;
    TALLOC_CTX *owner;
    size_t i;

    if (topo == NULL || tdo->holder == NULL || tdo->partner == NULL)
        return -EINVAL;
    topo->index = NULL; /* it points to trusts as they were */
    /* The strings hang on the topology, for there may be several arrays with them. */
    owner = talloc_new(topo);
    if (owner == NULL || copy_trust(owner, &copy, tdo) != 0)
        goto fail;
    for (i = 0; i < topo->num_trusts; i++)
        if (is_same_object(&topo->trusts[i], tdo))
            break;
    if (i == topo->num_trusts) {
        if (make_room(topo) != 0)
            goto fail;
        topo->trusts[topo->num_trusts++] = copy;
        put_in_order(topo, i);
    } else {
        topo->trusts[i] = copy;
    }
    return 0;

fail:
    talloc_free(owner);
    return -ENOMEM;
}

int tl_topology_add_nameless(struct tl_topology *topo, const char *holder, const char *dn,
                             const char *flat)
{
    struct tl_nameless_tdo *grown;

    if (topo == NULL || holder == NULL || dn == NULL)
        return -EINVAL;
    for (size_t i = 0; i < topo->num_nameless; i++)
        if (strcasecmp(topo->nameless[i].dn, dn) == 0)
            return 0;
    grown = talloc_realloc(topo, topo->nameless, struct tl_nameless_tdo,
                           (unsigned)topo->num_nameless + 1);
    if (grown == NULL)
        return -ENOMEM;
    topo->nameless = grown;
    grown += topo->num_nameless;
    *grown = (struct tl_nameless_tdo){0};
    if (tli_copy_string(topo, &grown->holder, holder) != 0 ||
        tli_copy_string(topo, &grown->dn, dn) != 0 ||
        tli_copy_string(topo, &grown->flat, flat) != 0)
        return -ENOMEM;
    topo->num_nameless++;
    return 0;
}

const struct tl_nameless_tdo *tl_topology_nameless(const struct tl_topology *topo,
                                                   const char *holder, const char *domain)
{
    for (size_t i = 0; topo != NULL && domain != NULL && i < topo->num_nameless; i++) {
        const struct tl_nameless_tdo *tdo = &topo->nameless[i];
        char *name = tl_tdo_name(NULL, tdo->dn);
        bool was = tli_same_domain(tdo->holder, holder) &&
                   (tli_same_domain(name, domain) || tli_same_flat(tdo->flat, domain));

        talloc_free(name);
        if (was)
            return tdo;
    }
    return NULL;
}

/* Append the TDOs of `from` that `holder` holds, or that it does not. */
static void append_trusts(struct tl_topology *topo, const struct tl_topology *from,
                          const char *holder, bool held)
{
    for (size_t i = 0; i < from->num_trusts; i++)
        if (tli_same_domain(from->trusts[i].holder, holder) == held)
            topo->trusts[topo->num_trusts++] = from->trusts[i];
    for (size_t i = 0; i < from->num_nameless; i++)
        if (tli_same_domain(from->nameless[i].holder, holder) == held)
            topo->nameless[topo->num_nameless++] = from->nameless[i];
}

struct tl_topology *tl_topology_with(TALLOC_CTX *ctx, const struct tl_topology *base,
                                     const char *holder, const struct tl_topology *from)
{
    struct tl_topology *topo =
        base != NULL && from != NULL ? talloc_memdup(ctx, base, sizeof(*base)) : NULL;

    if (topo == NULL)
        return NULL;
    topo->num_trusts = topo->num_nameless = topo->num_read = 0;
    topo->index = NULL;
    topo->trusts =
        talloc_zero_array(topo, struct tl_tdo, base->num_trusts + from->num_trusts);
    topo->nameless = talloc_zero_array(topo, struct tl_nameless_tdo,
                                       base->num_nameless + from->num_nameless);
    topo->read = talloc_zero_array(topo, const char *, base->num_read + 1);
    if (topo->trusts == NULL || topo->nameless == NULL || topo->read == NULL)
        goto fail;
    for (size_t i = 0; i < base->num_read; i++)
        topo->read[topo->num_read++] = base->read[i];
    append_trusts(topo, base, holder, false);
    append_trusts(topo, from, holder, true);
    if (tl_topology_mark_read(topo, holder) == 0)
        return topo;

fail:
    talloc_free(topo);
    return NULL;
}

bool tl_topology_was_read(const struct tl_topology *topo, const char *holder)
{
    if (topo == NULL)
        return false;
    for (size_t i = 0; i < topo->num_read; i++)
        if (tli_same_domain(topo->read[i], holder))
            return true;
    for (size_t i = 0; i < topo->num_trusts; i++)
        if (tli_same_domain(topo->trusts[i].holder, holder))
            return true;
    return false;
}

int tl_topology_mark_read(struct tl_topology *topo, const char *holder)
{
    const char **grown, *copy;

    if (topo == NULL || holder == NULL)
        return -EINVAL;
    for (size_t i = 0; i < topo->num_read; i++)
        if (tli_same_domain(topo->read[i], holder))
            return 0;
    copy = talloc_strdup(topo, holder);
    grown = talloc_realloc(topo, topo->read, const char *, topo->num_read + 1);
    if (grown != NULL)
        topo->read = grown;
    if (copy == NULL || grown == NULL)
        return -ENOMEM;
    topo->read[topo->num_read++] = copy;
    return 0;
}

const struct tl_tdo *tl_topology_trust(const struct tl_topology *topo, const char *holder,
                                       const char *partner)
{
    if (topo == NULL || holder == NULL || partner == NULL)
        return NULL;
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (tli_same_domain(tdo->holder, holder) &&
            tli_same_domain(tdo->partner, partner))
            return tdo;
    }
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        if (tli_same_domain(tdo->holder, holder) && tli_same_flat(tdo->flat, partner))
            return tdo;
    }
    return NULL;
}

const struct tl_domain *tl_topology_domain(const struct tl_topology *topo,
                                           const char *name)
{
    if (topo == NULL || name == NULL)
        return NULL;
    for (size_t i = 0; i < topo->num_domains; i++)
        if (tli_same_domain(topo->domains[i].dns, name))
            return &topo->domains[i];
    for (size_t i = 0; i < topo->num_domains; i++)
        if (tli_same_flat(topo->domains[i].flat, name))
            return &topo->domains[i];
    return NULL;
}
