/* SPDX-License-Identifier: MIT
 *
 * Asking the store, for names and ids that can be ours.
 */
#include <errno.h>

#include "module.h"
#include "tl_build.h"

/* Tests build a second module that reads a file of theirs. */
#ifndef TL_NSS_STORE
#define TL_NSS_STORE TL_STATE_DIR "/" TL_STORE_FILE
#endif
#ifndef TL_NSS_STORE_OWNER
#define TL_NSS_STORE_OWNER 0
#endif

struct tl_store_reader nss_store = {.path = TL_NSS_STORE, .owner = TL_NSS_STORE_OWNER};

enum nss_status nss_find(enum tl_store_class class, const char *name, uint32_t id,
                         struct tl_store_entry *entry, const struct tl_store_map **map)
{
    enum tl_store_answer answer;
    int saved = errno;

    *map = NULL;
    if (name != NULL && !tl_store_owns_name(name))
        return NSS_STATUS_NOTFOUND;
    *map = tl_store_enter(&nss_store);
    errno = saved;
    if (*map == NULL)
        return NSS_STATUS_NOTFOUND;
    if (name != NULL)
        answer = tl_store_by_name(*map, class, name, tl_store_now(), entry);
    else if (tl_store_owns_id(*map, id))
        answer = tl_store_by_id(*map, class, id, tl_store_now(), entry);
    else
        answer = TL_STORE_MISS;
    /* The writer refuses such ids; root's uid from a file is worth a second look. */
    if ((answer == TL_STORE_HIT || answer == TL_STORE_STALE) &&
        tl_store_owns_id(*map, entry->id) && entry->id >= 1000)
        return NSS_STATUS_SUCCESS;
    nss_leave(*map);
    *map = NULL;
    return NSS_STATUS_NOTFOUND;
}

void nss_leave(const struct tl_store_map *map)
{
    tl_store_leave(&nss_store, map);
}
