/* SPDX-License-Identifier: MIT
 *
 * fake_servers.h - directories, DCs and trustlogon-lsa of a look-up that say what a test
 * wants them to: honest, lying, and dead.
 */
#ifndef TL_TEST_FAKE_SERVERS_H
#define TL_TEST_FAKE_SERVERS_H

#include <stdlib.h>
#include <string.h>

#include "lookup/query.h"
#include "lookup/lsa_client.h"

#define tl_directory_user_by_sid fake_user_by_sid
#define tl_directory_group_by_name fake_group
#define tl_directory_group_by_sid fake_group_by_sid
#define tl_locate fake_locate
#define tl_locate_failed fake_locate_failed
#define tli_lsa_ask fake_lsa_ask

static enum tl_reason fake_user_by_sid(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const struct tl_sid *sid,
                                       struct tl_dir_user **user, struct tl_outcome *out);
static enum tl_reason fake_group(TALLOC_CTX *mem, struct tl_directory *dir,
                                 const char *name, struct tl_dir_group **group,
                                 struct tl_outcome *out);
static enum tl_reason fake_group_by_sid(TALLOC_CTX *mem, struct tl_directory *dir,
                                        const struct tl_sid *sid,
                                        struct tl_dir_group **group,
                                        struct tl_outcome *out);
static enum tl_reason fake_locate(TALLOC_CTX *mem, struct tl_locator *locator,
                                  const char *domain, unsigned int flags,
                                  tl_deadline deadline, struct tl_dc_list **list,
                                  struct tl_outcome *out);
static void fake_locate_failed(struct tl_locator *locator, const struct tl_dc *dc);
static int fake_lsa_ask(TALLOC_CTX *mem, const struct tli_lsa_peer *peer,
                        const char *name, const struct tl_sid *sid, tl_deadline deadline,
                        struct tli_lsa_answer **answer, const char **why);

#include "fake_directory.h"

#include "../../common/lookup/lsa.c"

#include "fixtures.h"

#define CONTOSO "S-1-5-21-1-2-3"
#define FABRIKAM "S-1-5-21-9-9-9"

static TALLOC_CTX *ctx;
static struct tl_lookup *lookup;
static struct tl_config *config;
static struct tl_topology *topo;
static struct tl_machine machine;
static struct tl_workstation ws;
static struct tl_outcome *out;
static struct tl_lookup_answer *answer; /* of find() */

/* What the fake servers return. */
static enum tl_reason open_says;
static bool own_side_open, contoso_open;
static bool dcs_cached; /* those of the own domain are in the cache */
static const char *domain_sid, *user_sid, *user_sam, *user_upn, *group_sid, *group_name;
static const char *no_such_sam;
static uint32_t group_type;
static const char *lsa_name, *lsa_domain, *lsa_sid;
static uint32_t lsa_status;
static enum tli_lsa_type lsa_type;
static int lsa_rc;
static bool lsa_knows_groups; /* of a domain in which it finds no user of that name */
static char *asked;           /* the servers that were asked, in order */

static enum tl_reason nobody(struct tl_outcome *why)
{
    return tl_outcome_fail(why, TL_STAGE_IDENTITY, TL_REASON_USER_UNKNOWN, "nobody");
}

static enum tl_reason fake_open(struct tl_lookup *l, const char *domain,
                                struct tl_directory **dir, struct tl_outcome *why)
{
    *dir = NULL;
    contoso_open = strcmp(domain, "contoso.test") == 0;
    if (strcmp(domain, "fabrikam.test") == 0 && own_side_open)
        return TL_REASON_OK;
    asked = talloc_asprintf_append(asked, "%s ", domain);
    if (open_says != TL_REASON_OK) /* what a KDC's error is taken for */
        tl_outcome_fail(why, TL_STAGE_LOCATE, TL_REASON_ETYPE_UNSUPPORTED, "not open");
    return open_says;
}

static enum tl_reason fake_domain_sid(struct tl_directory *dir, struct tl_sid *sid,
                                      struct tl_outcome *why)
{
    *sid = sid_of(contoso_open ? domain_sid : FABRIKAM);
    return TL_REASON_OK;
}

/* A group of FABRIKAM that CONTOSO's Sales are in, and one that FABRIKAM did not make. */
static enum tl_reason fake_foreign_groups(TALLOC_CTX *mem, struct tl_directory *dir,
                                          const struct tl_sid *sids, size_t count,
                                          struct tl_dir_names **groups,
                                          struct tl_outcome *why)
{
    static const char *const found[] = {FABRIKAM "-1300", CONTOSO "-1301"};
    const struct tl_sid sales = sid_of(CONTOSO "-1200");
    bool member = false;

    *groups = talloc_zero(mem, struct tl_dir_names);
    (*groups)->names = talloc_zero_array(*groups, struct tl_dir_name, 2);
    for (size_t i = 0; i < count; i++)
        member = member || tl_sid_equal(&sids[i], &sales);
    for (size_t i = 0; member && i < 2; i++)
        (*groups)->names[(*groups)->count++] =
            (struct tl_dir_name){.sid = sid_of(found[i]),
                                 .kind = TL_DIR_GROUP,
                                 .domain_local = true,
                                 .name = "Local Readers"};
    return TL_REASON_OK;
}

static enum tl_reason fake_user_by_sam(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const char *name, struct tl_dir_user **user,
                                       struct tl_outcome *why)
{
    *user = NULL;
    if (user_sam == NULL || strcmp(name, no_such_sam) == 0)
        return nobody(why);
    *user = talloc_zero(mem, struct tl_dir_user);
    (*user)->sam = user_sam;
    (*user)->upn = user_upn;
    (*user)->sid = sid_of(user_sid);
    (*user)->primary_group_rid = 513;
    return TL_REASON_OK;
}

static enum tl_reason fake_user_by_upn(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const char *name, struct tl_dir_user **user,
                                       struct tl_outcome *why)
{
    *user = NULL;
    return user_upn != NULL ? fake_user_by_sam(mem, dir, "", user, why) : nobody(why);
}

static enum tl_reason fake_user_by_sid(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const struct tl_sid *sid,
                                       struct tl_dir_user **user, struct tl_outcome *why)
{
    return fake_user_by_sam(mem, dir, "", user, why);
}

static enum tl_reason fake_user_groups(TALLOC_CTX *mem, struct tl_directory *dir,
                                       const struct tl_dir_user *user,
                                       struct tl_sid **sids, size_t *count,
                                       struct tl_outcome *why)
{
    *sids = talloc_zero_array(mem, struct tl_sid, 3);
    (*sids)[0] = sid_of(CONTOSO "-513");
    (*sids)[1] = sid_of(CONTOSO "-1200");
    (*sids)[2] = sid_of(FABRIKAM "-512"); /* Domain Admins of our own domain */
    *count = 3;
    return TL_REASON_OK;
}

static enum tl_reason fake_names(TALLOC_CTX *mem, struct tl_directory *dir,
                                 const struct tl_sid *sids, size_t count,
                                 struct tl_dir_names **names, struct tl_outcome *why)
{
    *names = talloc_zero(mem, struct tl_dir_names);
    (*names)->names = talloc_zero_array(*names, struct tl_dir_name, count);
    (*names)->count = count;
    for (size_t i = 0; i < count; i++)
        (*names)->names[i] =
            (struct tl_dir_name){.sid = sids[i],
                                 .kind = i < 2 ? TL_DIR_GROUP : TL_DIR_UNKNOWN,
                                 .name = i == 0   ? "Domain Users"
                                         : i == 1 ? "Sales"
                                                  : NULL};
    return TL_REASON_OK;
}

static enum tl_reason fake_group(TALLOC_CTX *mem, struct tl_directory *dir,
                                 const char *name, struct tl_dir_group **group,
                                 struct tl_outcome *why)
{
    *group = NULL;
    if (group_name == NULL)
        return nobody(why);
    *group = talloc_zero(mem, struct tl_dir_group);
    (*group)->name = group_name;
    (*group)->sid = sid_of(group_sid);
    (*group)->type = group_type;
    return TL_REASON_OK;
}

static enum tl_reason fake_group_by_sid(TALLOC_CTX *mem, struct tl_directory *dir,
                                        const struct tl_sid *sid,
                                        struct tl_dir_group **group,
                                        struct tl_outcome *why)
{
    return fake_group(mem, dir, "", group, why);
}

static enum tl_reason fake_locate(TALLOC_CTX *mem, struct tl_locator *locator,
                                  const char *domain, unsigned int flags,
                                  tl_deadline deadline, struct tl_dc_list **list,
                                  struct tl_outcome *why)
{
    *list = NULL;
    ck_assert(lookup->in.reader == NULL || (flags & TL_LOCATE_CACHED) != 0);
    if ((flags & TL_LOCATE_CACHED) != 0 && !dcs_cached)
        return tl_outcome_fail(why, TL_STAGE_LOCATE, TL_REASON_DNS_NO_RECORDS, NULL);
    *list = talloc_zero(mem, struct tl_dc_list);
    (*list)->dcs = talloc_zero(*list, struct tl_dc);
    (*list)->count = 1;
    return TL_REASON_OK;
}

static void fake_locate_failed(struct tl_locator *locator, const struct tl_dc *dc)
{
    ck_assert_ptr_nonnull(dc);
}

static int fake_lsa_ask(TALLOC_CTX *mem, const struct tli_lsa_peer *peer,
                        const char *name, const struct tl_sid *sid, tl_deadline deadline,
                        struct tli_lsa_answer **found, const char **why)
{
    uint32_t status = name == NULL && lsa_knows_groups ? 0 : lsa_status;

    asked = talloc_asprintf_append(asked, "lsa:%s ", name != NULL ? name : "sid");
    *why = "no program";
    *found = talloc_zero(mem, struct tli_lsa_answer);
    (*found)->ntstatus = status;
    if (status == 0 && lsa_status != 0) {
        (*found)->name = "Domain Users";
        (*found)->domain = "CONTOSO";
        (*found)->sid = *sid;
        (*found)->type = TL_LSA_GROUP;
    } else if (status == 0) {
        (*found)->name = lsa_name;
        (*found)->domain = lsa_domain;
        (*found)->sid = sid_of(lsa_sid);
        (*found)->type = lsa_type;
    }
    return lsa_rc;
}

static void setup(void)
{
    struct tl_lookup_input in = {0};

    ctx = talloc_new(NULL);
    config = tl_config_defaults(ctx);
    ws = (struct tl_workstation){WS1_OF_FABRIKAM};
    topo = snapshot_of(ctx, TOPO_EXTERNAL, FABRIKAM);
    topo->trusts[0].attributes = 0; /* no quarantine: SIDs of third domains may pass */
    machine = (struct tl_machine){.config = config, .workstation = &ws, .topology = topo};
    in.machine = &machine;
    in.local = no_local_ids(ctx);
    in.deadline = tl_deadline_in_ms(10000);
    lookup = talloc_zero(ctx, struct tl_lookup);
    lookup->in = in;
    out = tl_outcome_new(ctx);
    open_says = TL_REASON_OK;
    own_side_open = true;
    domain_sid = CONTOSO;
    user_sam = "Alice";
    user_upn = NULL;
    no_such_sam = "-";
    user_sid = CONTOSO "-1104";
    group_name = "Sales";
    group_sid = CONTOSO "-1200";
    group_type = TL_GROUP_SECURITY | TL_GROUP_GLOBAL;
    lsa_name = "alice";
    lsa_domain = "CONTOSO";
    lsa_sid = CONTOSO "-1104";
    lsa_type = TL_LSA_USER;
    lsa_status = 0;
    lsa_rc = 0;
    lsa_knows_groups = false;
    dcs_cached = true;
    asked = talloc_strdup(ctx, "");
}

static void teardown(void)
{
    talloc_free(ctx);
}

static enum tl_reason find(bool group, const char *name)
{
    const struct tl_question question = {.group = group, .name = name};
    struct tl_lookup_plan *plan = NULL;
    char *error = NULL;
    enum tl_reason reason;

    ck_assert_int_eq(
        tl_lookup_plan_make(ctx, &machine, lookup->in.local, &question, &plan, &error),
        0);
    answer = (void *)1;
    reason = tl_lookup_find(lookup, plan, &question, &answer, out);
    ck_assert_int_eq(reason == TL_REASON_OK, answer != NULL);
    return reason;
}

#endif
