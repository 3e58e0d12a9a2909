/* SPDX-License-Identifier: MIT
 *
 * load.c - load what the verbs work on: the configuration, this machine, its snapshot or
 * a dump.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <trustlogon/name.h>

#include "cli.h"

int cli_load_config(struct cli *cli)
{
    struct tl_config_error *error = NULL;
    int ret = tl_config_load(cli, cli->conf, &cli->config, &error);

    if (ret == 0)
        return 0;
    return cli_error(cli, EXIT_CANNOT_TELL, "%s",
                     error != NULL ? error->text : strerror(-ret));
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
        fprintf(
            stderr,
            "trustlogon %s: note: '%s' does not name a domain. If you mean '%s', quote "
            "it: the shell removes the backslash.\n",
            cli->verb, cli_show(cli, name), cli_show(cli, meant));
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

/* A dump gives the same result on every machine: no file of this one is read. */
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

int cli_open_machine(struct cli *cli, unsigned int needs, struct tl_machine **machine)
{
    int ret = cli->config != NULL ? 0 : cli_load_config(cli);

    if (ret != 0)
        return ret;
    *machine = tl_machine_new(cli, cli->config);
    if ((needs & CLI_WORKSTATION) != 0)
        ret = cli_detect_machine(cli, *machine);
    if (ret != 0)
        return ret;
    ret = tl_machine_load_snapshot(*machine);
    if (ret != 0 && (needs & CLI_SNAPSHOT) != 0)
        return cli_error(cli, EXIT_CANNOT_TELL,
                         "cannot load the snapshot of the trusts: %s; run 'trustlogon "
                         "refresh' as root",
                         strerror(-ret));
    return 0;
}

int cli_load_machine(struct cli *cli, const char *file, struct tl_machine **machine)
{
    return file != NULL ? load_dump(cli, file, machine)
                        : cli_open_machine(cli, CLI_SNAPSHOT, machine);
}
