/* SPDX-License-Identifier: MIT
 *
 * route_rows.h - snapshots and workstations of the tests of routing, and a verdict as
 * text.
 */
#ifndef TL_TEST_ROUTE_ROWS_H
#define TL_TEST_ROUTE_ROWS_H

#include <check.h>
#include <string.h>
#include <trustlogon/route.h>

#include "topologies.h"
#include "fixtures.h"

static const struct tl_workstation ws1 = {WS1_OF_FABRIKAM};
static const struct tl_workstation ws_deep = {.flat = "WS1",
                                              .fqdn = "ws1.de.eu.fabrikam.test",
                                              .realm = "DE.EU.FABRIKAM.TEST",
                                              .domain = "de.eu.fabrikam.test"};

/* A snapshot with the row's changes, separated by blanks. */
static inline struct tl_topology *topology(TALLOC_CTX *ctx, const char *json,
                                           const char *sets)
{
    struct tl_topology *topo = NULL;
    char *error = NULL, *copy, *word, *rest = NULL;

    if (json == NULL)
        return NULL;
    ck_assert_msg(tl_topology_from_json(ctx, json, strlen(json), &topo, &error) == 0,
                  "%s", error);
    copy = talloc_strdup(ctx, sets != NULL ? sets : "");
    for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        ck_assert_msg(tl_topology_set(ctx, topo, word, &error) == 0, "%s: %s", word,
                      error);
    return topo;
}

/* The route of a name, which must be one. */
static inline struct tl_route *route(TALLOC_CTX *ctx, const struct tl_topology *topo,
                                     const struct tl_workstation *ws, const char *typed)
{
    struct tl_route *r = NULL;
    struct tl_name *name = NULL;

    ck_assert_int_eq(tl_name_parse(ctx, typed, strlen(typed), &name, NULL), 0);
    ck_assert_int_eq(tl_route(ctx, name, ws, topo, &r), 0);
    ck_assert_ptr_nonnull(r->why);
    return r;
}

/* "slug|subject|attribute", as far as the row goes into it. */
static inline char *verdict_of(TALLOC_CTX *ctx, enum tl_reason reason,
                               const char *subject, const char *attribute)
{
    return talloc_asprintf(ctx, "%s|%s|%s", tl_reason_info(reason)->slug,
                           subject ? subject : "", attribute ? attribute : "");
}

#define E TOPO_EXTERNAL
#define EB TOPO_EXTERNAL_BOTH
#define F TOPO_FOREST
#define T TOPO_TREE

#endif
