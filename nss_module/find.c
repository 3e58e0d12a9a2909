/* SPDX-License-Identifier: MIT
 *
 * find.c - ask the store for names and ids that it may have, and then the agent.
 */
#include <errno.h>

#include "module.h"
#include "tl_build.h"

/* Tests build a second module that reads a file of theirs. */
#ifndef TL_NSS_STORE
#define TL_NSS_STORE TL_STATE_DIR "/" TL_STORE_FILE
#endif

struct tli_store_reader nss_store = {.path = TL_NSS_STORE, .owner = TL_NSS_OWNER};

static bool usable(const struct tli_store_map *map, enum tli_store_answer answer,
                   const struct tli_store_entry *entry)
{
    /* The writer refuses such ids, but root's uid from a file is worth a second check. */
    return (answer == TL_STORE_HIT || answer == TL_STORE_STALE) &&
           tli_store_owns_id(map, entry->id) && entry->id >= NSS_LEAST_ID;
}

/*
 * *map is set if the entry is usable: HIT or STALE. *ours: whether the agent may know
 * more. It may know any name that has a domain, even if no store exists yet, since
 * the first look-up creates it. It may know ids in the store's ranges; without these each
 * foreign id of the machine would go to the agent, and no id is assigned before the first
 * record.
 */
static enum tli_store_answer look(const struct nss_query *query,
                                  struct tli_store_entry *entry,
                                  const struct tli_store_map **map, bool *ours)
{
    const struct tli_store_map *in;
    enum tli_store_answer answer = TL_STORE_MISS;
    int saved = errno;

    *map = NULL;
    *ours = query->name != NULL;
    in = tli_store_enter(&nss_store);
    errno = saved;
    if (in == NULL)
        return TL_STORE_MISS;
    if (query->name != NULL) {
        answer = tli_store_by_name(in, query->class, query->name, tli_store_now(), entry);
    } else if (query->id >= NSS_LEAST_ID && tli_store_owns_id(in, query->id)) {
        *ours = true;
        answer = tli_store_by_id(in, query->class, query->id, tli_store_now(), entry);
    }
    if (usable(in, answer, entry)) {
        *map = in;
        return answer;
    }
    nss_leave(in);
    return answer == TL_STORE_NEGATIVE ? TL_STORE_NEGATIVE : TL_STORE_MISS;
}

static uint32_t lookup_of(enum tli_store_class class)
{
    return class == TL_STORE_GIDS ? (uint32_t)TL_STORE_USER_ID : (uint32_t) class;
}

static enum nss_status ask_and_look(struct nss_query *query,
                                    struct tli_store_entry *entry,
                                    const struct tli_store_map **map, int *errnop)
{
    enum nss_heard heard = NSS_HEARD_NOTHING;
    enum tli_store_answer answer;
    bool ours;

    if (!query->asked)
        heard = nss_ask(lookup_of(query->class), query->name, query->id);
    query->asked = true;
    answer = look(query, entry, map, &ours);
    if (*map != NULL && (answer == TL_STORE_HIT || heard != NSS_HEARD_NONE))
        return NSS_STATUS_SUCCESS;
    if (*map != NULL)
        nss_leave(*map);
    *map = NULL;
    return answer == TL_STORE_NEGATIVE || heard == NSS_HEARD_NONE
               ? NSS_STATUS_NOTFOUND
               : nss_cannot_tell(errnop);
}

static enum nss_status find_whole(struct nss_query *query, const char *typed,
                                  struct tli_store_entry *entry,
                                  const struct tli_store_map **map, int *errnop)
{
    const struct nss_bare own = {
        .file = query->class == TL_STORE_USER_NAME ? TL_NSS_PASSWD : TL_NSS_GROUP,
        .typed = typed};
    enum nss_status status = NSS_STATUS_SUCCESS;
    enum tli_store_answer answer;
    bool ours, shown;

    answer = look(query, entry, map, &ours);
    if (answer == TL_STORE_HIT)
        return NSS_STATUS_SUCCESS;
    if (answer == TL_STORE_NEGATIVE || !ours)
        return NSS_STATUS_NOTFOUND;
    /* Leave the store before waiting: a mapping stays as long as one look-up is in it. */
    if (*map != NULL)
        nss_leave(*map);
    *map = NULL;
    /* The agent is not asked for the machine's own accounts. */
    if (typed != NULL)
        status = nss_own(&own, &shown, errnop);
    return status == NSS_STATUS_SUCCESS ? ask_and_look(query, entry, map, errnop)
                                        : status;
}

/* The store has the domain of bare names; without a store a bare name is not a user. */
static bool complete(const char *name, char *full)
{
    const struct tli_store_map *in;
    int saved = errno;
    bool known;

    in = tli_store_enter(&nss_store);
    known = in != NULL && tli_store_full_name(in, name, full) != NULL;
    if (in != NULL)
        nss_leave(in);
    errno = saved;
    return known;
}

enum nss_status nss_find(struct nss_query *query, struct tli_store_entry *entry,
                         const struct tli_store_map **map, int *errnop)
{
    const char *typed = query->name;
    char full[TL_STORE_NAME_MAX + 1];
    enum nss_status status;

    *map = NULL;
    if (typed == NULL || tli_store_owns_name(typed))
        return find_whole(query, NULL, entry, map, errnop);
    query->bare = true;
    if (!complete(typed, full))
        return NSS_STATUS_NOTFOUND;
    query->name = full;
    status = find_whole(query, typed, entry, map, errnop);
    query->name = typed;
    return status;
}

void nss_leave(const struct tli_store_map *map)
{
    tli_store_leave(&nss_store, map);
}
