/* SPDX-License-Identifier: MIT
 *
 * fill.c - from an entry of the store to the structures of NSS. Pure.
 */
#include <errno.h>
#include <string.h>

#include "module.h"

/* Never a hash: authentication is done by PAM. */
static char no_password[] = "*";

static char *copy(char **at, const struct tli_store_string *string)
{
    char *result = *at;

    memcpy(result, string->at, (size_t)string->length + 1);
    *at += (size_t)string->length + 1;
    return result;
}

static enum nss_status too_small(int *errnop)
{
    *errnop = ERANGE;
    return NSS_STATUS_TRYAGAIN;
}

enum nss_status nss_fill_passwd(const struct tli_store_entry *entry, struct passwd *pw,
                                char *buffer, size_t size, int *errnop)
{
    size_t need = (size_t)entry->name.length + entry->gecos.length + entry->home.length +
                  entry->shell.length + 4;
    char *at = buffer;

    if (size < need)
        return too_small(errnop);
    pw->pw_name = copy(&at, &entry->name);
    pw->pw_passwd = no_password;
    pw->pw_uid = entry->id;
    pw->pw_gid = entry->gid;
    pw->pw_gecos = copy(&at, &entry->gecos);
    pw->pw_dir = copy(&at, &entry->home);
    pw->pw_shell = copy(&at, &entry->shell);
    return NSS_STATUS_SUCCESS;
}

/* The pointers come first, at the first aligned address of the buffer. */
enum nss_status nss_fill_group(const struct tli_store_entry *entry, struct group *gr,
                               char *buffer, size_t size, int *errnop)
{
    size_t gap = -(size_t)(uintptr_t)buffer % sizeof(char *);
    size_t need = gap + ((size_t)entry->count + 1) * sizeof(char *) + entry->name.length +
                  1 + entry->list_size;
    char **members = (char **)(void *)(buffer + gap), *list, *end, *at;

    if (size < need)
        return too_small(errnop);
    at = (char *)(members + entry->count + 1);
    gr->gr_name = copy(&at, &entry->name);
    list = at;
    if (entry->list_size > 0)
        memcpy(list, entry->list, entry->list_size);
    end = list + entry->list_size;
    for (uint32_t i = 0; i < entry->count; i++) {
        members[i] = list;
        if (list == end)
            return NSS_STATUS_NOTFOUND;
        list += strlen(list) + 1; /* the list ends in a NUL */
    }
    if (list != end)
        return NSS_STATUS_NOTFOUND;
    members[entry->count] = NULL;
    gr->gr_passwd = no_password;
    gr->gr_gid = entry->id;
    gr->gr_mem = members;
    return NSS_STATUS_SUCCESS;
}
