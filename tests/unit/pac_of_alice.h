/* SPDX-License-Identifier: MIT
 *
 * pac_of_alice.h - alice of contoso.test, from the PAC to the identity, on a machine with
 * files of the test's own.
 */
#ifndef TL_TEST_PAC_OF_ALICE_H
#define TL_TEST_PAC_OF_ALICE_H

#include <check.h>
#include <string.h>
#include <trustlogon/identity.h>

#include "identity/user.h"
#include "fixtures.h"

#define FABRIKAM "S-1-5-21-100-1-1"
#define CONTOSO "S-1-5-21-200-1-1"
#define SUB "S-1-5-21-200-2-2"
#define EU "S-1-5-21-100-2-2"

static const struct tl_workstation fabrikam_ws = {WS1_OF_FABRIKAM};
static TALLOC_CTX *ctx;
static struct tl_config *config;
static struct tl_topology *topo;
static struct tl_workstation ws;
static struct tl_pac *pac;
static struct tl_local_ids *local;
static struct tl_trace_log *dropped;
static struct tl_outcome *out;
static temp_path folder;

static inline char *put(const char *name, const char *text)
{
    char *path = talloc_asprintf(ctx, "%s/%s", folder, name);

    write_text(path, text);
    return path;
}

/* The machine's own users and groups from now on. */
static inline int load_local(const char *passwd, const char *group)
{
    return tl_local_ids_load(ctx, put("passwd", passwd), put("group", group), &local);
}

/* contoso.test, a trusted forest that also lists sub.contoso.test and routes
 * corp.example. */
static inline void add_contoso(void)
{
    struct tl_forest_info *info = talloc_zero(ctx, struct tl_forest_info);
    struct tl_ft_record *r = talloc_zero_array(info, struct tl_ft_record, 4);
    struct tl_tdo tdo = {.holder = "fabrikam.test",
                         .partner = "contoso.test",
                         .flat = "CONTOSO",
                         .sid = sid_of(CONTOSO),
                         .has_sid = true,
                         .direction = 3,
                         .type = TL_TRUST_UPLEVEL,
                         .attributes = TL_TRUST_FOREST_TRANSITIVE,
                         .forest_info = info};

    r[0] = (struct tl_ft_record){.name = "contoso.test"};
    r[1] = (struct tl_ft_record){.name = "corp.example"};
    r[2] = (struct tl_ft_record){.type = TL_FT_DOMAIN,
                                 .raw_type = TL_FT_DOMAIN,
                                 .name = "contoso.test",
                                 .flat = "CONTOSO",
                                 .sid = sid_of(CONTOSO),
                                 .has_sid = true};
    r[3] = (struct tl_ft_record){.type = TL_FT_DOMAIN,
                                 .raw_type = TL_FT_DOMAIN,
                                 .name = "sub.contoso.test",
                                 .flat = "SUB",
                                 .sid = sid_of(SUB),
                                 .has_sid = true};
    info->records = r;
    info->count = 4;
    ck_assert_int_eq(tl_topology_add_trust(topo, &tdo), 0);
}

static inline void add_group(struct tl_pac_group **groups, size_t *count, const char *sid,
                             uint32_t attributes)
{
    *groups = talloc_realloc(pac, *groups, struct tl_pac_group, (unsigned int)*count + 1);
    (*groups)[(*count)++] =
        (struct tl_pac_group){.sid = sid_of(sid), .attributes = attributes};
}

/* alice of the domain with this SID, RID 1104, primary group Domain Users */
static inline void make_pac(const char *domain)
{
    pac = talloc_zero(ctx, struct tl_pac);
    pac->account = "Alice";
    pac->full_name = "Alice Liddell";
    pac->domain_flat = "LIES";
    pac->domain_sid = sid_of(domain);
    ck_assert_int_eq(tl_sid_append(&pac->domain_sid, 1104, &pac->user_sid), 0);
    pac->user_rid = 1104;
    pac->primary_group_rid = 513;
    add_group(&pac->groups, &pac->num_groups, talloc_asprintf(ctx, "%s-513", domain), 7);
    add_group(&pac->groups, &pac->num_groups, talloc_asprintf(ctx, "%s-1200", domain), 7);
}

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    make_temp_folder(folder);
    config = tl_config_defaults(ctx);
    set_option(config, "idmap=rid");
    set_option(config,
               "rid_ranges=fabrikam.test:100000-199999,contoso.test:200000-299999");
    topo = new_topology(ctx);
    add_own_domain(topo, "fabrikam.test", "FABRIKAM", FABRIKAM);
    add_own_domain(topo, "eu.fabrikam.test", "EU", EU);
    add_contoso();
    ws = fabrikam_ws;
    make_pac(CONTOSO);
    dropped = tl_trace_log_new(ctx);
    out = tl_outcome_new(ctx);
    ck_assert_int_eq(load_local("root:x:0:0:root:/root:/bin/bash\n", "root:x:0:\n"), 0);
}

static inline void teardown(void)
{
    remove_tree(folder);
    talloc_free(ctx);
}

/* The identity that the PAC, the topology and the configuration make. */
static inline enum tl_reason build(const char *client, struct tl_identity **identity)
{
    struct tl_trace trace = tl_trace_start(tl_trace_log_fn, dropped);
    struct tl_identity_input in = {.config = config,
                                   .ws = &ws,
                                   .topo = topo,
                                   .pac = pac,
                                   .client = client,
                                   .local = local,
                                   .trace = &trace};

    return tl_identity_build(ctx, &in, identity, out);
}

/* The same, where it must be made. */
static inline struct tl_identity *alice(void)
{
    struct tl_identity *identity = NULL;

    ck_assert_msg(build("alice@CONTOSO.TEST", &identity) == TL_REASON_OK, "%s",
                  out->detail);
    return identity;
}

/* It must not be made, for this reason. */
static inline void refused(enum tl_reason reason)
{
    struct tl_identity *identity = (void *)1;

    ck_assert_int_eq(build("alice@CONTOSO.TEST", &identity), reason);
    ck_assert_ptr_null(identity);
    ck_assert_int_eq(out->reason, reason);
    ck_assert_int_eq(out->stage, TL_STAGE_IDENTITY);
    ck_assert_ptr_nonnull(out->detail);
    ck_assert_ptr_nonnull(out->subject);
}

static inline bool named(const struct tl_identity *identity, const char *name)
{
    for (size_t i = 0; i < identity->num_names; i++)
        if (strcmp(identity->names[i], name) == 0)
            return true;
    return false;
}

#endif
