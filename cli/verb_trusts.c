/* SPDX-License-Identifier: MIT
 *
 * verb_trusts.c - `trustlogon trusts`: all trusts of the snapshot, in the terms
 * of nltest /domain_trusts; as a tree, as Graphviz, or as a dump for `route`.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "options.h"

static const char *const tln_words[] = {"enabled", "Disabled-New", "Disabled",
                                        "Disabled-Conflicting"};

static const char *tln_word(uint32_t flags)
{
    if (flags & TL_FT_DISABLED_NEW)
        return tln_words[1];
    if (flags & TL_FT_DISABLED_ADMIN)
        return tln_words[2];
    if (flags & TL_FT_DISABLED_CONFLICT)
        return tln_words[3];
    return tln_words[0];
}

/* The layout of `nltest /domain_trusts /v`, which administrators know; what it does not
 * have follows on lines of its own. */
static void trust_line(struct cli *cli, size_t number, const struct tl_tdo *tdo)
{
    const char *words = tl_tdo_attribute_words(cli, tdo->attributes);
    static const char *const types[] = {"?", "NT 4", "NT 5", "MIT", "DCE", "AAD"};

    printf("%5zu: %s %s (%s)%s%s%s", number, cli_show(cli, tdo->flat),
           cli_show(cli, tdo->partner), types[tdo->type <= 5 ? tdo->type : 0],
           tdo->direction & TL_TRUST_OUTBOUND ? " (Direct Outbound)" : "",
           tdo->direction & TL_TRUST_INBOUND ? " (Direct Inbound)" : "",
           (tdo->direction & 3) == 0 ? " (Disabled)" : "");
    if (words != NULL && words[0] != '\0')
        printf(" ( Attr: %s )", words);
    printf("  [held by %s]\n", cli_show(cli, tdo->holder));
    if ((tdo->direction & 3) != 0 && tl_tdo_lacks_aes(tdo))
        printf("       %swithout AES: %s%s (trust-rc4-only)\n", cli_color(cli, "yellow"),
               tl_tdo_enctype_words(cli, tdo), cli_color(cli, "off"));
    if (tdo->forest_info_error != NULL)
        printf("       %sforest trust information: %s%s\n", cli_color(cli, "red"),
               cli_show(cli, tdo->forest_info_error), cli_color(cli, "off"));
    for (size_t i = 0; tdo->forest_info != NULL && i < tdo->forest_info->count; i++) {
        const struct tl_ft_record *record = &tdo->forest_info->records[i];

        if (record->type == TL_FT_TLN)
            printf("       *.%s: %s\n", cli_show(cli, record->name),
                   tln_word(record->flags));
        else if (record->type == TL_FT_TLN_EX)
            printf("       *.%s: excluded\n", cli_show(cli, record->name));
        else if (record->type == TL_FT_DOMAIN)
            printf("       domain %s (%s)%s\n", cli_show(cli, record->name),
                   cli_show(cli, record->flat),
                   record->flags & TL_FT_DISABLED_MASK ? ": disabled" : "");
    }
}

static void list_text(struct cli *cli, const struct tl_topology *topo)
{
    char when[64] = "never";
    time_t taken = (time_t)topo->taken;
    struct tm tm;

    if (topo->taken != 0 && localtime_r(&taken, &tm) != NULL)
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    printf("List of domain trusts (read %s from %s):\n", when,
           cli_show(cli, topo->source));
    for (size_t i = 0; i < topo->num_domains; i++) {
        const struct tl_domain *domain = &topo->domains[i];

        printf("%5zu: %s %s (NT 5)%s%s\n", i, cli_show(cli, domain->flat),
               cli_show(cli, domain->dns),
               domain->parent == NULL ? " (Forest Tree Root)" : " (Forest)",
               tl_dns_equal(domain->dns, topo->domain) ? " (Primary Domain)" : "");
    }
    for (size_t i = 0; i < topo->num_trusts; i++)
        trust_line(cli, topo->num_domains + i, &topo->trusts[i]);
    for (size_t i = 0; i < topo->num_suffixes; i++)
        printf("       UPN suffix of the forest: %s\n", cli_show(cli, topo->suffixes[i]));
}

/* Children of `parent` below each other; depth is bounded because a directory may lie. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void tree_level(const struct cli *cli, const struct tl_topology *topo,
                       const char *parent, int depth)
{
    for (size_t i = 0; i < topo->num_domains && depth < 16; i++) {
        const struct tl_domain *domain = &topo->domains[i];
        bool here = parent == NULL
                        ? domain->parent == NULL
                        : domain->parent != NULL && tl_name_equal(domain->parent, parent);

        if (!here)
            continue;
        printf("%*s%s (%s)\n", depth * 4, "", cli_show(cli, domain->dns),
               cli_show(cli, domain->flat));
        for (size_t t = 0; t < topo->num_trusts; t++) {
            const struct tl_tdo *tdo = &topo->trusts[t];

            if (tl_name_equal(tdo->holder, domain->dns) &&
                !(tdo->attributes & TL_TRUST_WITHIN_FOREST))
                printf("%*s%s %s (%s trust, %s)\n", depth * 4 + 2, "",
                       tdo->direction == 3   ? "<->"
                       : tdo->direction == 2 ? "-->"
                       : tdo->direction == 1 ? "<--"
                                             : "- -",
                       cli_show(cli, tdo->partner), tl_tdo_kind(tdo),
                       tl_tdo_direction_name(tdo));
        }
        tree_level(cli, topo, domain->dns, depth + 1);
    }
}

/* A DOT string: quotes and backslashes escaped, the rest made safe by cli_show(). */
static const char *dot_string(const struct cli *cli, const char *text)
{
    char *out = talloc_strdup(cli, "\"");

    for (const char *p = cli_show(cli, text); *p != '\0'; p++)
        out =
            talloc_asprintf_append(out, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
    return talloc_asprintf_append(out, "\"");
}

static void dot(const struct cli *cli, const struct tl_topology *topo)
{
    printf("digraph trusts {\n    // an arrow goes from the domain that trusts\n");
    for (size_t i = 0; i < topo->num_domains; i++) {
        const struct tl_domain *domain = &topo->domains[i];

        printf("    %s;\n", dot_string(cli, domain->dns));
        if (domain->parent != NULL)
            printf("    %s -> %s [dir=both, label=\"parent\"];\n",
                   dot_string(cli, domain->parent), dot_string(cli, domain->dns));
    }
    for (size_t i = 0; i < topo->num_trusts; i++) {
        const struct tl_tdo *tdo = &topo->trusts[i];

        printf("    %s -> %s [dir=%s, label=%s];\n", dot_string(cli, tdo->holder),
               dot_string(cli, tdo->partner),
               tdo->direction == 3   ? "both"
               : tdo->direction == 2 ? "forward"
               : tdo->direction == 1 ? "back"
                                     : "none",
               dot_string(cli, tl_tdo_kind(tdo)));
    }
    printf("}\n");
}

/* One output at a time: --dump wins over --json, and that over the drawings. */
int verb_trusts(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"tree", no_argument, NULL, 'T'},
                                            {"dot", no_argument, NULL, 'D'},
                                            {"dump", required_argument, NULL, 'd'},
                                            {"topology", required_argument, NULL, 't'},
                                            CLI_COMMON_OPTIONS};
    const char *file = NULL, *dump = NULL;
    bool as_tree = false, as_dot = false;
    const struct tl_topology *topo;
    struct tl_machine *machine = NULL;
    char *json = NULL;
    int option, code, ret;

    while ((option =
                getopt_long(argc, argv, CLI_SHORT_OPTIONS "TDd:t:", options, NULL)) != -1)
        switch (option) {
        case 'T':
            as_tree = true;
            break;
        case 'D':
            as_dot = true;
            break;
        case 'd':
            dump = optarg;
            break;
        case 't':
            file = optarg;
            break;
            CLI_COMMON_CASES;
        }
    if (optind < argc)
        return cli_error(cli, EXIT_USAGE, "trusts takes no argument");
    code = cli_load_machine(cli, file, &machine);
    if (code != 0)
        return code;
    topo = machine->topology;
    if (dump != NULL) {
        ret = tl_topology_save(topo, dump);
        if (ret != 0)
            return cli_error(cli, EXIT_CANNOT_TELL, "%s: %s", dump, strerror(-ret));
    } else if (cli->json) {
        if (tl_topology_to_json(cli, topo, &json) != 0)
            return cli_error(cli, EXIT_CANNOT_TELL, "out of memory");
        printf("%s\n", json);
    } else if (as_dot) {
        dot(cli, topo);
    } else if (as_tree) {
        tree_level(cli, topo, NULL, 0);
    } else {
        list_text(cli, topo);
    }
    return EXIT_WORKS;
}
