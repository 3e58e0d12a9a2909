/* SPDX-License-Identifier: MIT
 *
 * text_file.h - small text files of the agent: read whole, and replaced as a whole.
 *
 * Both return 0 or -errno.
 */
#ifndef TLA_TEXT_FILE_H
#define TLA_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <talloc.h>

/* The whole file, a child of ctx, with a NUL behind it. -EPERM: not a plain file, of
 * another owner, with a bit of `refused` in its mode, or longer than `most`. */
int tla_file_read(TALLOC_CTX *ctx, const char *path, mode_t refused, size_t most,
                  char **text, size_t *len);
/* Write it under another name (0600) and rename; `to_disk`: fsync before the rename. */
int tla_file_replace(const char *path, const char *text, bool to_disk);

#endif
