/* SPDX-License-Identifier: MIT
 *
 * trustlogon/rules.h - the access rules of the configuration, held against a user:
 * names in them are looked up in the directories (trustlogon/access.h judges SIDs).
 *
 * A name is looked up in the directory of its own domain, and the SID must be that
 * domain's: with the machine's tickets, and in the user's forest with the user's too,
 * which work over one-way trusts. A SID that was found is cached
 * for rule_lifetime, and longer if its directory cannot be asked
 * (docs/decisions/access-rules.md#rule-lifetime), so a warm logon sends no packet. Only
 * names that can decide are looked up, all of them together within rule_timeout.
 */
#ifndef TRUSTLOGON_RULES_H
#define TRUSTLOGON_RULES_H

#include <trustlogon/access.h>
#include <trustlogon/logon.h>

struct tl_lookup_reader;
/* Other processes that read what is needed (lookup/reading.h): as the machine, and as the
 * user, or NULL. `refresh` does what tl_machine_refresh() does. */
struct tl_rules_sources {
    const struct tl_lookup_reader *machine, *user;
    enum tl_reason (*refresh)(void *arg, struct tl_machine *machine,
                              tl_deadline deadline);
    void *arg;
};

struct tl_rules_input {
    /* Its configuration has the rules; its topology may be NULL, and is read if a name
     * needs it. */
    const struct tl_machine *machine;
    const struct tl_trace *trace; /* may be NULL */
    /* A Kerberos context with the user's TGT; NULL: only the machine's tickets are used,
     * unless `sources` has the user's. `domain` is the DNS name of the user's domain. */
    struct tl_krb *krb;
    const char *domain;
    const struct tl_rules_sources *sources; /* NULL: this process reads */
};

/* Whether there are any rules. */
TL_PUBLIC bool tl_rules_any(const struct tl_config *config);
/* As tl_access_check(), with the names resolved. NO_MEMORY besides. */
TL_PUBLIC enum tl_reason tl_rules_check(const struct tl_rules_input *in,
                                        const struct tl_membership *member,
                                        struct tl_outcome *out);

/*
 * The verdict of a configuration's access rules upon a logon that succeeded, into
 * `out`: OK or ACCESS_RULE. Without `sources` the user's tickets may gain one
 * for the directory.
 * Sets logon->member and logon->domain.
 */
TL_PUBLIC enum tl_reason tl_rules_check_logon(struct tl_logon *logon,
                                              const struct tl_config *config,
                                              const struct tl_rules_sources *sources,
                                              struct tl_outcome *out);
/* The same with the logon's own configuration, as the end of the logon: a denial
 * becomes logon->outcome and words; pac and identity stay. */
TL_PUBLIC enum tl_reason tl_rules_judge_logon(struct tl_logon *logon);

/*
 * An account without a fresh proof, as its directory has it, read with the machine's
 * credentials: OK and its groups as far as its own domain knows them (tokenGroups), and
 * those of this machine's domain that it is in. *own is the SID of this machine's domain
 * if all of those could be read, else zeroed. ACCOUNT_DISABLED, ACCOUNT_EXPIRED;
 * USER_UNKNOWN: no account has that SID any longer. Any other reason: the directory could
 * not be asked.
 */
TL_PUBLIC enum tl_reason tl_rules_account(TALLOC_CTX *ctx,
                                          const struct tl_rules_input *in,
                                          const struct tl_sid *sid,
                                          struct tl_membership **member,
                                          struct tl_sid *own, struct tl_outcome *out);

/* What one entry is, for `trustlogon config`. */
struct tl_rule_info {
    const char *option; /* "allow_groups" */
    const char *text;   /* as written */
    bool resolved;
    struct tl_sid sid;
    const char *name; /* as the directory spells it today; NULL: not known */
    const char *why;  /* why it is not resolved, or has no name; else NULL */
};
/* Every entry, looked up even if it is cached; the answers are then cached. */
TL_PUBLIC enum tl_reason tl_rules_list(TALLOC_CTX *ctx, const struct tl_rules_input *in,
                                       struct tl_rule_info **infos, size_t *count,
                                       struct tl_outcome *out);

#endif
