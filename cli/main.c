/* SPDX-License-Identifier: MIT
 *
 * main.c - the command `trustlogon`: options common to all verbs, and the verbs.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "tl_build.h"
#include <trustlogon/identity.h>
#include <trustlogon/name.h>

static int verb_help(struct cli *cli, int argc, char **argv);
static int verb_version(struct cli *cli, int argc, char **argv);

static const struct verb {
    const char *name;
    cli_verb_fn run;
    const char *arguments, *what;
} verbs[] = {
    {"route", verb_route, "NAME [--topology FILE] [--set TRUST.ATTRIBUTE=VALUE]...",
     "where a name leads, and whether it can work"},
    {"logon", verb_logon, "NAME [--smartcard] [--walk windows|referral|direct]",
     "a full logon without PAM, every exchange shown"},
    {"diagnose", verb_diagnose, "NAME [--no-password|--smartcard]",
     "everything that can be wrong, in order, with the remedy"},
    {"trusts", verb_trusts, "[--tree|--dot|--dump FILE] [--topology FILE]",
     "all trusts, in nltest's terms"},
    {"locate", verb_locate, "DOMAIN [--force] [--all]",
     "the domain controller chosen, and why; DOMAIN by DNS or NetBIOS name"},
    {"status", verb_status, "CODE",
     "what a code means: 0xC000018B, 1787, a name, a slug"},
    {"id", verb_id, "NAME|UID|SID [--refresh|--file FILE]",
     "who a user or a group is here, from where, and how old that is"},
    {"refresh", verb_refresh, "", "read the trusts anew"},
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

int cli_help(const char *verb)
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
    return cli_help(argc == 2 ? argv[1] : "");
}

static int print_version(const struct cli *cli)
{
    if (cli->json)
        return print_json(json_pack("{s:s}", "version", TL_VERSION));
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

int cli_error(const struct cli *cli, int code, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (cli->json)
        print_json(json_pack("{s:o, s:i}", "error", json_text(text), "exit", code));
    else
        fprintf(stderr, "trustlogon%s%s: %s\n", cli->verb[0] != '\0' ? " " : "",
                cli->verb, show(cli, text));
    return code;
}

const char *cli_one_argument(const struct cli *cli, int argc, char **argv,
                             const char *what)
{
    if (argc - optind == 1)
        return argv[optind];
    if (argc - optind < 1)
        cli_error(cli, EXIT_USAGE, "give %s; see 'trustlogon --help'", what);
    else
        cli_error(cli, EXIT_USAGE, "only one argument is taken: '%s' is too much",
                  argv[optind + 1]);
    return NULL;
}

int cli_load_config(struct cli *cli)
{
    char *error = NULL;
    int ret = tl_config_load(cli, cli->conf, &cli->config, &error);

    if (ret == 0)
        return 0;
    return cli_error(cli, EXIT_CANNOT_TELL, "%s", error != NULL ? error : strerror(-ret));
}

int cli_detect_machine(struct cli *cli, struct tl_machine *machine)
{
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};
    struct tl_words *words;

    if (tl_machine_detect(machine, out) == TL_REASON_OK)
        return 0;
    words = tl_outcome_words(cli, out, &in);
    return cli_error(cli, EXIT_CANNOT_TELL, "%s %s", words->explanation,
                     words->remedy != NULL ? words->remedy : "");
}

struct tl_workstation *cli_workstation_here(const struct cli *cli,
                                            const struct tl_topology *topo)
{
    struct tl_workstation *ws = talloc_zero(cli, struct tl_workstation);
    const char *host = cli->config->hostname, *bare;
    char own[TL_DNS_MAX + 1] = "";

    if (host == NULL && gethostname(own, sizeof(own) - 1) == 0)
        host = own;
    if (host == NULL || host[0] == '\0')
        host = "localhost";
    ws->domain =
        tl_dns_of(ws, cli->config->realm != NULL ? cli->config->realm : topo->domain);
    ws->realm = tl_realm_of(ws, ws->domain);
    bare = tl_bare_domain(cli->config, ws->domain);
    ws->bare_names = bare != NULL;
    ws->default_domain =
        talloc_strdup(ws, bare != NULL ? bare : cli->config->default_domain);
    ws->flat = talloc_strndup(ws, host, strcspn(host, "."));
    ws->fqdn = strchr(host, '.') != NULL ? talloc_strdup(ws, host)
                                         : talloc_asprintf(ws, "%s.%s", host, ws->domain);
    return ws;
}

void cli_hint_backslash(struct cli *cli, const char *name, const struct tl_topology *topo)
{
    struct tl_name *parsed = NULL;
    char *meant = NULL;

    if (tl_name_parse(cli, name, strlen(name), &parsed, NULL) == 0)
        meant = tl_name_meant(cli, parsed, topo);
    if (meant != NULL)
        fprintf(stderr,
                "trustlogon %s: note: '%s' names no domain. If '%s' is meant, quote it: "
                "a shell removes the backslash.\n",
                cli->verb, show(cli, name), show(cli, meant));
}

struct tl_workstation *cli_workstation_of(TALLOC_CTX *ctx, const struct tl_topology *topo)
{
    struct tl_workstation *ws = talloc_zero(ctx, struct tl_workstation);

    ws->flat = "WORKSTATION";
    ws->domain = talloc_strdup(ws, topo->domain);
    ws->fqdn = talloc_asprintf(ws, "workstation.%s", topo->domain);
    ws->realm = tl_realm_of(ws, topo->domain);
    return ws;
}

/* What a dump says is the same on every machine: no file of this one counts. */
static int load_dump(struct cli *cli, const char *file, struct tl_machine **machine)
{
    char *error = NULL;
    int ret;

    cli->config = tl_config_defaults(cli);
    *machine = tl_machine_new(cli, cli->config);
    ret = tl_topology_load(*machine, file, &(*machine)->topology, &error);
    if (ret != 0)
        return cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", file,
                         error ? error : strerror(-ret));
    return 0;
}

int cli_load_machine(struct cli *cli, const char *file, struct tl_machine **machine)
{
    int ret;

    if (file != NULL)
        return load_dump(cli, file, machine);
    ret = cli_load_config(cli);
    if (ret != 0)
        return ret;
    *machine = tl_machine_new(cli, cli->config);
    ret = tl_machine_load_snapshot(*machine);
    if (ret != 0)
        return cli_error(
            cli, EXIT_CANNOT_TELL,
            "no snapshot of the trusts is saved here (%s); run 'trustlogon refresh'",
            strerror(-ret));
    return 0;
}

/* The options before the verb; -1: go on with argv[optind], else an exit code. */
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
    return -1;
}

static int run_verb(struct cli *cli, int argc, char **argv)
{
    const struct verb *verb;
    int code;

    opterr = 0; /* cli_bad_option() says it, as JSON too */
    code = common_options(cli, argc, argv);
    if (code >= 0)
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
    optind = 0; /* glibc: start afresh for the verb's own options */
    return verb->run(cli, argc, argv);
}

/* What was printed has to have arrived: a full disk must not look like success. */
static int flushed(const struct cli *cli, int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "trustlogon%s%s: the output could not be written: %s\n",
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
    code = flushed(cli, run_verb(cli, argc, argv));
    talloc_free(cli);
    return code;
}
