/* SPDX-License-Identifier: MIT
 *
 * fast_realms.c - which realms have proven to support FAST: a mark for each.
 */
#include "armor.h"

#include <string.h>
#include <trustlogon/name.h>

#include "status/keep.h"
#include "status/mark.h"

#define MARK_LIFE (30 * TLI_MARK_DAY)

static char *mark_path(const struct tl_config *config, const char *realm)
{
    /* A realm may come from the network: it names no file but its own. */
    if (!tl_dns_valid(realm) || strchr(realm, '/') != NULL)
        return NULL;
    return talloc_asprintf(NULL, "%s/fast.%s", config->state_dir, realm);
}

bool tli_realm_has_fast(const struct tl_config *config, const char *realm)
{
    char *path = mark_path(config, realm);
    bool has = tli_mark_is_set(path, MARK_LIFE);

    talloc_free(path);
    return has;
}

void tli_realm_note_fast(const struct tl_config *config, const char *realm)
{
    char *path = mark_path(config, realm);
    bool kept;

    /* Each logon proves it: a write a day is enough. */
    if (path != NULL && !tli_mark_is_set(path, TLI_MARK_DAY) &&
        !tli_keep(TLI_KEPT_FAST, realm, NULL, &kept))
        tli_mark_set(config->state_dir, path);
    talloc_free(path);
}
