/* SPDX-License-Identifier: MIT
 *
 * verb_refresh.c - `trustlogon refresh`: read the trusts anew over LDAP with the
 * machine's credentials and save the snapshot.
 */
#include <stdio.h>

#include "cli.h"
#include "options.h"

#define REFRESH_TIMEOUT_MS 15000

int verb_refresh(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    struct tl_trace_log *log = tl_trace_log_new(cli);
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, log);
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};
    struct tl_workstation *ws, *other;
    struct tl_topology *topo;
    int option, code;
    enum tl_reason reason;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS, options, NULL)) != -1)
        switch (option) {
            CLI_COMMON_CASES;
        }
    if (optind < argc)
        return cli_error(cli, EXIT_USAGE, "refresh takes no argument");
    code = cli_load_config(cli);
    if (code == 0)
        code = cli_load_workstation(cli, &ws);
    if (code != 0)
        return code;
    in.workstation = ws->fqdn;
    in.workstation_domain = ws->domain;
    progress_start(cli);
    progress_at(cli, "the directory of", ws->domain);
    reason = tl_refresh(cli, cli->config, ws, &trace,
                        tl_deadline_in_ms(REFRESH_TIMEOUT_MS), &topo, out);
    if (reason != TL_REASON_OK &&
        (other = tl_workstation_again(cli, cli->config, ws)) != NULL) {
        tl_outcome_reset(out);
        reason = tl_refresh(cli, cli->config, other, &trace,
                            tl_deadline_in_ms(REFRESH_TIMEOUT_MS), &topo, out);
    }
    progress_stop();
    if (cli->json) {
        json_t *object = json_outcome(out, tl_outcome_words(cli, out, &in));

        if (reason == TL_REASON_OK)
            json_object_set_new(object, "trusts",
                                json_integer((json_int_t)topo->num_trusts));
        json_object_set_new(object, "events", json_events(log));
        print_json(object);
    } else if (reason == TL_REASON_OK) {
        printf(
            "Read from %s: %zu domains of the forest %s, %zu trusts, %zu UPN suffixes.\n",
            show(cli, topo->source), topo->num_domains, show(cli, topo->forest),
            topo->num_trusts, topo->num_suffixes);
    } else {
        print_outcome(cli, out, tl_outcome_words(cli, out, &in));
    }
    return reason == TL_REASON_OK ? EXIT_WORKS : EXIT_PROBLEM;
}
