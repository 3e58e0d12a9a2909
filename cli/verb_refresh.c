/* SPDX-License-Identifier: MIT
 *
 * verb_refresh.c - `trustlogon refresh`: read the trusts again over LDAP with the
 * machine's credentials and save the snapshot.
 */
#include <stdio.h>

#include "cli.h"
#include "options.h"

#define REFRESH_TIMEOUT_MS 15000

/* A keytab may hold keys of several machines, after a rename or a new join. Where the KDC
 * does not know the first one, the next is tried once. */
int verb_refresh(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    struct tl_trace_log *log = tl_trace_log_new(cli);
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, log);
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};
    const struct tl_topology *topo;
    struct tl_machine *machine = NULL;
    int option, code;
    enum tl_reason reason;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS, options, NULL)) != -1)
        switch (option) {
            CLI_COMMON_CASES;
        }
    if (optind < argc)
        return cli_error(cli, EXIT_USAGE, "refresh takes no argument");
    code =
        cli_open_machine(cli, CLI_WORKSTATION, &machine); /* the snapshot has its site */
    if (code != 0)
        return code;
    in.workstation = machine->workstation->fqdn;
    in.workstation_domain = machine->workstation->domain;
    cli_progress_start(cli);
    cli_progress_at(cli, "the directory of", in.workstation_domain);
    reason =
        tl_machine_refresh(machine, &trace, tl_deadline_in_ms(REFRESH_TIMEOUT_MS), out);
    if (reason != TL_REASON_OK && tl_machine_try_other(machine)) {
        tl_outcome_reset(out);
        reason = tl_machine_refresh(machine, &trace,
                                    tl_deadline_in_ms(REFRESH_TIMEOUT_MS), out);
    }
    cli_progress_stop();
    topo = machine->topology;
    if (cli->json) {
        json_t *object = cli_json_outcome(out, tl_outcome_words(cli, out, &in));

        if (reason == TL_REASON_OK)
            json_object_set_new(object, "trusts",
                                json_integer((json_int_t)topo->num_trusts));
        json_object_set_new(object, "events", cli_json_events(log));
        cli_print_json(object);
    } else if (reason == TL_REASON_OK) {
        printf(
            "Read from %s: %zu domains of the forest %s, %zu trusts, %zu UPN suffixes.\n",
            cli_show(cli, topo->source), topo->num_domains, cli_show(cli, topo->forest),
            topo->num_trusts, topo->num_suffixes);
    } else {
        cli_print_outcome(cli, out, tl_outcome_words(cli, out, &in));
    }
    return reason == TL_REASON_OK ? EXIT_WORKS : EXIT_PROBLEM;
}
