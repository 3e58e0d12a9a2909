/* SPDX-License-Identifier: MIT
 *
 * path.c - the domains a ticket passes from the user's domain to the workstation's.
 *
 * A path is a list of domains first, and becomes hops with their TDOs at the end:
 *   within one forest: up to the common parent, or over the tree roots to the forest
 *   root, and down; a shortcut trust between two domains of the path cuts out what lies
 * between ("next domain on the path", "How Domain and Forest Trusts Work"); a direct
 * trust between the two domains: one hop; a forest trust: up to the user's forest root,
 * over, down on this side.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

/* Deeper trees do not exist, and a hostile snapshot must not walk in circles. */
#define MAX_DOMAINS 64

/* A path as a list of domains, from the user's to the workstation's. */
struct walk {
    const struct tl_topology *topo;
    const char *names[MAX_DOMAINS];
    size_t count;
};

static void step(struct walk *w, const char *domain)
{
    if (w->count < MAX_DOMAINS &&
        (w->count == 0 || !tli_same_domain(w->names[w->count - 1], domain)))
        w->names[w->count++] = domain;
}

/* The domain above: the parent, or above a tree root the forest root. */
static const char *above(const struct tl_topology *topo, const char *domain)
{
    const struct tl_domain *d = tl_topology_domain(topo, domain);

    if (d == NULL || tli_same_domain(d->dns, topo->forest))
        return NULL;
    return d->parent != NULL ? d->parent : topo->forest;
}

static size_t chain_up(const struct tl_topology *topo, const char *domain,
                       const char *chain[MAX_DOMAINS / 2])
{
    size_t count = 0;

    while (domain != NULL && count < MAX_DOMAINS / 2) {
        chain[count++] = domain;
        domain = above(topo, domain);
    }
    return count;
}

/* Append the way from `from` to `to`, both of the own forest. */
static void walk_tree(struct walk *w, const char *from, const char *to)
{
    const char *up[MAX_DOMAINS / 2], *down[MAX_DOMAINS / 2];
    size_t num_up = chain_up(w->topo, from, up), num_down = chain_up(w->topo, to, down);

    for (size_t i = 0; i < num_up; i++) {
        step(w, up[i]);
        for (size_t j = 0; j < num_down; j++)
            if (tli_same_domain(up[i], down[j])) {
                while (j-- > 0)
                    step(w, down[j]);
                return;
            }
    }
    /* Not known to be one tree: add both ends and nothing in between. */
    step(w, to);
}

/* A shortcut trust a ticket can take from `from` to `to`. */
static bool shortcut(const struct tl_topology *topo, const char *from, const char *to)
{
    const struct tl_tdo *out = tl_topology_trust(topo, from, to);
    const struct tl_tdo *in = tl_topology_trust(topo, to, from);

    if (out == NULL && in == NULL)
        return false;
    if (out != NULL && (out->type != TL_TRUST_UPLEVEL ||
                        (out->attributes & TL_TRUST_WITHIN_FOREST) == 0 ||
                        (out->direction & TL_TRUST_INBOUND) == 0))
        return false;
    return in == NULL || (in->type == TL_TRUST_UPLEVEL &&
                          (in->attributes & TL_TRUST_WITHIN_FOREST) != 0 &&
                          (in->direction & TL_TRUST_OUTBOUND) != 0);
}

static void cut_short(struct walk *w)
{
    for (size_t i = 0; i + 2 < w->count; i++)
        for (size_t j = w->count - 1; j > i + 1; j--)
            if (shortcut(w->topo, w->names[i], w->names[j])) {
                memmove(&w->names[i + 1], &w->names[j],
                        (w->count - j) * sizeof w->names[0]);
                w->count -= j - i - 1;
                break;
            }
}

/* The TDO between two domains that `holder` has, also by the flat name or by the
 * NetBIOS name usually made from the DNS name, if nothing better is there. */
static const struct tl_tdo *link_of(const struct tl_topology *topo, const char *holder,
                                    const char *peer, const char *peer_flat)
{
    const struct tl_tdo *tdo = tl_topology_trust(topo, holder, peer);
    char label[TL_NETBIOS_MAX + 1];
    size_t len = strcspn(peer, ".");

    if (tdo == NULL && peer_flat != NULL)
        tdo = tl_topology_trust(topo, holder, peer_flat);
    if (tdo != NULL || len > TL_NETBIOS_MAX || len == 0)
        return tdo;
    memcpy(label, peer, len);
    label[len] = '\0';
    tdo = tl_topology_trust(topo, holder, label);
    return tdo != NULL && !tli_dns_shaped(tdo->partner) ? tdo : NULL;
}

static const char *flat_of(const struct tl_topology *topo, const char *domain)
{
    const struct tl_domain *own = tl_topology_domain(topo, domain);

    if (own != NULL)
        return own->flat;
    for (size_t i = 0; i < topo->num_trusts; i++)
        if (topo->trusts[i].flat != NULL &&
            tli_same_domain(topo->trusts[i].partner, domain))
            return topo->trusts[i].flat;
    return NULL;
}

static void link_both(const struct tl_topology *topo, struct tl_hop *hop)
{
    hop->tdo_from = hop->tdo_to = NULL;
    if (topo == NULL)
        return;
    hop->tdo_from = link_of(topo, hop->from, hop->to, flat_of(topo, hop->to));
    hop->tdo_to = link_of(topo, hop->to, hop->from, flat_of(topo, hop->from));
}

/* The own forest root's trust through which `user` comes in, or NULL. */
static const struct tl_tdo *forest_trust_of(const struct tl_topology *topo,
                                            const char *user)
{
    const struct tl_tdo *best = NULL;
    size_t best_labels = 0, labels;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];
        bool listed = tli_same_domain(tdo->partner, user);

        if (!tli_same_domain(tdo->holder, topo->forest) || !tli_tdo_routes_names(tdo))
            continue;
        if (listed)
            return tdo;
        for (size_t r = 0; tdo->forest_info != NULL && r < tdo->forest_info->count; r++)
            listed |= tdo->forest_info->records[r].type == TL_FT_DOMAIN &&
                      tli_same_domain(tdo->forest_info->records[r].name, user);
        labels = listed ? TL_DNS_MAX : 0;
        if (!listed && tli_forest_match(tdo, user, &labels).reason != TL_REASON_OK)
            continue;
        if (best == NULL || labels > best_labels ||
            (labels == best_labels && tli_ascii_order(tdo->partner, best->partner) < 0)) {
            best = tdo;
            best_labels = labels;
        }
    }
    return best;
}

static const char *listed_name(const struct tl_tdo *tdo, const char *dns)
{
    if (tli_same_domain(tdo->partner, dns))
        return tdo->partner;
    for (size_t r = 0; tdo->forest_info != NULL && r < tdo->forest_info->count; r++)
        if (tdo->forest_info->records[r].type == TL_FT_DOMAIN &&
            tli_same_domain(tdo->forest_info->records[r].name, dns))
            return tdo->forest_info->records[r].name;
    return NULL;
}

/* Up the user's forest as far as the trust's domain records show it: each parent by
 * name that is a domain, and from the top of a tree to the forest root. */
static void walk_user_forest(struct walk *w, const struct tl_tdo *tdo, const char *user)
{
    const char *up = strchr(user, '.');

    step(w, user);
    while (up != NULL && !tli_same_domain(w->names[w->count - 1], tdo->partner)) {
        const char *name = listed_name(tdo, up + 1);

        if (name != NULL)
            step(w, name);
        up = strchr(up + 1, '.');
    }
    step(w, tdo->partner);
}

/* A trust of the user's domain with another domain of our forest: it ends there. */
static const char *neighbour(const struct tl_topology *topo, const char *user)
{
    const char *best = NULL;

    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];
        const char *ours = tli_same_domain(tdo->partner, user)  ? tdo->holder
                           : tli_same_domain(tdo->holder, user) ? tdo->partner
                                                                : NULL;
        const struct tl_domain *domain = tl_topology_domain(topo, ours);

        if (domain != NULL && (best == NULL || tli_ascii_order(domain->dns, best) < 0))
            best = domain->dns;
    }
    return best;
}

static bool is_external(const struct tl_hop *hop)
{
    const struct tl_tdo *any = hop->tdo_from != NULL ? hop->tdo_from : hop->tdo_to;

    return any != NULL &&
           !(hop->tdo_from != NULL && tli_tdo_routes_names(hop->tdo_from)) &&
           !(hop->tdo_to != NULL && tli_tdo_routes_names(hop->tdo_to)) &&
           (any->attributes & TL_TRUST_WITHIN_FOREST) == 0;
}

static void find_names(struct walk *w, const struct tl_workstation *ws, const char *user,
                       bool *external)
{
    const struct tl_topology *topo = w->topo;
    struct tl_hop direct = {.from = user, .to = ws->domain};
    const struct tl_tdo *forest = NULL;
    const char *other;

    *external = false;
    if (tl_topology_domain(topo, user) != NULL) {
        walk_tree(w, user, ws->domain);
        return;
    }
    link_both(topo, &direct);
    if (topo != NULL)
        forest = forest_trust_of(topo, user);
    if (direct.tdo_from != NULL || direct.tdo_to != NULL) {
        *external = forest == NULL && is_external(&direct);
        step(w, user);
        step(w, ws->domain);
    } else if (forest != NULL) {
        walk_user_forest(w, forest, user);
        walk_tree(w, topo->forest, ws->domain);
    } else if (topo != NULL && (other = neighbour(topo, user)) != NULL) {
        step(w, user);
        walk_tree(w, other, ws->domain);
    } else {
        step(w, user);
        step(w, ws->domain);
    }
}

int tli_path_find(TALLOC_CTX *ctx, const struct tl_topology *topo,
                  const struct tl_workstation *ws, const char *user_domain,
                  struct tli_path *path)
{
    struct walk w = {.topo = topo};

    *path = (struct tli_path){0};
    if (tli_same_domain(user_domain, ws->domain))
        return 0;
    find_names(&w, ws, user_domain, &path->external);
    if (topo != NULL)
        cut_short(&w);
    path->hops = talloc_zero_array(ctx, struct tl_hop, w.count);
    if (path->hops == NULL)
        return -ENOMEM;
    for (size_t i = 0; i + 1 < w.count; i++) {
        struct tl_hop *hop = &path->hops[i];

        hop->from = talloc_strdup(path->hops, w.names[i]);
        hop->to = talloc_strdup(path->hops, w.names[i + 1]);
        if (hop->from == NULL || hop->to == NULL)
            return -ENOMEM;
        link_both(topo, hop);
        path->num_hops++;
    }
    return 0;
}
