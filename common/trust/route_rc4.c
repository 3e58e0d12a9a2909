/* SPDX-License-Identifier: MIT
 *
 * route_rc4.c - the trusts on a user's way that have no AES.
 */
#include <errno.h>
#include <trustlogon/route.h>

#include "internal.h"

/* Each end of a hop has its own TDO and its own setting, so one hop may be in the list
 * twice. */
int tl_route_rc4(TALLOC_CTX *ctx, const struct tl_topology *topo, const char *user_domain,
                 const struct tl_workstation *ws, struct tl_rc4_hop **list, size_t *count)
{
    struct tl_rc4_hop *found = NULL;
    struct tli_path path;
    size_t n = 0;

    *list = NULL;
    *count = 0;
    if (topo == NULL || user_domain == NULL)
        return 0;
    if (tli_path_find(ctx, topo, ws, user_domain, &path) != 0)
        return -ENOMEM;
    if (path.num_hops == 0)
        return 0;
    found = talloc_zero_array(ctx, struct tl_rc4_hop, 2 * path.num_hops);
    if (found == NULL)
        return -ENOMEM;
    talloc_steal(found, path.hops);
    for (size_t i = 0; i < path.num_hops; i++) {
        const struct tl_hop *hop = &path.hops[i];
        const struct tl_tdo *ends[] = {hop->tdo_from, hop->tdo_to};

        for (size_t end = 0; end < 2; end++) {
            const struct tl_tdo *other = ends[1 - end];

            if (ends[end] == NULL || !tl_tdo_lacks_aes(ends[end]))
                continue;
            found[n++] =
                (struct tl_rc4_hop){.from = hop->from,
                                    .to = hop->to,
                                    .tdo = ends[end],
                                    .uneven = other != NULL && !tl_tdo_lacks_aes(other)};
        }
    }
    *list = found;
    *count = n;
    return 0;
}
