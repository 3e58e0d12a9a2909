/* SPDX-License-Identifier: MIT
 *
 * scene.c - what every check of a path's TDOs uses.
 */
#include <errno.h>
#include <trustlogon/name.h>

#include "route_judge.h"

int tli_blame(struct tli_scene *s, enum tl_reason reason, const char *subject,
              char *attribute)
{
    if (subject == NULL && s->tdo != NULL && s->tdo->dn != NULL)
        subject = talloc_strdup(s->ctx, s->tdo->dn);
    else if (subject == NULL)
        subject = talloc_asprintf(
            s->ctx, "%s in %s", s->tdo != NULL ? s->tdo->partner : s->partner, s->holder);
    else
        subject = talloc_strdup(s->ctx, subject);
    if (subject == NULL)
        return -ENOMEM;
    s->fault->reason = reason;
    s->fault->subject = subject;
    s->fault->attribute = attribute;
    return 0;
}

bool tli_is_ours(const struct tli_scene *s, const char *domain)
{
    return tl_topology_domain(s->topo, domain) != NULL ||
           tli_same_domain(s->ws->domain, domain);
}
