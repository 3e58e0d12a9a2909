/* SPDX-License-Identifier: MIT
 *
 * config_ids.c - `trustlogon config`: which ids each domain has by the options and the
 * trusts of now.
 */
#include <inttypes.h>
#include <stdio.h>
#include <trustlogon/idmap.h>

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
                  json_text(domain != NULL ? domain->dns : NULL), "sid", sid, "low",
                  (json_int_t)range->min, "high", (json_int_t)range->max, "first_rid",
                  numbers ? json_null() : json_integer((json_int_t)range->first_rid)));
    /* Of sss, the ten further slices of each domain are for few. */
    if (cli->json || (cli->config->idmap == TL_IDMAP_SSS && range->first_rid != 0))
        return;
    printf("ids: %s: %" PRIu32 "-%" PRIu32, domain != NULL ? show(cli, domain->dns) : sid,
           range->min, range->max);
    if (numbers)
        printf(", as its directory gives them\n");
    else
        printf(", from RID %" PRIu32 " on\n", range->first_rid);
}

/* A name nobody here knows: a slip, or a trust that is gone. */
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
        json_array_append_new(unknown, json_text(name));
        if (!cli->json)
            printf("%s%s: no domain here is called %s%s\n", color(cli, "red"), option,
                   show(cli, name), color(cli, "off"));
    }
    return code;
}

int config_ids(struct cli *cli, const struct tl_topology *topo, json_t *ids,
               json_t *unknown)
{
    const struct tl_config *config = cli->config;
    const struct tl_idmap_range *ranges;
    struct tl_idmap *map = NULL;
    char *error = NULL;
    size_t count;

    /* Nothing is known of any domain before the first refresh. */
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
    if (config->idmap == TL_IDMAP_RID)
        return unknown_names(cli, map, "rid_ranges", config->rid_ranges, unknown);
    if (config->idmap == TL_IDMAP_RFC2307)
        return unknown_names(cli, map, "rfc2307_ranges", config->rfc2307_ranges, unknown);
    return EXIT_WORKS;
}
