/* SPDX-License-Identifier: MIT
 *
 * trustlogon/people.h - users and groups as the directory of one domain has them.
 *
 * All is read from the domain of the server that `dir` is open to, never from another
 * one: an object outside its naming context, or with a SID that is not the domain's, is
 * refused. Names and SIDs are checked before they are given out: a name is UTF-8
 * without control characters and without the characters that no account name may hold
 * (":" and "/" among them); a SID is complete. An object that fails is refused as a
 * whole, with DIRECTORY_UNREADABLE and the cause; an optional attribute becomes NULL
 * instead.
 */
#ifndef TRUSTLOGON_PEOPLE_H
#define TRUSTLOGON_PEOPLE_H

#include <trustlogon/directory.h>
#include <trustlogon/sid.h>

/* A user, but not a computer or the account of a trust. */
struct tl_dir_user {
    const char *dn;
    const char *sam; /* sAMAccountName, as written in the directory */
    const char *upn; /* userPrincipalName (explicit), or NULL */
    struct tl_sid sid;
    uint32_t primary_group_rid; /* of the user's own domain */
    const char *display_name;   /* any text in one line, ":" too; or NULL */
    const char *home, *shell;   /* absolute paths without ":" and ".."; or NULL */
    /* uidNumber, gidNumber [RFC 2307], any but -1; the id mapping decides whether they
     * may be used */
    bool has_uid, has_gid;
    uint32_t uid_number, gid_number;
    bool has_control;              /* userAccountControl may be read */
    uint32_t user_account_control; /* [ADTS 2.2.16] */
    int64_t expires; /* the account, seconds since 1970; 0: never, or not to be read */
};

/* A group. */
struct tl_dir_group {
    const char *dn;
    const char *name; /* sAMAccountName */
    struct tl_sid sid;
    uint32_t type; /* groupType [ADTS 2.2.12] */
    bool has_gid;
    uint32_t gid_number;
};
#define TL_GROUP_GLOBAL 0x2U
#define TL_GROUP_DOMAIN_LOCAL 0x4U
#define TL_GROUP_UNIVERSAL 0x8U
#define TL_GROUP_SECURITY 0x80000000U /* not set: for mail only, in no token */

enum tl_dir_kind {
    TL_DIR_UNKNOWN, /* only the SID is known: another domain's, or not to be read */
    TL_DIR_USER,
    TL_DIR_COMPUTER, /* and the account of a trust */
    TL_DIR_GROUP,
    /* a foreignSecurityPrincipal: the SID of another forest or domain, or a well-known
     * one */
    TL_DIR_FOREIGN
};

/* A SID with what the directory calls it; `name` is NULL where the kind is UNKNOWN or
 * FOREIGN, and for an account with a name that is refused. */
struct tl_dir_name {
    struct tl_sid sid;
    enum tl_dir_kind kind;
    bool domain_local; /* a group that counts in its own domain only */
    const char *name;
};
struct tl_dir_names {
    size_t count;
    struct tl_dir_name *names;
    bool cut; /* there are more than are given here (TL_DIR_MEMBERS_MAX) */
};
#define TL_DIR_MEMBERS_MAX 50000

/* The SID of the server's domain; read once. */
TL_PUBLIC enum tl_reason tl_directory_domain_sid(struct tl_directory *dir,
                                                 struct tl_sid *sid,
                                                 struct tl_outcome *out);

/*
 * One user. USER_UNKNOWN if none or more than one is found. by_upn() takes the
 * explicit UPN and, with the domain's own DNS name as the suffix, the implicit one if
 * no account has it explicitly.
 */
TL_PUBLIC enum tl_reason
tl_directory_user_by_sam(TALLOC_CTX *ctx, struct tl_directory *dir, const char *sam,
                         struct tl_dir_user **user, struct tl_outcome *out);
TL_PUBLIC enum tl_reason
tl_directory_user_by_upn(TALLOC_CTX *ctx, struct tl_directory *dir, const char *upn,
                         struct tl_dir_user **user, struct tl_outcome *out);
TL_PUBLIC enum tl_reason tl_directory_user_by_sid(TALLOC_CTX *ctx,
                                                  struct tl_directory *dir,
                                                  const struct tl_sid *sid,
                                                  struct tl_dir_user **user,
                                                  struct tl_outcome *out);
/*
 * tokenGroups [ADTS 3.1.1.4.5.19]: every security group the user is in, nested, the
 * primary group included, as far as the user's own domain knows; its domain-local and
 * BUILTIN groups, which mean nothing elsewhere, are among them. A value that is not a SID
 * makes the whole answer invalid: a rule that denies a group must not miss it.
 */
TL_PUBLIC enum tl_reason tl_directory_user_groups(TALLOC_CTX *ctx,
                                                  struct tl_directory *dir,
                                                  const struct tl_dir_user *user,
                                                  struct tl_sid **sids, size_t *count,
                                                  struct tl_outcome *out);

/* The user with this SID and those groups, in one search. */
TL_PUBLIC enum tl_reason
tl_directory_user_whole(TALLOC_CTX *ctx, struct tl_directory *dir,
                        const struct tl_sid *sid, struct tl_dir_user **user,
                        struct tl_sid **sids, size_t *count, struct tl_outcome *out);

/* One group, also of BUILTIN; USER_UNKNOWN as above. */
TL_PUBLIC enum tl_reason
tl_directory_group_by_name(TALLOC_CTX *ctx, struct tl_directory *dir, const char *name,
                           struct tl_dir_group **group, struct tl_outcome *out);
TL_PUBLIC enum tl_reason tl_directory_group_by_sid(TALLOC_CTX *ctx,
                                                   struct tl_directory *dir,
                                                   const struct tl_sid *sid,
                                                   struct tl_dir_group **group,
                                                   struct tl_outcome *out);
/*
 * The members of a group, each SID once, ordered by SID; those who have it as their
 * primary group are among them. `nested`: also the members of the groups in it, as deep
 * as it goes, those groups themselves included (a circle ends; groups of other domains
 * are not opened, for they are not here).
 */
TL_PUBLIC enum tl_reason tl_directory_members(TALLOC_CTX *ctx, struct tl_directory *dir,
                                              const struct tl_dir_group *group,
                                              bool nested, struct tl_dir_names **members,
                                              struct tl_outcome *out);
/*
 * The security groups of this domain, nested ones too, in which one of these SIDs of
 * other forests' users and groups is: kind and name as tl_directory_names().
 */
TL_PUBLIC enum tl_reason
tl_directory_foreign_groups(TALLOC_CTX *ctx, struct tl_directory *dir,
                            const struct tl_sid *sids, size_t count,
                            struct tl_dir_names **groups, struct tl_outcome *out);
/*
 * The names of `count` SIDs: names->names[i] is that of sids[i]. SIDs that are
 * neither the domain's nor BUILTIN's are not asked for, and stay UNKNOWN.
 */
TL_PUBLIC enum tl_reason tl_directory_names(TALLOC_CTX *ctx, struct tl_directory *dir,
                                            const struct tl_sid *sids, size_t count,
                                            struct tl_dir_names **names,
                                            struct tl_outcome *out);
/* Have tl_directory_names() remember the names of groups that it reads, each for so many
 * seconds: for a caller that looks up many users. */
TL_PUBLIC void tl_directory_keep_names(struct tl_directory *dir, int seconds);

#endif
