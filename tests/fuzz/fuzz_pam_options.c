/* SPDX-License-Identifier: MIT
 *
 * fuzz_pam_options.c - any bytes as the arguments of a PAM line, parted by NUL bytes: an
 * argument is refused, or what it sets can be relied on.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/pam_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static bool is_path(const char *path)
{
    return path == NULL || path[0] == '/';
}

/* Each line is one option that the agent takes, with a value, and is there once. */
static void check_for_agent(const struct tli_pam_options *options)
{
    const char *names[64] = {NULL};
    size_t given = 0;

    must(memchr(options->for_agent, '\0', sizeof(options->for_agent)) != NULL);
    for (const char *line = options->for_agent; *line != '\0';) {
        size_t len = strcspn(line, "\n"), name_len = strcspn(line, "=");
        const char *name;
        size_t i = 0;

        must(name_len < len);
        while ((name = tli_pam_options_agent_name(i)) != NULL &&
               (strlen(name) != name_len || memcmp(name, line, name_len) != 0))
            i++;
        must(name != NULL);
        for (size_t n = 0; n < given; n++)
            must(names[n] != name);
        must(given < sizeof(names) / sizeof(names[0]));
        names[given++] = name;
        line += len + (line[len] == '\n');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_pam_options options;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    tli_pam_options_init(&options);
    for (const char *arg = text; arg <= text + size; arg += strlen(arg) + 1)
        if (tli_pam_options_add(&options, arg) != NULL)
            break;
    must(options.timeout >= 1 && options.timeout <= 3600);
    must(is_path(options.conf) && is_path(options.socket) && is_path(options.agent));
    check_for_agent(&options);
    free(text);
    return 0;
}
