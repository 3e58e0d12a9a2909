/* SPDX-License-Identifier: MIT
 *
 * main.c - the command `trustlogon`: options common to all verbs, and the verbs.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "tl_build.h"

static const struct {
    const char *name;
    cli_verb_fn run;
    const char *arguments, *what;
} verbs[] = {
    {"route", verb_route, "NAME [--topology FILE] [--set TRUST.ATTRIBUTE=VALUE]...",
     "where a name leads, and whether it can work"},
    {"logon", verb_logon, "NAME [--smartcard] [--walk windows|referral|direct]",
     "a full logon without PAM, every exchange shown"},
    {"diagnose", verb_diagnose, "NAME [--no-password]",
     "everything that can be wrong, in order, with the remedy"},
    {"trusts", verb_trusts, "[--tree|--dot|--dump FILE] [--topology FILE]",
     "all trusts, in nltest's terms"},
    {"locate", verb_locate, "DOMAIN [--force] [--all]",
     "the domain controller chosen, and why"},
    {"status", verb_status, "CODE",
     "what a code means: 0xC000018B, 1787, a name, a slug"},
    {"id", verb_id, "NAME|UID|SID [--refresh]",
     "who a user or a group is here, from where, and how old that is"},
    {"refresh", verb_refresh, "", "read the trusts anew"},
    {"store", verb_store, "[check|compact|drop NAME|UID|SID|list [KIND]] [--file FILE]",
     "the users and groups this machine knows: statistics, check, changes"},
    {"config", verb_config, "", "check and show the configuration"},
};

static void usage(FILE *to)
{
    fprintf(to, "usage: trustlogon [--json] [--conf FILE] VERB ...\n\n");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        fprintf(to, "  %-9s %s\n            %s\n", verbs[i].name, verbs[i].arguments,
                verbs[i].what);
    fprintf(to, "\nExit code: 0 works, 1 problem found, 2 usage, 3 could not tell.\n");
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
        fprintf(stderr, "trustlogon %s: %s\n", cli->verb, show(cli, text));
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

int cli_load_workstation(struct cli *cli, struct tl_workstation **ws)
{
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};
    struct tl_words *words;

    if (tl_workstation_detect(cli, cli->config, ws, out) == TL_REASON_OK)
        return 0;
    words = tl_outcome_words(cli, out, &in);
    return cli_error(cli, EXIT_CANNOT_TELL, "%s %s", words->explanation,
                     words->remedy != NULL ? words->remedy : "");
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

int cli_load_topology(struct cli *cli, const char *file, struct tl_topology **topo)
{
    char *error = NULL;
    int ret;

    if (file != NULL) {
        ret = tl_topology_load(cli, file, topo, &error);
        if (ret != 0)
            return cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", file,
                             error ? error : strerror(-ret));
        return 0;
    }
    ret = cli_load_config(cli);
    if (ret != 0)
        return ret;
    ret = tl_snapshot_load(cli, cli->config, topo);
    if (ret != 0)
        return cli_error(
            cli, EXIT_CANNOT_TELL,
            "no snapshot of the trusts is saved here (%s); run 'trustlogon refresh'",
            strerror(-ret));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option common[] = {{"json", no_argument, NULL, 'j'},
                                           {"conf", required_argument, NULL, 'c'},
                                           {"help", no_argument, NULL, 'h'},
                                           {"version", no_argument, NULL, 'V'},
                                           {NULL, 0, NULL, 0}};
    struct cli *cli = talloc_zero(NULL, struct cli);
    int option, code = EXIT_USAGE;

    if (cli == NULL)
        return EXIT_CANNOT_TELL;
    cli->verb = "";
    cli->color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    while ((option = getopt_long(argc, argv, "+jc:hV", common, NULL)) != -1) {
        switch (option) {
        case 'j':
            cli->json = true;
            break;
        case 'c':
            cli->conf = optarg;
            break;
        case 'h':
            usage(stdout);
            talloc_free(cli);
            return EXIT_WORKS;
        case 'V':
            printf("trustlogon %s\n", TL_VERSION);
            talloc_free(cli);
            return EXIT_WORKS;
        default:
            usage(stderr);
            talloc_free(cli);
            return EXIT_USAGE;
        }
    }
    for (size_t i = 0; optind < argc && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(argv[optind], verbs[i].name) != 0)
            continue;
        cli->verb = verbs[i].name;
        argc -= optind;
        argv += optind;
        optind = 0; /* glibc: start afresh for the verb's own options */
        code = verbs[i].run(cli, argc, argv);
        talloc_free(cli);
        return code;
    }
    if (optind < argc)
        fprintf(stderr, "trustlogon: no such verb: %s\n", show(cli, argv[optind]));
    usage(stderr);
    talloc_free(cli);
    return EXIT_USAGE;
}
