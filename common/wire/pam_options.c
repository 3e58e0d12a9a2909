/* SPDX-License-Identifier: MIT
 *
 * pam_options.c - the options of the PAM line, from one table.
 *
 * Options of trustlogon.conf are taken on the PAM line, too. Only their names are checked
 * here, so that a misspelt one is refused even if the agent does not run; the agent
 * checks their values.
 */
#include "pam_options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_TIMEOUT 3600

enum kind {
    FLAG,     /* "quiet" */
    YES_NO,   /* "canonical_user=yes" */
    NUMBER,   /* "minimum_uid=1000" */
    SECONDS,  /* "timeout=60" */
    PATH,     /* "conf=/etc/x" */
    FOR_AGENT /* "walk=direct" */
};

static const struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    bool to_agent_too;
} table[] = {
#define TL_PAM_OPTION(name, kind)                                                        \
    {#name, kind, offsetof(struct tli_pam_options, name), false},
#define TL_PAM_BOTH(name, kind)                                                          \
    {#name, kind, offsetof(struct tli_pam_options, name), true},
#define TL_PAM_CONFIG(name) {#name, FOR_AGENT, 0, true},
#include "pam_options.def"
#undef TL_PAM_OPTION
#undef TL_PAM_BOTH
#undef TL_PAM_CONFIG
};
#define TABLE_LEN (sizeof(table) / sizeof(table[0]))

const char *tli_pam_options_agent_name(size_t index)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        if (table[i].to_agent_too && index-- == 0)
            return table[i].name;
    }
    return NULL;
}

static const struct option *find(const char *arg, size_t name_len)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        if (strlen(table[i].name) == name_len &&
            strncmp(table[i].name, arg, name_len) == 0)
            return &table[i];
    }
    return NULL;
}

static bool read_number(const char *value, unsigned int *out)
{
    char *end;
    unsigned long n;

    if (*value < '0' || *value > '9')
        return false;
    errno = 0;
    n = strtoul(value, &end, 10);
    if (errno != 0 || *end != '\0' || n > UINT_MAX)
        return false;
    *out = (unsigned int)n;
    return true;
}

static bool read_yes_no(const char *value, bool *out)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return false;
    *out = value[0] == 'y';
    return true;
}

/* NULL, or what is wrong with the value. */
static const char *store(enum kind kind, const char *value, void *member)
{
    unsigned int number;

    switch (kind) {
    case FLAG:
        *(bool *)member = true;
        break;
    case YES_NO:
        if (!read_yes_no(value, member))
            return "option value must be yes or no";
        break;
    case NUMBER:
        if (!read_number(value, member))
            return "option value must be an integer";
        break;
    case SECONDS:
        if (!read_number(value, &number) || number == 0 || number > LONGEST_TIMEOUT)
            return "option value must be 1 to 3600";
        *(unsigned int *)member = number;
        break;
    case PATH:
        if (value[0] != '/')
            return "option value must be an absolute path";
        *(const char **)member = value;
        break;
    case FOR_AGENT:
        break;
    }
    return NULL;
}

static bool append(struct tli_pam_options *options, const char *arg)
{
    size_t have = strlen(options->for_agent), more = strlen(arg);

    if (have + more + 2 > sizeof(options->for_agent))
        return false;
    if (have > 0)
        options->for_agent[have++] = '\n';
    memcpy(options->for_agent + have, arg, more + 1);
    return true;
}

static bool was_given(const struct tli_pam_options *options, const char *arg,
                      size_t name_len)
{
    for (const char *line = options->for_agent; *line != '\0';) {
        if (strncmp(line, arg, name_len + 1) == 0)
            return true;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

void tli_pam_options_init(struct tli_pam_options *options)
{
    *options = (struct tli_pam_options){.timeout = 60};
}

const char *tli_pam_options_add(struct tli_pam_options *options, const char *argument)
{
    const char *equals = strchr(argument, '='), *wrong;
    size_t name_len = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    const struct option *option = find(argument, name_len);

    if (option == NULL)
        return "unknown option";
    if (strchr(argument, '\n') != NULL)
        return "option contains a newline";
    if ((option->kind == FLAG) != (equals == NULL))
        return option->kind == FLAG ? "option takes no value" : "option needs a value";
    wrong = store(option->kind, equals != NULL ? equals + 1 : "",
                  (char *)options + option->offset);
    if (wrong != NULL)
        return wrong;
    /* The last one would count, and the first of two lists of rules would be lost. */
    if (option->to_agent_too && was_given(options, argument, name_len))
        return "option given twice";
    if (option->to_agent_too && !append(options, argument))
        return "option too long";
    return NULL;
}
