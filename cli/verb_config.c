/* SPDX-License-Identifier: MIT
 *
 * verb_config.c - `trustlogon config`: check the configuration and show what is
 * in force.
 */
#include <stdio.h>
#include <string.h>

#include <trustlogon/rules.h>

#include "cli.h"
#include "config_ids.h"
#include "config_names.h"
#include "options.h"

static json_t *rule_json(const struct tl_rule_info *info)
{
    char sid[TL_SID_STRING_MAX];

    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o}", "option", info->option, "entry",
        cli_json_text(info->text), "sid",
        cli_json_text(info->resolved ? tl_sid_format(&info->sid, sid) : NULL), "name",
        cli_json_text(info->name), "why", cli_json_text(info->why));
}

static void rule_text(const struct cli *cli, const struct tl_rule_info *info)
{
    char sid[TL_SID_STRING_MAX];

    if (!info->resolved) {
        printf("%s%s: %s: %s%s\n", cli_color(cli, "red"), info->option,
               cli_show(cli, info->text), cli_show(cli, info->why),
               cli_color(cli, "off"));
        return;
    }
    printf("%s: %s: %s, %s\n", info->option, cli_show(cli, info->text),
           tl_sid_format(&info->sid, sid),
           info->name != NULL ? cli_show(cli, info->name) : cli_show(cli, info->why));
}

/* What the entries of the access rules are today; an exit code. */
static int rules(struct cli *cli, struct tl_machine *machine, json_t *array)
{
    const struct tl_rules_input in = {.machine = machine};
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_rule_info *infos;
    size_t count = 0;
    int code;

    if (!tl_rules_any(cli->config)) {
        if (!cli->json)
            printf("\n%sNo access rule: every user of every trusted domain may log on "
                   "([access]).%s\n",
                   cli_color(cli, "yellow"), cli_color(cli, "off"));
        return EXIT_WORKS;
    }
    code = cli_detect_machine(cli, machine);
    if (code != EXIT_WORKS)
        return code;
    cli_progress_start(cli);
    cli_progress_at(cli, "the names in the access rules", NULL);
    tl_rules_list(cli, &in, &infos, &count, out);
    cli_progress_stop();
    if (out->reason != TL_REASON_OK)
        return cli_error(cli, EXIT_CANNOT_TELL, "%s", "out of memory");
    if (!cli->json)
        printf("\n");
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, rule_json(&infos[i]));
        if (!cli->json)
            rule_text(cli, &infos[i]);
        code = infos[i].resolved ? code : EXIT_PROBLEM;
    }
    return code;
}

/* Each option with its value, under the heading of its section. */
static void show_items(struct cli *cli, json_t *array)
{
    const char *section = "";
    size_t count;
    struct tl_config_item *items = tl_config_items(cli, cli->config, &count);

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:o, s:b, s:s}", "section", items[i].section,
                             "key", items[i].key, "value", cli_json_text(items[i].value),
                             "default", items[i].is_default, "what", items[i].what));
        if (cli->json)
            continue;
        if (strcmp(section, items[i].section) != 0)
            printf("[%s]\n", items[i].section);
        section = items[i].section;
        printf("    %s%s = %s%s   # %s%s\n",
               items[i].is_default ? "" : cli_color(cli, "bold"), items[i].key,
               cli_show(cli, items[i].value), cli_color(cli, "off"),
               items[i].is_default ? "default; " : "", items[i].what);
    }
}

/* An invalid configuration is EXIT_PROBLEM here: it is what was asked about. */
int verb_config(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    json_t *array, *access, *ids, *unknown, *withheld, *problems, *all;
    struct tl_machine *machine;
    int option, names_code, ids_code, access_code;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS, options, NULL)) != -1)
        switch (option) {
            CLI_COMMON_CASES;
        }
    if (optind < argc)
        return cli_error(cli, EXIT_USAGE, "config takes no argument");
    if (cli_load_config(cli) != 0)
        return EXIT_PROBLEM;
    /* Each part prints text at once, or adds to the JSON that is printed at the end. */
    all = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "file",
                    cli_json_text(cli->config->file), "options", array = json_array(),
                    "problems", problems = json_array(), "ids", ids = json_array(),
                    "unknown_domains", unknown = json_array(), "withheld_ids",
                    withheld = json_array(), "access", access = json_array());
    if (!cli->json)
        printf("# %s\n", cli->config->file ? cli->config->file : "no file: defaults");
    show_items(cli, array);
    (void)cli_open_machine(cli, 0, &machine);
    names_code = cli_config_names(cli, machine->topology, problems);
    ids_code = cli_config_ids(cli, machine->topology, ids, unknown, withheld);
    access_code = rules(cli, machine, access);
    if (cli->json)
        cli_print_json(all);
    else
        json_decref(all);
    /* A rule that cannot be resolved weighs most, then names, then ids. */
    return access_code != EXIT_WORKS  ? access_code
           : names_code != EXIT_WORKS ? names_code
                                      : ids_code;
}
