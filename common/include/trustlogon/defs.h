/* SPDX-License-Identifier: MIT
 *
 * trustlogon/defs.h - what every public header of libtrustlogon shares.
 *
 * Conventions of the whole library:
 * - Memory is talloc's. The first parameter, `ctx`, owns what is returned;
 *   freeing it frees everything. Strings inside a returned object are its
 *   talloc children. NULL as ctx is allowed, as with talloc itself.
 * - Plain functions return 0 or a negative errno. Steps of a logon return an
 *   `enum tl_reason` (TL_REASON_OK is 0) and tell the story in a
 *   `struct tl_outcome` (trustlogon/outcome.h).
 * - Output parameters are set to NULL or 0 on entry and assigned on success.
 * - No function changes global state; all may be used from several threads as
 *   long as one object is used by one thread at a time.
 */
#ifndef TRUSTLOGON_DEFS_H
#define TRUSTLOGON_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <talloc.h>

#define TL_PUBLIC __attribute__((visibility("default")))
#define TL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
