/* SPDX-License-Identifier: MIT
 *
 * account_marks.c - what KDCs said of the accounts in the keytab.
 *
 * Two marks for each (status/mark.h). That a KDC does not know an account
 * (error 6) is a bare KRB-ERROR, so it may do no more than let another account of the
 * same keytab go first, for an hour, and never against one whose key the KDC has shown
 * to have. A keytab that was written since makes both void.
 */
#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "keytab_machines.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <trustlogon/name.h>

#include "status/mark.h"

#define PROVEN "proven"
#define DISOWNED "disowned"
#define PROVEN_LIFE (30 * TLI_MARK_DAY)
#define DISOWNED_LIFE TLI_MARK_HOUR

static char *mark_path(const struct tl_config *config, const char *realm,
                       const char *flat, const char *mark)
{
    /* names out of the keytab, and no path in them */
    if (!tl_dns_valid(realm) || strchr(realm, '/') != NULL || strchr(flat, '/') != NULL ||
        strlen(flat) > TL_NETBIOS_MAX)
        return NULL;
    return talloc_asprintf(NULL, "%s/machine.%s@%s.%s", config->state_dir, flat, realm,
                           mark);
}

static bool after(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Whether the mark is set, and no keytab was written since. */
static bool is_marked(const struct tl_config *config, const char *path, time_t life)
{
    const char *keytab = tli_keytab_path(config->keytab);
    struct timespec set = tli_mark_time(path, life);
    struct stat st;

    return set.tv_sec != 0 &&
           !(keytab != NULL && stat(keytab, &st) == 0 && after(&st.st_ctim, &set));
}

void tli_machine_proven(const struct tl_config *config, const char *realm,
                        const char *flat)
{
    char *proven = mark_path(config, realm, flat, PROVEN);
    char *disowned = mark_path(config, realm, flat, DISOWNED);

    if (proven != NULL && !is_marked(config, proven, TLI_MARK_DAY))
        tli_mark_set(config->state_dir, proven);
    if (disowned != NULL)
        (void)unlink(disowned);
    talloc_free(proven);
    talloc_free(disowned);
}

void tli_machine_disowned(const struct tl_config *config, const char *realm,
                          const char *flat)
{
    char *proven = mark_path(config, realm, flat, PROVEN);
    char *disowned = mark_path(config, realm, flat, DISOWNED);

    if (disowned != NULL && !is_marked(config, proven, PROVEN_LIFE))
        tli_mark_set(config->state_dir, disowned);
    talloc_free(proven);
    talloc_free(disowned);
}

bool tli_machine_is_disowned(const struct tl_config *config, const char *realm,
                             const char *flat)
{
    char *proven = mark_path(config, realm, flat, PROVEN);
    char *disowned = mark_path(config, realm, flat, DISOWNED);
    bool is = !is_marked(config, proven, PROVEN_LIFE) &&
              is_marked(config, disowned, DISOWNED_LIFE);

    talloc_free(proven);
    talloc_free(disowned);
    return is;
}
