/* SPDX-License-Identifier: MIT
 *
 * verb_id.c - `trustlogon id NAME`: a user or a group on this machine: ids, names and
 * groups, their source and age, and what keeps NSS from showing them.
 */
#include "identity.h"
#include "options.h"

static int verdict(const struct cli_id_facts *facts)
{
    if ((facts->has_user && cli_record_is_valid(&facts->user)) ||
        (facts->has_group && cli_record_is_valid(&facts->group))) {
        for (size_t i = 0; i < facts->num_warnings; i++)
            if (facts->warnings[i].serious)
                return EXIT_PROBLEM;
        return EXIT_WORKS;
    }
    if (facts->direct != NULL)
        return facts->direct->reason == TL_REASON_OK             ? EXIT_WORKS
               : facts->direct->reason == TL_REASON_USER_UNKNOWN ? EXIT_PROBLEM
                                                                 : EXIT_CANNOT_TELL;
    return facts->agent_text != NULL ? EXIT_CANNOT_TELL : EXIT_PROBLEM;
}

/* The configuration is read even with --file: it has the state folder and the default
 * domain. */
int verb_id(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"refresh", no_argument, NULL, 'r'},
                                            {"file", required_argument, NULL, 'f'},
                                            CLI_COMMON_OPTIONS};
    struct cli_id_facts *facts = talloc_zero(cli, struct cli_id_facts);
    const char *name;
    int option, code;

    if (facts == NULL)
        return EXIT_CANNOT_TELL;
    facts->cli = cli;
    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS "f:", options, NULL)) !=
           -1)
        switch (option) {
        case 'r':
            facts->refresh = true;
            break;
        case 'f':
            facts->file = optarg;
            break;
            CLI_COMMON_CASES;
        }
    name = cli_one_argument(cli, argc, argv, "a name, an id or a SID");
    if (name == NULL)
        return EXIT_USAGE;
    if (facts->refresh && facts->file != NULL)
        return cli_error(cli, EXIT_USAGE, "--refresh is for this machine's store");
    code = cli_asked_parse(cli, name, &facts->asked);
    if (code == 0)
        code = cli_load_config(cli);
    if (code == 0)
        code = cli_id_gather(facts);
    if (code != 0)
        return code;
    if (cli->json)
        cli_print_json(cli_id_json(facts));
    else
        cli_id_text(facts);
    return verdict(facts);
}
