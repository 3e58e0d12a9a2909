/* SPDX-License-Identifier: MIT
 *
 * fast_realms.c - which realms have proven to support FAST: an empty file each in the
 * agent's state folder, whose time is that of the last proof.
 */
#include "armor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/name.h>

#include "status/folder.h"

#define MARK "fast."
#define DAY ((time_t)24 * 3600)
#define MARK_LIFE (30 * DAY)

static char *mark_path(const struct tl_config *config, const char *realm)
{
    /* a realm may come from the network: no name of a file but its own */
    if (!tl_dns_valid(realm) || strchr(realm, '/') != NULL)
        return NULL;
    return talloc_asprintf(NULL, "%s/" MARK "%s", config->state_dir, realm);
}

/* When it last proved so, or 0. */
static time_t proven_at(const char *path)
{
    struct stat st;
    time_t now = time(NULL);

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_mtime > now + DAY || st.st_mtime < now - MARK_LIFE)
        return 0;
    return st.st_mtime;
}

bool tli_realm_has_fast(const struct tl_config *config, const char *realm)
{
    char *path = mark_path(config, realm);
    bool has = path != NULL && proven_at(path) != 0;

    talloc_free(path);
    return has;
}

void tli_realm_note_fast(const struct tl_config *config, const char *realm)
{
    char *path = mark_path(config, realm);
    int fd;

    if (path != NULL && proven_at(path) < time(NULL) - DAY) {
        (void)tli_make_folder(config->state_dir);
        fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void)futimens(fd, NULL);
            close(fd);
        }
    }
    talloc_free(path);
}
