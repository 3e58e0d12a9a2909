/* SPDX-License-Identifier: MIT
 *
 * inspected_store.h - an identity store of two users, to look into.
 */
#ifndef TL_TEST_INSPECTED_STORE_H
#define TL_TEST_INSPECTED_STORE_H

#include <check.h>
#include <stdio.h>

#include "store/layout.h"
#include "store_folder.h"

#define LATER UINT64_C(4000000000)

static const struct tli_store_range range = {200000, 399999};
static const struct tli_store_life life = {LATER, LATER + 1};

/* A user of contoso.test; alice (1105) has an alias beside. */
static inline void put_user(const char *name, uint32_t rid)
{
    char sid[64];
    const char *aliases[] = {"CONTOSO\\Ängström", NULL};
    struct tli_store_user user = {.name = name,
                                  .aliases = rid == 1105 ? aliases : NULL,
                                  .sid = sid,
                                  .uid = 200000 + rid,
                                  .gid = 200513,
                                  .home = "/home/x",
                                  .shell = "/bin/sh",
                                  .life = life};

    snprintf(sid, sizeof(sid), SID "%u", rid);
    ck_assert_int_eq(tli_store_put_user(store, &user), 0);
}

static inline void setup(void)
{
    open_store(&range, 1);
    put_user("alice@contoso.test", 1105);
    put_user("bob@contoso.test", 1106);
}

static inline void teardown(void)
{
    close_store();
}

#endif
