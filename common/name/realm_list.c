/* SPDX-License-Identifier: MIT
 *
 * realm_list.c - a list of realms, separated by blanks or commas.
 */
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

#include "realm_list.h"

#define BETWEEN " \t,"

bool tli_realm_list_valid(const char *value)
{
    char *copy = talloc_strdup(NULL, value), *rest = NULL;
    const char *realm = copy != NULL ? strtok_r(copy, BETWEEN, &rest) : NULL;
    bool valid = realm != NULL;

    for (; realm != NULL && valid; realm = strtok_r(NULL, BETWEEN, &rest))
        valid = tl_dns_valid(realm) && strchr(realm, '.') != NULL;
    talloc_free(copy);
    return valid;
}

bool tl_realm_list_has(const char *list, const char *realm)
{
    size_t len;

    for (const char *at = list; at != NULL && *at != '\0'; at += len) {
        at += strspn(at, BETWEEN);
        len = strcspn(at, BETWEEN);
        if (len > 0 && len == strlen(realm) && strncasecmp(at, realm, len) == 0)
            return true;
    }
    return false;
}
