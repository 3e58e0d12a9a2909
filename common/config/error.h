/* SPDX-License-Identifier: MIT
 *
 * error.h - how the files of config/ say what is wrong.
 */
#ifndef TL_CONFIG_ERROR_H
#define TL_CONFIG_ERROR_H

#include <trustlogon/config.h>

/* Where it is wrong; all but `where` may be NULL or 0. */
struct tli_config_place {
    const char *where; /* the file, or who else sets the option */
    unsigned int line;
    const char *section, *key;
    const char *value;
};
/* *error, a child of ctx: -EINVAL, or -ENOMEM without one. `fmt` makes the end of the
 * line, what is wrong. */
int tli_config_complain(TALLOC_CTX *ctx, struct tl_config_error **error,
                        const struct tli_config_place *at, const char *fmt, ...)
    TL_PRINTF(4, 5);

#endif
