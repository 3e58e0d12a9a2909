/* SPDX-License-Identifier: MIT
 *
 * verb_locate.c - `trustlogon locate DOMAIN`: the DC chosen and why, in the
 * words of nltest /dsgetdc.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <trustlogon/name.h>

#include "cli.h"
#include "options.h"

static const struct {
    uint32_t bit;
    const char *word;
} flag_words[] = {{TL_DS_PDC, "PDC"},
                  {TL_DS_GC, "GC"},
                  {TL_DS_DS, "DS"},
                  {TL_DS_LDAP, "LDAP"},
                  {TL_DS_KDC, "KDC"},
                  {TL_DS_TIMESERV, "TIMESERV"},
                  {TL_DS_GOOD_TIMESERV, "GTIMESERV"},
                  {TL_DS_WRITABLE, "WRITABLE"},
                  {0x20000000U, "DNS_DC"},
                  {0x40000000U, "DNS_DOMAIN"},
                  {0x80000000U, "DNS_FOREST"},
                  {TL_DS_CLOSEST, "CLOSE_SITE"},
                  {0x1000U, "FULL_SECRET"},
                  {0x2000U, "WS"},
                  {0x4000U, "DS_8"},
                  {0x8000U, "DS_9"},
                  {0x10000U, "DS_10"},
                  {0x20000U, "KEYLIST"}};

static void dc_text(const struct cli *cli, const struct tl_dc *dc)
{
    printf("           DC: \\\\%s\n", cli_show(cli, dc->host));
    printf("      Address: \\\\%s\n", cli_show(cli, dc->address));
    printf("     Dom Name: %s\n", cli_show(cli, dc->domain));
    printf("  Forest Name: %s\n", cli_show(cli, dc->forest));
    printf(" Dc Site Name: %s\n", cli_show(cli, dc->dc_site));
    printf("Our Site Name: %s\n", cli_show(cli, dc->client_site));
    printf("        Flags:");
    for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
        if (dc->flags & flag_words[i].bit)
            printf(" %s", flag_words[i].word);
    printf("\n       Chosen: %s\n", cli_show(cli, dc->why));
}

static void others_text(const struct cli *cli, const struct tl_dc_list *list)
{
    if (list->count < 2)
        return;
    printf("\nOther candidates:\n");
    for (size_t i = 1; i < list->count; i++) {
        const struct tl_dc *dc = &list->dcs[i];

        printf("  %-32s %-16s %s", cli_show(cli, dc->host), cli_show(cli, dc->address),
               dc->pinged ? "answered" : "no answer");
        if (dc->ping_us > 0)
            printf(" in %.1f ms", (double)dc->ping_us / 1000);
        printf(", %s\n", cli_show(cli, dc->why));
    }
}

/* The DNS name of a domain named by its NetBIOS name, by the trusts of the snapshot. */
static const char *dns_of_flat(struct cli *cli, const struct tl_topology *topo,
                               const char *flat)
{
    struct tl_name *name = NULL;
    struct tl_route *route = NULL;
    char *whole = talloc_asprintf(cli, "%s\\x", flat);

    if (topo == NULL || tl_name_parse(cli, whole, strlen(whole), &name, NULL) != 0 ||
        tl_route(cli, name, cli_workstation_here(cli, topo), topo, &route) != 0)
        return NULL;
    return route->user_domain;
}

/* The DNS name of the domain that was asked for, or NULL after an error. */
static const char *dns_name(struct cli *cli, const struct tl_topology *topo,
                            const char *asked)
{
    const char *domain =
        strchr(asked, '.') != NULL ? asked : dns_of_flat(cli, topo, asked);

    if (domain == NULL)
        cli_error(cli, EXIT_PROBLEM,
                  topo != NULL ? "no domain or trusted domain has the NetBIOS name '%s'; "
                                 "'trustlogon trusts' lists them"
                               : "the DNS name of '%s' is not known: run "
                                 "'trustlogon refresh' first",
                  asked);
    return domain;
}

/* Locate and show; an exit code. Every candidate and event is in the JSON, for a failed
 * search, too. */
static int locate(struct cli *cli, const struct tl_machine *machine, const char *domain,
                  unsigned int flags)
{
    struct tl_trace_log *log = tl_trace_log_new(cli);
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, log);
    struct tl_outcome *out = tl_outcome_new(cli);
    struct tl_words_input in = {0};
    struct tl_locator *locator = tl_locator_new(cli, cli->config, machine->site, &trace);
    struct tl_dc_list *list;
    enum tl_reason reason;

    cli_progress_start(cli);
    cli_progress_at(cli, "domain controllers of", domain);
    reason = tl_locate(cli, locator, domain, flags,
                       tl_deadline_in_ms(cli->config->logon_timeout), &list, out);
    cli_progress_stop();
    if (cli->json) {
        json_t *object = cli_json_outcome(out, tl_outcome_words(cli, out, &in)),
               *dcs = json_array();

        for (size_t i = 0; reason == TL_REASON_OK && i < list->count; i++)
            json_array_append_new(dcs, cli_json_dc(&list->dcs[i]));
        json_object_set_new(object, "candidates", dcs);
        json_object_set_new(object, "events", cli_json_events(log));
        cli_print_json(object);
    } else if (reason == TL_REASON_OK) {
        dc_text(cli, &list->dcs[0]);
        others_text(cli, list);
    } else {
        cli_print_outcome(cli, out, tl_outcome_words(cli, out, &in));
    }
    return reason == TL_REASON_OK ? EXIT_WORKS : EXIT_PROBLEM;
}

/* --all pings every candidate, so it ignores the cache as well. */
int verb_locate(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"force", no_argument, NULL, 'f'},
                                            {"all", no_argument, NULL, 'a'},
                                            CLI_COMMON_OPTIONS};
    struct tl_machine *machine;
    unsigned int flags = 0;
    const char *asked, *domain;
    int option, code;

    while ((option = getopt_long(argc, argv, CLI_SHORT_OPTIONS "fa", options, NULL)) !=
           -1)
        switch (option) {
        case 'f':
            flags |= TL_LOCATE_FORCE;
            break;
        case 'a':
            flags |= TL_LOCATE_ALL | TL_LOCATE_FORCE;
            break;
            CLI_COMMON_CASES;
        }
    asked = cli_one_argument(cli, argc, argv, "a domain");
    if (asked == NULL)
        return EXIT_USAGE;
    if (!tl_dns_valid(asked))
        return cli_error(cli, EXIT_USAGE, "'%s' is not the name of a domain", asked);
    /* The snapshot has NetBIOS names and the site; a DNS name is located without it. */
    code = cli_open_machine(cli, 0, &machine);
    if (code != 0)
        return code;
    domain = dns_name(cli, machine->topology, asked);
    return domain != NULL ? locate(cli, machine, domain, flags) : EXIT_PROBLEM;
}
