/* SPDX-License-Identifier: MIT
 *
 * own_groups.c - the groups of the machine's own domain that a user of another forest is
 * in, as the directory of that domain has them.
 *
 * A Windows KDC of this domain puts them into the ticket as resource groups; Samba's puts
 * some there or none, or puts them where nothing proves them [KILE 3.3.5.7.3]. Even
 * without the ticket the user is in them, so the directory is asked: with the saved
 * machine tickets, for two seconds at most, and not again for five minutes. A directory
 * that cannot be asked fails no logon; what was known before still counts.
 */
#include <string.h>
#include <time.h>

#include <trustlogon/logon.h>
#include <trustlogon/lookup.h>
#include <trustlogon/name.h>

#include "steps.h"

#define FRESH_S 300 /* as for the groups of users who come without a password */
/* The last answer counts for so long, as the groups of the last proof do for users who
 * come without one. Keeping the directory silent must not preserve a membership that it
 * has ended. */
#define KEPT_S (7 * 86400)
#define MOST_MS 2000           /* that the directory may take */
#define ATTRIBUTES 0x20000007U /* enabled; SE_GROUP_RESOURCE [MS-PAC 2.2.1] */

/* KDCs of the own forest put all of these into the ticket, and users of the own forest
 * are in groups by name, not by SID. */
static bool is_of_own_forest(const struct tl_logon *logon, const char *realm)
{
    const struct tl_topology *topo = logon->machine->topology;

    for (size_t i = 0; topo != NULL && i < topo->num_domains; i++)
        if (tl_dns_equal(topo->domains[i].dns, realm))
            return true;
    return tl_dns_equal(logon->machine->workstation->domain, realm);
}

/* The SID of the machine's domain; NULL: not known. */
static const struct tl_sid *own_sid(const struct tl_logon *logon)
{
    const struct tl_domain *own =
        tl_topology_domain(logon->machine->topology, logon->machine->workstation->domain);

    return own != NULL && own->has_sid ? &own->sid : NULL;
}

static enum tl_reason ask(struct tl_logon *logon, tl_deadline deadline,
                          struct tl_dir_names **found, struct tl_outcome *out)
{
    int left = tl_deadline_left_ms(deadline);
    struct tl_lookup_input in = {.machine = logon->machine, .trace = logon->trace};
    struct tl_lookup *lookup;
    enum tl_reason reason;

    *found = NULL;
    in.deadline = tl_deadline_in_ms(left < MOST_MS ? left : MOST_MS);
    if (logon->worker != NULL)
        return logon->worker->own_groups(logon->worker->arg, logon, in.deadline, found,
                                         out);
    lookup = tl_lookup_new(logon, &in);
    if (lookup == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tl_lookup_own_groups(logon, lookup, logon->pac, found, out);
    talloc_free(lookup);
    return reason;
}

/* logon->own becomes what the directory says, with the gids that were known. */
static int take(struct tl_logon *logon, const struct tl_dir_names *found)
{
    struct tl_own_groups *own = &logon->own;
    const struct tl_own_groups old = *own;
    const struct tl_sid *domain = own_sid(logon);

    own->count = 0;
    own->groups = talloc_zero_array(logon, struct tl_own_group, found->count + 1);
    if (own->groups == NULL)
        return -1;
    for (size_t i = 0; i < found->count; i++) {
        struct tl_own_group *group = &own->groups[own->count];

        if (domain == NULL || !tl_sid_in_domain(&found->names[i].sid, domain))
            continue; /* no directory speaks of another domain's groups */
        own->count++;
        group->sid = found->names[i].sid;
        for (size_t k = 0; k < old.count; k++)
            if (tl_sid_equal(&old.groups[k].sid, &group->sid))
                *group = old.groups[k];
    }
    return 0;
}

/* Only those of the own domain: a look-up leaves groups of every domain. */
static void keep_own(struct tl_own_groups *known, const struct tl_sid *own)
{
    size_t kept = 0;

    for (size_t i = 0; i < known->count; i++)
        if (own != NULL && tl_sid_in_domain(&known->groups[i].sid, own))
            known->groups[kept++] = known->groups[i];
    known->count = kept;
}

static void unmark(struct tl_pac_group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        groups[i].attributes &= ~TL_MEMBER_DIRECTORY;
}

static struct tl_pac_group *find(const struct tl_pac *pac, const struct tl_sid *sid)
{
    for (size_t i = 0; i < pac->num_resource; i++)
        if (tl_sid_equal(&pac->resource[i].sid, sid))
            return &pac->resource[i];
    return NULL;
}

/* Among the resource groups, where a KDC would have put them, and marked as ours. */
static int give(struct tl_pac *pac, const struct tl_own_groups *own)
{
    struct tl_pac_group *grown = talloc_realloc(pac, pac->resource, struct tl_pac_group,
                                                pac->num_resource + own->count + 1);

    if (grown == NULL)
        return -1;
    pac->resource = grown;
    for (size_t i = 0; i < own->count; i++) {
        struct tl_pac_group *there = find(pac, &own->groups[i].sid);

        if (there == NULL) {
            there = &grown[pac->num_resource++];
            *there = (struct tl_pac_group){.sid = own->groups[i].sid,
                                           .attributes = ATTRIBUTES};
        }
        there->attributes |= TL_MEMBER_DIRECTORY;
    }
    return 0;
}

/*
 * logon->own.asked is when the directory was asked, with or without an answer, so that
 * one that is down is not asked at every logon. logon->own.answered is when it answered,
 * which limits how long an answer counts.
 */
enum tl_reason tli_logon_add_own_groups(struct tl_logon *logon, tl_deadline deadline)
{
    const char *at = strrchr(logon->client, '@');
    struct tl_outcome *why = tl_outcome_new(logon);
    struct tl_dir_names *found = NULL;
    int64_t now = (int64_t)time(NULL), age;
    enum tl_reason reason = TL_REASON_OK;

    /* No KDC sets our mark: in the ticket it means nothing. */
    unmark(logon->pac->groups, logon->pac->num_groups);
    unmark(logon->pac->extra, logon->pac->num_extra + logon->pac->num_unproven);
    unmark(logon->pac->resource, logon->pac->num_resource);
    if (at == NULL || is_of_own_forest(logon, at + 1))
        return TL_REASON_OK;
    if (logon->cached_groups != NULL)
        logon->cached_groups(logon->cached_groups_arg, logon, &logon->pac->user_sid,
                             &logon->own);
    keep_own(&logon->own, own_sid(logon));
    age = now - logon->own.asked;
    if (age < 0 || age >= FRESH_S) {
        reason = ask(logon, deadline, &found, why);
        logon->own.asked = now;
        if (found != NULL || (logon->own.answered == 0 && logon->own.count > 0))
            logon->own.answered = now;
        if (reason != TL_REASON_OK)
            tl_trace_note(logon->trace, "groups of %s could not be read: %s",
                          logon->machine->workstation->domain,
                          why != NULL && why->detail != NULL
                              ? why->detail
                              : tl_reason_info(reason)->slug);
    }
    if (found == NULL &&
        (logon->own.answered > now || now - logon->own.answered > KEPT_S))
        logon->own.count = 0;
    if ((found != NULL && take(logon, found) != 0) || give(logon->pac, &logon->own) != 0)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    talloc_free(why);
    return TL_REASON_OK;
}
