/* SPDX-License-Identifier: MIT
 *
 * trustlogon/access.h - who of those who proved their name may use this machine.
 *
 * Rules name groups and users by SID or by name. Names are looked up in a
 * directory, which is the caller's part; what is compared is SIDs, and those of
 * the verified PAC, which has nested groups and groups of other domains in it.
 * A name that is displayed decides nothing (CVE-2025-49012 of himmelblau), and a
 * name that cannot be resolved lets nobody in (CVE-2012-6150 of Samba). Pure.
 */
#ifndef TRUSTLOGON_ACCESS_H
#define TRUSTLOGON_ACCESS_H

#include <trustlogon/outcome.h>
#include <trustlogon/pac.h>

struct tl_access_entry {
    const char *text;          /* as written: "S-1-5-21-..." or "CONTOSO\Linux Users" */
    const char *domain, *name; /* its parts; NULL for a SID */
    bool resolved;             /* sid is right; from the start for a SID */
    struct tl_sid sid;
};
struct tl_access_list {
    size_t count;
    struct tl_access_entry *entries;
};
struct tl_access {
    struct tl_access_list allow_groups, deny_groups, allow_users;
};

/*
 * A comma-separated list of SIDs and DOMAIN\name, where DOMAIN is a DNS or
 * NetBIOS name; blanks around an entry do not count. A bare name is refused:
 * which domain's it is would depend on who asks. -EINVAL with *fault, a constant
 * phrase.
 */
TL_PUBLIC int tl_access_parse(TALLOC_CTX *ctx, const char *text,
                              struct tl_access_list *list, const char **fault);

/*
 * OK or ACCESS_RULE, with the entry to blame as the outcome's subject.
 * 1. An entry of deny_groups that is not resolved denies everybody: it may be
 *    the one that was to keep this user out.
 * 2. A group of deny_groups denies, whatever allows.
 * 3. Without allow_groups and allow_users everybody else may.
 * 4. Otherwise one entry of either must match; one not resolved matches nobody.
 * A SID that is for denying only (SE_GROUP_USE_FOR_DENY_ONLY) denies and does
 * not allow. The user's SID counts as a group of his in deny_groups.
 */
TL_PUBLIC enum tl_reason tl_access_check(const struct tl_access *access,
                                         const struct tl_pac *pac,
                                         struct tl_outcome *out);

#endif
