/* SPDX-License-Identifier: MIT
 *
 * reading_codec.c - what is asked of the directory of a domain, and what it says.
 */
#include "reading_codec.h"

#include <errno.h>
#include <string.h>

#include "worker_codec.h"
#include "worker_json.h"

#define WAIT_MAX_MS 600000

/* --- questions --- */

static json_t *sids_encode(const struct tl_sid *sids, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < count; i++)
        if (json_array_append_new(list, tla_json_sid(&sids[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int sids_decode(TALLOC_CTX *ctx, const json_t *from,
                       struct tli_reading_question *question)
{
    size_t count = json_array_size(from);
    struct tl_sid *sids;

    if (!json_is_array(from) || count > TLA_QUESTION_SIDS_MAX)
        return -EBADMSG;
    sids = talloc_array(ctx, struct tl_sid, count + 1);
    if (sids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (!tla_json_take_sid(json_array_get(from, i), &sids[i]))
            return -EBADMSG;
    question->sids = sids;
    question->count = count;
    return 0;
}

/* By SID, or the members of a group. */
static bool has_sid(const struct tli_reading_question *question)
{
    return question->kind == TLI_READ_MEMBERS ||
           (question->kind <= TLI_READ_GROUP && question->by == TL_LOOKUP_BY_SID);
}

static bool has_name(const struct tli_reading_question *question)
{
    return question->kind <= TLI_READ_GROUP &&
           (question->by == TL_LOOKUP_BY_SAM || question->by == TL_LOOKUP_BY_UPN);
}

json_t *tla_question_encode(const struct tli_reading_question *question,
                            tl_deadline until)
{
    return json_pack("{s:i,s:i,s:o,s:o,s:o,s:I,s:o,s:b,s:b,s:b,s:I}", "kind",
                     (int)question->kind, "by", (int)question->by, "name",
                     tla_json_text(has_name(question) ? question->name : NULL), "upn",
                     tla_json_text(question->upn), "sid",
                     has_sid(question) ? tla_json_sid(&question->sid) : json_null(), "id",
                     (json_int_t)question->id, "sids",
                     sids_encode(question->sids, question->count), "nameless",
                     (int)question->nameless, "unix", (int)question->unix_ids, "primary",
                     (int)question->primary_group, "until", (json_int_t)until);
}

int tla_question_decode(TALLOC_CTX *ctx, const json_t *from,
                        struct tli_reading_question *question, tl_deadline *until)
{
    const tl_deadline latest = tl_deadline_in_ms(WAIT_MAX_MS);
    int64_t kind, by, id;

    *question = (struct tli_reading_question){0};
    if (!tla_json_take_number(from, "kind", TLI_READ_USER, TLI_READ_FOREIGN_GROUPS,
                              &kind) ||
        !tla_json_take_number(from, "by", TL_LOOKUP_BY_SAM, TL_LOOKUP_BY_ID, &by) ||
        !tla_json_take_number(from, "id", 0, UINT32_MAX, &id) ||
        !tla_json_take_number(from, "until", 0, latest, until) ||
        !tla_json_take_flag(from, "nameless", &question->nameless) ||
        !tla_json_take_flag(from, "unix", &question->unix_ids) ||
        !tla_json_take_flag(from, "primary", &question->primary_group) ||
        !tla_json_take_text(ctx, from, "name", &question->name) ||
        !tla_json_take_text(ctx, from, "upn", &question->upn))
        return -EBADMSG;
    question->kind = (enum tli_reading_kind)kind;
    question->by = (enum tl_lookup_by)by;
    question->id = (uint32_t)id;
    if ((has_name(question) && question->name == NULL) ||
        (has_sid(question) &&
         !tla_json_take_sid(json_object_get(from, "sid"), &question->sid)))
        return -EBADMSG;
    return sids_decode(ctx, json_object_get(from, "sids"), question);
}

/* --- answers --- */

static json_t *user_encode(const struct tl_dir_user *user)
{
    if (user == NULL)
        return json_null();
    return json_pack(
        "{s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:b,s:b,s:I,s:I,s:b,s:I,s:I}", "sam",
        tla_json_text(user->sam), "upn", tla_json_text(user->upn), "sid",
        tla_json_sid(&user->sid), "primary", (json_int_t)user->primary_group_rid,
        "display_name", tla_json_text(user->display_name), "home",
        tla_json_text(user->home), "shell", tla_json_text(user->shell), "has_uid",
        (int)user->has_uid, "has_gid", (int)user->has_gid, "uid",
        (json_int_t)user->uid_number, "gid", (json_int_t)user->gid_number, "has_control",
        (int)user->has_control, "control", (json_int_t)user->user_account_control,
        "expires", (json_int_t)user->expires);
}

static int user_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_dir_user **out)
{
    struct tl_dir_user *user = talloc_zero(ctx, struct tl_dir_user);
    int64_t primary, uid, gid, control;

    *out = user;
    if (user == NULL)
        return -ENOMEM;
    if (!tla_json_take_text(user, from, "sam", &user->sam) || user->sam == NULL ||
        !tla_json_take_text(user, from, "upn", &user->upn) ||
        !tla_json_take_sid(json_object_get(from, "sid"), &user->sid) ||
        !tla_json_take_number(from, "primary", 1, UINT32_MAX, &primary) ||
        !tla_json_take_text(user, from, "display_name", &user->display_name) ||
        !tla_json_take_text(user, from, "home", &user->home) ||
        !tla_json_take_text(user, from, "shell", &user->shell) ||
        !tla_json_take_flag(from, "has_uid", &user->has_uid) ||
        !tla_json_take_flag(from, "has_gid", &user->has_gid) ||
        !tla_json_take_number(from, "uid", 0, UINT32_MAX, &uid) ||
        !tla_json_take_number(from, "gid", 0, UINT32_MAX, &gid) ||
        !tla_json_take_flag(from, "has_control", &user->has_control) ||
        !tla_json_take_number(from, "control", 0, UINT32_MAX, &control) ||
        !tla_json_take_number(from, "expires", 0, INT64_MAX, &user->expires))
        return -EBADMSG;
    user->primary_group_rid = (uint32_t)primary;
    user->uid_number = (uint32_t)uid;
    user->gid_number = (uint32_t)gid;
    user->user_account_control = (uint32_t)control;
    return 0;
}

static json_t *group_encode(const struct tl_dir_group *group)
{
    if (group == NULL)
        return json_null();
    return json_pack("{s:o,s:o,s:I,s:b,s:I}", "name", tla_json_text(group->name), "sid",
                     tla_json_sid(&group->sid), "type", (json_int_t)group->type,
                     "has_gid", (int)group->has_gid, "gid",
                     (json_int_t)group->gid_number);
}

static int group_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_dir_group **out)
{
    struct tl_dir_group *group = talloc_zero(ctx, struct tl_dir_group);
    int64_t type, gid;

    *out = group;
    if (group == NULL)
        return -ENOMEM;
    if (!tla_json_take_text(group, from, "name", &group->name) || group->name == NULL ||
        !tla_json_take_sid(json_object_get(from, "sid"), &group->sid) ||
        !tla_json_take_number(from, "type", 0, UINT32_MAX, &type) ||
        !tla_json_take_flag(from, "has_gid", &group->has_gid) ||
        !tla_json_take_number(from, "gid", 0, UINT32_MAX, &gid))
        return -EBADMSG;
    group->type = (uint32_t)type;
    group->gid_number = (uint32_t)gid;
    return 0;
}

/* [[SID, kind, domain-local, name], ...] */
static json_t *names_encode(const struct tl_dir_names *names)
{
    json_t *list = names != NULL ? json_array() : json_null();

    for (size_t i = 0; names != NULL && list != NULL && i < names->count; i++) {
        const struct tl_dir_name *name = &names->names[i];
        json_t *one = json_pack("[o,i,b,o]", tla_json_sid(&name->sid), (int)name->kind,
                                (int)name->domain_local, tla_json_text(name->name));

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int name_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_dir_name *name)
{
    const json_t *kind = json_array_get(from, 1), *local = json_array_get(from, 2);

    if (!tla_json_take_sid(json_array_get(from, 0), &name->sid) ||
        !json_is_integer(kind) || json_integer_value(kind) < TL_DIR_UNKNOWN ||
        json_integer_value(kind) > TL_DIR_FOREIGN || !json_is_boolean(local) ||
        !tla_json_text_of(ctx, json_array_get(from, 3), &name->name))
        return -EBADMSG;
    name->kind = (enum tl_dir_kind)json_integer_value(kind);
    name->domain_local = json_is_true(local);
    return 0;
}

static int names_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_dir_names **out)
{
    struct tl_dir_names *names = talloc_zero(ctx, struct tl_dir_names);
    size_t count = json_array_size(from);
    int rc = 0;

    *out = names;
    if (names == NULL)
        return -ENOMEM;
    if (!json_is_array(from) || count > TL_DIR_MEMBERS_MAX)
        return -EBADMSG;
    names->names = talloc_zero_array(names, struct tl_dir_name, count + 1);
    if (names->names == NULL)
        return -ENOMEM;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = name_decode(names, json_array_get(from, i), &names->names[i]);
    names->count = count;
    return rc;
}

json_t *tla_reading_encode(const struct tli_reading *reading,
                           const struct tl_outcome *out)
{
    static const struct tli_reading nothing;
    const struct tli_reading *r = reading != NULL ? reading : &nothing;

    return json_pack("{s:o,s:o,s:b,s:o,s:o,s:b,s:o}", "outcome", tla_outcome_encode(out),
                     "user", user_encode(r->user), "by_upn", (int)r->by_upn, "group",
                     group_encode(r->group), "names", names_encode(r->names), "cut",
                     (int)(r->names != NULL && r->names->cut), "facts",
                     r->facts != NULL ? tla_unix_facts_encode(r->facts) : json_null());
}

static int parts_decode(const json_t *from, struct tli_reading *reading)
{
    const json_t *user = json_object_get(from, "user"),
                 *group = json_object_get(from, "group"),
                 *names = json_object_get(from, "names"),
                 *facts = json_object_get(from, "facts");
    int rc = 0;
    bool cut;

    if (!tla_json_take_flag(from, "by_upn", &reading->by_upn) ||
        !tla_json_take_flag(from, "cut", &cut))
        return -EBADMSG;
    if (!json_is_null(user))
        rc = user_decode(reading, user, &reading->user);
    if (rc == 0 && !json_is_null(group))
        rc = group_decode(reading, group, &reading->group);
    if (rc == 0 && !json_is_null(names))
        rc = names_decode(reading, names, &reading->names);
    if (rc == 0 && reading->names != NULL)
        reading->names->cut = cut;
    if (rc == 0 && !json_is_null(facts))
        rc = tla_unix_facts_decode(reading, facts, &reading->facts);
    return rc;
}

int tla_reading_decode(TALLOC_CTX *ctx, const json_t *from, struct tli_reading **reading,
                       struct tl_outcome *out)
{
    int rc = tla_outcome_decode(json_object_get(from, "outcome"), out);

    *reading = NULL;
    if (rc != 0 || out->reason != TL_REASON_OK)
        return rc;
    *reading = talloc_zero(ctx, struct tli_reading);
    if (*reading == NULL)
        return -ENOMEM;
    rc = parts_decode(from, *reading);
    if (rc != 0)
        TALLOC_FREE(*reading);
    return rc;
}
