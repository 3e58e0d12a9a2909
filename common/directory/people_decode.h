/* SPDX-License-Identifier: MIT
 *
 * people_decode.h - entries into users, groups and members; ranges; extended DNs.
 * Pure, as entry.h.
 */
#ifndef TL_DIRECTORY_PEOPLE_DECODE_H
#define TL_DIRECTORY_PEOPLE_DECODE_H

#include <trustlogon/people.h>

#include "entry.h"

/* What an object must belong to. */
struct tli_people_domain {
    const char *nc; /* DN of the domain */
    struct tl_sid sid;
};

/* The SID is the domain's, or, where `builtin` allows, one of S-1-5-32. */
bool tli_sid_is_local(const struct tli_people_domain *domain, const struct tl_sid *sid,
                      bool builtin);
/* A DN inside the domain's naming context, not in one that hangs below it (a child
 * domain, the configuration, a DNS partition). */
bool tli_dn_in_domain(const char *dn, const char *nc);

/* What a sAMAccountName, a userPrincipalName, and a path for a line of /etc/passwd
 * (absolute, without "..") may be; all are text as tli_entry_text() has it. */
bool tli_is_account_name(const char *text);
bool tli_is_principal_name(const char *text);
bool tli_is_unix_path(const char *text);

/* 0, -ENOMEM, or -EBADMSG with *why, a constant phrase. *user is a child of ctx. */
int tli_user_from_entry(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                        const struct tli_entry *entry, struct tl_dir_user **user,
                        const char **why);
int tli_group_from_entry(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                         const struct tli_entry *entry, struct tl_dir_group **group,
                         const char **why);
/* Any account or foreignSecurityPrincipal; its name is a child of ctx. -EBADMSG, and
 * nothing filled in, without a SID, or with one its kind cannot have here. */
int tli_name_from_entry(TALLOC_CTX *ctx, const struct tli_people_domain *domain,
                        const struct tli_entry *entry, struct tl_dir_name *name);
/* All values as SIDs; -EBADMSG if one is malformed. `attribute` NULL: no SIDs. */
int tli_sids_from_values(TALLOC_CTX *ctx, const struct tli_attribute *attribute,
                         struct tl_sid **sids, size_t *count);

/*
 * "range=1500-2999" or "range=3000-*" among the options of an attribute
 * [ADTS 3.1.1.3.1.3.3]. 0; -ENOENT: no range, so all values are there; -EBADMSG.
 * *next is where the next piece starts, 0 after the last one.
 */
int tli_range_parse(const char *options, size_t *first, size_t *next);
/*
 * The SID in "<GUID=...>;<SID=S-1-5-...>;CN=..." [ADTS 3.1.1.3.4.1.5], in the string or
 * in the hexadecimal form. -ENOENT: no SID (a contact); -EBADMSG. *foreign: it is
 * that of a foreignSecurityPrincipal, which is named by its SID.
 */
int tli_extended_dn_sid(const struct tli_value *value, struct tl_sid *sid, bool *foreign);

/* Order by SID; of the same SID the one that has a kind, then a name, comes first. */
int tli_dir_name_compare(const void *a, const void *b);
/* Sort, and keep one of each SID. Returns how many are left. */
size_t tli_dir_names_unique(struct tl_dir_name *names, size_t count);

#endif
