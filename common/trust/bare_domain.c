/* SPDX-License-Identifier: MIT
 *
 * bare_domain.c - which domain a name without a domain belongs to. Pure.
 */
#include <string.h>

#include <trustlogon/config.h>
#include <trustlogon/route.h>

const char *tl_bare_domain(const struct tl_config *config, const char *own)
{
    if (config->bare_names == NULL || strcmp(config->bare_names, "no") == 0)
        return NULL;
    return strcmp(config->bare_names, "own") == 0 ? own : config->bare_names;
}
