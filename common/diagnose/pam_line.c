/* SPDX-License-Identifier: MIT
 *
 * pam_line.c - the options on the PAM line of pam_trustlogon.so, as a logon through that
 * service has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "local_files.h"

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

/* As pam_module/options.c has them. */
enum kind { FLAG, YES_NO, NUMBER, PATH, OF_CONFIG };

static const struct option {
    const char *name;
    enum kind kind;
    bool in_config; /* it is one of trustlogon.conf, too */
} table[] = {
#define TL_PAM_OPTION(name, kind) {#name, kind, false},
#define TL_PAM_BOTH(name, kind) {#name, kind, true},
#define TL_PAM_CONFIG(name) {#name, OF_CONFIG, true},
#include "wire/pam_options.def"
#undef TL_PAM_OPTION
#undef TL_PAM_BOTH
#undef TL_PAM_CONFIG
};

static const struct option *find(const char *argument)
{
    size_t len = strcspn(argument, "=");

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strlen(table[i].name) == len && strncmp(argument, table[i].name, len) == 0)
            return &table[i];
    return NULL;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) &&
           strlen(text) <= 10 && strtoull(text, NULL, 10) <= UINT32_MAX;
}

/* Whether the module takes it; the agent checks the values of trustlogon.conf's. */
static bool is_valid(const struct option *option, const char *argument)
{
    const char *value = strchr(argument, '=');

    if (option == NULL || (option->kind == FLAG) != (value == NULL))
        return false;
    if (value == NULL)
        return true;
    value++;
    switch (option->kind) {
    case YES_NO:
        return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
    case NUMBER:
        return is_number(value);
    case PATH:
        return value[0] == '/';
    case FLAG:
    case OF_CONFIG:
        break;
    }
    return true;
}

/* Options of trustlogon.conf may be given once. */
static bool is_given(const struct tli_pam_line *line, const char *argument)
{
    size_t len = strcspn(argument, "=") + 1;

    for (size_t i = 0; i < line->count; i++)
        if (strncmp(line->options[i], argument, len) == 0)
            return true;
    return false;
}

/* The paths among the module's own options. */
static void keep_path(struct tli_pam_line *line, const char *argument)
{
    const char *value = strchr(argument, '=');

    if (strncmp(argument, "conf=", 5) == 0)
        line->conf = value + 1;
    else if (strncmp(argument, "socket=", 7) == 0)
        line->socket = value + 1;
    else if (strncmp(argument, "agent=", 6) == 0)
        line->agent = value + 1;
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
    char *rest, *argument;

    *line = (struct tli_pam_line){0};
    if (entry == NULL)
        return -ENOENT;
    line->file = entry->file;
    rest = talloc_strdup(ctx, entry->args);
    if (rest == NULL)
        return -ENOMEM;
    while ((argument = next_argument(&rest)) != NULL) {
        const struct option *option = find(argument);

        if (!is_valid(option, argument) ||
            (option->in_config && is_given(line, argument))) {
            line->refused = argument;
            return -EINVAL;
        }
        keep_path(line, argument);
        if (!option->in_config)
            continue;
        if (line->count == TL_PAM_LINE_OPTIONS)
            return -E2BIG;
        line->options[line->count++] = argument;
    }
    return 0;
}
