/* SPDX-License-Identifier: MIT
 *
 * reading_check.c - what a process that reads one domain's directory may say. It may have
 * been taken over by what it read: of its own domain it may say what it likes, as that
 * domain's servers may, and nothing of another one. Pure.
 */
#include "reading.h"

#include <trustlogon/name.h>

#include "directory/people_decode.h"

static bool is_local(const struct tl_lookup_domain *domain, const struct tl_sid *sid)
{
    const struct tli_people_domain of = {.sid = domain->sid};

    return tli_sid_is_local(&of, sid, true);
}

static bool passes(const char *text, bool (*is_good)(const char *text))
{
    return tli_is_text(text) && is_good(text);
}

/* NULL passes: the attribute is optional. */
static bool is_path(const char *text)
{
    return text == NULL || passes(text, tli_is_unix_path);
}

static bool is_account(const char *name)
{
    return name != NULL && passes(name, tli_is_account_name);
}

static const char *refuse_user(const struct tl_lookup_domain *domain,
                               const struct tli_reading_question *question,
                               const struct tli_reading *reading)
{
    const struct tl_dir_user *user = reading->user;

    if (user == NULL)
        return "it has no user";
    if (!tl_sid_in_domain(&user->sid, &domain->sid))
        return "the user's SID is not one of the domain";
    if (question->by == TL_LOOKUP_BY_SID && !tl_sid_equal(&user->sid, &question->sid))
        return "it is another user than requested";
    if (!is_account(user->sam))
        return "the user has no usable name";
    if (user->upn != NULL && !passes(user->upn, tli_is_principal_name))
        return "the user principal name is not one";
    if (reading->by_upn && (question->upn == NULL || user->upn == NULL ||
                            !tl_name_equal(user->upn, question->upn)))
        return "the user does not have the user principal name requested";
    if (!is_path(user->home) || !is_path(user->shell))
        return "home or shell is not a path";
    if (user->display_name != NULL && !tli_is_text(user->display_name))
        return "the display name is not text";
    return NULL;
}

static const char *refuse_group(const struct tl_lookup_domain *domain,
                                const struct tli_reading_question *question,
                                const struct tl_dir_group *group)
{
    if (group == NULL)
        return "it has no group";
    if (!is_local(domain, &group->sid))
        return "the group's SID is not one of the domain";
    if (question->by == TL_LOOKUP_BY_SID && !tl_sid_equal(&group->sid, &question->sid))
        return "it is another group than requested";
    if (!is_account(group->name))
        return "the group has no usable name";
    return NULL;
}

/* SIDs of other domains may be among members and groups, but not their names. */
static const char *refuse_names(const struct tl_lookup_domain *domain,
                                const struct tl_dir_names *names)
{
    if (names == NULL)
        return "it has no names";
    for (size_t i = 0; i < names->count; i++) {
        const struct tl_dir_name *name = &names->names[i];

        if (name->name == NULL)
            continue;
        if (!is_local(domain, &name->sid))
            return "it names a SID of another domain";
        if (!is_account(name->name))
            return "a name in it is not usable";
    }
    return NULL;
}

static const char *refuse_order(const struct tli_reading_question *question,
                                const struct tl_dir_names *names)
{
    if (names == NULL || names->count != question->count)
        return "it does not name the SIDs requested";
    for (size_t i = 0; i < names->count; i++)
        if (!tl_sid_equal(&names->names[i].sid, &question->sids[i]))
            return "it names another SID than requested";
    return NULL;
}

static const char *refuse_facts(const struct tl_lookup_domain *domain,
                                const struct tl_unix_facts *facts)
{
    if (!is_path(facts->home) || !is_path(facts->shell))
        return "unixHomeDirectory or loginShell is not a path";
    if (facts->gid_is_group && !is_local(domain, &facts->gid_sid))
        return "the primary group is another domain's";
    for (size_t i = 0; i < facts->num_groups; i++)
        if (!is_local(domain, &facts->groups[i].sid))
            return "it gives the gid of another domain's group";
    return NULL;
}

const char *tli_reading_refuse(const struct tl_lookup_domain *domain,
                               const struct tli_reading_question *question,
                               const struct tli_reading *reading)
{
    const char *why = NULL;

    if (!domain->has_sid)
        return "the SID of the domain is not known";
    if (question->unix_ids != (reading->facts != NULL))
        why = "it has other facts than requested";
    if (why == NULL && reading->facts != NULL)
        why = refuse_facts(domain, reading->facts);
    if (why == NULL && question->kind <= TLI_READ_ACCOUNT)
        why = refuse_user(domain, question, reading);
    if (why == NULL && question->kind == TLI_READ_NAMES)
        why = refuse_order(question, reading->names);
    if (why == NULL && question->kind == TLI_READ_GROUP)
        why = refuse_group(domain, question, reading->group);
    else if (why == NULL && question->kind != TLI_READ_ACCOUNT)
        why = refuse_names(domain, reading->names);
    return why;
}
