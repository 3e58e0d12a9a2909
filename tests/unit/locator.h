/* SPDX-License-Identifier: MIT
 *
 * locator.h - a DC locator with a name server and DCs of the test's own on 127.0.0.0/8,
 * and a folder for its cache.
 */
#ifndef TL_TEST_LOCATOR_H
#define TL_TEST_LOCATOR_H

#include <check.h>

#include "locate/internal.h"
#include "fake_dc.h"
#include "fixtures.h"

static const struct fake_srv two[] = {{"dc0", 0}, {"dc1", 10}, {NULL, 0}};
static const struct fake_srv one[] = {{"dc0", 0}, {NULL, 0}};

static struct world world;
static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_outcome *out;
static temp_path folder;
static char name_server[64];
static int64_t clock_now;

static inline int64_t wall(void)
{
    return clock_now;
}

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    memset(&world, 0, sizeof world);
    world.plain = two;
    config = tl_config_defaults(ctx);
    make_temp_folder(folder);
    config->cache_dir = folder;
    config->ping_interval = 50;
    config->ping_timeout = 1000; /* room for a busy machine */
    /* not the defaults: what is tested is that the options count */
    config->cache_lifetime = 5000;
    config->ping_validity = 700;
    config->close_site_timeout = 300;
    config->negative_lifetime = 33;
    config->hostname = "ws1.fabrikam.test";
    out = tl_outcome_new(ctx);
    clock_now = 1800000000;
}

static inline void teardown(void)
{
    if (world.thread)
        world_stop(&world);
    remove_tree(folder);
    talloc_free(ctx);
}

/* A locator of a workstation in this site; the first one starts the servers. */
static inline struct tl_locator *new_locator(const char *site)
{
    struct tl_locator *locator = tl_locator_new(ctx, config, site, NULL);
    struct tli_locate_hooks hooks = {.dns_servers = name_server, .wall = wall};

    if (!world.thread)
        ck_assert(world_start(&world));
    hooks.ping_port = world.ping_port;
    snprintf(name_server, sizeof name_server, "127.0.0.1:%u", world.dns_port);
    tli_locator_set_hooks(locator, &hooks);
    return locator;
}

/* Every search with a locator of its own, as every logon has: only the disk lasts. */
static inline struct tl_dc_list *locate(const char *site, unsigned int flags,
                                        enum tl_reason expected)
{
    struct tl_dc_list *list;
    enum tl_reason reason;

    tl_outcome_reset(out);
    reason = tl_locate(ctx, new_locator(site), "Contoso.TEST", flags,
                       tl_deadline_in_ms(20000), &list, out);
    ck_assert_msg(reason == expected, "%s, not %s: %s", tl_reason_info(reason)->slug,
                  tl_reason_info(expected)->slug, out->detail ? out->detail : "");
    ck_assert(out->reason == expected);
    if (expected == TL_REASON_OK)
        ck_assert(list && list->count > 0);
    else if (!(flags & TL_LOCATE_ALL))
        ck_assert_ptr_null(list);
    return list;
}

/* A test with servers and a folder of its own, repeated. */
static inline void add(Suite *suite, const char *name, const TTest *test, int count)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test, 0, count);
    suite_add_tcase(suite, tcase);
}
#define ADD(test, count) add(suite, #test, test, count)

#endif
