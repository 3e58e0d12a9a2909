/* SPDX-License-Identifier: MIT
 *
 * trustlogon/access.h - which of the users who have proven their names may use this
 * machine.
 *
 * Rules name groups and users by SID or by name. Names are looked up in a
 * directory, which is the caller's part (trustlogon/rules.h). Only SIDs are compared, and
 * only those of the verified PAC, which contains nested groups and groups of other
 * domains. A displayed name decides nothing (CVE-2025-49012 of himmelblau), and a name
 * that cannot be resolved lets no user in (CVE-2012-6150 of Samba). Pure.
 */
#ifndef TRUSTLOGON_ACCESS_H
#define TRUSTLOGON_ACCESS_H

#include <trustlogon/outcome.h>
#include <trustlogon/pac.h>

struct tl_access_entry {
    const char *text;          /* as written: "S-1-5-21-..." or "CONTOSO\Linux Users" */
    const char *domain, *name; /* its parts; NULL for a SID */
    struct tl_sid sid;         /* of an entry without a name */
};
struct tl_access_list {
    size_t count;
    struct tl_access_entry *entries;
};
struct tl_access {
    const struct tl_access_list *allow_groups, *deny_groups, *allow_users; /* or NULL */
};

/*
 * A comma-separated list of SIDs and DOMAIN\name, where DOMAIN is a DNS or
 * NetBIOS name; blanks around an entry do not count. A bare name is refused:
 * which domain's it is would depend on who asks. -EINVAL with *fault, a constant
 * phrase.
 */
TL_PUBLIC int tl_access_parse(TALLOC_CTX *ctx, const char *text,
                              struct tl_access_list *list, const char **fault);
/* The entries again, separated by ", "; "" for NULL. NULL without memory. */
TL_PUBLIC char *tl_access_show(TALLOC_CTX *ctx, const struct tl_access_list *list);
TL_PUBLIC bool tl_access_has_rules(const struct tl_access *access);

/* What rules are matched against: the user, and the groups with their attributes
 * [MS-PAC 2.2.1]. */
struct tl_membership {
    const char *account; /* the user's name in texts */
    struct tl_sid user;
    size_t count;
    struct tl_pac_group *groups;
};

/* This Organization, or Other Organization for users that come over a trust with
 * selective authentication: every user has one of the two [DTYP 2.4.2.4]. */
TL_PUBLIC struct tl_sid tl_sid_organization(bool other);

/* Everything of a verified PAC, after tl_pac_apply_rules(). The trusting KDC puts Other
 * Organization into it; This Organization is added here, as Windows does when it makes
 * a token. 0 or -ENOMEM. */
TL_PUBLIC int tl_membership_from_pac(TALLOC_CTX *ctx, const struct tl_pac *pac,
                                     struct tl_membership **member);
/* Lines of text for a file that only root reads, and back: -EBADMSG unless the whole text
 * is one that tl_membership_to_text() writes. */
TL_PUBLIC int tl_membership_to_text(TALLOC_CTX *ctx, const struct tl_membership *member,
                                    char **text);
TL_PUBLIC int tl_membership_from_text(TALLOC_CTX *ctx, const char *text, size_t len,
                                      struct tl_membership **member);

/* What is known about an entry that is a name. */
enum tl_access_answer {
    TL_ACCESS_SID,        /* *sid is right */
    TL_ACCESS_ELSEWHERE,  /* of a domain that none of the user's SIDs is of */
    TL_ACCESS_UNRESOLVED, /* *why says why: a constant, or the resolver's own */
};
/* `ask` false: only what is known without the network. */
typedef enum tl_access_answer (*tl_access_resolve_fn)(void *arg,
                                                      const struct tl_access_entry *entry,
                                                      bool group, bool ask,
                                                      struct tl_sid *sid,
                                                      const char **why);

/*
 * OK or ACCESS_RULE, with the entry that decided as the outcome's subject.
 * 1. An entry of deny_groups that is not resolved denies every user: it may be the one
 *    that should keep this user out.
 * 2. A group of deny_groups denies, even if another rule allows.
 * 3. Without allow_groups and allow_users all other users may log on.
 * 4. Otherwise one entry of either must match; one that is not resolved matches no user.
 * A group that is deny-only (SE_GROUP_USE_FOR_DENY_ONLY) denies and does not allow. In
 * deny_groups the user's own SID counts as one of the groups.
 *
 * Names are resolved as far as the verdict needs them; `resolve` NULL: no name is
 * resolved.
 */
TL_PUBLIC enum tl_reason tl_access_check(const struct tl_access *access,
                                         const struct tl_membership *member,
                                         tl_access_resolve_fn resolve, void *arg,
                                         struct tl_outcome *out);

#endif
