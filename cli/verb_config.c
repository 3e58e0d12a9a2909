/* SPDX-License-Identifier: MIT
 *
 * verb_config.c - `trustlogon config`: check the configuration and show what is
 * in force.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "options.h"

int verb_config(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    struct tl_config_item *items;
    const char *section = "";
    json_t *array;
    size_t count;
    int option, code;

    while ((option = getopt_long(argc, argv, "jc:", options, NULL)) != -1)
        switch (option) {
            CLI_COMMON_CASES;
        }
    if (optind < argc)
        return cli_error(cli, EXIT_USAGE, "config takes no argument");
    code = cli_load_config(cli);
    if (code != 0)
        return EXIT_PROBLEM;
    items = tl_config_items(cli, cli->config, &count);
    array = json_array();
    if (!cli->json)
        printf("# %s\n", cli->config->file ? cli->config->file : "no file: defaults");
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:o, s:b, s:s}", "section", items[i].section,
                             "key", items[i].key, "value", json_text(items[i].value),
                             "default", items[i].is_default, "what", items[i].what));
        if (cli->json)
            continue;
        if (strcmp(section, items[i].section) != 0)
            printf("[%s]\n", items[i].section);
        section = items[i].section;
        printf("    %s%s = %s%s   # %s%s\n",
               items[i].is_default ? "" : color(cli, "bold"), items[i].key,
               show(cli, items[i].value), color(cli, "off"),
               items[i].is_default ? "default; " : "", items[i].what);
    }
    if (cli->json)
        print_json(json_pack("{s:o, s:o}", "file", json_text(cli->config->file),
                             "options", array));
    else
        json_decref(array);
    return EXIT_WORKS;
}
