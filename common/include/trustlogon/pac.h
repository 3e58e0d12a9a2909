/* SPDX-License-Identifier: MIT
 *
 * trustlogon/pac.h - the Privilege Attribute Certificate [MS-PAC]: own decoder
 * of the buffers a logon needs. Pure. Signatures are verified by libkrb5
 * (krb5_pac_verify) before anything here is used.
 */
#ifndef TRUSTLOGON_PAC_H
#define TRUSTLOGON_PAC_H

#include <trustlogon/sid.h>

#define TL_PAC_MAX_GROUPS 8192

/*
 * Three attributes of a group. SE_GROUP_USE_FOR_DENY_ONLY: rules may deny by the group,
 * and not allow. The others are ours, and no KDC's: UNPROVEN, the ticket claims the
 * group and nothing proves it, comes with DENY_ONLY; DIRECTORY, the directory of this
 * machine's domain has the user in the group, whatever the ticket says.
 */
#define TL_MEMBER_DENY_ONLY 0x10U
#define TL_MEMBER_UNPROVEN 0x00100000U
#define TL_MEMBER_DIRECTORY 0x00200000U

struct tl_pac_group {
    struct tl_sid sid;
    uint32_t attributes; /* [MS-PAC 2.2.1], and those above */
};

struct tl_pac {
    /* LOGON_INFO; a string that is absent there is "" */
    const char *account, *full_name;        /* EffectiveName (sAMAccountName), FullName */
    const char *logon_server, *domain_flat; /* NetBIOS names */
    const char *home_directory, *home_drive, *profile_path, *logon_script;
    struct tl_sid domain_sid; /* LogonDomainId */
    struct tl_sid user_sid;
    /* user_rid is 0 where ExtraSids names the user; user_sid is always set */
    uint32_t user_rid, primary_group_rid, user_flags, user_account_control;
    uint16_t logon_count, bad_password_count;
    int64_t logon_time, logoff_time, kickoff_time; /* FILETIME; INT64_MAX never */
    int64_t pw_last_set, pw_can_change, pw_must_change;
    size_t num_groups; /* global groups of the user's domain, primary included */
    struct tl_pac_group *groups;
    size_t num_extra; /* ExtraSids, if UserFlags & 0x20; without the user's own */
    struct tl_pac_group *extra;
    /* ExtraSids of the own forest, of a user from outside: tl_pac_apply_rules() moves
     * them here, behind `extra`, since nothing proves which KDC added them. */
    size_t num_unproven;
    const struct tl_pac_group *unproven;
    size_t num_resource; /* resource groups, if UserFlags & 0x200 */
    struct tl_pac_group *resource;
    /* UPN_DNS_INFO; NULL / false where absent */
    const char *upn, *dns_domain, *sam_name;
    bool upn_constructed;   /* the account has no userPrincipalName */
    bool has_requestor_sid; /* SID of the extended form or PAC_REQUESTOR */
    struct tl_sid requestor_sid;
    /* CLIENT_INFO */
    const char *client_name;
    int64_t client_time; /* FILETIME */
    /* PAC_ATTRIBUTES */
    bool has_attributes;
    uint32_t attribute_flags;
};

/* Decode a whole PAC (PACTYPE with its buffers). -EBADMSG with *where, a
 * constant phrase; LOGON_INFO is required, every other buffer optional; each
 * that the structure above holds must be well-formed and come once. Buffers
 * of other types are not looked at. A PAC in good order that has no LOGON_INFO, as a
 * KDC without a domain makes it, is -ENODATA. -ENOMEM the same way. */
TL_PUBLIC int tl_pac_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                            struct tl_pac **pac, const char **where);

#endif
