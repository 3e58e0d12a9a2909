/* SPDX-License-Identifier: MIT
 *
 * bench_nss.c - what a look-up costs when the module is called directly.
 *
 * Fills the store that the tests' module reads with 100 and then 100,000 users and
 * measures each call: over 100 users ("hot", the same ones each time) and over all of
 * them in random order, where the machine's caches miss. Lines: MODULE WHAT NANOSECONDS,
 * the median of rounds so short that most are not interrupted on a busy machine.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../nss/module.h"
#include "store/writer.h"

#define ROUNDS 201
#define CALLS 1000
#define FIRST 1000000U
#define HOT 100
#define GROUPS 300

struct bench {
    const char *label;
    const struct nss_module *nss;
    uint32_t users, hot;
};

static char (*made)[32];

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_nss: %s failed\n", what);
    exit(1);
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t pick(const struct bench *bench, uint32_t i)
{
    return bench->hot != 0 ? i % bench->hot : i * 2654435761U % bench->users;
}

static const char *name_of(const struct bench *bench, uint32_t i)
{
    return made[pick(bench, i)];
}

static uid_t uid_of(const struct bench *bench, uint32_t i)
{
    return FIRST + pick(bench, i);
}

typedef enum nss_status (*call_t)(const struct bench *bench, uint32_t i);

static enum nss_status call_getpwnam(const struct bench *bench, uint32_t i)
{
    struct passwd pw;
    char buffer[1024];
    int err;

    return bench->nss->getpwnam(name_of(bench, i), &pw, buffer, sizeof(buffer), &err);
}

static enum nss_status call_getpwuid(const struct bench *bench, uint32_t i)
{
    struct passwd pw;
    char buffer[1024];
    int err;

    return bench->nss->getpwuid(uid_of(bench, i), &pw, buffer, sizeof(buffer), &err);
}

static enum nss_status call_initgroups(const struct bench *bench, uint32_t i)
{
    static gid_t *groups;
    static long size;
    long start = 0;
    int err;

    if (groups == NULL) {
        size = 1024;
        groups = calloc((size_t)size, sizeof(*groups));
    }
    return bench->nss->initgroups(name_of(bench, i), 1, &start, &size, &groups, 0, &err);
}

/* User 0 has many groups. */
static enum nss_status call_initgroups_many(const struct bench *bench, uint32_t i)
{
    return call_initgroups(bench, 0);
}

static enum nss_status call_miss(const struct bench *bench, uint32_t i)
{
    struct passwd pw;
    char buffer[1024];
    int err;

    return bench->nss->getpwnam("nobody.at.all@bench.test", &pw, buffer, sizeof(buffer),
                                &err);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void measure(const struct bench *bench, const char *what, call_t call,
                    enum nss_status expect)
{
    double rounds[ROUNDS];
    uint32_t at = 0;

    must(call(bench, 0) == expect, what);
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now_ns();

        for (uint32_t i = 0; i < CALLS; i++) {
            if (call(bench, at++) != expect)
                must(false, what);
        }
        rounds[round] = (now_ns() - begun) / CALLS;
    }
    qsort(rounds, ROUNDS, sizeof(*rounds), by_size);
    printf("%s %s %.1f\n", bench->label, what, rounds[ROUNDS / 2]);
    fflush(stdout);
}

static void measure_all(const struct bench *bench)
{
    measure(bench, "getpwnam", call_getpwnam, NSS_STATUS_SUCCESS);
    measure(bench, "getpwuid", call_getpwuid, NSS_STATUS_SUCCESS);
    measure(bench, "initgroups-1", call_initgroups, NSS_STATUS_SUCCESS);
    measure(bench, "initgroups-300", call_initgroups_many, NSS_STATUS_SUCCESS);
    measure(bench, "miss", call_miss, NSS_STATUS_NOTFOUND);
}

static void fill(struct tli_store *store, uint32_t from, uint32_t to)
{
    struct tli_store_life life = {UINT32_MAX, UINT32_MAX};
    uint32_t gids[GROUPS];

    for (uint32_t i = 0; i < GROUPS; i++)
        gids[i] = FIRST + i;
    for (uint32_t i = from; i < to; i++) {
        char name[48], sid[64], home[64];
        const char *aliases[] = {made[i], NULL};
        struct tli_store_user user = {.name = name,
                                      .aliases = aliases,
                                      .sid = sid,
                                      .uid = FIRST + i,
                                      .gid = FIRST,
                                      .gecos = "A User",
                                      .home = home,
                                      .shell = "/bin/bash",
                                      .life = life};

        snprintf(made[i], sizeof(made[i]), "BENCH\\user%u", i);
        snprintf(name, sizeof(name), "user%u@bench.test", i);
        snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%u", 1000 + i);
        snprintf(home, sizeof(home), "/home/user%u@bench.test", i);
        must(tli_store_put_user(store, &user) == 0, "put_user");
        must(tli_store_put_gids(store, FIRST + i, gids, i == 0 ? GROUPS : 1, &life) == 0,
             "put_gids");
    }
    /* A name that the domain is known not to have. */
    must(tli_store_put_missing_name(store, TL_STORE_USER_NAME, "nobody.at.all@bench.test",
                                    UINT32_MAX) == 0,
         "put_missing_name");
}

static void measure_ours(const char *module, const char *path)
{
    static const struct {
        uint32_t users;
        const char *hot, *random;
    } steps[] = {{100, "trustlogon-100", NULL},
                 {100000, "trustlogon-100000-hot", "trustlogon-100000-random"}};
    const struct tli_store_range range = {FIRST, FIRST + 999999};
    struct tli_store *store;
    struct nss_module nss;
    uint32_t have = 0;
    char lock[4096];

    made = calloc(steps[1].users, sizeof(*made));
    unlink(path);
    must(tli_store_open(NULL, path, &range, 1, &store) == 0, "open");
    must(nss_module_open(module, "trustlogon", &nss), "dlopen");
    for (size_t i = 0; i < 2; i++) {
        struct bench bench = {
            .label = steps[i].hot, .nss = &nss, .users = steps[i].users, .hot = HOT};
        double begun = now_ns();

        fill(store, have, steps[i].users);
        printf("store put-user-and-gids %.1f\n",
               (now_ns() - begun) / (steps[i].users - have));
        have = steps[i].users;
        measure_all(&bench);
        bench.hot = 0;
        bench.label = steps[i].random;
        if (bench.label != NULL)
            measure_all(&bench);
    }
    talloc_free(store);
    unlink(path);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    unlink(lock);
}

int main(void)
{
    measure_ours(TEST_MODULE, TEST_STORE);
    return 0;
}
