/* SPDX-License-Identifier: MIT
 *
 * find_user.c - a user by name, from the identity store: the same answer as NSS, but not
 * by NSS, which would ask the agent.
 */
#include "find_user.h"

#include <errno.h>
#include <unistd.h>

#include "store/local.h"

static bool is_there(enum tli_store_answer answer)
{
    return answer == TL_STORE_HIT || answer == TL_STORE_STALE;
}

bool tla_bare_is_local(const char *name, uint32_t uid)
{
    struct tli_local_query query = {.typed = name, .has_id = true, .id = uid};

    return tli_local_find("/etc/passwd", &query) != 0 || query.typed_is_local ||
           query.id_is_local;
}

/* A bare name of the store is not found while /etc/passwd has the name or the uid: NSS
 * reads that file first. */
int tla_find_user(TALLOC_CTX *ctx, const char *state_dir, const char *name,
                  struct tla_user *user)
{
    /* A monitor serves one conversation, so one mapping is enough. */
    static struct tli_store_reader reader;
    const struct tli_store_map *map;
    struct tli_store_entry entry;
    enum tli_store_answer answer;
    char full[TL_STORE_NAME_MAX + 1];
    const char *whole;
    int rc = -ENOENT;

    *user = (struct tla_user){0};
    reader.path = talloc_asprintf(ctx, "%s/%s", state_dir, TL_STORE_FILE);
    reader.owner = geteuid();
    map = reader.path != NULL ? tli_store_enter(&reader) : NULL;
    if (map == NULL)
        return -ENOENT;
    whole = tli_store_full_name(map, name, full);
    answer = whole == NULL ? TL_STORE_MISS
                           : tli_store_by_name(map, TL_STORE_USER_NAME, whole,
                                               tli_store_now(), &entry);
    if (is_there(answer) && whole != name && tla_bare_is_local(name, entry.id))
        answer = TL_STORE_MISS;
    if (is_there(answer)) {
        user->uid = entry.id;
        user->gid = entry.gid;
        user->canonical = talloc_strndup(ctx, entry.name.at, entry.name.length);
        rc = user->canonical != NULL && tl_sid_parse(entry.sid.at, &user->sid) == 0
                 ? 0
                 : -EBADMSG;
    }
    tli_store_leave(&reader, map);
    return rc;
}
