/* SPDX-License-Identifier: MIT
 *
 * group.c - NSS entry points: group and initgroups.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "module.h"

NSS_EXPORT enum nss_status _nss_trustlogon_setgrent(int stayopen);
NSS_EXPORT enum nss_status _nss_trustlogon_endgrent(void);
NSS_EXPORT enum nss_status _nss_trustlogon_getgrent_r(struct group *gr, char *buffer,
                                                      size_t size, int *errnop);
NSS_EXPORT enum nss_status _nss_trustlogon_getgrnam_r(const char *name, struct group *gr,
                                                      char *buffer, size_t size,
                                                      int *errnop);
NSS_EXPORT enum nss_status _nss_trustlogon_getgrgid_r(gid_t gid, struct group *gr,
                                                      char *buffer, size_t size,
                                                      int *errnop);
NSS_EXPORT enum nss_status _nss_trustlogon_initgroups_dyn(const char *user, gid_t skip,
                                                          long *start, long *size,
                                                          gid_t **groups, long limit,
                                                          int *errnop);

static enum nss_status look_up(const char *name, gid_t gid, struct group *gr,
                               char *buffer, size_t size, int *errnop)
{
    const struct tli_store_map *map;
    struct tli_store_entry entry;
    const enum tli_store_class class =
        name == NULL ? TL_STORE_GROUP_ID : TL_STORE_GROUP_NAME;
    struct nss_query query = {.class = class, .name = name, .id = gid};
    struct nss_bare bare = {.file = TL_NSS_GROUP};
    enum nss_status status = nss_find(&query, &entry, &map, errnop);
    bool cut = false;
    size_t shown;

    if (status != NSS_STATUS_SUCCESS)
        return status;
    status = nss_fill_group(&entry, gr, buffer, size, errnop);
    if (status == NSS_STATUS_SUCCESS)
        cut = nss_cut_members(map, gr);
    shown = tli_store_bare_length(map, entry.name.at, entry.name.length);
    nss_leave(map);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    bare.typed = query.bare ? name : NULL;
    bare.id = gr->gr_gid;
    status = nss_show(&bare, gr->gr_name, shown, errnop);
    if (status == NSS_STATUS_SUCCESS && cut)
        status = nss_show_members(gr, errnop);
    return status;
}

enum nss_status _nss_trustlogon_getgrnam_r(const char *name, struct group *gr,
                                           char *buffer, size_t size, int *errnop)
{
    return name == NULL ? NSS_STATUS_NOTFOUND
                        : look_up(name, 0, gr, buffer, size, errnop);
}

enum nss_status _nss_trustlogon_getgrgid_r(gid_t gid, struct group *gr, char *buffer,
                                           size_t size, int *errnop)
{
    return look_up(NULL, gid, gr, buffer, size, errnop);
}

enum nss_status _nss_trustlogon_setgrent(int stayopen)
{
    return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_trustlogon_endgrent(void)
{
    return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_trustlogon_getgrent_r(struct group *gr, char *buffer, size_t size,
                                           int *errnop)
{
    return NSS_STATUS_NOTFOUND;
}

/* Room for `count` more gids in glibc's array, as far as the limit allows; returns
 * how many fit, or -1 if memory is out. */
static long make_room(long start, long *size, gid_t **groups, long limit, long count)
{
    long want;
    gid_t *more;

    if (limit > 0 && count > limit - start)
        count = limit > start ? limit - start : 0;
    want = start + count;
    if (want <= *size)
        return count;
    more = realloc(*groups, (size_t)want * sizeof(**groups));
    if (more == NULL)
        return -1;
    *groups = more;
    *size = want;
    return count;
}

_Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "wmemchr finds gids");

/* Copies runs up to the next gid that is left out, mostly one or two; libc finds it
 * fastest. */
static enum nss_status add_gids(const struct tli_store_entry *entry, gid_t skip,
                                long *start, long *size, gid_t **groups, long limit,
                                int *errnop)
{
    long room = make_room(*start, size, groups, limit, entry->count), at = *start;
    const uint32_t *gids = entry->gids, *end = gids + entry->count;

    if (room < 0) {
        *errnop = ENOMEM;
        return NSS_STATUS_TRYAGAIN;
    }
    while (gids < end && room > 0) {
        const uint32_t *stop = (const void *)wmemchr((const void *)gids, (wchar_t)skip,
                                                     (size_t)(end - gids));
        long run = (stop == NULL ? end : stop) - gids;

        run = run < room ? run : room;
        memcpy(*groups + at, gids, (size_t)run * sizeof(*gids));
        at += run;
        room -= run;
        gids = stop == NULL ? end : stop + 1;
    }
    *start = at;
    return NSS_STATUS_SUCCESS;
}

/* Whether the user that was found is the one asked for, and not shadowed by a local
 * account. */
static enum nss_status no_local_user(const struct nss_query *query, uint32_t uid,
                                     int *errnop)
{
    const struct nss_bare bare = {.file = TL_NSS_PASSWD, .typed = query->name, .id = uid};
    bool shown;

    return nss_own(&bare, &shown, errnop);
}

/* `skip` is the primary group, which the caller has put into the array. */
enum nss_status _nss_trustlogon_initgroups_dyn(const char *user, gid_t skip, long *start,
                                               long *size, gid_t **groups, long limit,
                                               int *errnop)
{
    const struct tli_store_map *map;
    struct tli_store_entry entry;
    struct nss_query query = {.class = TL_STORE_USER_NAME, .name = user};
    enum nss_status status;
    uint32_t uid;
    bool bare;

    if (user == NULL)
        return NSS_STATUS_NOTFOUND;
    status = nss_find(&query, &entry, &map, errnop);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    uid = entry.id;
    if (query.bare) {
        nss_leave(map);
        status = no_local_user(&query, uid, errnop);
        if (status != NSS_STATUS_SUCCESS)
            return status;
    }
    bare = query.bare;
    query = (struct nss_query){TL_STORE_GIDS, NULL, uid, query.asked, false};
    /* A list that is fresh is in the mapping that the user was in. */
    if (bare)
        status = nss_find(&query, &entry, &map, errnop);
    else if (tli_store_by_id(map, TL_STORE_GIDS, query.id, tli_store_now(), &entry) !=
             TL_STORE_HIT) {
        nss_leave(map);
        status = nss_find(&query, &entry, &map, errnop);
    }
    if (status != NSS_STATUS_SUCCESS)
        return status;
    status = add_gids(&entry, skip, start, size, groups, limit, errnop);
    nss_leave(map);
    return status;
}
