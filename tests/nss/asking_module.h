/* SPDX-License-Identifier: MIT
 *
 * asking_module.h - the NSS module, its store and an agent, and each of its calls.
 */
#ifndef TL_TEST_ASKING_MODULE_H
#define TL_TEST_ASKING_MODULE_H

#include <errno.h>
#include <stdlib.h>

#include "../unit/descriptors.h"
#include "../unit/run_suite.h"
#include "module.h"
#include "nss_agent.h"
#include "wire/io.h"

#define SID "S-1-5-21-1-2-3-"
#define UID 201105
#define GID 200513
#define NAME "alice@contoso.test"
#define GROUP "linux users@contoso.test"
#define LATEST_MS 4000 /* two slow cores under sanitizers */
#define UNREACHABLE 0xC000005EU

static struct nss_module nss;
static char buffer[512];
static struct passwd pw;
static struct group gr;
static int err;

static inline struct tli_store_life life_of(int64_t fresh_for)
{
    uint64_t now = tli_store_now();

    return (struct tli_store_life){.fresh_until = now + (uint64_t)fresh_for,
                                   .valid_until = now + 100000};
}

/* A user and a group, which are asked for again after so many seconds. */
static inline void put(int64_t fresh_for)
{
    struct tli_store_life life = life_of(fresh_for);
    const uint32_t gids[] = {GID, 300001};
    struct tli_store_user user = {.name = NAME,
                                  .sid = SID "1105",
                                  .uid = UID,
                                  .gid = GID,
                                  .home = "/home/alice",
                                  .shell = "/bin/sh",
                                  .life = life};
    struct tli_store_group group = {
        .name = GROUP, .sid = SID "1200", .gid = 300001, .life = life};

    if (tli_store_put_user(store, &user) != 0 ||
        tli_store_put_group(store, &group) != 0 ||
        tli_store_put_gids(store, UID, gids, 2, &life) != 0)
        abort();
}

/* What agents say. */
static inline uint32_t knows(const struct tli_wire_msg *request)
{
    if (request->op != TL_OP_LOOKUP)
        return 1;
    put(1000);
    return 0;
}

static inline uint32_t cannot_tell(const struct tli_wire_msg *request)
{
    return UNREACHABLE;
}

static inline void setup(void)
{
    open_store_and_socket();
    ck_assert(nss_module_open(TEST_MODULE, "trustlogon", &nss));
}

static inline void teardown(void)
{
    close_store_and_socket();
}

/* The calls of the module. */
static inline enum nss_status by_name(void)
{
    return nss.getpwnam(NAME, &pw, buffer, sizeof(buffer), &err);
}

static inline enum nss_status by_uid(void)
{
    return nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err);
}

static inline enum nss_status group_by_name(void)
{
    return nss.getgrnam(GROUP, &gr, buffer, sizeof(buffer), &err);
}

static inline enum nss_status group_by_gid(void)
{
    return nss.getgrgid(300001, &gr, buffer, sizeof(buffer), &err);
}

static inline enum nss_status groups_of(void)
{
    long at = 1, size = 1;
    gid_t *groups = calloc(1, sizeof(*groups));
    enum nss_status status = nss.initgroups(NAME, GID, &at, &size, &groups, 0, &err);

    if (status == NSS_STATUS_SUCCESS && (at != 2 || groups[1] != 300001))
        abort();
    free(groups);
    return status;
}

static enum nss_status (*const calls[])(void) = {by_name, by_uid, group_by_name,
                                                 group_by_gid, groups_of};

/* In its time, errno as it was, nothing left open. */
static inline enum nss_status call(enum nss_status (*one)(void))
{
    int before = open_descriptors();
    int64_t began = tli_wire_now();
    enum nss_status status;

    errno = 42;
    err = 0;
    status = one();
    ck_assert_int_eq(errno, 42);
    ck_assert_int_lt(tli_wire_now() - began, LATEST_MS);
    ck_assert_int_eq(err, status == NSS_STATUS_UNAVAIL ? EAGAIN : 0);
    /* The store's own descriptor is closed too once it is mapped. */
    ck_assert_int_eq(open_descriptors(), before);
    return status;
}

#endif
