/* SPDX-License-Identifier: MIT
 *
 * lock.c - locks with a limit on the wait (lock.h).
 *
 * Neither flock(2) nor fcntl(2) takes a time limit, and an alarm would be the whole
 * process's; so the lock is asked for again and again. A few milliseconds are short
 * beside what is done under any of these locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "lock.h"

#define PAUSE_NS 2000000

static int try_file(int fd, off_t at)
{
    (void)at;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
}

static int try_byte(int fd, off_t at)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : -errno;
}

static bool is_taken(int rc)
{
    return rc == -EAGAIN || rc == -EACCES || rc == -EINTR;
}

static int wait_for(int (*attempt)(int fd, off_t at), int fd, off_t at, tl_deadline until)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (;;) {
        int rc = attempt(fd, at);

        if (!is_taken(rc))
            return rc;
        if (tl_deadline_left_ms(until) == 0)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
    }
}

int tli_lock_file(int fd, tl_deadline until)
{
    return wait_for(try_file, fd, 0, until);
}

int tli_lock_byte(int fd, off_t at, tl_deadline until)
{
    return wait_for(try_byte, fd, at, until);
}

int tli_lock_byte_now(int fd, off_t at)
{
    int rc = try_byte(fd, at);

    return is_taken(rc) ? -EAGAIN : rc;
}
