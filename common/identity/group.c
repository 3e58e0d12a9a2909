/* SPDX-License-Identifier: MIT
 *
 * group.c - from a group's SID and name to what NSS shows of it.
 */
#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

#include "user.h"

static enum tl_reason fail(struct tl_outcome *out, enum tl_reason reason,
                           const struct tl_sid *sid, const char *why)
{
    char string[TL_SID_STRING_MAX];

    reason = tl_outcome_fail(out, TL_STAGE_IDENTITY, reason, "%s", why);
    if (out != NULL)
        tl_outcome_set_subject(out, tl_sid_format(sid, string));
    return reason;
}

static enum tl_reason no_memory(struct tl_outcome *out)
{
    return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

/* As a user's: DOM\name, dns\name, name@FLAT; the flat name as our own side has it. */
static int add_names(struct tl_group *group, const struct tli_user_text *text)
{
    size_t count = 0;

    group->names = talloc_zero_array(group, const char *, 3);
    if (group->names == NULL)
        return -ENOMEM;
    group->names[count++] = talloc_asprintf(group->names, "%s\\%s", text->dns, text->sam);
    if (text->flat != NULL) {
        group->names[count++] =
            talloc_asprintf(group->names, "%s\\%s", text->flat, text->sam);
        group->names[count++] =
            talloc_asprintf(group->names, "%s@%s", text->sam, text->flat);
    }
    for (size_t i = 0; i < count; i++)
        if (group->names[i] == NULL)
            return -ENOMEM;
    group->num_names = count;
    return 0;
}

/* The id is checked before the name: a group without an id is not shown, whatever its
 * name. */
enum tl_reason tl_group_build(TALLOC_CTX *ctx, const struct tl_identity_input *in,
                              const struct tl_idmap *map, const struct tl_sid *sid,
                              const char *name, struct tl_group **group_out,
                              struct tl_outcome *out)
{
    const struct tli_user_ids ids = {.in = in, .map = map};
    struct tl_group *group = talloc_zero(ctx, struct tl_group);
    const struct tl_idmap_domain *domain = NULL;
    enum tl_reason reason;
    struct tl_sid domain_sid;
    struct tli_user_text text;
    const char *why = NULL;
    uint32_t rid;
    int ret;

    *group_out = NULL;
    if (group == NULL)
        return no_memory(out);
    group->sid = *sid;
    reason = tli_user_gid(&ids, sid, &group->gid, &why);
    if (reason != TL_REASON_OK)
        reason = fail(out, reason, sid, why);
    else if (tl_sid_split(sid, &domain_sid, &rid) == 0)
        domain = tl_idmap_domain(map, &domain_sid);
    if (reason != TL_REASON_OK)
        goto cleanup;
    if (domain == NULL) {
        (void)fail(out, TL_REASON_ID_UNMAPPABLE, sid,
                   "it is not in a domain that this machine knows");
        reason = TL_REASON_ID_UNMAPPABLE;
        goto cleanup;
    }
    ret = tli_account_text(group, name, domain->dns, &text, &why);
    text.flat = domain->flat;
    group->canonical = text.canonical;
    if (ret == -EINVAL)
        reason = fail(out, TL_REASON_ID_NAME_UNSAFE, sid, why);
    else if (ret == 0 && tl_local_has_group(in->local, text.canonical))
        reason =
            fail(out, TL_REASON_NAME_TAKEN, sid, "a group in /etc/group has this name");
    else if (ret != 0 || add_names(group, &text) != 0)
        reason = no_memory(out);

cleanup:
    if (reason != TL_REASON_OK)
        talloc_free(group);
    else
        *group_out = group;
    return reason;
}
