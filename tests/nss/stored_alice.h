/* SPDX-License-Identifier: MIT
 *
 * stored_alice.h - a store that has alice, and all look-ups that find her.
 */
#ifndef TL_TEST_STORED_ALICE_H
#define TL_TEST_STORED_ALICE_H

#include <string.h>

#include "../unit/run_suite.h"
#include "module.h"
#include "nss_store.h"

#define SID "S-1-5-21-1-2-3-"
#define UID 201105
#define GID 200513
#define BIG 300

static struct nss_module nss;
static uint32_t many_gids[BIG];

/* A user with 300 groups, a group with two members, and a name without a user. */
static inline void put_alice(void)
{
    const char *aliases[] = {"CONTOSO\\alice", NULL};
    const char *members[] = {"alice@contoso.test", "bob@contoso.test"};
    struct tli_store_life life = {UINT32_MAX, UINT32_MAX};
    struct tli_store_user user = {.name = "alice@contoso.test",
                                  .aliases = aliases,
                                  .sid = SID "1105",
                                  .uid = UID,
                                  .gid = GID,
                                  .gecos = "Alice",
                                  .home = "/home/alice",
                                  .shell = "/bin/sh",
                                  .life = life};
    struct tli_store_group group = {.name = "domain users@contoso.test",
                                    .sid = SID "513",
                                    .gid = GID,
                                    .members = members,
                                    .num_members = 2,
                                    .life = life};

    for (uint32_t i = 0; i < BIG; i++)
        many_gids[i] = 300000 + i;
    many_gids[7] = GID;
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
    ck_assert_int_eq(tli_store_put_group(store, &group), 0);
    ck_assert_int_eq(tli_store_put_gids(store, UID, many_gids, BIG, &life), 0);
    /* Known not to exist, so that the agent need not be asked. */
    ck_assert_int_eq(tli_store_put_missing_name(store, TL_STORE_USER_NAME,
                                                "nobody@contoso.test", UINT32_MAX),
                     0);
}

static inline void setup(void)
{
    open_store();
    put_alice();
    ck_assert(nss_module_open(TEST_MODULE, "trustlogon", &nss));
}

static inline void teardown(void)
{
    close_store();
}

/* 0, or the line that failed; for places where check's own functions cannot go. */
static inline int all_hits(void)
{
    gid_t own[BIG + 1], *groups = own;
    char buffer[512];
    struct passwd pw;
    struct group gr;
    long start = 0, size = BIG + 1;
    int err = 0;

    if (nss.getpwnam("CONTOSO\\Alice", &pw, buffer, sizeof(buffer), &err) !=
            NSS_STATUS_SUCCESS ||
        pw.pw_uid != UID || strcmp(pw.pw_name, "alice@contoso.test") != 0)
        return __LINE__;
    if (nss.getpwuid(UID, &pw, buffer, sizeof(buffer), &err) != NSS_STATUS_SUCCESS ||
        pw.pw_gid != GID || strcmp(pw.pw_dir, "/home/alice") != 0)
        return __LINE__;
    if (nss.getgrnam("Domain Users@contoso.test", &gr, buffer, sizeof(buffer), &err) !=
            NSS_STATUS_SUCCESS ||
        gr.gr_gid != GID)
        return __LINE__;
    if (nss.getgrgid(GID, &gr, buffer, sizeof(buffer), &err) != NSS_STATUS_SUCCESS ||
        strcmp(gr.gr_mem[1], "bob@contoso.test") != 0 || gr.gr_mem[2] != NULL)
        return __LINE__;
    if (nss.initgroups("alice@contoso.test", GID, &start, &size, &groups, 0, &err) !=
            NSS_STATUS_SUCCESS ||
        start != BIG - 1 || own[0] != 300000 || own[BIG - 2] != 300000 + BIG - 1)
        return __LINE__;
    if (nss.getpwnam("nobody@contoso.test", &pw, buffer, sizeof(buffer), &err) !=
            NSS_STATUS_NOTFOUND ||
        nss.getpwuid(0, &pw, buffer, sizeof(buffer), &err) != NSS_STATUS_NOTFOUND)
        return __LINE__;
    return err == 0 ? 0 : __LINE__;
}

#endif
