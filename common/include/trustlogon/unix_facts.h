/* SPDX-License-Identifier: MIT
 *
 * trustlogon/unix_facts.h - the unix attributes of a user in the directories (RFC 2307),
 * for idmap = rfc2307.
 *
 * Facts only: whether such an id may be used is decided when the identity is built
 * (trustlogon/identity.h). All is read from the domain that `dir` is open to,
 * with the care of trustlogon/people.h.
 */
#ifndef TRUSTLOGON_UNIX_FACTS_H
#define TRUSTLOGON_UNIX_FACTS_H

#include <trustlogon/people.h>

/* A group with its gid. */
struct tl_unix_group {
    struct tl_sid sid;
    uint32_t gid; /* gidNumber */
};

/* Made by talloc_zero(); what it points to are its children. */
struct tl_unix_facts {
    bool has_uid, has_gid; /* uidNumber, gidNumber of the user: one usable value */
    uint32_t uid, gid;
    bool uid_shared;          /* another account of the domain has this uidNumber too */
    bool gid_shared;          /* several groups of it have this gidNumber */
    bool gid_is_group;        /* exactly one has it: gid_sid */
    struct tl_sid gid_sid;    /* that group */
    const char *home, *shell; /* unixHomeDirectory, loginShell as people.h; or NULL */
    /* Of the groups asked for, those that have a gidNumber. */
    size_t num_groups;
    struct tl_unix_group *groups;
};

/*
 * The user's part; `dir` is open to the user's domain. USER_UNKNOWN if it does not return
 * the account. `primary_group`: also which group has the user's gidNumber.
 */
TL_PUBLIC enum tl_reason tl_unix_facts_user(struct tl_unix_facts *facts,
                                            struct tl_directory *dir,
                                            const struct tl_sid *user, bool primary_group,
                                            struct tl_outcome *out);
/* Append those of `count` SIDs that are groups of dir's domain with a gidNumber. */
TL_PUBLIC enum tl_reason tl_unix_facts_groups(struct tl_unix_facts *facts,
                                              struct tl_directory *dir,
                                              const struct tl_sid *sids, size_t count,
                                              struct tl_outcome *out);
/* Add a group that is known already; the first gid of a group counts. 0 or -ENOMEM. */
TL_PUBLIC int tl_unix_facts_add(struct tl_unix_facts *facts, const struct tl_sid *sid,
                                uint32_t gid);
/* The gid of a group, once appended. */
TL_PUBLIC bool tl_unix_facts_gid(const struct tl_unix_facts *facts,
                                 const struct tl_sid *sid, uint32_t *gid);

/*
 * The one user with this uidNumber, the one group with this gidNumber. USER_UNKNOWN: not
 * found. ID_COLLISION: several have it, so the id belongs to none of them.
 */
TL_PUBLIC enum tl_reason tl_directory_user_by_uid(TALLOC_CTX *ctx,
                                                  struct tl_directory *dir, uint32_t uid,
                                                  struct tl_dir_user **user,
                                                  struct tl_outcome *out);
TL_PUBLIC enum tl_reason tl_directory_group_by_gid(TALLOC_CTX *ctx,
                                                   struct tl_directory *dir, uint32_t gid,
                                                   struct tl_dir_group **group,
                                                   struct tl_outcome *out);

#endif
