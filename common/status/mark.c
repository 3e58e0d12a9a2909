/* SPDX-License-Identifier: MIT
 *
 * mark.c - set and read marks.
 */
#include "mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

struct timespec tli_mark_time(const char *path, time_t life)
{
    const struct timespec never = {0};
    time_t now = time(NULL);
    struct stat st;

    /* A clock that was wrong for a while may have left a mark in the future. */
    if (path == NULL || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        (st.st_uid != geteuid() && st.st_uid != 0) || st.st_mtime > now + TLI_MARK_DAY ||
        st.st_mtime < now - life)
        return never;
    return st.st_mtim;
}

bool tli_mark_is_set(const char *path, time_t life)
{
    return tli_mark_time(path, life).tv_sec != 0;
}

void tli_mark_set(const char *folder, const char *path)
{
    int fd;

    (void)tli_make_folder(folder);
    fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)futimens(fd, NULL);
        close(fd);
    }
}
