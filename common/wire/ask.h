/* SPDX-License-Identifier: MIT
 *
 * ask.h - ask the agent to make the identity store know a user or a group.
 *
 * For code that runs in other people's processes: libc only, no allocation, about
 * 1.5 KiB of stack, no signal, nothing left open, `errno` as it was. It may be
 * used from threads, after fork and in signal handlers. Cancelling a thread in it takes
 * effect afterwards.
 */
#ifndef TL_WIRE_ASK_H
#define TL_WIRE_ASK_H

#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

#define TL_ASK_NAME_MAX 1024 /* bytes, without the NUL: what the store can hold */

/*
 * One round trip, `timeout_ms` in all, connecting to a full queue included. `name` for
 * look-ups by name, `id` for those by id. 0 and *ntstatus (wire.h says what it
 * means), or with *ntstatus 0:
 *   -ENOENT, -ECONNREFUSED   no agent runs
 *   -ETIMEDOUT               it did not answer in time
 *   -ECONNRESET              it refused: too many ask, or it asks itself
 *   -EACCES                  the listener is not root
 *   -EBADMSG, -EMSGSIZE      its answer is malformed
 *   -EINVAL, -ENAMETOOLONG   no such question; a name or path that is too long
 * or the error of a system call (-EMFILE, -EAFNOSUPPORT, ...).
 */
int tli_ask_lookup(const char *socket, uint32_t lookup, const char *name, uint32_t id,
                   int timeout_ms, uint32_t *ntstatus);
/* The same for tests, whose agent is not root. */
int tli_ask_lookup_of(uid_t owner, const char *socket, uint32_t lookup, const char *name,
                      uint32_t id, int timeout_ms, uint32_t *ntstatus);

#endif
