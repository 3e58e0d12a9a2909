/* SPDX-License-Identifier: MIT
 *
 * prefix.h - names of codes are accepted with and without the prefix of their vocabulary.
 */
#ifndef TL_STATUS_PREFIX_H
#define TL_STATUS_PREFIX_H

#include <string.h>
#include <strings.h>

/* `name` behind the first of `prefixes` (NULL-terminated) that it starts with,
 * compared without case; `name` itself if none fits. */
static inline const char *tli_skip_prefix(const char *name, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++) {
        size_t len = strlen(*prefixes);

        if (strncasecmp(name, *prefixes, len) == 0)
            return name + len;
    }
    return name;
}

#endif
