/* SPDX-License-Identifier: MIT
 *
 * lock.h - locks between processes, with a deadline for the wait: the holder may have
 * been stopped or frozen by the user who started it.
 *
 * Locks of the open file description (of one byte) and of the file (flock) alike end when
 * the last descriptor is closed, however the process ends. All return 0, -ETIMEDOUT or
 * -errno, and are safe against signals.
 */
#ifndef TL_STATUS_LOCK_H
#define TL_STATUS_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include <trustlogon/trace.h>

/* The whole file, with flock(2). */
int tli_lock_file(int fd, tl_deadline until);
/* The byte at `at`. */
int tli_lock_byte(int fd, off_t at, tl_deadline until);
/* The same without waiting: 0, -EAGAIN if another has it, or -errno. */
int tli_lock_byte_now(int fd, off_t at);

#endif
