/* SPDX-License-Identifier: MIT
 *
 * text.h - the text of one configuration file, and the file it comes from.
 */
#ifndef TL_CONFIG_TEXT_H
#define TL_CONFIG_TEXT_H

#include <trustlogon/config.h>

#define TL_CONFIG_TEXT_MAX 65536

/*
 * Apply the text of one file. All or nothing is the caller's: after an error
 * `config` may hold part of it. `file` is only used to name it in *error.
 * 0, -ENOMEM, or -EINVAL with *error (child of ctx).
 */
int tli_config_text(TALLOC_CTX *ctx, struct tl_config *config, const char *file,
                    const char *text, size_t len, struct tl_config_error **error);
/* The line with the nth `key` of a section (from 1; NULL: the section's own); 0: there
 * is none. */
unsigned int tli_config_line(const char *text, size_t len, const char *section,
                             const char *key, unsigned int nth);
/*
 * The first thing wrong with the lines as such, where libkrb5's parser would be
 * silent or could not say which line: 0, or its number with *what a constant phrase.
 */
unsigned int tli_config_scan(const char *text, size_t len, const char **what);

/* Read a file whole, refusing what an ordinary user could have written if we
 * are root. -ENOENT without *error; otherwise -ENOMEM, or -EACCES or -EINVAL with *error.
 */
int tli_config_read(TALLOC_CTX *ctx, const char *file, char **text, size_t *len,
                    struct tl_config_error **error);

#endif
