/* SPDX-License-Identifier: MIT
 *
 * find_user.c - who a name is to this machine: the identity store's answer, the same
 * that NSS gives, without asking NSS (which would ask us).
 */
#include <errno.h>
#include <unistd.h>

#include "agent.h"
#include "store/store.h"

int tla_find_user(TALLOC_CTX *ctx, const char *state_dir, const char *name,
                  struct tla_user *user)
{
    /* A worker serves one conversation, so one mapping is enough. */
    static struct tl_store_reader reader;
    const struct tl_store_map *map;
    struct tl_store_entry entry;
    enum tl_store_answer answer;
    int rc = -ENOENT;

    *user = (struct tla_user){0};
    if (!tl_store_owns_name(name))
        return -ENOENT;
    reader.path = talloc_asprintf(ctx, "%s/%s", state_dir, TL_STORE_FILE);
    reader.owner = geteuid();
    map = reader.path != NULL ? tl_store_enter(&reader) : NULL;
    if (map == NULL)
        return -ENOENT;
    answer = tl_store_by_name(map, TL_STORE_USER_NAME, name, tl_store_now(), &entry);
    if (answer == TL_STORE_HIT || answer == TL_STORE_STALE) {
        user->uid = entry.id;
        user->gid = entry.gid;
        user->canonical = talloc_strndup(ctx, entry.name.at, entry.name.length);
        rc = user->canonical != NULL && tl_sid_parse(entry.sid.at, &user->sid) == 0
                 ? 0
                 : -EBADMSG;
    }
    tl_store_leave(&reader, map);
    return rc;
}
