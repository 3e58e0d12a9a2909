/* SPDX-License-Identifier: MIT
 *
 * text_file.c - small text files of the agent: read whole, and replaced as a whole.
 */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int tla_file_read(TALLOC_CTX *ctx, const char *path, mode_t refused, size_t most,
                  char **text, size_t *len)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int rc = 0;

    *text = NULL;
    *len = 0;
    if (fd < 0) {
        rc = -errno;
        return rc < 0 ? rc : -EIO; /* clang's analyzer assumes that errno may be 0 */
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & refused) != 0 || (size_t)st.st_size > most)
        rc = -EPERM;
    else if ((*text = talloc_zero_size(ctx, (size_t)st.st_size + 1)) == NULL)
        rc = -ENOMEM;
    else if (read(fd, *text, (size_t)st.st_size) != st.st_size)
        rc = -EIO;
    else
        *len = (size_t)st.st_size;
    close(fd);
    if (rc != 0)
        TALLOC_FREE(*text);
    return rc;
}

int tla_file_replace(const char *path, const char *text, bool to_disk)
{
    char *beside = talloc_asprintf(NULL, "%s.XXXXXX", path);
    int fd = beside != NULL ? mkostemp(beside, O_CLOEXEC) : -1; /* mode 0600 */
    size_t len = strlen(text);
    int rc = 0;

    if (fd < 0)
        rc = beside != NULL ? -errno : -ENOMEM;
    else if (write(fd, text, len) != (ssize_t)len || (to_disk && fsync(fd) != 0))
        rc = -EIO;
    else if (rename(beside, path) != 0)
        rc = -errno;
    if (fd >= 0)
        close(fd);
    if (rc != 0 && fd >= 0)
        (void)unlink(beside);
    talloc_free(beside);
    return rc;
}
