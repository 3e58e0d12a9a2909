/* SPDX-License-Identifier: MIT
 *
 * backoff.h - the wait after wrong passwords of a user who authenticates without root (a
 * screen locker).
 */
#ifndef TLA_BACKOFF_H
#define TLA_BACKOFF_H

#include <stdint.h>
#include <sys/types.h>

#include <talloc.h>
#include <trustlogon/outcome.h>

/* Seconds; less than the PAM module waits for the agent. */
#define TLA_BACKOFF_LONGEST 30

struct tla_backoff;
/* Wait for the lock of this uid and for the time that earlier wrong passwords cost; *out
 * (child of ctx) then holds the lock. The password counts as wrong until
 * tla_backoff_leave(). 0 or -errno. */
int tla_backoff_enter(TALLOC_CTX *ctx, const char *run_dir, uid_t uid,
                      struct tla_backoff **out);
/* Record the result of the password and release the lock. NULL is allowed. */
void tla_backoff_leave(struct tla_backoff *backoff, enum tl_reason reason);

/* --- the record of one uid; for tests and the fuzzer, too --- */

struct tla_backoff_record {
    uint32_t wrong; /* in a row */
    int64_t last;   /* the last wrong one, seconds since boot */
};
/* Seconds from `now` on until the next password is taken. Pure. */
int64_t tla_backoff_seconds(const struct tla_backoff_record *record, int64_t now);
/* Of an open file; anything that is not a record reads as {0}. */
struct tla_backoff_record tla_backoff_read(int fd);
/* 0 or -errno. */
int tla_backoff_write(int fd, const struct tla_backoff_record *record);

#endif
