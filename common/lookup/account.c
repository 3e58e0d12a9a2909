/* SPDX-License-Identifier: MIT
 *
 * account.c - the PAC that a logon of the user would bring, made of what a directory or
 * the LSA says. Pure.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

#define RID_DOMAIN_USERS 513U
#define ATTRIBUTES 7U /* mandatory, enabled by default, enabled [MS-PAC 2.2.1] */

static void drop(const struct tl_trace *trace, const struct tl_sid *sid, const char *why)
{
    char string[TL_SID_STRING_MAX];
    struct tl_event event = {.kind = TL_EVENT_SID, .krb_error = TL_KRB_NONE, .text = why};

    event.subject = tl_sid_format(sid, string);
    tl_trace_event(trace, &event);
}

/* NULL, or why no PAC would bring this group here. */
static const char *refuse(const struct tl_dir_name *group, bool in_domain, bool own)
{
    if (own)
        return NULL;
    if (group->domain_local)
        return "a domain-local group of another domain";
    /* The directory hides its type, so it may be domain-local. */
    if (in_domain && group->kind != TL_DIR_GROUP)
        return "a group of another domain that cannot be read";
    return NULL;
}

static int copy_text(struct tl_pac *pac, const char *text, const char **to)
{
    *to = talloc_strdup(pac, text != NULL ? text : "");
    return *to != NULL ? 0 : -ENOMEM;
}

static struct tl_pac *new_account(TALLOC_CTX *ctx, const struct tl_sid *sid,
                                  const char *sam)
{
    struct tl_pac *pac = talloc_zero(ctx, struct tl_pac);
    uint32_t rid;

    if (pac == NULL)
        return NULL;
    pac->user_sid = *sid;
    pac->primary_group_rid = RID_DOMAIN_USERS;
    pac->upn_constructed = true;
    if (tl_sid_split(sid, &pac->domain_sid, &rid) != 0 ||
        copy_text(pac, sam, &pac->account) != 0 ||
        copy_text(pac, NULL, &pac->full_name) != 0)
        TALLOC_FREE(pac);
    return pac;
}

int tli_lookup_account_bare(TALLOC_CTX *ctx, const struct tl_sid *sid, const char *sam,
                            struct tl_pac **pac)
{
    *pac = new_account(ctx, sid, sam);
    return *pac != NULL ? 0 : -ENOMEM;
}

/* `groups` of the user's own domain go where a KDC puts global and universal groups, the
 * others where it puts extra SIDs; those that no PAC would bring are left out. */
int tli_lookup_account(TALLOC_CTX *ctx, const struct tl_dir_user *user,
                       const struct tl_dir_names *groups, bool own,
                       const struct tl_trace *trace, struct tl_pac **pac_out)
{
    struct tl_pac *pac = new_account(ctx, &user->sid, user->sam);

    *pac_out = NULL;
    if (pac == NULL)
        return -ENOMEM;
    pac->primary_group_rid = user->primary_group_rid;
    pac->groups = talloc_zero_array(pac, struct tl_pac_group, groups->count + 1);
    pac->extra = talloc_zero_array(pac, struct tl_pac_group, groups->count + 1);
    if (pac->groups == NULL || pac->extra == NULL ||
        copy_text(pac, user->display_name, &pac->full_name) != 0 ||
        (user->upn != NULL && copy_text(pac, user->upn, &pac->upn) != 0)) {
        talloc_free(pac);
        return -ENOMEM;
    }
    pac->upn_constructed = user->upn == NULL;
    for (size_t i = 0; i < groups->count; i++) {
        const struct tl_dir_name *group = &groups->names[i];
        bool in_domain = tl_sid_in_domain(&group->sid, &pac->domain_sid);
        const struct tl_pac_group one = {.sid = group->sid, .attributes = ATTRIBUTES};
        const char *why = refuse(group, in_domain, own);

        if (why != NULL)
            drop(trace, &group->sid, why);
        else if (in_domain)
            pac->groups[pac->num_groups++] = one;
        else
            pac->extra[pac->num_extra++] = one;
    }
    *pac_out = pac;
    return 0;
}
