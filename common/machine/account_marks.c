/* SPDX-License-Identifier: MIT
 *
 * account_marks.c - what KDCs said of the accounts in the keytab.
 *
 * Two marks, empty files in the state folder. That a KDC does not know an account
 * (error 6) is a bare KRB-ERROR, so it may do no more than let another account of the
 * same keytab go first, for an hour, and never against one whose key the KDC has shown
 * to have. A keytab that was written since makes both void.
 */
#include "kerberos/internal.h"
#include "kerberos/tickets/keytab.h"
#include "keytab_machines.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/name.h>

#include "status/folder.h"

#define PROVEN "proven"
#define DISOWNED "disowned"
#define DAY ((time_t)24 * 3600)
#define PROVEN_LIFE (30 * DAY)
#define DISOWNED_LIFE ((time_t)3600)

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

/* When the mark was made, 0: never, too long ago, or of an older keytab. */
static time_t marked(const struct tl_config *config, const char *path, time_t life)
{
    const char *keytab = tli_keytab_path(config->keytab);
    time_t now = time(NULL);
    struct stat st, kt;

    if (path == NULL || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_uid != geteuid() || st.st_mtime > now + DAY || st.st_mtime < now - life)
        return 0;
    if (keytab != NULL && stat(keytab, &kt) == 0 && after(&kt.st_ctim, &st.st_mtim))
        return 0;
    return st.st_mtime;
}

static void mark(const struct tl_config *config, const char *path)
{
    int fd;

    (void)tli_make_folder(config->state_dir);
    fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)futimens(fd, NULL);
        close(fd);
    }
}

void tli_machine_proven(const struct tl_config *config, const char *realm,
                        const char *flat)
{
    char *proven = mark_path(config, realm, flat, PROVEN);
    char *disowned = mark_path(config, realm, flat, DISOWNED);

    if (proven != NULL && marked(config, proven, DAY) == 0)
        mark(config, proven);
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

    if (disowned != NULL && marked(config, proven, PROVEN_LIFE) == 0)
        mark(config, disowned);
    talloc_free(proven);
    talloc_free(disowned);
}

bool tli_machine_is_disowned(const struct tl_config *config, const char *realm,
                             const char *flat)
{
    char *proven = mark_path(config, realm, flat, PROVEN);
    char *disowned = mark_path(config, realm, flat, DISOWNED);
    bool is = marked(config, proven, PROVEN_LIFE) == 0 &&
              marked(config, disowned, DISOWNED_LIFE) != 0;

    talloc_free(proven);
    talloc_free(disowned);
    return is;
}
