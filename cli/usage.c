/* SPDX-License-Identifier: MIT
 *
 * usage.c - how every verb reports an error, and a command line that it cannot use.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "options.h"

int cli_error(const struct cli *cli, int code, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (cli->json)
        cli_print_json(
            json_pack("{s:o, s:i}", "error", cli_json_text(text), "exit", code));
    else
        fprintf(stderr, "trustlogon%s%s: %s\n", cli->verb[0] != '\0' ? " " : "",
                cli->verb, cli_show(cli, text));
    return code;
}

int cli_bad_option(const struct cli *cli, int option, char **argv)
{
    char brief[] = {'-', (char)optopt, '\0'};
    /* getopt names a short option only by its letter, a long one only by its place. */
    const char *word = argv[optind - 1];
    const char *name = optopt != 0 && strncmp(word, "--", 2) != 0 ? brief : word;

    return cli_error(cli, EXIT_USAGE,
                     option == ':'
                         ? "option '%s' needs a value; see 'trustlogon%s%s --help'"
                         : "unknown option '%s'; see 'trustlogon%s%s --help'",
                     name, cli->verb[0] != '\0' ? " " : "", cli->verb);
}

const char *cli_one_argument(const struct cli *cli, int argc, char **argv,
                             const char *what)
{
    if (argc - optind == 1)
        return argv[optind];
    if (argc - optind < 1)
        cli_error(cli, EXIT_USAGE, "give %s; see 'trustlogon --help'", what);
    else
        cli_error(cli, EXIT_USAGE, "unexpected argument '%s'; see 'trustlogon --help'",
                  argv[optind + 1]);
    return NULL;
}
