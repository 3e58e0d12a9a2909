/* SPDX-License-Identifier: MIT
 *
 * safe_file.h - may a file be trusted, by its owner and mode?
 */
#ifndef TL_KERBEROS_SAFE_FILE_H
#define TL_KERBEROS_SAFE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <talloc.h>

/* NULL, or why not: the file does not belong to root (or, for a command, to the user who
 * runs it), others may write to it, or it is a secret and others may read it. */
const char *tli_stat_unsafe(const struct stat *st, bool secret);

/* The same of what a pkinit setting names: FILE:, DIR: with all in it, and the module of
 * PKCS11:. Links are followed. *file, a child of ctx, is the one at fault. */
const char *tli_pkinit_unsafe(TALLOC_CTX *ctx, const char *value, char **file);

#endif
