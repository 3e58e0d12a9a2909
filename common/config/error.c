/* SPDX-License-Identifier: MIT
 *
 * error.c - what is wrong with a configuration, in parts and as one line.
 */
#include <errno.h>

#include "error.h"
#include "options.h"

/* "[logon] walk", "walk", "[logon]", or "". NULL: no memory. */
static char *option_words(TALLOC_CTX *ctx, const struct tli_config_place *at)
{
    char *words = talloc_strdup(ctx, "");

    if (words != NULL && at->section != NULL)
        words =
            talloc_asprintf_append(words, "[%s]", tli_option_quote(words, at->section));
    if (words != NULL && at->key != NULL)
        words = talloc_asprintf_append(words, "%s%s", at->section != NULL ? " " : "",
                                       tli_option_quote(words, at->key));
    return words;
}

/* "/etc/trustlogon.conf: line 2: [logon] walk: 'foo' must be ..." */
static char *whole(TALLOC_CTX *ctx, const struct tl_config_error *error,
                   const char *option)
{
    char *text = talloc_asprintf(ctx, "%s: ", error->where);

    if (text != NULL && error->line != 0)
        text = talloc_asprintf_append(text, "line %u: ", error->line);
    if (text != NULL && option[0] != '\0')
        text = talloc_asprintf_append(text, "%s: ", option);
    return text != NULL ? talloc_asprintf_append(text, "%s", error->what) : NULL;
}

int tli_config_complain(TALLOC_CTX *ctx, struct tl_config_error **error_out,
                        const struct tli_config_place *at, const char *fmt, ...)
{
    struct tl_config_error *error = talloc_zero(ctx, struct tl_config_error);
    char *option = error != NULL ? option_words(error, at) : NULL;
    va_list args;

    *error_out = NULL;
    if (option == NULL)
        goto no_memory;
    error->where = talloc_strdup(error, at->where);
    error->line = at->line;
    if (at->value != NULL)
        error->setting = talloc_asprintf(error, "%s = %s", option,
                                         tli_option_quote(option, at->value));
    else if (option[0] != '\0')
        error->setting = option;
    va_start(args, fmt);
    error->what = talloc_vasprintf(error, fmt, args);
    va_end(args);
    if (error->where == NULL || error->what == NULL)
        goto no_memory;
    error->text = whole(error, error, option);
    if (error->text == NULL)
        goto no_memory;
    *error_out = error;
    return -EINVAL;

no_memory:
    talloc_free(error);
    return -ENOMEM;
}
