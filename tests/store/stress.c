/* SPDX-License-Identifier: MIT
 *
 * stress.c - 8 reader processes and 8 reader threads against one writer that puts,
 * replaces, drops and compacts, and that is killed at random:
 *
 *     store_stress SECONDS KILLS SEED
 *
 * Each user has a version, which its strings, gid and group list all carry, and an
 * entry in a table that writer and readers share: what is being written ("begun")
 * and what was acknowledged ("done"). A reader notes what was done before its
 * look-up and what had begun after it. The answer must be whole (all parts of one
 * version) and of a version between these two; "not found" is right only if a drop
 * or nothing at all was in between. So a lost record, a revived one, a torn one and
 * another user's are all seen.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/writer.h"

#define USERS 200
#define READERS 8
#define FIRST_UID 200000
#define NOW UINT64_C(4000000000) /* later than any run */
#define GIDS_MAX 50

/* Versions with the lowest bit set are drops. 0: never written. */
struct shared {
    atomic_bool stop;
    atomic_ulong lookups, hits, changes, rewrites;
    atomic_uint failures;
    struct {
        atomic_uint begun, done;
    } users[USERS];
};

static struct shared *shared;
static struct tli_store_reader reader; /* one per process, shared by its threads */
static char path[] = "/tmp/tl_stress_XXXXXX/store";
static const struct tli_store_range range = {200000, 299999};

static uint64_t step(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static uint32_t gid_of(unsigned version, unsigned i)
{
    return FIRST_UID + (version + i * 1000) % 90000;
}

static int put_gids(struct tli_store *store, unsigned user, unsigned version)
{
    const struct tli_store_life life = {UINT32_MAX, UINT32_MAX, TL_STORE_SOURCE_PAC};
    uint32_t gids[GIDS_MAX];
    unsigned count = version % GIDS_MAX + 1;

    for (unsigned i = 0; i < count; i++)
        gids[i] = gid_of(version, i);
    return tli_store_put_gids(store, FIRST_UID + user, gids, count, &life);
}

static int put(struct tli_store *store, unsigned user, unsigned version)
{
    char name[48], other[48], gecos[400], sid[64];
    const char *aliases[] = {other, NULL};
    struct tli_store_user record = {.name = name,
                                    .aliases = aliases,
                                    .sid = sid,
                                    .uid = FIRST_UID + user,
                                    .gid = FIRST_UID + version % 90000,
                                    .gecos = gecos,
                                    .home = "/home/u",
                                    .shell = "/bin/sh",
                                    .life = {UINT32_MAX, UINT32_MAX}};
    int rc;

    snprintf(name, sizeof(name), "u%u@stress.test", user);
    snprintf(other, sizeof(other), "STRESS\\u%u", user);
    snprintf(sid, sizeof(sid), "S-1-5-21-7-7-7-%u", 1000 + user);
    snprintf(gecos, sizeof(gecos), "%u %0*u", version, (int)(version % 300) + 1, version);
    rc = tli_store_put_user(store, &record);
    return rc == 0 ? put_gids(store, user, version) : rc;
}

static void change(struct tli_store *store, uint64_t *random)
{
    unsigned user = (unsigned)(step(random) % USERS), what = (unsigned)step(random) % 100;
    unsigned last = atomic_load(&shared->users[user].begun);
    unsigned version = ((last | 1) + 1) | (what < 15);
    int rc;

    if (what >= 85) {
        rc = tli_store_compact(store);
        atomic_fetch_add(&shared->rewrites, 1);
    } else {
        atomic_store(&shared->users[user].begun, version);
        rc = (version & 1) != 0
                 ? tli_store_drop_id(store, TL_STORE_USER_ID, FIRST_UID + user)
                 : put(store, user, version);
        rc = rc == -ENOENT ? 0 : rc;
        if (rc == 0)
            atomic_store(&shared->users[user].done, version);
        atomic_fetch_add(&shared->changes, 1);
    }
    if (rc != 0) {
        fprintf(stderr, "writer: %s\n", strerror(-rc));
        atomic_fetch_add(&shared->failures, 1);
        _exit(1);
    }
}

static void writer(uint64_t seed)
{
    struct tli_store *store;
    int rc = tli_store_open(NULL, path, &range, 1, &store);

    if (rc != 0) {
        fprintf(stderr, "open: %s\n", strerror(-rc));
        atomic_fetch_add(&shared->failures, 1);
        _exit(1);
    }
    while (!atomic_load(&shared->stop))
        change(store, &seed);
    if (tli_store_check(store) != 0)
        atomic_fetch_add(&shared->failures, 1);
    _exit(0);
}

/* The version an entry carries; 0 if its parts do not agree. */
static unsigned version_of(const struct tli_store_entry *entry, unsigned user)
{
    char name[48], gecos[400];
    unsigned version = (unsigned)strtoul(entry->gecos.at, NULL, 10);

    snprintf(name, sizeof(name), "u%u@stress.test", user);
    snprintf(gecos, sizeof(gecos), "%u %0*u", version, (int)(version % 300) + 1, version);
    return entry->id == FIRST_UID + user && strcmp(entry->name.at, name) == 0 &&
                   strcmp(entry->gecos.at, gecos) == 0 &&
                   entry->gid == FIRST_UID + version % 90000
               ? version
               : 0;
}

/* The same for a group list. */
static unsigned version_of_gids(const struct tli_store_entry *entry, unsigned user)
{
    unsigned version = entry->count == 0 ? 0 : entry->gids[0] - FIRST_UID;

    if (entry->id != FIRST_UID + user || entry->count != version % GIDS_MAX + 1)
        return 0;
    for (unsigned i = 0; i < entry->count; i++)
        if (entry->gids[i] != gid_of(version, i))
            return 0;
    return version;
}

static void complain(unsigned user, const char *what, unsigned done, unsigned got,
                     unsigned begun)
{
    if (atomic_fetch_add(&shared->failures, 1) < 10)
        fprintf(stderr, "user %u: %s: done %u, got %u, begun %u\n", user, what, done, got,
                begun);
}

/* By a name, by the other name, by the uid, or the group list. The version found, 0 for
 * one that is not whole. */
static enum tli_store_answer ask(const struct tli_store_map *map, unsigned user,
                                 unsigned how, unsigned *version)
{
    enum tli_store_class by_id = how == 2 ? TL_STORE_USER_ID : TL_STORE_GIDS;
    enum tli_store_answer answer;
    struct tli_store_entry entry;
    char name[48];

    snprintf(name, sizeof(name), how == 0 ? "u%u@stress.test" : "stress\\U%u", user);
    answer = how >= 2 ? tli_store_by_id(map, by_id, FIRST_UID + user, NOW, &entry)
                      : tli_store_by_name(map, TL_STORE_USER_NAME, name, NOW, &entry);
    if (answer == TL_STORE_HIT)
        *version = how == 3 ? version_of_gids(&entry, user) : version_of(&entry, user);
    return answer;
}

static void look(uint64_t *random)
{
    unsigned user = (unsigned)(step(random) % USERS), how = (unsigned)step(random) % 4;
    unsigned done = atomic_load(&shared->users[user].done), begun, version = 0;
    const struct tli_store_map *map = tli_store_enter(&reader);
    enum tli_store_answer answer = TL_STORE_MISS;

    if (map != NULL) {
        answer = ask(map, user, how, &version);
        tli_store_leave(&reader, map);
    }
    begun = atomic_load(&shared->users[user].begun);
    atomic_fetch_add(&shared->lookups, 1);
    if (answer == TL_STORE_HIT) {
        atomic_fetch_add(&shared->hits, 1);
        if (version == 0)
            complain(user, "torn or someone else's", done, version, begun);
        else if (version < (done & ~1U) || version > begun ||
                 (done & 1 && version < done))
            complain(user, "wrong version", done, version, begun);
    } else if (answer != TL_STORE_MISS) {
        complain(user, "odd answer", done, (unsigned)answer, begun);
    } else if (done != 0 && (done & 1) == 0 && begun == done) {
        complain(user, map == NULL ? "no store" : "lost", done, 0, begun);
    }
}

static void *read_on(void *seed)
{
    uint64_t random = (uintptr_t)seed;

    /* So many readers would leave the writer nothing to be killed in. */
    (void)!nice(19);
    while (!atomic_load(&shared->stop))
        look(&random);
    return NULL;
}

static void readers_with_threads(void)
{
    pthread_t threads[READERS];

    for (uintptr_t i = 0; i < READERS; i++)
        pthread_create(&threads[i], NULL, read_on, (void *)(1000 + i));
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

static pid_t start(void (*run)(uint64_t), uint64_t argument)
{
    pid_t pid = fork();

    if (pid == 0) {
        run(argument);
        _exit(0);
    }
    return pid;
}

static void one_reader(uint64_t seed)
{
    read_on((void *)(uintptr_t)seed);
}

static void thread_readers(uint64_t seed)
{
    readers_with_threads();
}

/* Kill the writer at random moments, evenly over the time; returns the last one. */
static pid_t torment(unsigned seconds, unsigned kills, uint64_t seed)
{
    uint64_t pause = (uint64_t)seconds * 1000000000 / (kills + 1);
    pid_t pid = start(writer, seed);

    for (unsigned i = 0; i < kills; i++) {
        uint64_t wait = pause / 2 + step(&seed) % (pause + 1);
        struct timespec time = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};

        nanosleep(&time, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pid = start(writer, seed + i);
    }
    nanosleep(
        &(struct timespec){(time_t)(pause / 1000000000), (long)(pause % 1000000000)},
        NULL);
    return pid;
}

static unsigned end_of(pid_t pid)
{
    int status = 1;

    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 60;
    unsigned kills = argc > 2 ? (unsigned)atoi(argv[2]) : 200, failures;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    pid_t pids[READERS + 2];
    char lock[sizeof(path) + 8];

    path[strlen(path) - strlen("/store")] = '\0';
    if (mkdtemp(path) == NULL)
        return 2;
    path[strlen(path)] = '/';
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    reader.path = path;
    reader.owner = geteuid();
    for (unsigned i = 0; i < READERS; i++)
        pids[i] = start(one_reader, i);
    pids[READERS] = start(thread_readers, 0);
    pids[READERS + 1] = torment(seconds, kills, seed);
    atomic_store(&shared->stop, true);
    failures = atomic_load(&shared->failures);
    for (unsigned i = 0; i < READERS + 2; i++)
        failures += end_of(pids[i]);
    failures += atomic_load(&shared->failures) > failures;
    printf("%lu look-ups (%lu hits), %lu changes, %lu compactions, %u kills: "
           "%u failures\n",
           shared->lookups, shared->hits, shared->changes, shared->rewrites, kills,
           failures);
    unlink(path);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    unlink(lock);
    snprintf(lock, sizeof(lock), "%s.new", path);
    unlink(lock);
    path[strlen(path) - strlen("/store")] = '\0';
    rmdir(path);
    return failures == 0 ? 0 : 1;
}
