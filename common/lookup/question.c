/* SPDX-License-Identifier: MIT
 *
 * question.c - what a question of NSS means: which domains to ask, and for what. Pure.
 *
 * Names are read as at a logon, by the same route: a name that cannot log on has
 * no account here either.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

/* The parameters of tl_lookup_plan_make(), and the plan that is being made. */
struct planner {
    const struct tl_machine *machine;
    const struct tl_local_ids *local;
    const struct tl_question *question;
    struct tl_lookup_plan *plan;
};

static int no_account(const struct planner *p, const char *why)
{
    p->plan->num_domains = 0;
    p->plan->why = why;
    return 0;
}

/* The domains of the plan are asked for this name, if there are any. */
static int settle(const struct planner *p, enum tl_lookup_by by, const char *name)
{
    p->plan->by = by;
    p->plan->name = talloc_strdup(p->plan, name);
    if (p->plan->name == NULL)
        return -ENOMEM;
    if (p->plan->num_domains == 0) {
        p->plan->not_known_yet = true;
        return no_account(p, "no domain whose users may log on here has this name");
    }
    return 0;
}

static int plan_suffix(const struct planner *p, const struct tl_name *name)
{
    struct tl_suffix_index *index = NULL;
    struct tl_suffix_match match;
    int ret;

    if (p->question->group)
        return no_account(p, "a group has no user principal name");
    ret = tl_suffix_index_new(p->plan, p->machine->topology, &index);
    if (ret != 0)
        return ret;
    match = tl_suffix_find(index, name->domain);
    talloc_free(index);
    if (match.reason != TL_REASON_OK) {
        p->plan->not_known_yet = true;
        return no_account(p, "no forest known to this machine routes this suffix");
    }
    ret = tli_lookup_add_forest(p->plan, p->machine->workstation, p->machine->topology,
                                match.tdo);
    return ret != 0 ? ret : settle(p, TL_LOOKUP_BY_UPN, name->whole);
}

/* As tl_route() has it, but for a name in a domain that only a KDC may know: no directory
 * can be asked until a newer snapshot knows the domain. */
static int plan_parsed(const struct planner *p, const struct tl_name *name)
{
    struct tl_route *route = NULL;
    int ret;

    if (name->form == TL_NAME_BARE && p->machine->workstation->default_domain == NULL)
        return no_account(p, "a name without a domain is a local name of this machine");
    if (name->form == TL_NAME_BARE && tl_local_has_user(p->local, name->user))
        return no_account(p, "a local account has this name");
    ret = tl_route(p->plan, name, p->machine->workstation, p->machine->topology, &route);
    if (ret != 0)
        return ret;
    if (route->local)
        return no_account(p, "it is a local name of this machine");
    if (!route->domain_named && name->form == TL_NAME_DOWNLEVEL) {
        /* a domain below a routed name that the trust does not list: only a KDC knows */
        p->plan->not_known_yet = true;
        return no_account(p, "no domain whose users may log on here has this name");
    }
    if (!route->domain_named)
        return plan_suffix(p, name);
    if (route->user_domain != NULL)
        ret = tli_lookup_add_domain(p->plan, p->machine->workstation,
                                    p->machine->topology, route->user_domain);
    /* A KDC takes either form, however the name was typed. */
    if (ret == 0 && !p->question->group && route->implicit_upn != NULL) {
        p->plan->upn = talloc_strdup(p->plan, route->implicit_upn);
        ret = p->plan->upn != NULL ? 0 : -ENOMEM;
    }
    return ret != 0 ? ret : settle(p, TL_LOOKUP_BY_SAM, name->user);
}

static int plan_name(const struct planner *p)
{
    struct tl_name *name = NULL;
    const char *text = p->question->name;
    int ret = tl_name_parse(p->plan, text, strlen(text), &name, NULL);

    if (ret == -ENOMEM)
        return ret;
    if (ret != 0)
        return no_account(p, "such a name is not valid in a domain");
    return plan_parsed(p, name);
}

static int plan_id(const struct planner *p, TALLOC_CTX *ctx, char **error)
{
    const struct tl_idmap_domain *known = NULL;
    struct tl_idmap *map = NULL;
    int ret = tl_idmap_new(p->plan, p->machine->config, p->machine->workstation->domain,
                           p->machine->topology, NULL, &map, error);

    if (ret != 0) {
        *error = *error != NULL ? talloc_steal(ctx, *error) : NULL;
        return ret;
    }
    p->plan->by = p->machine->config->idmap == TL_IDMAP_RFC2307 ? TL_LOOKUP_BY_ID
                                                                : TL_LOOKUP_BY_SID;
    p->plan->id = p->question->id;
    known = tl_idmap_domain_of_id(map, p->question->id);
    if (known == NULL || (p->plan->by == TL_LOOKUP_BY_SID &&
                          tl_idmap_to_sid(map, p->question->id, &p->plan->sid) != 0))
        return no_account(p, "the id is in no domain's range");
    ret = tli_lookup_add_domain(p->plan, p->machine->workstation, p->machine->topology,
                                known->dns);
    if (ret == 0 && p->plan->num_domains == 0)
        return no_account(p,
                          "the id belongs to a domain whose users may not log on here");
    talloc_free(map);
    return ret;
}

int tl_lookup_plan_make(TALLOC_CTX *ctx, const struct tl_machine *machine,
                        const struct tl_local_ids *local,
                        const struct tl_question *question, struct tl_lookup_plan **plan,
                        char **error)
{
    const struct tl_topology *topo = machine->topology;
    struct planner p = {.machine = machine, .local = local, .question = question};
    int ret;

    *plan = NULL;
    *error = NULL;
    p.plan = talloc_zero(ctx, struct tl_lookup_plan);
    if (p.plan == NULL)
        return -ENOMEM;
    if (topo == NULL || (topo->domain != NULL &&
                         !tl_dns_equal(topo->domain, machine->workstation->domain))) {
        p.plan->not_known_yet = true;
        ret = no_account(&p, "the domains and trusts have not been read");
    } else {
        ret = question->name != NULL ? plan_name(&p) : plan_id(&p, ctx, error);
    }
    if (ret != 0) {
        talloc_free(p.plan);
        return ret;
    }
    *plan = p.plan;
    return 0;
}
