/* SPDX-License-Identifier: MIT
 *
 * passwd.c - NSS entry points: passwd.
 */
#include "module.h"

NSS_EXPORT enum nss_status _nss_trustlogon_setpwent(int stayopen);
NSS_EXPORT enum nss_status _nss_trustlogon_endpwent(void);
NSS_EXPORT enum nss_status _nss_trustlogon_getpwent_r(struct passwd *pw, char *buffer,
                                                      size_t size, int *errnop);
NSS_EXPORT enum nss_status _nss_trustlogon_getpwnam_r(const char *name, struct passwd *pw,
                                                      char *buffer, size_t size,
                                                      int *errnop);
NSS_EXPORT enum nss_status _nss_trustlogon_getpwuid_r(uid_t uid, struct passwd *pw,
                                                      char *buffer, size_t size,
                                                      int *errnop);

static enum nss_status look_up(const char *name, uid_t uid, struct passwd *pw,
                               char *buffer, size_t size, int *errnop)
{
    const struct tli_store_map *map;
    struct tli_store_entry entry;
    const enum tli_store_class class =
        name == NULL ? TL_STORE_USER_ID : TL_STORE_USER_NAME;
    struct nss_query query = {.class = class, .name = name, .id = uid};
    struct nss_bare bare = {.file = TL_NSS_PASSWD};
    enum nss_status status = nss_find(&query, &entry, &map, errnop);
    size_t shown;

    if (status != NSS_STATUS_SUCCESS)
        return status;
    status = nss_fill_passwd(&entry, pw, buffer, size, errnop);
    shown = tli_store_bare_length(map, entry.name.at, entry.name.length);
    nss_leave(map);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    bare.typed = query.bare ? name : NULL;
    bare.id = pw->pw_uid;
    return nss_show(&bare, pw->pw_name, shown, errnop);
}

enum nss_status _nss_trustlogon_getpwnam_r(const char *name, struct passwd *pw,
                                           char *buffer, size_t size, int *errnop)
{
    return name == NULL ? NSS_STATUS_NOTFOUND
                        : look_up(name, 0, pw, buffer, size, errnop);
}

enum nss_status _nss_trustlogon_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer,
                                           size_t size, int *errnop)
{
    return look_up(NULL, uid, pw, buffer, size, errnop);
}

enum nss_status _nss_trustlogon_setpwent(int stayopen)
{
    return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_trustlogon_endpwent(void)
{
    return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_trustlogon_getpwent_r(struct passwd *pw, char *buffer, size_t size,
                                           int *errnop)
{
    return NSS_STATUS_NOTFOUND;
}
