/* SPDX-License-Identifier: MIT
 *
 * rule_names.c - names of access rules looked up in the directories of their domains.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/name.h>
#include <trustlogon/tickets.h>

#include "machine/directory.h"
#include "rule_names.h"

/* A directory that is open, or why it is not. */
struct opened {
    struct opened *next;
    const char *domain;       /* DNS name */
    struct tl_directory *dir; /* NULL: it cannot be opened */
    const char *why;          /* then */
};

struct tli_rule_names {
    const struct tl_rules_input *in;
    struct tl_machine *machine; /* a copy of in->machine, whose topology may be newer */
    bool topology_read;         /* it is: it was read again for a name */
    tl_deadline deadline;       /* counted from the first question on the network */
    bool asking;                /* that has been asked */
    /* As the machine and as the user: each is tried once, and *_why is why it failed. */
    struct tli_machine_directory *own;
    const char *own_why;
    struct tl_krb *user;
    struct tl_locator *user_locator;
    const char *user_why;
    struct opened *opened; /* a list */
};

struct tli_rule_names *tli_rule_names_new(TALLOC_CTX *ctx,
                                          const struct tl_rules_input *in)
{
    struct tli_rule_names *names = talloc_zero(ctx, struct tli_rule_names);

    if (names == NULL)
        return NULL;
    names->in = in;
    names->machine = talloc_memdup(names, in->machine, sizeof(*in->machine));
    if (names->machine == NULL)
        TALLOC_FREE(names);
    return names;
}

static tl_deadline deadline_of(struct tli_rule_names *names)
{
    if (!names->asking)
        names->deadline = tl_deadline_in_ms(names->machine->config->rule_timeout);
    names->asking = true;
    return names->deadline;
}

/* Why a step failed, in one phrase that lives as long as `names`. */
static const char *why_of(struct tli_rule_names *names, const struct tl_outcome *out)
{
    const char *text =
        out->detail != NULL ? out->detail : tl_reason_info(out->reason)->slug;
    char *copy = talloc_strdup(names, text);

    return copy != NULL ? copy : "out of memory";
}

static bool find_domain(const struct tli_rule_names *names, const char *text,
                        const struct tl_sid *sid, struct tl_known_domain *domain)
{
    const struct tl_topology *topo = names->machine->topology;
    const struct tl_workstation *ws = names->machine->workstation;

    if (text != NULL)
        return tl_known_domain(topo, ws, text, domain);
    for (size_t i = 0; topo != NULL && i < topo->num_domains; i++) {
        if (tl_known_domain(topo, ws, topo->domains[i].dns, domain) &&
            tl_sid_in_domain(sid, &domain->sid))
            return true;
    }
    for (size_t i = 0; topo != NULL && i < topo->num_trusts; i++) {
        if (tl_known_domain(topo, ws, topo->trusts[i].partner, domain) &&
            tl_sid_in_domain(sid, &domain->sid))
            return true;
    }
    return false;
}

bool tli_rule_names_domain(struct tli_rule_names *names, const char *text,
                           const struct tl_sid *sid, bool ask,
                           struct tl_known_domain *domain, const char **why)
{
    if (find_domain(names, text, sid, domain))
        return true;
    *why = "no domain or trusted domain of this machine has that name";
    if (!ask || names->topology_read)
        return false;
    /* The trust may be newer than the snapshot, or no snapshot exists yet. */
    names->topology_read = true;
    if (tl_machine_refresh(names->machine, names->in->trace, deadline_of(names), NULL) !=
        TL_REASON_OK)
        return false;
    return find_domain(names, text, sid, domain);
}

/* A Kerberos context with the user's tickets: the logon's own, or one of the pending
 * file; NULL and names->user_why if neither exists. */
static struct tl_krb *user_context(struct tli_rule_names *names)
{
    const struct tl_rules_input *in = names->in;
    struct tl_outcome *out = tl_outcome_new(names);
    enum tl_reason reason;
    int ret = 0;

    if (names->user != NULL || names->user_why != NULL)
        return names->user;
    names->user_why = "the user's tickets are not available";
    if ((in->krb == NULL && in->tickets == NULL) || in->domain == NULL || out == NULL)
        return NULL;
    names->user_locator = tli_machine_locator(names, names->machine, in->trace);
    if (in->krb != NULL) {
        names->user = names->user_locator != NULL ? in->krb : NULL;
        tl_krb_set_deadline(in->krb, deadline_of(names));
        return names->user;
    }
    reason = names->user_locator != NULL
                 ? tl_krb_new(names, names->machine->config, names->user_locator,
                              deadline_of(names), in->trace, &names->user, out)
                 : TL_REASON_NO_MEMORY;
    if (reason == TL_REASON_OK)
        ret = tl_krb_load_pending(names->user, in->tickets);
    if (reason != TL_REASON_OK || ret != 0)
        TALLOC_FREE(names->user);
    talloc_free(out);
    return names->user;
}

/* The directory of the machine's own domain, whose tickets open others too. */
static struct tli_machine_directory *own_directory(struct tli_rule_names *names)
{
    struct tl_outcome *out;

    if (names->own != NULL || names->own_why != NULL)
        return names->own;
    out = tl_outcome_new(names);
    if (out == NULL ||
        tli_machine_directory_open(names, names->machine, names->in->trace,
                                   deadline_of(names), &names->own, out) != TL_REASON_OK)
        names->own_why = out != NULL ? why_of(names, out) : "out of memory";
    talloc_free(out);
    return names->own;
}

/* Open it with the user's tickets, or the machine's. NULL: *why. */
static struct tl_directory *open_as(struct tli_rule_names *names, bool user,
                                    const char *domain, const char **why)
{
    const struct tl_trace *trace = names->in->trace;
    struct tli_machine_directory *own = user ? NULL : own_directory(names);
    struct tl_krb *krb = user ? user_context(names) : own != NULL ? own->krb : NULL;
    struct tl_locator *locator = user          ? names->user_locator
                                 : own != NULL ? own->locator
                                               : NULL;
    struct tl_directory *dir = NULL;
    struct tl_outcome *out;

    *why = user ? names->user_why : names->own_why;
    if (krb == NULL)
        return NULL;
    if (own != NULL && tl_dns_equal(domain, names->machine->workstation->domain))
        return own->dir;
    out = tl_outcome_new(names);
    if (out == NULL)
        return NULL;
    if (tli_user_directory_open(names, krb, locator, domain, trace, deadline_of(names),
                                &dir, out) != TL_REASON_OK)
        *why = why_of(names, out);
    talloc_free(out);
    return dir;
}

/* Once for each domain. The user may read the user's own domain where the machine may not
 * (one-way trust); in any other the machine is tried first. */
static struct opened *open_domain(struct tli_rule_names *names, const char *domain)
{
    bool users = tl_dns_equal(domain, names->in->domain);
    const char *first = NULL, *second = NULL;
    struct opened *one;

    for (one = names->opened; one != NULL; one = one->next)
        if (tl_dns_equal(one->domain, domain))
            return one;
    one = talloc_zero(names, struct opened);
    if (one == NULL)
        return NULL;
    one->domain = domain;
    one->dir = open_as(names, users, domain, &first);
    if (one->dir == NULL)
        one->dir = open_as(names, !users, domain, &second);
    if (one->dir == NULL)
        one->why = talloc_asprintf(one,
                                   "the directory of %s cannot be read: as %s, %s; "
                                   "as %s, %s",
                                   domain, users ? "the user" : "this machine", first,
                                   users ? "this machine" : "the user", second);
    one->next = names->opened;
    names->opened = one;
    return one;
}

struct tl_directory *tli_rule_names_open(struct tli_rule_names *names,
                                         const struct tl_known_domain *domain,
                                         const char **why)
{
    struct opened *opened = open_domain(names, domain->dns);

    *why = opened != NULL && opened->why != NULL ? opened->why : "out of memory";
    return opened != NULL ? opened->dir : NULL;
}

static enum tl_reason ask_group(struct tli_rule_names *names, struct tl_directory *dir,
                                const char *name, const struct tl_sid *sid,
                                struct tli_rule_found *found, const char **why,
                                struct tl_outcome *out)
{
    struct tl_dir_group *group = NULL;
    enum tl_reason reason =
        name != NULL ? tl_directory_group_by_name(names, dir, name, &group, out)
                     : tl_directory_group_by_sid(names, dir, sid, &group, out);

    if (reason != TL_REASON_OK)
        return reason;
    found->sid = group->sid;
    found->name = group->name;
    if ((group->type & TL_GROUP_SECURITY) == 0) {
        *why = "is a distribution group, which no ticket contains";
        return TL_REASON_USER_UNKNOWN;
    }
    return TL_REASON_OK;
}

static enum tl_reason ask_user(struct tli_rule_names *names, struct tl_directory *dir,
                               const char *name, const struct tl_sid *sid,
                               struct tli_rule_found *found, struct tl_outcome *out)
{
    struct tl_dir_user *user = NULL;
    enum tl_reason reason = name != NULL
                                ? tl_directory_user_by_sam(names, dir, name, &user, out)
                                : tl_directory_user_by_sid(names, dir, sid, &user, out);

    if (reason != TL_REASON_OK)
        return reason;
    found->sid = user->sid;
    found->name = user->sam;
    return TL_REASON_OK;
}

/* A SID outside the domain that was asked is refused: a directory decides about its own
 * accounts only. */
int tli_rule_names_ask(struct tli_rule_names *names, const struct tl_known_domain *domain,
                       bool group, const char *name, const struct tl_sid *sid,
                       struct tli_rule_found *found, const char **why)
{
    struct tl_directory *dir = tli_rule_names_open(names, domain, why);
    struct tl_outcome *out = tl_outcome_new(names);
    enum tl_reason reason;

    *found = (struct tli_rule_found){0};
    if (dir == NULL)
        return -EIO;
    *why = "out of memory";
    if (out == NULL)
        return -EIO;
    *why = NULL;
    reason = group ? ask_group(names, dir, name, sid, found, why, out)
                   : ask_user(names, dir, name, sid, found, out);
    if (reason == TL_REASON_USER_UNKNOWN) {
        if (*why == NULL)
            *why = talloc_asprintf(names, "there is no such %s in %s",
                                   group ? "group" : "user", domain->dns);
        if (*why == NULL)
            *why = "there is no such account";
        return -ENOENT;
    }
    if (reason != TL_REASON_OK) {
        *why = why_of(names, out);
        return -EIO;
    }
    /* BUILTIN groups are local to each machine and mean nothing here. */
    if (!tl_sid_in_domain(&found->sid, &domain->sid)) {
        *why = "its SID is not one of that domain";
        return -ENOENT;
    }
    return 0;
}

static bool is_member(const struct tl_membership *member, const struct tl_sid *sid)
{
    if (tl_sid_equal(&member->user, sid))
        return true;
    for (size_t i = 0; i < member->count; i++) {
        if ((member->groups[i].attributes & TL_MEMBER_DENY_ONLY) == 0 &&
            tl_sid_equal(&member->groups[i].sid, sid))
            return true;
    }
    return false;
}

int tli_rule_names_holds(struct tli_rule_names *names,
                         const struct tl_known_domain *domain, const struct tl_sid *sid,
                         const struct tl_membership *member, bool *holds)
{
    const char *why = NULL;
    struct tl_directory *dir = tli_rule_names_open(names, domain, &why);
    struct tl_dir_group *group = NULL;
    struct tl_dir_names *members = NULL;

    *holds = false;
    if (dir == NULL ||
        tl_directory_group_by_sid(names, dir, sid, &group, NULL) != TL_REASON_OK ||
        tl_directory_members(names, dir, group, true, &members, NULL) != TL_REASON_OK)
        return -EIO;
    for (size_t i = 0; i < members->count && !*holds; i++)
        *holds = is_member(member, &members->names[i].sid);
    return 0;
}
