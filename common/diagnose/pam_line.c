/* SPDX-License-Identifier: MIT
 *
 * pam_line.c - the options on the PAM line of pam_trustlogon.so, as a logon through that
 * service has them.
 */
#include <errno.h>
#include <string.h>

#include "local_files.h"
#include "wire/pam_options.h"

/* The next argument, cut off *rest: "[a = b]" is one [pam.conf(5)]. */
static char *next_argument(char **rest)
{
    char *start = *rest + strspn(*rest, " \t"), *end;

    if (start[0] != '[')
        return tli_text_word(rest);
    end = strchr(start, ']');
    if (end == NULL)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return start + 1;
}

static const struct tli_pam_entry *our_line(const struct tli_pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const struct tli_pam_entry *entry = &stack->entries[i];

        if (entry->kind == TL_PAM_AUTH && entry->module != NULL &&
            strcmp(entry->module, TLI_PAM_MODULE) == 0)
            return entry;
    }
    return NULL;
}

int tli_pam_line_read(TALLOC_CTX *ctx, const struct tli_pam_stack *stack,
                      struct tli_pam_line *line)
{
    const struct tli_pam_entry *entry = our_line(stack);
    struct tli_pam_options *options;
    char *rest, *argument;

    *line = (struct tli_pam_line){0};
    if (entry == NULL)
        return -ENOENT;
    line->file = entry->file;
    options = talloc(ctx, struct tli_pam_options);
    rest = talloc_strdup(ctx, entry->args);
    if (options == NULL || rest == NULL)
        return -ENOMEM;
    tli_pam_options_init(options);
    while ((argument = next_argument(&rest)) != NULL) {
        size_t before = strlen(options->for_agent);

        line->wrong = tli_pam_options_add(options, argument);
        if (line->wrong != NULL) {
            line->refused = argument;
            return -EINVAL;
        }
        if (strlen(options->for_agent) == before) /* not one of trustlogon.conf's */
            continue;
        if (line->count == TL_PAM_LINE_OPTIONS)
            return -E2BIG;
        line->options[line->count++] = argument;
    }
    line->conf = options->conf;
    line->socket = options->socket;
    line->agent = options->agent;
    return 0;
}
