/* SPDX-License-Identifier: MIT
 *
 * rule_account.c - an account without a fresh proof, as its directory has it today:
 * whether it may log on at all, and its groups.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <trustlogon/name.h>
#include <trustlogon/sidrules.h>

#include "rule_names.h"

#define UF_ACCOUNTDISABLE 0x2U /* [ADTS 2.2.16] */
/* SE_GROUP_MANDATORY, ENABLED_BY_DEFAULT, ENABLED: as in a ticket. */
#define ORDINARY 7U

static enum tl_reason judge(const struct tl_dir_user *user, const char *domain,
                            struct tl_outcome *out)
{
    enum tl_reason reason = TL_REASON_OK;

    if (user->has_control && (user->user_account_control & UF_ACCOUNTDISABLE) != 0)
        reason = TL_REASON_ACCOUNT_DISABLED;
    else if (user->expires != 0 && user->expires <= (int64_t)time(NULL))
        reason = TL_REASON_ACCOUNT_EXPIRED;
    if (reason == TL_REASON_OK)
        return reason;
    tl_outcome_fail(out, TL_STAGE_IDENTITY, reason, NULL);
    tl_outcome_set_realm(out, domain);
    return reason;
}

/* S-1-5-21-x-y-z-RID. How a user has proven the account (S-1-18-1), and over what trust
 * (S-1-5-1000), is for a KDC to say, and not for a directory. */
static bool is_of_a_domain(const struct tl_sid *sid)
{
    static const uint8_t nt[sizeof(sid->authority)] = {0, 0, 0, 0, 0, 5};

    return sid->num_subs == 5 && sid->subs[0] == 21 &&
           memcmp(sid->authority, nt, sizeof(nt)) == 0;
}

static void drop_well_known(struct tl_dir_names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++)
        if (is_of_a_domain(&names->names[i].sid))
            names->names[kept++] = names->names[i];
    names->count = kept;
}

/* What a ticket would bring, by the same rules: a directory speaks of its own domain, and
 * of others only as far as the trusts let it. All groups of its own count, as they would
 * in Samba's ticket. The trusting KDC would add one of the two organization SIDs. */
static enum tl_reason take_membership(TALLOC_CTX *ctx, const struct tl_rules_input *in,
                                      const struct tl_known_domain *domain,
                                      struct tli_reading *reading,
                                      struct tl_membership **member,
                                      struct tl_outcome *out)
{
    const struct tl_machine *machine = in->machine;
    char *realm = tl_realm_of(reading, domain->dns);
    char *client =
        talloc_asprintf(reading, "%s@%s", reading->user->sam, realm != NULL ? realm : "");
    struct tl_pac *pac = NULL;
    enum tl_reason reason;

    drop_well_known(reading->names);
    if (realm == NULL || client == NULL ||
        tli_lookup_account(reading, reading->user, reading->names, true, in->trace,
                           &pac) != 0)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tl_pac_apply_rules(pac, machine->topology, NULL, client,
                                machine->workstation, in->trace, out);
    if (reason != TL_REASON_OK)
        return reason;
    if (domain->other_organization) /* there is room for one more */
        pac->extra[pac->num_extra++] = (struct tl_pac_group){
            .sid = tl_sid_organization(true), .attributes = ORDINARY};
    return tl_membership_from_pac(ctx, pac, member) == 0
               ? TL_REASON_OK
               : tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

static bool same_domain(const char *a, const char *b)
{
    return tl_dns_equal(a, b);
}

/* A member from another domain of the own forest is in a group by its own name, which the
 * directory does not find by the SID. */
static bool is_of_own_forest(const struct tl_rules_input *in, const char *domain)
{
    for (size_t i = 0;
         in->machine->topology != NULL && i < in->machine->topology->num_domains; i++)
        if (same_domain(in->machine->topology->domains[i].dns, domain))
            return true;
    return false;
}

static int append(struct tl_membership *member, const struct tl_dir_names *found,
                  const struct tl_sid *own)
{
    struct tl_pac_group *all =
        talloc_realloc(member, member->groups, struct tl_pac_group,
                       (unsigned int)(member->count + found->count));

    if (all == NULL)
        return -ENOMEM;
    member->groups = all;
    for (size_t i = 0; i < found->count; i++) {
        if (tl_sid_in_domain(&found->names[i].sid, own))
            all[member->count++] = (struct tl_pac_group){
                .sid = found->names[i].sid, .attributes = ORDINARY | TL_MEMBER_DIRECTORY};
    }
    return 0;
}

/* The groups of the machine's own domain that the account is in. At a logon the KDC adds
 * them to the ticket; without them a rule that denies by such a group would not apply. */
static void add_own(struct tli_rule_names *names, const struct tl_rules_input *in,
                    const struct tl_known_domain *users, struct tl_membership *member,
                    struct tl_sid *own)
{
    struct tli_reading_question question = {.kind = TLI_READ_FOREIGN_GROUPS};
    struct tl_outcome *out = tl_outcome_new(names);
    struct tli_reading *reading = NULL;
    struct tl_known_domain domain;
    const char *why;
    struct tl_sid *sids;

    if (!tli_rule_names_domain(names, in->machine->workstation->domain, NULL, true,
                               &domain, &why))
        return;
    if (same_domain(users->dns, in->machine->workstation->domain)) {
        *own = domain.sid; /* the account's own directory has listed them all */
        return;
    }
    sids = talloc_array(names, struct tl_sid, (unsigned int)(member->count + 1));
    if (sids == NULL || out == NULL || is_of_own_forest(in, users->dns))
        return;
    sids[0] = member->user;
    for (size_t i = 0; i < member->count; i++)
        sids[1 + i] = member->groups[i].sid;
    question.sids = sids;
    question.count = member->count + 1;
    if (tli_rule_names_read(names, &domain, &question, &reading, out) == TL_REASON_OK &&
        append(member, reading->names, &domain.sid) == 0)
        *own = domain.sid;
}

/* Read with the machine's tickets, since the agent has no tickets of a user who logged on
 * by other means. */
enum tl_reason tl_rules_account(TALLOC_CTX *ctx, const struct tl_rules_input *in,
                                const struct tl_sid *sid, struct tl_membership **member,
                                struct tl_sid *own, struct tl_outcome *out)
{
    struct tli_reading_question question = {
        .kind = TLI_READ_ACCOUNT, .by = TL_LOOKUP_BY_SID, .sid = *sid, .nameless = true};
    struct tli_rule_names *names = tli_rule_names_new(NULL, in);
    struct tli_reading *reading = NULL;
    struct tl_known_domain domain;
    const char *why = "out of memory";
    enum tl_reason reason;

    *member = NULL;
    *own = (struct tl_sid){0};
    if (names == NULL || !tli_rule_names_domain(names, NULL, sid, true, &domain, &why)) {
        reason = tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE,
                                 "%s", why);
        goto cleanup;
    }
    reason = tli_rule_names_read(names, &domain, &question, &reading, out);
    if (reason == TL_REASON_USER_UNKNOWN)
        tl_outcome_set_realm(out, domain.dns);
    if (reason == TL_REASON_OK)
        reason = judge(reading->user, domain.dns, out);
    /* A disabled account is refused even if its groups cannot be read. */
    question.kind = TLI_READ_USER;
    if (reason == TL_REASON_OK)
        reason = tli_rule_names_read(names, &domain, &question, &reading, out);
    if (reason == TL_REASON_OK && reading != NULL)
        reason = take_membership(ctx, in, &domain, reading, member, out);
    if (reason == TL_REASON_OK && *member != NULL)
        add_own(names, in, &domain, *member, own);

cleanup:
    talloc_free(names);
    return reason;
}
