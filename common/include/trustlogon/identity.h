/* SPDX-License-Identifier: MIT
 *
 * trustlogon/identity.h - a user's identity on this machine: ids, names, groups, home and
 * shell, from the verified PAC and, with idmap = rfc2307, from the unix attributes of the
 * directories.
 *
 * Identities are made from SIDs alone. A name decides neither the uid nor whether a local
 * account is meant (CVE-2020-25717 of Samba).
 */
#ifndef TRUSTLOGON_IDENTITY_H
#define TRUSTLOGON_IDENTITY_H

#include <trustlogon/idmap.h>
#include <trustlogon/outcome.h>
#include <trustlogon/pac.h>
#include <trustlogon/route.h>
#include <trustlogon/trace.h>
#include <trustlogon/unix_facts.h>

/* Ids and names of /etc/passwd and /etc/group, which domain users never get. */
struct tl_local_ids;
/*
 * Read both files, and `subuid` and `subgid` beside `passwd`; never NSS, which would ask
 * this library again. A missing file is empty. A line of passwd or group that cannot be
 * parsed is -EBADMSG; one of subuid or subgid lends nothing. Otherwise -errno.
 */
TL_PUBLIC int tl_local_ids_load(TALLOC_CTX *ctx, const char *passwd, const char *group,
                                struct tl_local_ids **ids);
/* OK; ID_COLLISION or ID_SUBORDINATE with *why, a constant phrase. The owner of a range
 * of subuid(5) can become each user in it, in a user namespace. */
TL_PUBLIC enum tl_reason tl_local_judge_uid(const struct tl_local_ids *ids, uint32_t uid,
                                            const char **why);
TL_PUBLIC enum tl_reason tl_local_judge_gid(const struct tl_local_ids *ids, uint32_t gid,
                                            const char **why);
/* One range of subuid or subgid. */
struct tl_subids {
    const char *owner; /* a name or a uid, as written */
    uint32_t first, last;
};
TL_PUBLIC const struct tl_subids *tl_local_subids(const struct tl_local_ids *ids,
                                                  bool of_groups, size_t *count);
TL_PUBLIC bool tl_local_has_uid(const struct tl_local_ids *ids, uint32_t uid);
TL_PUBLIC bool tl_local_has_gid(const struct tl_local_ids *ids, uint32_t gid);
TL_PUBLIC bool tl_local_has_user(const struct tl_local_ids *ids, const char *name);
TL_PUBLIC bool tl_local_has_group(const struct tl_local_ids *ids, const char *name);

/* A run of a domain's ids that are not given out. */
struct tl_withheld_ids {
    struct tl_sid domain;
    uint32_t low, high;
    /* "/etc/subuid reserves them for bob", "they belong to contoso.test" */
    const char *why;
};
/* All of them, by id: ranges of subuid and subgid, and first slices that another domain
 * keeps; children of ctx. 0 or -ENOMEM. Pure. */
TL_PUBLIC int tl_withheld_ids(TALLOC_CTX *ctx, const struct tl_idmap *map,
                              const struct tl_local_ids *local,
                              struct tl_withheld_ids **ids, size_t *count);

struct tl_identity_group {
    struct tl_sid sid;
    uint32_t gid;
};

struct tl_identity {
    struct tl_sid sid;
    const char *canonical; /* alice@contoso.test: lower case, passwd's first field */
    /* Every other name of the same user, as written; they are compared folded:
     * DOM\sam, dns.domain\sam, sam@DOM, the explicit UPN, and sam alone for the
     * default domain. A flat name only as our own side's directory has it. */
    size_t num_names;
    const char **names;
    uint32_t uid, gid;
    bool private_group; /* the primary group is the user's own: gid is uid */
    /* All groups, the primary one first, each once; a private group is not in it, nor is
     * a gidNumber of the user's that no group has. */
    size_t num_groups;
    struct tl_identity_group *groups;
    const char *gecos, *home, *shell; /* never NULL, safe in a line of passwd */
};

struct tl_identity_input {
    const struct tl_config *config;
    const struct tl_workstation *ws;
    const struct tl_topology *topo;    /* may be NULL: nothing is known */
    const struct tl_pac *pac;          /* verified, after tl_pac_apply_rules() */
    const char *client;                /* of the ticket: "alice@CONTOSO.TEST" */
    const struct tl_unix_facts *facts; /* with idmap = rfc2307, and read only then */
    const struct tl_local_ids *local;
    const struct tl_trace *trace; /* may be NULL */
};

/*
 * TL_REASON_OK and *identity (child of ctx). ID_UNMAPPABLE: the user or the
 * primary group has no id. ID_COLLISION: the id is in /etc/passwd or /etc/group, or
 * the directory gives it to two. ID_SUBORDINATE: it is in a range of subuid or subgid.
 * ID_NAME_UNSAFE: the names do not fit into a line of passwd or a safe path. Any other
 * group without an id, or with one that is taken, is left out with a
 * TL_EVENT_SID. Pure.
 *
 * Within one identity no two SIDs share an id (with rfc2307, of groups that do the first
 * is named). That no other identity has the same id is checked by the store, which has
 * them all.
 */
TL_PUBLIC enum tl_reason tl_identity_build(TALLOC_CTX *ctx,
                                           const struct tl_identity_input *in,
                                           struct tl_identity **identity,
                                           struct tl_outcome *out);

/* alice@contoso.test; -EINVAL with *fault, a constant phrase, for a name that may not
 * be shown; -ENOMEM. */
TL_PUBLIC int tl_canonical_name(TALLOC_CTX *ctx, const char *account, const char *dns,
                                const char **canonical, const char **fault);

/* A group as NSS shows it. */
struct tl_group {
    struct tl_sid sid;
    uint32_t gid;
    const char *canonical; /* linux users@contoso.test: lower case */
    size_t num_names;      /* its other names, as those of an identity */
    const char **names;
};
/*
 * `name` is its sAMAccountName; of `in`, config, facts and local are read.
 * ID_UNMAPPABLE, ID_COLLISION and ID_NAME_UNSAFE as above. Pure.
 */
TL_PUBLIC enum tl_reason tl_group_build(TALLOC_CTX *ctx,
                                        const struct tl_identity_input *in,
                                        const struct tl_idmap *map,
                                        const struct tl_sid *sid, const char *name,
                                        struct tl_group **group, struct tl_outcome *out);

#endif
