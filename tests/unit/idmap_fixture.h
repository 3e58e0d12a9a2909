/* SPDX-License-Identifier: MIT
 *
 * idmap_fixture.h - a topology whose domains get ids, and the ids of a SID.
 */
#ifndef TL_TEST_IDMAP_FIXTURE_H
#define TL_TEST_IDMAP_FIXTURE_H

#include <check.h>
#include <trustlogon/idmap.h>

#include "fixtures.h"

#define FABRIKAM "S-1-5-21-100-1-1"
#define CONTOSO "S-1-5-21-200-1-1"
#define SUB "S-1-5-21-200-2-2"

static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_topology *topo;

/* A forest trust, or an external one where `info` is NULL. */
static inline void add_tdo(const char *holder, const char *partner, const char *flat,
                           const char *sid, struct tl_forest_info *info)
{
    struct tl_tdo tdo = {.holder = holder,
                         .partner = partner,
                         .flat = flat,
                         .sid = sid_of(sid),
                         .has_sid = true,
                         .direction = 3,
                         .type = TL_TRUST_UPLEVEL,
                         .attributes = info != NULL ? TL_TRUST_FOREST_TRANSITIVE : 0,
                         .forest_info = info};

    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
}

/* What a forest lists that has this one domain. */
static inline struct tl_forest_info *listing(const char *dns, const char *flat,
                                             const char *sid)
{
    struct tl_forest_info *info = talloc_zero(ctx, struct tl_forest_info);

    info->count = 1;
    info->records = talloc_zero(info, struct tl_ft_record);
    info->records[0].type = TL_FT_DOMAIN;
    info->records[0].raw_type = TL_FT_DOMAIN;
    info->records[0].name = dns;
    info->records[0].flat = flat;
    info->records[0].sid = sid_of(sid);
    info->records[0].has_sid = true;
    return info;
}

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    config = tl_config_defaults(ctx);
    topo = new_topology(ctx);
    add_own_domain(topo, "fabrikam.test", "FABRIKAM", FABRIKAM);
}

static inline void teardown(void)
{
    talloc_free(ctx);
}

/* The ids of the topology by the configuration, with domains that are known otherwise. */
static inline struct tl_idmap *make(const struct tl_idmap_domain *also)
{
    struct tl_idmap *map = NULL;
    char *error = NULL;

    ck_assert_int_eq(tl_idmap_new(ctx, config, "fabrikam.test", topo, also, &map, &error),
                     0);
    ck_assert_ptr_null(error);
    return map;
}

/* 0 for no id. Where there is one, it must lead back. */
static inline uint32_t id_of(const struct tl_idmap *map, const char *string)
{
    struct tl_sid sid = sid_of(string), back;
    const char *why = NULL;
    uint32_t id = 1;

    if (tl_idmap_to_id(map, &sid, &id, &why) != 0) {
        ck_assert_ptr_nonnull(why);
        ck_assert_uint_eq(id, 0);
        return 0;
    }
    ck_assert_ptr_null(why);
    ck_assert_int_eq(tl_idmap_to_sid(map, id, &back), 0);
    ck_assert(tl_sid_equal(&sid, &back));
    return id;
}

#endif
