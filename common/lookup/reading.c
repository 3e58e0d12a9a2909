/* SPDX-License-Identifier: MIT
 *
 * reading.c - the searches that answer one question to a directory.
 */
#include "reading.h"

#include <trustlogon/name.h>

/* A question on its way. */
struct asking {
    struct tl_directory *dir;
    const struct tli_reading_question *question;
    struct tli_reading *reading;
    struct tl_outcome *out;
};

static enum tl_reason no_memory(const struct asking *a)
{
    return tl_outcome_fail(a->out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
}

/*
 * bob.smith@contoso.test may be the explicit UPN of bsmith, and then CONTOSO\bob.smith
 * means bsmith too. As at a KDC the sAMAccountName comes first [KILE 3.3.5.6.1]: the UPN
 * counts only where no account has that.
 */
static enum tl_reason find_by_upn(const struct asking *a)
{
    struct tli_reading *reading = a->reading;
    enum tl_reason reason;

    tl_outcome_reset(a->out);
    reason = tl_directory_user_by_upn(reading, a->dir, a->question->upn, &reading->user,
                                      a->out);
    if (reason == TL_REASON_OK && !tl_name_equal(reading->user->upn, a->question->upn)) {
        TALLOC_FREE(reading->user);
        reason = tl_outcome_fail(a->out, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN,
                                 "no account has this name");
    }
    reading->by_upn = reason == TL_REASON_OK;
    return reason;
}

static enum tl_reason find_user(const struct asking *a)
{
    const struct tli_reading_question *question = a->question;
    struct tli_reading *reading = a->reading;
    enum tl_reason reason;

    switch (question->by) {
    case TL_LOOKUP_BY_SAM:
        reason = tl_directory_user_by_sam(reading, a->dir, question->name, &reading->user,
                                          a->out);
        if (reason == TL_REASON_USER_UNKNOWN && question->upn != NULL)
            reason = find_by_upn(a);
        return reason;
    case TL_LOOKUP_BY_UPN:
        return tl_directory_user_by_upn(reading, a->dir, question->name, &reading->user,
                                        a->out);
    case TL_LOOKUP_BY_ID:
        return tl_directory_user_by_uid(reading, a->dir, question->id, &reading->user,
                                        a->out);
    default:
        return tl_directory_user_by_sid(reading, a->dir, &question->sid, &reading->user,
                                        a->out);
    }
}

/* With idmap = rfc2307 the ids are in the directory: of the user that was found, if any,
 * and of the groups. */
static enum tl_reason ask_for_ids(const struct asking *a, const struct tl_sid *sids,
                                  size_t count)
{
    struct tli_reading *reading = a->reading;
    enum tl_reason reason = TL_REASON_OK;

    if (!a->question->unix_ids)
        return TL_REASON_OK;
    reading->facts = talloc_zero(reading, struct tl_unix_facts);
    if (reading->facts == NULL)
        return no_memory(a);
    if (reading->user != NULL)
        reason = tl_unix_facts_user(reading->facts, a->dir, &reading->user->sid,
                                    a->question->primary_group, a->out);
    if (reason == TL_REASON_OK)
        reason = tl_unix_facts_groups(reading->facts, a->dir, sids, count, a->out);
    return reason;
}

static enum tl_reason ask_for_names(const struct asking *a, const struct tl_sid *sids,
                                    size_t count)
{
    enum tl_reason reason = ask_for_ids(a, sids, count);

    if (reason == TL_REASON_OK)
        reason = tl_directory_names(a->reading, a->dir, sids, count, &a->reading->names,
                                    a->out);
    return reason;
}

/* In the place of names. */
static enum tl_reason take_sids(const struct asking *a, const struct tl_sid *sids,
                                size_t count)
{
    struct tl_dir_names *names = talloc_zero(a->reading, struct tl_dir_names);

    if (names != NULL)
        names->names = talloc_zero_array(names, struct tl_dir_name, count + 1);
    if (names == NULL || names->names == NULL)
        return no_memory(a);
    for (; names->count < count; names->count++)
        names->names[names->count].sid = sids[names->count];
    a->reading->names = names;
    return TL_REASON_OK;
}

static enum tl_reason ask_for_user(const struct asking *a)
{
    struct tli_reading *reading = a->reading;
    struct tl_sid *sids = NULL;
    enum tl_reason reason;
    size_t count = 0;

    if (a->question->by == TL_LOOKUP_BY_SID) {
        reason = tl_directory_user_whole(reading, a->dir, &a->question->sid,
                                         &reading->user, &sids, &count, a->out);
    } else {
        reason = find_user(a);
        if (reason == TL_REASON_OK)
            reason = tl_directory_user_groups(reading, a->dir, reading->user, &sids,
                                              &count, a->out);
    }
    if (reason != TL_REASON_OK)
        return reason;
    return a->question->nameless ? take_sids(a, sids, count)
                                 : ask_for_names(a, sids, count);
}

static enum tl_reason find_group(const struct asking *a)
{
    const struct tli_reading_question *question = a->question;
    struct tl_dir_group **group = &a->reading->group;

    if (question->kind == TLI_READ_MEMBERS || question->by == TL_LOOKUP_BY_SID)
        return tl_directory_group_by_sid(a->reading, a->dir, &question->sid, group,
                                         a->out);
    if (question->by == TL_LOOKUP_BY_ID)
        return tl_directory_group_by_gid(a->reading, a->dir, question->id, group, a->out);
    return tl_directory_group_by_name(a->reading, a->dir, question->name, group, a->out);
}

static enum tl_reason ask_for_group(const struct asking *a)
{
    enum tl_reason reason = find_group(a);

    return reason == TL_REASON_OK ? ask_for_ids(a, &a->reading->group->sid, 1) : reason;
}

static enum tl_reason ask_for_members(const struct asking *a)
{
    struct tli_reading *reading = a->reading;
    enum tl_reason reason = find_group(a);

    if (reason == TL_REASON_OK)
        reason = tl_directory_members(reading, a->dir, reading->group, true,
                                      &reading->names, a->out);
    return reason;
}

static enum tl_reason ask_for_foreign_groups(const struct asking *a)
{
    const struct tli_reading_question *question = a->question;
    struct tl_sid *sids = NULL;
    size_t count = 0;
    enum tl_reason reason = tl_directory_foreign_groups(
        a->reading, a->dir, question->sids, question->count, &a->reading->names, a->out);

    if (reason != TL_REASON_OK || !question->unix_ids)
        return reason;
    sids = talloc_array(a->reading, struct tl_sid, a->reading->names->count + 1);
    if (sids == NULL)
        return no_memory(a);
    for (; count < a->reading->names->count; count++)
        sids[count] = a->reading->names->names[count].sid;
    return ask_for_ids(a, sids, count);
}

enum tl_reason tli_reading_ask(TALLOC_CTX *ctx, struct tl_directory *dir,
                               const struct tli_reading_question *question,
                               struct tli_reading **reading, struct tl_outcome *out)
{
    static enum tl_reason (*const by_kind[])(const struct asking *) = {
        [TLI_READ_USER] = ask_for_user,
        [TLI_READ_ACCOUNT] = find_user,
        [TLI_READ_GROUP] = ask_for_group,
        [TLI_READ_MEMBERS] = ask_for_members,
        [TLI_READ_FOREIGN_GROUPS] = ask_for_foreign_groups,
    };
    struct asking a = {.dir = dir, .question = question, .out = out};
    enum tl_reason reason;

    *reading = NULL;
    a.reading = talloc_zero(ctx, struct tli_reading);
    if (a.reading == NULL)
        return no_memory(&a);
    reason = question->kind == TLI_READ_NAMES
                 ? ask_for_names(&a, question->sids, question->count)
                 : by_kind[question->kind](&a);
    if (reason == TL_REASON_OK)
        *reading = a.reading;
    else
        talloc_free(a.reading);
    return reason;
}
