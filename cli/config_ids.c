/* SPDX-License-Identifier: MIT
 *
 * config_ids.c - `trustlogon config`: which ids each domain has by the present options
 * and trusts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <trustlogon/identity.h>

#include "config_ids.h"

static void show_range(const struct cli *cli, const struct tl_idmap *map,
                       const struct tl_idmap_range *range, json_t *array)
{
    const struct tl_idmap_domain *domain = tl_idmap_domain(map, &range->domain);
    bool numbers = cli->config->idmap == TL_IDMAP_RFC2307; /* of the directory */
    char sid[TL_SID_STRING_MAX];

    tl_sid_format(&range->domain, sid);
    json_array_append_new(
        array,
        json_pack("{s:o, s:s, s:I, s:I, s:o}", "domain",
                  cli_json_text(domain != NULL ? domain->dns : NULL), "sid", sid, "low",
                  (json_int_t)range->min, "high", (json_int_t)range->max, "first_rid",
                  numbers ? json_null() : json_integer((json_int_t)range->first_rid)));
    /* With sss, few users need to see the ten further slices of each domain. */
    if (cli->json || (cli->config->idmap == TL_IDMAP_SSS && range->first_rid != 0))
        return;
    printf("ids: %s: %" PRIu32 "-%" PRIu32,
           domain != NULL ? cli_show(cli, domain->dns) : sid, range->min, range->max);
    if (numbers)
        printf(", as its directory assigns them\n");
    else
        printf(", from RID %" PRIu32 " on\n", range->first_rid);
}

/* A name that no known domain has: a typing error, or a removed trust. */
static int unknown_names(const struct cli *cli, const struct tl_idmap *map,
                         const char *option, const struct tl_rid_ranges *ranges,
                         json_t *unknown)
{
    int code = EXIT_WORKS;

    for (size_t i = 0; ranges != NULL && i < ranges->count; i++) {
        const char *name = ranges->range[i].domain;

        if (tl_idmap_domain_named(map, name) != NULL)
            continue;
        code = EXIT_PROBLEM;
        json_array_append_new(unknown, cli_json_text(name));
        if (!cli->json)
            printf("%s%s: no known domain is named %s%s\n", cli_color(cli, "red"), option,
                   cli_show(cli, name), cli_color(cli, "off"));
    }
    return code;
}

/* Withheld ids are not an error of the configuration: users and groups with other ids
 * are not affected. */
static void show_withheld(const struct cli *cli, const struct tl_idmap *map,
                          json_t *withheld)
{
    TALLOC_CTX *tmp = talloc_new(NULL);
    struct tl_withheld_ids *ids = NULL;
    struct tl_local_ids *local = NULL;
    size_t count = 0;

    if (tl_local_ids_load(tmp, "/etc/passwd", "/etc/group", &local) == 0)
        (void)tl_withheld_ids(tmp, map, local, &ids, &count);
    for (size_t i = 0; i < count; i++) {
        const struct tl_idmap_domain *domain = tl_idmap_domain(map, &ids[i].domain);
        char sid[TL_SID_STRING_MAX];

        tl_sid_format(&ids[i].domain, sid);
        json_array_append_new(
            withheld,
            json_pack("{s:o, s:s, s:I, s:I, s:o}", "domain",
                      cli_json_text(domain != NULL ? domain->dns : NULL), "sid", sid,
                      "low", (json_int_t)ids[i].low, "high", (json_int_t)ids[i].high,
                      "why", cli_json_text(ids[i].why)));
        if (!cli->json)
            printf("%sids: %s: %" PRIu32 "-%" PRIu32 " are not assigned: %s%s\n",
                   cli_color(cli, "yellow"),
                   domain != NULL ? cli_show(cli, domain->dns) : sid, ids[i].low,
                   ids[i].high, cli_show(cli, ids[i].why), cli_color(cli, "off"));
    }
    talloc_free(tmp);
}

int cli_config_ids(struct cli *cli, const struct tl_topology *topo, json_t *ids,
                   json_t *unknown, json_t *withheld)
{
    const struct tl_config *config = cli->config;
    const struct tl_idmap_range *ranges;
    struct tl_idmap *map = NULL;
    char *error = NULL;
    size_t count;

    /* No domain is known before the first refresh. */
    if (topo == NULL)
        return EXIT_WORKS;
    if (tl_idmap_new(cli, config, topo->domain, topo, NULL, &map, &error) != 0)
        return cli_error(cli, EXIT_CANNOT_TELL, "%s",
                         error != NULL ? error : "out of memory");
    ranges = tl_idmap_ranges(map, &count);
    if (!cli->json && count > 0)
        printf("\n");
    for (size_t i = 0; i < count; i++)
        show_range(cli, map, &ranges[i], ids);
    show_withheld(cli, map, withheld);
    if (config->idmap == TL_IDMAP_RID)
        return unknown_names(cli, map, "rid_ranges", config->rid_ranges, unknown);
    if (config->idmap == TL_IDMAP_RFC2307)
        return unknown_names(cli, map, "rfc2307_ranges", config->rfc2307_ranges, unknown);
    return EXIT_WORKS;
}
