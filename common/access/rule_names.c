/* SPDX-License-Identifier: MIT
 *
 * rule_names.c - names of access rules looked up in the directories of their domains.
 */
#include <errno.h>
#include <trustlogon/name.h>
#include <trustlogon/trust.h>

#include "rule_names.h"

#define SLOW_US 1000000

/* As whom a directory is read. */
enum reader { AS_MACHINE, AS_USER, READERS };

/* A directory that could not be read is not tried again for the same verdict. */
struct failure {
    struct failure *next;
    enum reader as;
    const char *domain, *why;
};

struct tli_rule_names {
    const struct tl_rules_input *in;
    struct tl_machine *machine; /* a copy of in->machine, whose topology may be newer */
    bool topology_read;         /* it is: it was read again for a name */
    tl_deadline deadline;       /* counted from the first question on the network */
    bool asking;                /* that has been asked */
    struct tl_lookup *as[READERS]; /* each made when it is needed */
    struct failure *failures;      /* a list */
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

static enum tl_reason refresh(struct tli_rule_names *names)
{
    const struct tl_rules_sources *sources = names->in->sources;

    return sources != NULL
               ? sources->refresh(sources->arg, names->machine, deadline_of(names))
               : tl_machine_refresh(names->machine, names->in->trace, deadline_of(names),
                                    NULL);
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
    if (refresh(names) != TL_REASON_OK)
        return false;
    return find_domain(names, text, sid, domain);
}

/* NULL: nobody reads directories as that one here, or no memory. */
static struct tl_lookup *lookup_as(struct tli_rule_names *names, enum reader as)
{
    const struct tl_rules_sources *sources = names->in->sources;
    struct tl_lookup_input in = {.machine = names->machine,
                                 .trace = names->in->trace,
                                 .deadline = deadline_of(names)};

    if (sources == NULL)
        in.krb = as == AS_USER ? names->in->krb : NULL;
    else
        in.reader = as == AS_USER ? sources->user : sources->machine;
    if (as == AS_USER && in.krb == NULL && in.reader == NULL)
        return NULL;
    if (names->as[as] == NULL)
        names->as[as] = tl_lookup_new(names, &in);
    return names->as[as];
}

/* What a directory says of an account is an answer; that it cannot be read is not. */
static bool is_answer(enum tl_reason reason)
{
    return reason == TL_REASON_OK || reason == TL_REASON_USER_UNKNOWN ||
           reason == TL_REASON_ID_COLLISION;
}

/* Why this domain could not be read as that one before; NULL: it was not tried, or could
 * be. */
static const char *failed_before(const struct tli_rule_names *names, enum reader as,
                                 const char *domain)
{
    for (const struct failure *one = names->failures; one != NULL; one = one->next)
        if (one->as == as && tl_dns_equal(one->domain, domain))
            return one->why;
    return NULL;
}

static void note_failure(struct tli_rule_names *names, enum reader as, const char *domain,
                         const char *why)
{
    struct failure *one = talloc_zero(names, struct failure);

    if (one == NULL)
        return;
    one->as = as;
    one->domain = domain;
    one->why = why;
    one->next = names->failures;
    names->failures = one;
}

/* The user's forest: what reads another one must not have the user's tickets. */
static bool is_of_users_forest(const struct tli_rule_names *names, const char *domain)
{
    const struct tl_topology *topo = names->machine->topology;
    const char *users = names->in->domain;

    if (users == NULL || tl_dns_equal(domain, users))
        return users != NULL;
    for (size_t i = 0; topo != NULL && i < topo->num_trusts; i++)
        if (tl_forest_has_domain(&topo->trusts[i], users) &&
            tl_forest_has_domain(&topo->trusts[i], domain))
            return true;
    return false;
}

/* An object that is refused is one, and no reason not to ask for the next. What takes
 * long, or is about the domain, will be so again. */
static bool concerns_domain(enum tl_reason reason, int64_t took_us)
{
    return reason != TL_REASON_DIRECTORY_UNREADABLE || took_us > SLOW_US;
}

static enum tl_reason ask_as(struct tli_rule_names *names, enum reader as,
                             const struct tl_lookup_domain *domain,
                             const struct tli_reading_question *question,
                             struct tli_reading **reading, struct tl_outcome *out)
{
    bool may = as == AS_MACHINE || is_of_users_forest(names, domain->dns);
    struct tl_lookup *lookup = may ? lookup_as(names, as) : NULL;
    const char *why = failed_before(names, as, domain->dns);
    int64_t began = tl_now_us();
    enum tl_reason reason;

    *reading = NULL;
    tl_outcome_reset(out);
    if (lookup == NULL)
        why = "the user's tickets are not available";
    else if (why == NULL && tl_deadline_left_ms(deadline_of(names)) == 0)
        why = "the time for all names is over";
    if (why != NULL)
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                               "%s", why);
    reason = tli_lookup_ask(names, lookup, domain, question, reading, out);
    if (!is_answer(reason) && concerns_domain(reason, tl_now_us() - began))
        note_failure(names, as, domain->dns, why_of(names, out));
    return reason;
}

/* As the machine: by a process that has the directory open. As the user in the user's
 * forest, which the machine may not read over a one-way trust, and some of whose accounts
 * it may not see. */
enum tl_reason tli_rule_names_read(struct tli_rule_names *names,
                                   const struct tl_known_domain *domain,
                                   const struct tli_reading_question *question,
                                   struct tli_reading **reading, struct tl_outcome *out)
{
    const struct tl_lookup_domain *known =
        tli_lookup_domain(names, names->machine, domain->dns);
    const struct tl_lookup_domain asked =
        tli_lookup_known(domain, names->machine->workstation);
    bool users = tl_dns_equal(domain->dns, names->in->domain);
    enum tl_reason first = TL_REASON_DIRECTORY_UNREADABLE, second;
    const char *why = "it is not trusted there";

    if (!users || known == NULL || known->two_way || lookup_as(names, AS_USER) == NULL) {
        first = ask_as(names, AS_MACHINE, &asked, question, reading, out);
        why = why_of(names, out);
    }
    if (is_answer(first) && (first != TL_REASON_USER_UNKNOWN || !users))
        return first;
    second = ask_as(names, AS_USER, &asked, question, reading, out);
    if (is_answer(second))
        return second;
    /* Without the user's tickets nobody could say otherwise. */
    if (is_answer(first) && lookup_as(names, AS_USER) == NULL)
        return tl_outcome_fail(out, TL_STAGE_IDENTITY, first, "%s", why);
    return tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                           "the directory of %s cannot be read: as this machine, %s; as "
                           "the user, %s",
                           domain->dns, why, why_of(names, out));
}

/* The names of `reading` as an account that a rule can use; else *why. */
static enum tl_reason take(const struct tli_reading *reading, bool group,
                           struct tli_rule_found *found, const char **why)
{
    found->sid = group ? reading->group->sid : reading->user->sid;
    found->name = group ? reading->group->name : reading->user->sam;
    if (!group || (reading->group->type & TL_GROUP_SECURITY) != 0)
        return TL_REASON_OK;
    *why = "is a distribution group, which no ticket contains";
    return TL_REASON_USER_UNKNOWN;
}

/* A SID outside the domain that was asked is refused: a directory decides about its own
 * accounts only. */
int tli_rule_names_ask(struct tli_rule_names *names, const struct tl_known_domain *domain,
                       bool group, const char *name, const struct tl_sid *sid,
                       struct tli_rule_found *found, const char **why)
{
    struct tli_reading_question question = {
        .kind = group ? TLI_READ_GROUP : TLI_READ_ACCOUNT,
        .by = name != NULL ? TL_LOOKUP_BY_SAM : TL_LOOKUP_BY_SID,
        .name = name};
    struct tl_outcome *out = tl_outcome_new(names);
    struct tli_reading *reading = NULL;
    enum tl_reason reason;

    *found = (struct tli_rule_found){0};
    *why = "out of memory";
    if (out == NULL)
        return -EIO;
    if (sid != NULL)
        question.sid = *sid;
    *why = NULL;
    reason = tli_rule_names_read(names, domain, &question, &reading, out);
    if (reason == TL_REASON_OK)
        reason = take(reading, group, found, why);
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
    const struct tli_reading_question question = {.kind = TLI_READ_MEMBERS, .sid = *sid};
    struct tl_outcome *out = tl_outcome_new(names);
    struct tli_reading *reading = NULL;

    *holds = false;
    if (out == NULL ||
        tli_rule_names_read(names, domain, &question, &reading, out) != TL_REASON_OK ||
        reading == NULL)
        return -EIO;
    for (size_t i = 0; i < reading->names->count && !*holds; i++)
        *holds = is_member(member, &reading->names->names[i].sid);
    return 0;
}
