/* SPDX-License-Identifier: MIT
 *
 * lock_file.c - locks on single bytes of a file, which is all that monitors share.
 */
#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "status/lock.h"

int tla_lock_open(const char *run_dir, const char *name)
{
    char *path = talloc_asprintf(NULL, "%s/%s", run_dir, name);
    int fd;

    if (path == NULL)
        return -ENOMEM;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        fd = -errno;
    talloc_free(path);
    return fd;
}

static int close_lock(struct tla_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    return 0;
}

struct tla_lock *tla_lock_new(TALLOC_CTX *ctx, const char *run_dir, const char *name)
{
    struct tla_lock *lock = talloc_zero(ctx, struct tla_lock);

    if (lock == NULL)
        return NULL;
    lock->fd = tla_lock_open(run_dir, name);
    talloc_set_destructor(lock, close_lock);
    return lock;
}

int tla_lock_one_of(int fd, off_t first, int count)
{
    for (int i = 0; i < count; i++) {
        int rc = tli_lock_byte_now(fd, first + i);

        if (rc != -EAGAIN)
            return rc;
    }
    return -EAGAIN;
}
