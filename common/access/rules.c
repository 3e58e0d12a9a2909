/* SPDX-License-Identifier: MIT
 *
 * rules.c - the access rules of the configuration, held against a user.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <trustlogon/name.h>
#include <trustlogon/rules.h>

#include "logon/steps.h"
#include "rule_cache.h"
#include "rule_names.h"

/* One verdict, or one listing of all entries. */
struct rules {
    const struct tl_rules_input *in;
    const struct tl_membership *member; /* of whom it is; NULL when listing */
    struct tli_rule_names *names;
    struct tli_rule_cache *cache;
    int64_t now; /* seconds since 1970 */
};

static struct tl_access access_of(const struct tl_config *config)
{
    return (struct tl_access){.allow_groups = config->allow_groups,
                              .deny_groups = config->deny_groups,
                              .allow_users = config->allow_users};
}

bool tl_rules_any(const struct tl_config *config)
{
    struct tl_access access = access_of(config);

    return tl_access_has_rules(&access);
}

/* A rule about a domain that none of the user's SIDs is of cannot match the user. */
static bool matters(const struct tl_membership *member, const struct tl_sid *domain)
{
    if (tl_sid_in_domain(&member->user, domain))
        return true;
    for (size_t i = 0; i < member->count; i++) {
        if (tl_sid_in_domain(&member->groups[i].sid, domain))
            return true;
    }
    return false;
}

/* The cached SID of the name; NULL if nothing is cached, or the SID is another
 * domain's. */
static const struct tli_rule_name *find_cached(const struct rules *rules,
                                               const struct tl_known_domain *domain,
                                               const char *name, bool group)
{
    const struct tli_rule_name *found =
        tli_rule_cache_find(rules->cache, group, domain->dns, name, rules->now);

    return found != NULL && tl_sid_in_domain(&found->sid, &domain->sid) ? found : NULL;
}

/*
 * The SID of an entry that is a name: from the cache within rule_lifetime, else from the
 * directory; if that cannot be asked, from the cache for TL_RULE_STALE_S longer. A domain
 * that cannot matter for the user is not asked at all.
 */
static enum tl_access_answer resolve(void *arg, const struct tl_access_entry *entry,
                                     bool group, bool ask, struct tl_sid *sid,
                                     const char **why)
{
    struct rules *rules = arg;
    const struct tli_rule_name *old;
    struct tl_known_domain domain;
    struct tli_rule_found found;
    int64_t age;
    int ret;

    if (!tli_rule_names_domain(rules->names, entry->domain, NULL, ask, &domain, why))
        return TL_ACCESS_UNRESOLVED;
    if (!matters(rules->member, &domain.sid))
        return TL_ACCESS_ELSEWHERE;
    old = find_cached(rules, &domain, entry->name, group);
    age = old != NULL ? rules->now - old->found : INT64_MAX;
    if (age < rules->in->machine->config->rule_lifetime) {
        *sid = old->sid;
        return TL_ACCESS_SID;
    }
    if (!ask)
        return TL_ACCESS_UNRESOLVED;
    ret =
        tli_rule_names_ask(rules->names, &domain, group, entry->name, NULL, &found, why);
    if (ret == -EIO &&
        age < rules->in->machine->config->rule_lifetime + TL_RULE_STALE_S) {
        tl_trace_note(rules->in->trace, "%s keeps its last known SID: %s", entry->text,
                      *why);
        *sid = old->sid;
        return TL_ACCESS_SID;
    }
    /* An entry stays cached when its directory could not be asked. */
    if (ret != -EIO)
        (void)tli_rule_cache_put(rules->cache, group, domain.dns, entry->name,
                                 ret == 0 ? &found.sid : NULL, rules->now);
    if (ret != 0)
        return TL_ACCESS_UNRESOLVED;
    *sid = found.sid;
    return TL_ACCESS_SID;
}

/* Whether an entry of the list is this group, as far as the entries are resolved. */
static bool is_listed(struct rules *rules, const struct tl_access_list *list,
                      const struct tl_pac_group *group)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct tl_access_entry *entry = &list->entries[i];
        struct tl_sid sid = entry->sid;
        const char *why;

        if ((entry->name == NULL ||
             resolve(rules, entry, true, false, &sid, &why) == TL_ACCESS_SID) &&
            tl_sid_equal(&sid, &group->sid))
            return true;
    }
    return false;
}

/* The folder is the agent's: a process that may not write there looks names up each
 * time. */
static void save(struct rules *rules)
{
    int ret = tli_rule_cache_save(rules->cache, rules->now);

    if (ret != 0)
        tl_trace_note(rules->in->trace, "%s was not saved", rules->cache->path);
}

static int begin(struct rules *rules, TALLOC_CTX *ctx, const struct tl_rules_input *in,
                 const struct tl_membership *member)
{
    *rules = (struct rules){.in = in, .member = member, .now = (int64_t)time(NULL)};
    rules->names = tli_rule_names_new(ctx, in);
    rules->cache = tli_rule_cache_load(ctx, in->machine->config);
    return rules->names != NULL && rules->cache != NULL ? 0 : -ENOMEM;
}

/*
 * Groups of this machine's own domain that the ticket of a user from outside claims in
 * the wrong place (tl_pac_apply_rules()): Samba 4.17 puts domain-local groups there, and
 * the user's own domain could. Our own directory knows. A copy of `member` with what
 * it confirms, or NULL: nothing. Only those that could allow are asked about.
 */
static struct tl_membership *confirm(struct rules *rules, TALLOC_CTX *ctx)
{
    const struct tl_access_list *list = rules->in->machine->config->allow_groups;
    struct tl_membership *member = talloc_memdup(ctx, rules->member, sizeof(*member));
    struct tl_known_domain own;
    const char *why;
    bool confirmed = false;

    if (list == NULL || member == NULL ||
        !tli_rule_names_domain(rules->names, rules->in->machine->workstation->domain,
                               NULL, false, &own, &why))
        return NULL;
    member->groups =
        talloc_memdup(ctx, member->groups, member->count * sizeof(*member->groups));
    for (size_t i = 0; member->groups != NULL && i < member->count; i++) {
        struct tl_pac_group *group = &member->groups[i];
        bool holds = false;

        if ((group->attributes & TL_MEMBER_UNPROVEN) == 0 ||
            !tl_sid_in_domain(&group->sid, &own.sid) || !is_listed(rules, list, group))
            continue;
        if (tli_rule_names_holds(rules->names, &own, &group->sid, rules->member,
                                 &holds) != 0 ||
            !holds)
            continue;
        group->attributes &= ~(TL_MEMBER_UNPROVEN | TL_MEMBER_DENY_ONLY);
        confirmed = true;
    }
    return confirmed && member->groups != NULL ? member : NULL;
}

/* Before a denial stands, confirm() asks the directory about groups that the ticket
 * brings without proof. */
enum tl_reason tl_rules_check(const struct tl_rules_input *in,
                              const struct tl_membership *member, struct tl_outcome *out)
{
    const struct tl_access access = access_of(in->machine->config);
    struct tl_membership *confirmed;
    TALLOC_CTX *tmp;
    struct rules rules;
    enum tl_reason reason;

    if (!tl_access_has_rules(&access))
        return TL_REASON_OK;
    tmp = talloc_new(NULL);
    if (tmp == NULL || begin(&rules, tmp, in, member) != 0) {
        talloc_free(tmp);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    reason = tl_access_check(&access, member, resolve, &rules, out);
    confirmed = reason == TL_REASON_ACCESS_RULE ? confirm(&rules, tmp) : NULL;
    if (confirmed != NULL) {
        if (out != NULL)
            tl_outcome_reset(out);
        reason = tl_access_check(&access, confirmed, resolve, &rules, out);
    }
    save(&rules);
    talloc_free(tmp);
    return reason;
}

enum tl_reason tl_rules_check_logon(struct tl_logon *logon,
                                    const struct tl_config *config,
                                    const struct tl_rules_sources *sources,
                                    struct tl_outcome *out)
{
    const char *at = strrchr(logon->client, '@');
    struct tl_machine machine = *logon->machine;
    struct tl_rules_input in = {.machine = &machine,
                                .trace = logon->trace,
                                .krb = logon->krb,
                                .sources = sources};

    machine.config = config;
    if (logon->member == NULL &&
        tl_membership_from_pac(logon, logon->pac, &logon->member) != 0)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (logon->domain == NULL)
        logon->domain = tl_dns_of(logon, at != NULL ? at + 1 : logon->client);
    in.domain = logon->domain;
    return tl_rules_check(&in, logon->member, out);
}

enum tl_reason tl_rules_judge_logon(struct tl_logon *logon)
{
    enum tl_reason reason =
        tl_rules_check_logon(logon, logon->machine->config, NULL, logon->outcome);

    if (reason != TL_REASON_OK)
        tli_logon_set_words(logon);
    return reason;
}

/* `group`: the entry is in a list of groups; a SID does not show its kind. */
static void list_sid(struct rules *rules, TALLOC_CTX *ctx, bool group,
                     const struct tl_sid *sid, struct tl_rule_info *info)
{
    struct tl_known_domain domain;
    struct tli_rule_found found = {0};

    info->sid = *sid;
    info->resolved = true;
    if (!tli_rule_names_domain(rules->names, NULL, sid, true, &domain, &info->why)) {
        /* S-1-18-1 and its kind are in tickets, and in no directory. */
        info->name = talloc_strdup(ctx, tl_sid_well_known(sid));
        info->why = info->name != NULL ? NULL : "not in a domain that this machine knows";
        return;
    }
    if (tli_rule_names_ask(rules->names, &domain, group, NULL, sid, &found, &info->why) ==
        0)
        info->name = talloc_asprintf(ctx, "%s\\%s", domain.dns, found.name);
}

static void list_name(struct rules *rules, TALLOC_CTX *ctx, bool group,
                      const struct tl_access_entry *entry, struct tl_rule_info *info)
{
    const struct tli_rule_name *old;
    struct tl_known_domain domain;
    struct tli_rule_found found = {0};
    int ret;

    if (!tli_rule_names_domain(rules->names, entry->domain, NULL, true, &domain,
                               &info->why))
        return;
    ret = tli_rule_names_ask(rules->names, &domain, group, entry->name, NULL, &found,
                             &info->why);
    if (ret != -EIO)
        (void)tli_rule_cache_put(rules->cache, group, domain.dns, entry->name,
                                 ret == 0 ? &found.sid : NULL, rules->now);
    old = ret == -EIO ? find_cached(rules, &domain, entry->name, group) : NULL;
    if (old != NULL) {
        info->resolved = true;
        info->sid = old->sid;
    }
    if (ret != 0)
        return;
    info->resolved = true;
    info->sid = found.sid;
    info->name = talloc_asprintf(ctx, "%s\\%s", domain.dns, found.name);
}

/* Entry by entry of all three lists, each asked of its directory. */
enum tl_reason tl_rules_list(TALLOC_CTX *ctx, const struct tl_rules_input *in,
                             struct tl_rule_info **result, size_t *count,
                             struct tl_outcome *out)
{
    const struct {
        const char *option;
        const struct tl_access_list *list;
    } lists[] = {{"allow_groups", in->machine->config->allow_groups},
                 {"deny_groups", in->machine->config->deny_groups},
                 {"allow_users", in->machine->config->allow_users}};
    struct tl_rule_info *infos = NULL;
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct rules rules;
    size_t all = 0, n = 0;

    *result = NULL;
    *count = 0;
    for (size_t i = 0; i < 3; i++)
        all += lists[i].list != NULL ? lists[i].list->count : 0;
    infos = talloc_zero_array(ctx, struct tl_rule_info, all);
    if (tmp == NULL || infos == NULL || begin(&rules, tmp, in, NULL) != 0) {
        talloc_free(infos);
        talloc_free(tmp);
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; lists[i].list != NULL && k < lists[i].list->count; k++) {
            const struct tl_access_entry *entry = &lists[i].list->entries[k];
            struct tl_rule_info *info = &infos[n++];

            info->option = lists[i].option;
            info->text = entry->text;
            if (entry->name == NULL)
                list_sid(&rules, infos, i != 2, &entry->sid, info);
            else
                list_name(&rules, infos, i != 2, entry, info);
            if (info->why != NULL) /* a string of the resolver's */
                info->why = talloc_strdup(infos, info->why);
        }
    }
    save(&rules);
    talloc_free(tmp);
    *result = infos;
    *count = n;
    return TL_REASON_OK;
}
