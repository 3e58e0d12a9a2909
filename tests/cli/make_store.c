/* SPDX-License-Identifier: MIT
 *
 * make_store.c - an identity store for the tests of the command: make_store PATH.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/writer.h"

#define SID "S-1-5-21-1-2-3-"

static const struct tli_store_range range = {200000, 399999};

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "make_store: %s: %s\n", what, strerror(-rc));
    exit(1);
}

static void put_user(struct tli_store *store, const char *sam, uint32_t rid, uint64_t now,
                     int64_t age, enum tli_store_source source)
{
    char name[64], down[64], dns[64], home[64], sid[64];
    const char *aliases[] = {down, dns, NULL};
    struct tli_store_user user = {
        .name = name,
        .aliases = aliases,
        .sid = sid,
        .uid = 200000 + rid,
        .gid = 200513,
        .gecos = "A User",
        .home = home,
        .shell = "/bin/bash",
        .life = {now + (uint64_t)(3600 - age), now + (uint64_t)(86400 - age), source}};

    snprintf(name, sizeof(name), "%s@contoso.test", sam);
    snprintf(down, sizeof(down), "CONTOSO\\%s", sam);
    snprintf(dns, sizeof(dns), "contoso.test\\%s", sam);
    snprintf(home, sizeof(home), "/home/contoso.test/%s", sam);
    snprintf(sid, sizeof(sid), SID "%u", rid);
    must(tli_store_put_user(store, &user), name);
}

static void put_group(struct tli_store *store, const char *name, uint32_t rid,
                      const char *const *members, size_t count, uint64_t now)
{
    char sid[64];
    struct tli_store_group group = {
        .name = name,
        .sid = sid,
        .gid = 200000 + rid,
        .members = members,
        .num_members = count,
        .partial = members == NULL,
        .life = {now + 3600, now + 86400, TL_STORE_SOURCE_LDAP}};

    snprintf(sid, sizeof(sid), SID "%u", rid);
    must(tli_store_put_group(store, &group), name);
}

int main(int argc, char **argv)
{
    const char *members[] = {"alice@contoso.test", "bob@contoso.test"};
    uint32_t gids[] = {200513, 201200, 201300, 299999};
    uint64_t now = (uint64_t)time(NULL);
    struct tli_store_life life = {now + 3600, now + 86400, TL_STORE_SOURCE_PAC};
    struct tli_store *store;

    if (argc != 2)
        return 2;
    must(tli_store_open(NULL, argv[1], &range, 1, &store), argv[1]);
    put_user(store, "alice", 1105, now, 0, TL_STORE_SOURCE_PAC);
    put_user(store, "bob", 1106, now, 7200, TL_STORE_SOURCE_LSA);
    put_user(store, "ended", 1107, now, 90000, TL_STORE_SOURCE_LDAP);
    must(tli_store_put_gids(store, 201105, gids, 4, &life), "gids");
    put_group(store, "domain users@contoso.test", 513, members, 2, now);
    put_group(store, "linux users@contoso.test", 1200, NULL, 0, now);
    put_group(store, "staff@contoso.test", 1300, members, 1, now);
    must(tli_store_put_missing_name(store, TL_STORE_USER_NAME, "gone@contoso.test",
                                    now + 300),
         "missing name");
    must(tli_store_put_missing_id(store, TL_STORE_GROUP_ID, 207777, now + 300),
         "missing id");
    talloc_free(store);
    return 0;
}
