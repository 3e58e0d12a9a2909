/* SPDX-License-Identifier: MIT
 *
 * secret.h - passwords and PINs: not swapped, not dumped, overwritten when they are freed
 * and in a forked process that has no use for them.
 */
#ifndef TLA_SECRET_H
#define TLA_SECRET_H

#include <stddef.h>

#include <talloc.h>

/* A copy, child of ctx, that is wiped when it is freed; NULL for NULL or without
 * memory. */
char *tla_secret(TALLOC_CTX *ctx, const char *text);
/* In a forked process: wipe all but `keep` (pointers that tla_secret() returned, and
 * NULLs). */
void tla_secrets_forget(const char *const *keep, size_t count);

#endif
