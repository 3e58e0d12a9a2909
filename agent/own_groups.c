/* SPDX-License-Identifier: MIT
 *
 * own_groups.c - the user's groups in this machine's own domain when its directory was
 * asked last: by the last logon, else by a look-up before the first one.
 */
#include "own_groups.h"

#include <string.h>

#include "agent.h"
#include "membership_cache.h"
#include "store/inspect.h"

static void add(TALLOC_CTX *ctx, struct tl_own_groups *known,
                const struct tl_own_group *group)
{
    struct tl_own_group *grown =
        talloc_realloc(ctx, known->groups, struct tl_own_group, known->count + 1);

    if (grown == NULL)
        return;
    known->groups = grown;
    grown[known->count++] = *group;
}

static bool is_valid(enum tli_store_answer answer)
{
    return answer == TL_STORE_HIT || answer == TL_STORE_STALE;
}

/* The gid that the group had: with rfc2307 it does not follow from the SID. */
static void find_gid(const struct tli_store_map *map, struct tl_own_group *group)
{
    char sid[TL_SID_STRING_MAX];
    struct tli_store_entry entry;

    tl_sid_format(&group->sid, sid);
    group->has_gid =
        is_valid(tli_store_by_name(map, TL_STORE_SID, sid, tli_store_now(), &entry)) &&
        entry.class == TL_STORE_GROUP_ID;
    group->gid = group->has_gid ? entry.id : 0;
}

static void from_proof(TALLOC_CTX *ctx, const struct tla_membership_cache *last,
                       const struct tli_store_map *map, struct tl_own_groups *known)
{
    const struct tl_membership *member = last->member;

    known->asked = last->own_asked;
    known->answered = last->own_answered;
    for (size_t i = 0; i < member->count; i++) {
        struct tl_own_group group = {.sid = member->groups[i].sid};

        if ((member->groups[i].attributes & TL_MEMBER_DIRECTORY) == 0)
            continue;
        if (map != NULL)
            find_gid(map, &group);
        add(ctx, known, &group);
    }
}

/* Groups of every domain; the caller takes those of the own one. */
static void from_store(TALLOC_CTX *ctx, const struct tli_store_map *map,
                       const struct tl_sid *user, struct tl_own_groups *known)
{
    const uint64_t now = tli_store_now();
    char sid[TL_SID_STRING_MAX];
    struct tli_store_entry entry, gids, one;

    tl_sid_format(user, sid);
    if (!is_valid(tli_store_by_name(map, TL_STORE_SID, sid, now, &entry)) ||
        entry.class != TL_STORE_USER_ID ||
        !is_valid(tli_store_by_id(map, TL_STORE_GIDS, entry.id, now, &gids)))
        return;
    for (uint32_t i = 0; i < gids.count; i++) {
        struct tl_own_group group = {.has_gid = true, .gid = gids.gids[i]};

        if (is_valid(tli_store_by_id(map, TL_STORE_GROUP_ID, group.gid, now, &one)) &&
            tl_sid_parse(one.sid.at, &group.sid) == 0)
            add(ctx, known, &group);
    }
}

void tla_cached_own_groups(void *arg, TALLOC_CTX *ctx, const struct tl_sid *user,
                           struct tl_own_groups *known)
{
    const struct tla_conv *conv = arg;
    TALLOC_CTX *tmp = talloc_new(NULL);
    char *path = talloc_asprintf(tmp, "%s/%s", conv->config->state_dir, TL_STORE_FILE);
    const struct tli_store_map *map = NULL;
    struct tli_store_view *view = NULL;
    struct tla_membership_cache *last = NULL;

    *known = (struct tl_own_groups){0};
    if (path != NULL && tli_store_view_open(tmp, path, &view) == 0)
        map = &view->map;
    if (tla_membership_cache_load(tmp, conv->config, user, &last) == 0)
        from_proof(ctx, last, map, known);
    if (map != NULL && (last == NULL || last->own_asked == 0))
        from_store(ctx, map, user, known);
    talloc_free(tmp);
}
