/* SPDX-License-Identifier: MIT
 *
 * unix_facts.c - idmap = rfc2307 at a logon: which directories are read, and as whom.
 *
 * The user's domain and the others of its forest are read with the user's fresh ticket,
 * which may read there in either direction of the trust; the machine's domain, whose
 * domain-local groups the ticket for this machine brought, as the machine.
 */
#include <errno.h>
#include <string.h>

#include "machine/directory.h"
#include "steps.h"

/* Domains other than the user's and the machine's. Groups of more are not read. */
#define OTHERS_MAX 8

struct reading {
    struct tl_logon *logon;
    tl_deadline deadline;
    struct tl_idmap *map;        /* which domains have ids here */
    struct tl_unix_facts *facts; /* what was read so far */
    size_t num_sids;
    struct tl_sid *sids;    /* of all groups in the PAC, the primary one first */
    struct tl_outcome *why; /* why the last directory could not be read */
};

/* The journal names the attribute that is missing, and why it is. */
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

/* The gids of the groups of one domain, from its own directory. A server that shows
 * another domain's SID is refused: it would decide the gids of that domain's groups. */
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

/* Where they cannot be read, the gids that were known count. A user from outside is the
 * same user without the other groups. */
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

/* Universal groups of a third domain: the user is the same without them, so a domain that
 * is out of reach costs its groups only, not the logon. */
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

static bool is_own(const struct reading *r, const struct tl_idmap_domain *domain)
{
    return tl_dns_equal(domain->dns, r->logon->machine->workstation->domain);
}

static bool is_users(const struct reading *r, const struct tl_idmap_domain *domain)
{
    return tl_sid_equal(&domain->sid, &r->logon->pac->domain_sid);
}

static enum tl_reason read_here(struct reading *r, const struct tl_idmap_domain *domain)
{
    if (is_users(r, domain))
        return user_side(r, domain);
    if (is_own(r, domain))
        return own_side(r, domain);
    other_side(r, domain);
    return TL_REASON_OK;
}

/* Of what was read there, the part that this domain may say. */
static int take(struct reading *r, const struct tl_idmap_domain *domain,
                struct tl_unix_facts *found)
{
    struct tl_unix_facts *facts = r->facts;
    const struct tl_unix_facts before = *facts;

    if (is_users(r, domain)) {
        *facts = *found;
        talloc_steal(facts, found);
        facts->num_groups = before.num_groups;
        facts->groups = before.groups;
        facts->gid_is_group =
            found->gid_is_group && tl_sid_in_domain(&found->gid_sid, &domain->sid);
    }
    for (size_t i = 0; i < found->num_groups; i++)
        if (tl_sid_in_domain(&found->groups[i].sid, &domain->sid) &&
            tl_unix_facts_add(facts, &found->groups[i].sid, found->groups[i].gid) != 0)
            return -ENOMEM;
    return 0;
}

/* By another process, one for each domain: none speaks for the groups of two, and what
 * this machine's domain says of a user from elsewhere comes from one that has nothing of
 * the user's. */
static enum tl_reason read_there(struct reading *r, const struct tl_idmap_domain *domain)
{
    const struct tl_logon_worker *worker = r->logon->worker;
    bool users = is_users(r, domain), own = is_own(r, domain) && !users;
    struct tl_unix_facts *found = NULL;
    enum tl_reason reason =
        worker->unix_facts(worker->arg, r->logon, domain->dns, own, &found);

    if (reason != TL_REASON_OK && !users && !own) { /* as other_side() */
        tl_trace_note(r->logon->trace, "gidNumber of groups of %s cannot be read",
                      domain->dns);
        tl_outcome_reset(r->logon->outcome);
        return TL_REASON_OK;
    }
    if (reason != TL_REASON_OK)
        return reason;
    if (take(r, domain, found) != 0)
        return unreadable(r, TL_REASON_NO_MEMORY, NULL, NULL);
    return TL_REASON_OK;
}

static enum tl_reason read_one(struct reading *r, const struct tl_idmap_domain *domain)
{
    return r->logon->worker != NULL ? read_there(r, domain) : read_here(r, domain);
}

/* The user's domain must answer, since the uid is there. The domains of the groups follow
 * in the order of the SIDs, each once. */
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
    reason = read_one(r, done[0]);
    for (size_t i = 0; reason == TL_REASON_OK && i < r->num_sids; i++) {
        if (count == sizeof(done) / sizeof(done[0]))
            break;
        domain = domain_of(r, &r->sids[i], done, count);
        if (domain == NULL)
            continue;
        done[count++] = domain;
        reason = read_one(r, domain);
    }
    return reason;
}

static enum tl_reason read_only(struct reading *r, const char *dns)
{
    const struct tl_idmap_domain *users =
        tl_idmap_domain(r->map, &r->logon->pac->domain_sid);
    const struct tl_idmap_range *ranges;
    size_t count;

    if (users != NULL && tl_dns_equal(users->dns, dns)) /* perhaps without a range */
        return read_here(r, users);
    ranges = tl_idmap_ranges(r->map, &count);
    for (size_t i = 0; i < count; i++) {
        const struct tl_idmap_domain *domain = tl_idmap_domain(r->map, &ranges[i].domain);

        if (domain != NULL && tl_dns_equal(domain->dns, dns))
            return read_here(r, domain);
    }
    return tl_outcome_fail(r->logon->outcome, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                           "%s is not in the table of ids", dns);
}

/* The table of ids says which domains have ids at all; `also` puts the user's into it,
 * which no trust needs to list. */
enum tl_reason tli_unix_facts_read(struct tl_logon *logon, const char *domain,
                                   tl_deadline deadline, struct tl_unix_facts **facts)
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
        reason = domain != NULL ? read_only(&r, domain) : read_all(&r);
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
