/* SPDX-License-Identifier: MIT
 *
 * worker_codec_directory.c - what a worker has read in directories, as JSON and back.
 */
#include "worker_codec.h"

#include <errno.h>
#include <string.h>

#include "wire/wire.h"
#include "worker_json.h"

/* The text is the snapshot's, which has a decoder of its own. */
json_t *tla_topology_encode(const struct tl_topology *topology)
{
    char *text = NULL;
    json_t *string =
        tl_topology_to_json(NULL, topology, &text) == 0 ? json_string(text) : NULL;

    talloc_free(text);
    return string;
}

int tla_topology_decode(TALLOC_CTX *ctx, const json_t *from,
                        struct tl_topology **topology)
{
    char *error = NULL;
    int rc;

    *topology = NULL;
    if (!json_is_string(from))
        return -EBADMSG;
    rc = tl_topology_from_json(ctx, json_string_value(from), json_string_length(from),
                               topology, &error);
    talloc_free(error);
    return rc;
}

static json_t *unix_groups_encode(const struct tl_unix_facts *facts)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < facts->num_groups; i++) {
        json_t *one = json_pack("[o,I]", tla_json_sid(&facts->groups[i].sid),
                                (json_int_t)facts->groups[i].gid);

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *tla_unix_facts_encode(const struct tl_unix_facts *facts)
{
    return json_pack("{s:b,s:b,s:I,s:I,s:b,s:b,s:b,s:o,s:o,s:o,s:o}", "has_uid",
                     (int)facts->has_uid, "has_gid", (int)facts->has_gid, "uid",
                     (json_int_t)facts->uid, "gid", (json_int_t)facts->gid, "uid_shared",
                     (int)facts->uid_shared, "gid_shared", (int)facts->gid_shared,
                     "gid_is_group", (int)facts->gid_is_group, "gid_sid",
                     facts->gid_is_group ? tla_json_sid(&facts->gid_sid) : json_null(),
                     "home", tla_json_text(facts->home), "shell",
                     tla_json_text(facts->shell), "groups", unix_groups_encode(facts));
}

static int unix_groups_decode(struct tl_unix_facts *facts, const json_t *list)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > TLA_GROUPS_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        json_int_t gid = json_integer_value(json_array_get(one, 1));
        struct tl_sid sid;

        if (!tla_json_take_sid(json_array_get(one, 0), &sid) || gid < 0 ||
            gid > UINT32_MAX || !json_is_integer(json_array_get(one, 1)))
            return -EBADMSG;
        if (tl_unix_facts_add(facts, &sid, (uint32_t)gid) != 0)
            return -ENOMEM;
    }
    return 0;
}

int tla_unix_facts_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_unix_facts **out)
{
    struct tl_unix_facts *facts = talloc_zero(ctx, struct tl_unix_facts);
    int64_t uid, gid;
    int rc = -EBADMSG;

    *out = NULL;
    if (facts == NULL)
        return -ENOMEM;
    if (tla_json_take_number(from, "uid", 0, UINT32_MAX, &uid) &&
        tla_json_take_number(from, "gid", 0, UINT32_MAX, &gid) &&
        tla_json_take_flag(from, "has_uid", &facts->has_uid) &&
        tla_json_take_flag(from, "has_gid", &facts->has_gid) &&
        tla_json_take_flag(from, "uid_shared", &facts->uid_shared) &&
        tla_json_take_flag(from, "gid_shared", &facts->gid_shared) &&
        tla_json_take_flag(from, "gid_is_group", &facts->gid_is_group) &&
        (!facts->gid_is_group ||
         tla_json_take_sid(json_object_get(from, "gid_sid"), &facts->gid_sid)) &&
        tla_json_take_text(facts, from, "home", &facts->home) &&
        tla_json_take_text(facts, from, "shell", &facts->shell))
        rc = unix_groups_decode(facts, json_object_get(from, "groups"));
    if (rc != 0) {
        talloc_free(facts);
        return rc;
    }
    facts->uid = (uint32_t)uid;
    facts->gid = (uint32_t)gid;
    *out = facts;
    return 0;
}

json_t *tla_groups_encode(const struct tl_lookup_answer *answer)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < answer->num_groups; i++) {
        const struct tl_group *group = answer->groups[i];
        const char *at = strrchr(group->canonical, '@');
        json_t *one = json_pack("[o,s%]", tla_json_sid(&group->sid), group->canonical,
                                at != NULL ? (size_t)(at - group->canonical)
                                           : strlen(group->canonical));

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

int tla_groups_decode(TALLOC_CTX *ctx, const json_t *from, struct tl_dir_names **out)
{
    struct tl_dir_names *groups = talloc_zero(ctx, struct tl_dir_names);
    size_t count = json_array_size(from);

    *out = NULL;
    if (groups == NULL)
        return -ENOMEM;
    groups->names = talloc_zero_array(groups, struct tl_dir_name, count + 1);
    if (!json_is_array(from) || count > TLA_GROUPS_MAX || groups->names == NULL)
        goto bad;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(from, i);
        struct tl_dir_name *group = &groups->names[i];

        if (!tla_json_take_sid(json_array_get(one, 0), &group->sid) ||
            !tla_json_text_of(groups->names, json_array_get(one, 1), &group->name))
            goto bad;
        group->kind = TL_DIR_GROUP;
        groups->count++;
    }
    *out = groups;
    return 0;
bad:
    talloc_free(groups);
    return -EBADMSG;
}
