/* SPDX-License-Identifier: MIT
 *
 * options.c - the options of the PAM line, from one table.
 *
 * Options of trustlogon.conf are taken on the PAM line, too; the module knows only their
 * names (so that a misspelt one is refused even if the agent does not run) and passes
 * them on; the agent checks their values.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "module.h"

enum kind {
    FLAG,     /* "quiet" */
    YES_NO,   /* "canonical_user=yes" */
    NUMBER,   /* "minimum_uid=1000" */
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
    {#name, kind, offsetof(struct tlp_options, name), false},
#define TL_PAM_BOTH(name, kind) {#name, kind, offsetof(struct tlp_options, name), true},
#define TL_PAM_CONFIG(name) {#name, FOR_AGENT, 0, true},
#include "wire/pam_options.def"
#undef TL_PAM_OPTION
#undef TL_PAM_BOTH
#undef TL_PAM_CONFIG
};
#define TABLE_LEN (sizeof(table) / sizeof(table[0]))

const char *tlp_options_agent_name(size_t index)
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

static bool append(struct tlp_options *options, const char *arg)
{
    size_t have = strlen(options->for_agent), more = strlen(arg);

    if (have + more + 2 > sizeof(options->for_agent))
        return false;
    if (have > 0)
        options->for_agent[have++] = '\n';
    memcpy(options->for_agent + have, arg, more + 1);
    return true;
}

static bool was_given(const struct tlp_options *options, const char *arg, size_t name_len)
{
    for (const char *line = options->for_agent; line != NULL && *line != '\0';) {
        if (strncmp(line, arg, name_len + 1) == 0)
            return true;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return false;
}

/* NULL, or the error of the argument. */
static const char *apply(struct tlp_options *options, const char *arg)
{
    const char *equals = strchr(arg, '=');
    size_t name_len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
    const struct option *option = find(arg, name_len);
    char *field;

    if (option == NULL)
        return "unknown option";
    if (strchr(arg, '\n') != NULL)
        return "option contains a newline";
    if ((option->kind == FLAG) != (equals == NULL))
        return option->kind == FLAG ? "option takes no value" : "option needs a value";
    field = (char *)options + option->offset;
    switch (option->kind) {
    case FLAG:
        *(bool *)field = true;
        break;
    case YES_NO:
        if (!read_yes_no(equals + 1, (bool *)field))
            return "option value must be yes or no";
        break;
    case NUMBER:
        if (!read_number(equals + 1, (unsigned int *)(void *)field))
            return "option value must be an integer";
        break;
    case PATH:
        if (equals[1] != '/')
            return "option value must be an absolute path";
        *(const char **)(void *)field = equals + 1;
        break;
    case FOR_AGENT:
        break;
    }
    /* The last one would count, and the first of two lists of rules would be lost. */
    if (option->to_agent_too && was_given(options, arg, name_len))
        return "option given twice";
    if (option->to_agent_too && !append(options, arg))
        return "option too long";
    return NULL;
}

int tlp_options_read(struct tlp *m, int argc, const char **argv)
{
    m->options.timeout = 60;
    for (int i = 0; i < argc; i++) {
        const char *wrong = apply(&m->options, argv[i]);

        if (wrong != NULL) {
            tlp_log(m, LOG_ERR,
                    "%s: \"%s\" on the PAM line; every logon is refused until it is "
                    "corrected, see pam_trustlogon(8)",
                    wrong, argv[i]);
            return PAM_SERVICE_ERR;
        }
    }
    if (m->options.timeout == 0 || m->options.timeout > 3600) {
        tlp_log(m, LOG_ERR,
                "option value must be 1 to 3600: \"timeout=%u\" on the PAM line",
                m->options.timeout);
        return PAM_SERVICE_ERR;
    }
    return PAM_SUCCESS;
}
