/* SPDX-License-Identifier: MIT
 *
 * config_names.c - `trustlogon config`: names in the configuration that no domain has.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <trustlogon/identity.h>
#include <trustlogon/name.h>

#include "config_names.h"

/* Where problems go: an array for JSON, or the output; and the exit code so far. */
struct report {
    struct cli *cli;
    json_t *problems;
    int code;
};

static void problem(struct report *report, const char *option, const char *value,
                    const char *what)
{
    struct cli *cli = report->cli;

    report->code = EXIT_PROBLEM;
    json_array_append_new(report->problems,
                          json_pack("{s:s, s:o, s:o}", "option", option, "value",
                                    cli_json_text(value), "what", cli_json_text(what)));
    if (!cli->json)
        printf("%s%s = %s: %s%s\n", cli_color(cli, "red"), option, cli_show(cli, value),
               cli_show(cli, what), cli_color(cli, "off"));
}

static void check_domain(struct report *report, const struct tl_topology *topo,
                         const char *option, const char *value)
{
    struct cli *cli = report->cli;
    struct tl_known_domain known;

    if (value == NULL || topo == NULL ||
        tl_known_domain(topo, cli_workstation_here(cli, topo), value, &known))
        return;
    problem(report, option, value,
            "no domain or trusted domain of this machine has that name; "
            "'trustlogon trusts' lists them");
}

/* Only root can check that the realm and the keytab fit; the rest is checked for every
 * user. */
static void check_realm(struct report *report, const struct tl_topology *topo)
{
    struct cli *cli = report->cli;
    const char *value = cli->config->realm;
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};

    if (value == NULL)
        return;
    if (strchr(value, '.') == NULL)
        problem(report, "realm", value,
                "a NetBIOS name; the realm of a domain is its DNS name in capitals");
    else if (topo != NULL && !tl_name_equal(value, topo->domain))
        problem(report, "realm", value,
                talloc_asprintf(cli, "this machine is a member of %s", topo->domain));
    else if (geteuid() == 0 &&
             tl_machine_detect(tl_machine_new(cli, cli->config), out) != TL_REASON_OK)
        problem(report, "realm", value, tl_outcome_words(cli, out, &in)->explanation);
}

/* libkrb5's file, which every logon depends on. */
static void check_krb5_conf(struct report *report)
{
    char *error = NULL;

    if (tl_krb5_conf_check(report->cli, &error) == -EINVAL)
        problem(report, "file", "/etc/krb5.conf", error);
}

int cli_config_names(struct cli *cli, const struct tl_topology *topo, json_t *problems)
{
    struct report report = {.cli = cli, .problems = problems, .code = EXIT_WORKS};
    const char *usual = cli->config->default_domain;
    const char *bare =
        tl_bare_domain(cli->config, NULL); /* the machine's own needs no check */

    check_krb5_conf(&report);
    check_domain(&report, topo, "default_domain", usual);
    check_domain(&report, topo, "bare_names", bare);
    check_realm(&report, topo);
    if (topo == NULL && (usual != NULL || bare != NULL) && !cli->json)
        printf("# names of domains are not checked: run 'trustlogon refresh' first\n");
    return report.code;
}
