/* SPDX-License-Identifier: MIT
 *
 * user_ids.c - the uid and the gids of one user: from the table of ranges, or, with
 * rfc2307, from what the directory says, as far as the table lets it.
 */
#include "user.h"

/* OK; COLLISION or SUBORDINATE where the machine's own accounts have the id. */
static enum tl_reason judge_uid(const struct tli_user_ids *ids, uint32_t uid,
                                const char **why)
{
    *why = "the id is below minimum_uid in [logon] of trustlogon.conf";
    if (uid < TL_ID_LOWEST || uid < ids->in->config->minimum_uid)
        return TL_REASON_ID_UNMAPPABLE;
    return tl_local_judge_uid(ids->in->local, uid, why);
}

/* The user's own numbers in the directory, as far as it may give them. */
static enum tl_reason uid_of_facts(const struct tli_user_ids *ids,
                                   const struct tl_sid *sid, uint32_t *uid,
                                   const char **why)
{
    const struct tl_unix_facts *facts = ids->in->facts;

    *why = "its directory returns no usable uidNumber";
    if (facts == NULL || !facts->has_uid)
        return TL_REASON_ID_UNMAPPABLE;
    if (tl_idmap_admit(ids->map, sid, facts->uid, why) != 0)
        return TL_REASON_ID_UNMAPPABLE;
    *why = "another account has the same uidNumber";
    if (facts->uid_shared)
        return TL_REASON_ID_COLLISION;
    *uid = facts->uid;
    return TL_REASON_OK;
}

enum tl_reason tli_user_uid(const struct tli_user_ids *ids, const struct tl_sid *sid,
                            uint32_t *uid, const char **why)
{
    enum tl_reason reason = TL_REASON_OK;

    *uid = 0;
    if (ids->in->config->idmap == TL_IDMAP_RFC2307)
        reason = uid_of_facts(ids, sid, uid, why);
    else if (tl_idmap_to_id(ids->map, sid, uid, why) != 0)
        reason = TL_REASON_ID_UNMAPPABLE;
    return reason == TL_REASON_OK ? judge_uid(ids, *uid, why) : reason;
}

enum tl_reason tli_user_gid(const struct tli_user_ids *ids, const struct tl_sid *sid,
                            uint32_t *gid, const char **why)
{
    *gid = 0;
    if (ids->in->config->idmap != TL_IDMAP_RFC2307) {
        if (tl_idmap_to_id(ids->map, sid, gid, why) != 0)
            return TL_REASON_ID_UNMAPPABLE;
    } else {
        *why = "its directory returns no usable gidNumber";
        if (ids->in->facts == NULL || !tl_unix_facts_gid(ids->in->facts, sid, gid) ||
            tl_idmap_admit(ids->map, sid, *gid, why) != 0)
            return TL_REASON_ID_UNMAPPABLE;
    }
    return tl_local_judge_gid(ids->in->local, *gid, why);
}

/*
 * gidNumber of the user. A number that no group has is the user's private group if it is
 * the uid too, as SSSD's auto_private_groups = hybrid has it, and else a bare number.
 */
static enum tl_reason primary_of_facts(const struct tli_user_ids *ids,
                                       struct tl_identity *identity, struct tl_sid *sid,
                                       const char **why)
{
    const struct tl_unix_facts *facts = ids->in->facts;

    *why = "its directory returns no usable gidNumber for the user (unix_primary_group)";
    if (facts == NULL || !facts->has_gid)
        return TL_REASON_ID_UNMAPPABLE;
    if (tl_idmap_admit(ids->map, &identity->sid, facts->gid, why) != 0)
        return TL_REASON_ID_UNMAPPABLE;
    *why = "several groups have the user's gidNumber";
    if (facts->gid_shared)
        return TL_REASON_ID_COLLISION;
    if (facts->gid_is_group)
        *sid = facts->gid_sid;
    identity->gid = facts->gid;
    identity->private_group = !facts->gid_is_group && facts->gid == identity->uid;
    return tl_local_judge_gid(ids->in->local, facts->gid, why);
}

/*
 * SSSD gives the users of its subdomains, the other domains of the forest, a private
 * group where ids are computed (auto_private_groups); a domain of another forest is one
 * of its own there and its users have none. winbind gives none. A site that moves to
 * trustlogon keeps what it had.
 */
enum tl_reason tli_user_primary(const struct tli_user_ids *ids,
                                const struct tl_sid *windows,
                                struct tl_identity *identity, struct tl_sid *sid,
                                const char **why)
{
    const struct tl_config *config = ids->in->config;

    *sid = (struct tl_sid){0};
    if (config->idmap == TL_IDMAP_RFC2307 && config->unix_primary_group)
        return primary_of_facts(ids, identity, sid, why);
    identity->private_group = config->idmap == TL_IDMAP_SSS && ids->subdomain;
    if (identity->private_group) {
        identity->gid = identity->uid;
        return tl_local_judge_gid(ids->in->local, identity->gid, why);
    }
    *sid = *windows;
    return tli_user_gid(ids, windows, &identity->gid, why);
}
