/* SPDX-License-Identifier: MIT
 *
 * verb_route.c - `trustlogon route NAME`: the route and its verdict, from this
 * machine's snapshot or offline from a dump, with what-if changes.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"

#define MAX_SETTINGS 64

/* The first TDO that is known describes a hop, with its holder, since the two sides may
 * differ. */
static void route_text(const struct cli *cli, const char *name,
                       const struct tl_route *route, const struct tl_words *words)
{
    printf("%-12s%s\n", "Name", cli_show(cli, name));
    if (route->local) {
        printf("%-12sa local name: left to the other PAM modules\n", "Route");
        return;
    }
    printf("%-12s%s\n", "Realm", cli_show(cli, route->realm));
    printf("%-12s%s (%s)\n", "Principal", cli_show(cli, route->principal),
           route->type == TL_ENTERPRISE ? "NT-ENTERPRISE" : "NT-PRINCIPAL");
    if (route->implicit_upn != NULL)
        printf("%-12s%s\n", "UPN", cli_show(cli, route->implicit_upn));
    for (size_t i = 0; i < route->num_hops; i++) {
        const struct tl_tdo *tdo =
            route->hops[i].tdo_to ? route->hops[i].tdo_to : route->hops[i].tdo_from;

        printf("%-12s%s -> %s", i == 0 ? "Path" : "", cli_show(cli, route->hops[i].from),
               cli_show(cli, route->hops[i].to));
        if (tdo != NULL)
            printf("  (%s trust, %s as %s sees it)", tl_tdo_kind(tdo),
                   tl_tdo_direction_name(tdo), cli_show(cli, tdo->holder));
        printf("\n");
    }
    printf("%-12s%s\n", "First ask",
           route->first_ask == TL_ASK_KRBTGT ? "krbtgt of the workstation's realm"
                                             : "host ticket, canonicalize");
    cli_print_wrapped("Rule", cli_show(cli, route->why));
    if (route->verdict == TL_REASON_OK) {
        printf("%-12s%sroute found%s\n", "Verdict", cli_color(cli, "green"),
               cli_color(cli, "off"));
        return;
    }
    printf("%-12s%s%s%s\n", "Verdict", cli_color(cli, "red"),
           tl_reason_info(route->verdict)->slug, cli_color(cli, "off"));
    cli_print_wrapped("Ends in", words->message);
    cli_print_wrapped("Why", words->explanation);
    cli_print_wrapped("Remedy", words->remedy);
}

/* The verdict in words, made from an outcome with its reason. */
static struct tl_words *verdict_words(TALLOC_CTX *ctx, const char *name,
                                      const struct tl_route *route,
                                      const struct tl_workstation *ws)
{
    struct tl_outcome *out = tl_outcome_new(ctx);
    struct tl_words_input in = {.user = name,
                                .implicit_upn = route->implicit_upn,
                                .workstation = ws->fqdn,
                                .workstation_domain = ws->domain,
                                .user_domain = route->user_domain};

    if (route->verdict != TL_REASON_OK)
        tl_outcome_fail(out, TL_STAGE_ROUTE, route->verdict, "%s", route->why);
    out->ntstatus = route->ntstatus;
    tl_outcome_set_subject(out, route->subject);
    tl_outcome_set_attribute(out, route->attribute);
    return tl_outcome_words(ctx, out, &in);
}

/* A machine with topology and workstation: of a dump, or this one. *topo is the topology
 * as it was loaded, of any domain. 0 or an exit code. */
static int load_world(struct cli *cli, const char *file, struct tl_machine **machine,
                      struct tl_topology **topo)
{
    int code = cli_load_machine(cli, file, machine);

    if (code != 0)
        return code;
    *topo = (*machine)->topology;
    if (file != NULL)
        (*machine)->workstation = cli_workstation_of(cli, *topo);
    else if (geteuid() == 0)
        return cli_detect_machine(cli, *machine);
    else /* a route is not secret, and nothing is sent for it */
        (*machine)->workstation = cli_workstation_here(cli, *topo);
    return 0;
}

/* With --topology nothing of this machine is read: a dump can be examined on any machine,
 * and --set shows the effect of a change. */
int verb_route(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"topology", required_argument, NULL, 't'},
                                            {"set", required_argument, NULL, 's'},
                                            CLI_COMMON_OPTIONS};
    const char *file = NULL, *name, *settings[MAX_SETTINGS];
    struct tl_topology *topo = NULL;
    struct tl_machine *machine = NULL;
    struct tl_words *words;
    struct tl_logon *logon;
    size_t num_settings = 0;
    char *error = NULL;
    int option, code;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS "t:s:", options, NULL)) !=
           -1)
        switch (option) {
        case 't':
            file = optarg;
            break;
        case 's':
            if (num_settings == MAX_SETTINGS)
                return cli_error(cli, EXIT_USAGE, "--set is given more than %d times",
                                 MAX_SETTINGS);
            settings[num_settings++] = optarg;
            break;
            CLI_COMMON_CASES;
        }
    name = cli_one_argument(cli, argc, argv, "a name");
    if (name == NULL)
        return EXIT_USAGE;
    code = load_world(cli, file, &machine, &topo);
    if (code != 0)
        return code;
    for (size_t i = 0; i < num_settings; i++)
        if (tl_topology_set(cli, topo, settings[i], &error) != 0)
            return cli_error(cli, EXIT_USAGE, "--set %s: %s", settings[i], error);

    logon = tl_logon_new(cli, machine, NULL);
    if (tl_logon_prepare(logon, name) != TL_REASON_OK && logon->route == NULL)
        return cli_error(cli, EXIT_PROBLEM, "%s",
                         logon->outcome->detail ? logon->outcome->detail
                                                : "a name of this machine");
    cli_hint_backslash(cli, name, topo);
    words = verdict_words(cli, name, logon->route, machine->workstation);
    if (cli->json) {
        json_t *object = cli_json_route(logon->route);

        json_object_set_new(object, "name", cli_json_text(name));
        json_object_set_new(object, "snapshot_taken",
                            json_integer((json_int_t)topo->taken));
        json_object_set_new(object, "explanation", cli_json_text(words->explanation));
        json_object_set_new(object, "remedy", cli_json_text(words->remedy));
        cli_print_json(object);
    } else {
        route_text(cli, name, logon->route, words);
    }
    return logon->route->verdict == TL_REASON_OK ? EXIT_WORKS : EXIT_PROBLEM;
}
