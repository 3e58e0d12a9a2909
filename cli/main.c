/* SPDX-License-Identifier: MIT
 *
 * main.c - the command `trustlogon`: options common to all verbs, and the verbs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "tl_build.h"

static int verb_help(struct cli *cli, int argc, char **argv);
static int verb_version(struct cli *cli, int argc, char **argv);

/* A verb, and its line and explanation in the usage. */
static const struct verb {
    const char *name;
    cli_verb_fn run;
    const char *arguments, *what;
} verbs[] = {
    {"route", verb_route, "NAME [--topology FILE] [--set TRUST.ATTRIBUTE=VALUE]...",
     "where a name leads, and whether it can work"},
    {"logon", verb_logon, "NAME [--smartcard] [--walk windows|referral|direct]",
     "a full logon without PAM, every exchange shown"},
    {"diagnose", verb_diagnose, "NAME [--no-password|--smartcard] [--service SERVICE]",
     "everything that can be wrong, in order, with the remedy"},
    {"trusts", verb_trusts, "[--tree|--dot|--dump FILE] [--topology FILE]",
     "all trusts, in nltest's terms"},
    {"locate", verb_locate, "DOMAIN [--force] [--all]",
     "the domain controller chosen, and why; DOMAIN by DNS or NetBIOS name"},
    {"status", verb_status, "CODE",
     "what a code means: 0xC000018B, 1787, a name, a slug"},
    {"id", verb_id, "NAME|UID|SID [--refresh|--file FILE]",
     "a user or a group on this machine: ids, names, groups, source and age"},
    {"refresh", verb_refresh, "", "read the trusts from the directory again"},
    {"store", verb_store, "[check|compact|drop NAME|UID|SID|list [KIND]] [--file FILE]",
     "the users and groups this machine knows: statistics, check, changes"},
    {"config", verb_config, "", "check and show the configuration"},
    {"help", verb_help, "[VERB]", "this text, or that of one verb"},
    {"version", verb_version, "", "the version"},
};
#define NUM_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *verb_named(const char *name)
{
    for (size_t i = 0; i < NUM_VERBS; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

static void usage(FILE *to)
{
    fprintf(to, "usage: trustlogon [--json] [--conf FILE] VERB ...\n\n");
    for (size_t i = 0; i < NUM_VERBS; i++)
        fprintf(to, "  %-*s%s\n            %s\n", verbs[i].arguments[0] != '\0' ? 10 : 0,
                verbs[i].name, verbs[i].arguments, verbs[i].what);
    fprintf(to, "\nExit code: 0 works, 1 problem found, 2 usage, 3 could not tell.\n"
                "Quote a name with a backslash: 'CONTOSO\\alice'.\n");
}

static int help(const char *verb)
{
    const struct verb *found = verb_named(verb);

    if (found == NULL) {
        usage(stdout);
        return EXIT_WORKS;
    }
    printf("usage: trustlogon [--json] [--conf FILE] %s%s%s\n%s\n"
           "See the manual page trustlogon(1) for its options and examples.\n",
           found->name, found->arguments[0] != '\0' ? " " : "", found->arguments,
           found->what);
    return EXIT_WORKS;
}

static int verb_help(struct cli *cli, int argc, char **argv)
{
    if (argc > 2)
        return cli_error(cli, EXIT_USAGE, "give one verb at most");
    if (argc == 2 && argv[1][0] != '-' && verb_named(argv[1]) == NULL)
        return cli_error(cli, EXIT_USAGE, "no such verb: %s", argv[1]);
    return help(argc == 2 ? argv[1] : "");
}

static int print_version(const struct cli *cli)
{
    if (cli->json)
        return cli_print_json(json_pack("{s:s}", "version", TL_VERSION));
    printf("trustlogon %s\n", TL_VERSION);
    return EXIT_WORKS;
}

static int verb_version(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    int option;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS, options, NULL)) != -1)
        switch (option) {
            CLI_COMMON_CASES;
        }
    if (optind < argc)
        return cli_error(cli, EXIT_USAGE, "version takes no argument");
    return print_version(cli);
}

#define GO_ON (-1)

/* The options before the verb: GO_ON with argv[optind], or an exit code. */
static int common_options(struct cli *cli, int argc, char **argv)
{
    static const struct option common[] = {{"version", no_argument, NULL, 'V'},
                                           CLI_COMMON_OPTIONS};
    int option;

    while ((option = getopt_long(argc, argv, "+" CLI_SHORT_OPTIONS "V", common, NULL)) !=
           -1) {
        switch (option) {
        case 'V':
            return print_version(cli);
            CLI_COMMON_CASES;
        }
    }
    return GO_ON;
}

static int run_verb(struct cli *cli, int argc, char **argv)
{
    const struct verb *verb;
    int code;

    opterr = 0; /* cli_bad_option() says it, as JSON too */
    code = common_options(cli, argc, argv);
    if (code != GO_ON)
        return code;
    if (optind >= argc) {
        if (cli->json)
            return cli_error(cli, EXIT_USAGE, "give a verb; see 'trustlogon --help'");
        usage(stderr);
        return EXIT_USAGE;
    }
    verb = verb_named(argv[optind]);
    if (verb == NULL)
        return cli_error(cli, EXIT_USAGE, "no such verb: %s; see 'trustlogon --help'",
                         argv[optind]);
    cli->verb = verb->name;
    argc -= optind;
    argv += optind;
    optind = 0; /* glibc: restart for the verb's own options */
    return verb->run(cli, argc, argv);
}

/* What was printed has to have arrived: a full disk must not look like success. */
static int flushed(const struct cli *cli, int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "trustlogon%s%s: cannot write the output: %s\n",
            cli->verb[0] != '\0' ? " " : "", cli->verb,
            errno != 0 ? strerror(errno) : "error on standard output");
    return EXIT_CANNOT_TELL;
}

int main(int argc, char **argv)
{
    struct cli *cli = talloc_zero(NULL, struct cli);
    int code;

    if (cli == NULL || tl_own_environment() != 0)
        return EXIT_CANNOT_TELL;
    cli->verb = "";
    cli->color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    code = run_verb(cli, argc, argv);
    if (code == CLI_SHOW_HELP)
        code = help(cli->verb);
    code = flushed(cli, code);
    talloc_free(cli);
    return code;
}
