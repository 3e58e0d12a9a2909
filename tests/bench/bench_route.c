/* SPDX-License-Identifier: MIT
 *
 * bench_route.c - how long a suffix look-up takes with 100,000 names in the routing
 * tables, and how long a snapshot takes to load. Plain lines: NAME NUMBER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trustlogon/machine.h>
#include <trustlogon/route.h>
#include <unistd.h>

#define TRUSTS 100
#define NAMES_PER_TRUST 1000
#define LOOKUPS 2000000

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_route: %s failed\n", what);
    exit(1);
}

/* One name in ten is an exclusion below its predecessor, one in twenty disabled. */
static struct tl_forest_info *table(TALLOC_CTX *ctx, size_t trust, size_t count)
{
    struct tl_forest_info *info = talloc_zero(ctx, struct tl_forest_info);

    info->count = count;
    info->records = talloc_zero_array(info, struct tl_ft_record, count);
    for (size_t i = 0; i < count; i++) {
        struct tl_ft_record *rec = &info->records[i];
        bool exclusion = i % 10 == 9;

        rec->type = exclusion ? TL_FT_TLN_EX : TL_FT_TLN;
        rec->raw_type = rec->type;
        rec->flags = i % 20 == 7 ? TL_FT_DISABLED_NEW : 0;
        rec->time = 132223104000000000U + i;
        rec->name =
            talloc_asprintf(info, "%ssuffix%zu.company%zu.example",
                            exclusion ? "plant." : "", exclusion ? i - 1 : i, trust);
    }
    return info;
}

static struct tl_topology *topology(TALLOC_CTX *ctx, size_t trusts, size_t names)
{
    struct tl_topology *topo = tl_topology_new(ctx);

    topo->domain = topo->forest = "fabrikam.test";
    topo->taken = 1;
    for (size_t i = 0; i < trusts; i++) {
        struct tl_tdo tdo = {.holder = "fabrikam.test",
                             .direction = 3,
                             .type = TL_TRUST_UPLEVEL,
                             .attributes = TL_TRUST_FOREST_TRANSITIVE};

        tdo.partner = talloc_asprintf(ctx, "company%zu.test", i);
        tdo.flat = talloc_asprintf(ctx, "COMPANY%zu", i);
        tdo.forest_info = table(ctx, i, names);
        must(tl_topology_add_trust(topo, &tdo) == 0, "add_trust");
    }
    return topo;
}

static void lookups(TALLOC_CTX *ctx)
{
    struct tl_topology *topo = topology(ctx, TRUSTS, NAMES_PER_TRUST);
    struct tl_suffix_index *index;
    char **asked = talloc_array(ctx, char *, 4096);
    int64_t start = now_ns();
    size_t routed = 0;

    must(tl_suffix_index_new(ctx, topo, &index) == 0, "index");
    printf("route.index_ms_100k %.1f\n", (double)(now_ns() - start) / 1e6);
    srandom(1787);
    for (size_t i = 0; i < 4096; i++)
        asked[i] = talloc_asprintf(
            ctx, "%sSuffix%ld.company%ld.%s", i % 3 == 0 ? "a.plant." : "",
            random() % NAMES_PER_TRUST, random() % TRUSTS, i % 5 ? "example" : "missing");
    start = now_ns();
    for (size_t i = 0; i < LOOKUPS; i++)
        routed += tl_suffix_find(index, asked[i % 4096]).reason == TL_REASON_OK;
    printf("route.lookup_ns %.0f\n", (double)(now_ns() - start) / LOOKUPS);
    must(routed > LOOKUPS / 4 && routed < LOOKUPS, "routing");
}

static void loads(TALLOC_CTX *ctx)
{
    struct tl_topology *topo = topology(ctx, 10, 1000), *back;
    char *json, *error;
    double best = 1e9;

    must(tl_topology_to_json(ctx, topo, &json) == 0, "to_json");
    for (int i = 0; i < 10; i++) {
        int64_t start = now_ns();
        double took;

        must(tl_topology_from_json(ctx, json, strlen(json), &back, &error) == 0, "load");
        took = (double)(now_ns() - start) / 1e6;
        best = took < best ? took : best;
        talloc_free(back);
    }
    printf("route.load_ms_10k %.1f\n", best);
}

/* What each process of a logon does, where the listener has parsed the snapshot: find it,
 * and route one name. */
static void kept(TALLOC_CTX *ctx)
{
    char folder[] = "/tmp/bench_route.XXXXXX", *path;
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_machine *machine;
    struct tl_suffix_index *index;
    int64_t start;

    must(mkdtemp(folder) != NULL, "mkdtemp");
    path = talloc_asprintf(ctx, "%s/topology.json", folder);
    config->state_dir = folder;
    must(tl_topology_save(topology(ctx, 200, 100), path) == 0, "save");
    tl_machine_keep_snapshot(config);
    start = now_ns();
    machine = tl_machine_new(ctx, config);
    must(tl_machine_load_snapshot(machine) == 0, "load_snapshot");
    must(tl_suffix_index_new(ctx, machine->topology, &index) == 0, "index");
    must(tl_suffix_find(index, "suffix5.company5.example").tdo != NULL, "find");
    printf("route.kept_us_20k %.1f\n", (double)(now_ns() - start) / 1e3);
    must(machine->topology->index != NULL, "keep_snapshot");
    must(unlink(path) == 0 && rmdir(folder) == 0, "rmdir");
}

static void routes(TALLOC_CTX *ctx, const char *label, size_t trusts, size_t names,
                   int rounds)
{
    static const struct tl_workstation ws = {"WS1", "ws1.fabrikam.test", "FABRIKAM.TEST",
                                             "fabrikam.test", NULL};
    static const char typed[] = "alice@suffix5.company5.example";
    struct tl_topology *topo = topology(ctx, trusts, names);
    struct tl_name *name;
    struct tl_route *route;
    int64_t start;

    must(tl_name_parse(ctx, typed, strlen(typed), &name, NULL) == 0, "parse");
    start = now_ns();
    for (int i = 0; i < rounds; i++) {
        must(tl_route(ctx, name, &ws, topo, &route) == 0, "route");
        talloc_free(route);
    }
    printf("%s %.1f\n", label, (double)(now_ns() - start) / 1e3 / rounds);
}

int main(void)
{
    TALLOC_CTX *ctx = talloc_new(NULL);

    lookups(ctx);
    loads(ctx);
    kept(ctx);
    routes(ctx, "route.route_us_200", 10, 20, 10000);
    routes(ctx, "route.route_us_100k", TRUSTS, NAMES_PER_TRUST, 20);
    talloc_free(ctx);
    return 0;
}
