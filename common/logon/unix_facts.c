/* SPDX-License-Identifier: MIT
 *
 * unix_facts.c - idmap = rfc2307 at a logon: whose directories are read, and as whom.
 *
 * The user's domain and the others of its forest with the user's fresh ticket, which may
 * read there whatever the direction of the trust; the workstation's domain, whose
 * domain-local groups the ticket for this machine brought, as the machine.
 */
#include <errno.h>
#include <string.h>

#include "machine/directory.h"
#include "steps.h"

/* Domains other than the user's and the workstation's: nobody is in groups of more. */
#define OTHERS_MAX 8

struct reading {
    struct tl_logon *logon;
    tl_deadline deadline;
    struct tl_idmap *map;
    struct tl_unix_facts *facts;
    size_t num_sids;
    struct tl_sid *sids; /* all groups */
    struct tl_outcome *why;
};

/* The journal shall name the attribute that is missing, and why it is. */
static enum tl_reason unreadable(const struct reading *r, enum tl_reason reason,
                                 const char *attribute, const char *domain)
{
    struct tl_outcome *out = r->logon->outcome;
    char string[TL_SID_STRING_MAX];

    if (reason == TL_REASON_NO_MEMORY)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, reason, NULL);
    reason =
        tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_ID_UNMAPPABLE,
                        "%s cannot be read from the directory of %s: %s", attribute,
                        domain, r->why->detail != NULL ? r->why->detail : "no reason");
    tl_outcome_set_subject(out, tl_sid_format(&r->logon->pac->user_sid, string));
    return reason;
}

static int collect(struct reading *r)
{
    const struct tl_pac *pac = r->logon->pac;
    size_t room = 1 + pac->num_groups + pac->num_extra + pac->num_resource;

    r->sids = talloc_zero_array(r->facts, struct tl_sid, room);
    if (r->sids == NULL)
        return -ENOMEM;
    if (tl_sid_append(&pac->domain_sid, pac->primary_group_rid, &r->sids[0]) == 0)
        r->num_sids = 1;
    for (size_t i = 0; i < pac->num_groups; i++)
        r->sids[r->num_sids++] = pac->groups[i].sid;
    for (size_t i = 0; i < pac->num_extra; i++)
        r->sids[r->num_sids++] = pac->extra[i].sid;
    for (size_t i = 0; i < pac->num_resource; i++)
        r->sids[r->num_sids++] = pac->resource[i].sid;
    return 0;
}

/* The gids of the groups of one domain, from its own directory: a server that shows the
 * SID of another one would say whose that one's groups are. */
static enum tl_reason groups_of(struct reading *r, struct tl_directory *dir,
                                const struct tl_idmap_domain *domain)
{
    struct tl_sid sid;
    enum tl_reason reason = tl_directory_domain_sid(dir, &sid, r->why);

    if (reason == TL_REASON_OK && !tl_sid_equal(&sid, &domain->sid))
        reason =
            tl_outcome_fail(r->why, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                            "the directory has the SID of another domain");
    if (reason == TL_REASON_OK)
        reason = tl_unix_facts_groups(r->facts, dir, r->sids, r->num_sids, r->why);
    return reason;
}

static enum tl_reason user_side(struct reading *r, const struct tl_idmap_domain *domain)
{
    struct tl_logon *logon = r->logon;
    struct tl_directory *dir = NULL;
    enum tl_reason reason;

    reason = tli_user_directory_open(r->facts, logon->krb, logon->locator, domain->dns,
                                     logon->trace, r->deadline, &dir, r->why);
    if (reason == TL_REASON_OK)
        reason = tl_unix_facts_user(r->facts, dir, &logon->pac->user_sid,
                                    logon->machine->config->unix_primary_group, r->why);
    if (reason != TL_REASON_OK)
        return unreadable(r, reason, "uidNumber", domain->dns);
    reason = groups_of(r, dir, domain);
    if (reason != TL_REASON_OK)
        return unreadable(r, reason, "gidNumber", domain->dns);
    talloc_free(dir);
    return TL_REASON_OK;
}

static void not_read(const struct reading *r, const struct tl_idmap_domain *domain)
{
    tl_trace_note(r->logon->trace, "gidNumber of groups of %s cannot be read: %s",
                  domain->dns, r->why->detail != NULL ? r->why->detail : "no reason");
}

/* Where they cannot be read, those that were known count, and a user from outside is who
 * he is without the others. */
static enum tl_reason own_side(struct reading *r, const struct tl_idmap_domain *domain)
{
    struct tl_logon *logon = r->logon;
    struct tli_machine_directory *own = NULL;
    enum tl_reason reason;

    reason = tli_machine_directory_open(r->facts, logon->machine, logon->trace,
                                        r->deadline, &own, r->why);
    if (reason == TL_REASON_OK)
        reason = groups_of(r, own->dir, domain);
    talloc_free(own);
    if (reason == TL_REASON_OK || reason == TL_REASON_NO_MEMORY)
        return reason;
    not_read(r, domain);
    for (size_t i = 0; i < logon->own.count; i++) {
        const struct tl_own_group *group = &logon->own.groups[i];

        if (group->has_gid && tl_unix_facts_add(r->facts, &group->sid, group->gid) != 0)
            return unreadable(r, TL_REASON_NO_MEMORY, NULL, NULL);
    }
    return TL_REASON_OK;
}

/* A universal group of a domain beside the user's: without it the user is still who he
 * is, so that a domain that is out of reach costs its groups and no logon. */
static void other_side(struct reading *r, const struct tl_idmap_domain *domain)
{
    struct tl_logon *logon = r->logon;
    struct tl_directory *dir = NULL;
    enum tl_reason reason;

    reason = tli_user_directory_open(r->facts, logon->krb, logon->locator, domain->dns,
                                     logon->trace, r->deadline, &dir, r->why);
    if (reason == TL_REASON_OK)
        reason = groups_of(r, dir, domain);
    if (reason != TL_REASON_OK)
        not_read(r, domain);
    talloc_free(dir);
}

/* The domain of a group, if it has ids here at all and has not been read yet. */
static const struct tl_idmap_domain *domain_of(const struct reading *r,
                                               const struct tl_sid *sid,
                                               const struct tl_idmap_domain **done,
                                               size_t num_done)
{
    const struct tl_idmap_range *ranges;
    const struct tl_idmap_domain *domain;
    struct tl_sid head;
    size_t count;
    uint32_t rid;

    if (tl_sid_split(sid, &head, &rid) != 0)
        return NULL;
    domain = tl_idmap_domain(r->map, &head);
    for (size_t i = 0; i < num_done; i++)
        if (domain == done[i])
            return NULL;
    ranges = tl_idmap_ranges(r->map, &count);
    for (size_t i = 0; domain != NULL && i < count; i++)
        if (tl_sid_equal(&ranges[i].domain, &head))
            return domain;
    return NULL;
}

static enum tl_reason read_all(struct reading *r)
{
    const struct tl_logon *logon = r->logon;
    const struct tl_idmap_domain *done[OTHERS_MAX + 2] = {0}, *domain;
    size_t count = 1;
    enum tl_reason reason;

    done[0] = tl_idmap_domain(r->map, &logon->pac->domain_sid);
    if (done[0] == NULL) /* `also` put it there */
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                               "the user's domain is not in the table of ids");
    reason = user_side(r, done[0]);
    for (size_t i = 0; reason == TL_REASON_OK && i < r->num_sids; i++) {
        if (count == sizeof(done) / sizeof(done[0]))
            break;
        domain = domain_of(r, &r->sids[i], done, count);
        if (domain == NULL)
            continue;
        done[count++] = domain;
        if (tl_dns_compare(domain->dns, logon->machine->workstation->domain) ==
            TL_DNS_EQUAL)
            reason = own_side(r, domain);
        else
            other_side(r, domain);
    }
    return reason;
}

enum tl_reason tli_unix_facts_read(struct tl_logon *logon, tl_deadline deadline,
                                   struct tl_unix_facts **facts)
{
    const char *at = strrchr(logon->client, '@');
    struct tl_idmap_domain also = {.sid = logon->pac->domain_sid};
    struct reading r = {.logon = logon, .deadline = deadline};
    enum tl_reason reason;
    char *error = NULL;
    int ret = -ENOMEM;

    *facts = NULL;
    r.facts = talloc_zero(logon, struct tl_unix_facts);
    r.why = tl_outcome_new(r.facts);
    also.dns = tl_dns_of(r.facts, at != NULL ? at + 1 : logon->client);
    if (r.facts != NULL && r.why != NULL && also.dns != NULL)
        ret = tl_idmap_new(r.facts, logon->machine->config,
                           logon->machine->workstation->domain, logon->machine->topology,
                           &also, &r.map, &error);
    if (ret == 0)
        ret = collect(&r);
    if (ret == 0)
        reason = read_all(&r);
    else if (ret == -EINVAL)
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_CONFIG_INVALID,
                                 "%s", error);
    else
        reason =
            tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (reason != TL_REASON_OK)
        talloc_free(r.facts);
    else
        *facts = r.facts;
    return reason;
}
