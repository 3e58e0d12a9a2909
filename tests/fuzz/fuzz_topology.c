/* SPDX-License-Identifier: MIT
 *
 * fuzz_topology.c - any bytes as a snapshot: refused with one sentence, or one that
 * is written the same way twice, routes any name and judges any path.
 */
#include <stdlib.h>
#include <string.h>
#include <trustlogon/route.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tl_workstation ws = {.flat = "WS1",
                                         .fqdn = "ws1.fabrikam.test",
                                         .realm = "FABRIKAM.TEST",
                                         .domain = "fabrikam.test"};

static void route_all(TALLOC_CTX *ctx, const struct tl_topology *topo)
{
    static const char *const typed[] = {
        "CONTOSO\\alice", "alice@contoso.test",  "a@x.plant.corp.example", "bob",
        "EMEA\\ann",      "eve@us.fabrikam.test"};

    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        struct tl_name *name = NULL;
        struct tl_route *route = NULL;
        const char *subject, *attribute;

        if (tl_name_parse(ctx, typed[i], strlen(typed[i]), &name, NULL) != 0 ||
            tl_route(ctx, name, &ws, topo, &route) != 0 || route->why == NULL)
            abort();
        tl_route_judge(ctx, topo, route->user_domain, &ws, &subject, &attribute);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_topology *topo, *again;
    char *error = NULL, *once, *twice;

    if (tl_topology_from_json(ctx, (const char *)data, size, &topo, &error) != 0) {
        if (error == NULL || topo != NULL)
            abort();
        goto cleanup;
    }
    if (tl_topology_to_json(ctx, topo, &once) != 0 ||
        tl_topology_from_json(ctx, once, strlen(once), &again, &error) != 0 ||
        tl_topology_to_json(ctx, again, &twice) != 0 || strcmp(once, twice) != 0)
        abort();
    route_all(ctx, topo);
    tl_topology_set(ctx, topo, "contoso.test.tln:corp.example=disabled", &error);
    route_all(ctx, topo);

cleanup:
    talloc_free(ctx);
    return 0;
}
