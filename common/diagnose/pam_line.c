/* SPDX-License-Identifier: MIT
 *
 * pam_line.c - the options on the PAM line of pam_trustlogon.so, as a logon through that
 * service has them.
 */
#include <errno.h>
#include <string.h>

#include "local_files.h"

#define OURS "pam_trustlogon.so"

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

enum owner {
    NOBODY,
    MODULE,
    CONFIG /* it is one of trustlogon.conf, too */
};

static enum owner owner_of(const char *argument)
{
    static const struct {
        const char *name;
        enum owner owner;
    } table[] = {
#define TL_PAM_OPTION(name, kind) {#name, MODULE},
#define TL_PAM_BOTH(name, kind) {#name, CONFIG},
#define TL_PAM_CONFIG(name) {#name, CONFIG},
#include "wire/pam_options.def"
#undef TL_PAM_OPTION
#undef TL_PAM_BOTH
#undef TL_PAM_CONFIG
    };
    size_t len = strcspn(argument, "=");

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strlen(table[i].name) == len && strncmp(argument, table[i].name, len) == 0)
            return table[i].owner;
    return NOBODY;
}

static const struct tli_pam_entry *our_line(const struct tli_pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const struct tli_pam_entry *entry = &stack->entries[i];

        if (entry->kind == TL_PAM_AUTH && entry->module != NULL &&
            strcmp(entry->module, OURS) == 0)
            return entry;
    }
    return NULL;
}

int tli_pam_line_read(TALLOC_CTX *ctx, const struct tli_pam_stack *stack,
                      struct tli_pam_line *line)
{
    const struct tli_pam_entry *entry = our_line(stack);
    char *rest, *argument;

    *line = (struct tli_pam_line){0};
    if (entry == NULL)
        return -ENOENT;
    line->file = entry->file;
    rest = talloc_strdup(ctx, entry->args);
    if (rest == NULL)
        return -ENOMEM;
    while ((argument = next_argument(&rest)) != NULL) {
        if (strncmp(argument, "conf=", 5) == 0)
            line->conf = argument + 5;
        if (owner_of(argument) == MODULE)
            continue;
        if (owner_of(argument) == NOBODY) {
            line->unknown = argument;
            return -EINVAL;
        }
        if (line->count == TL_PAM_LINE_OPTIONS)
            return -E2BIG;
        line->options[line->count++] = argument;
    }
    return 0;
}
