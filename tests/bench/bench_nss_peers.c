/* SPDX-License-Identifier: MIT
 *
 * bench_nss_peers.c - NSS modules side by side, each called directly:
 *
 *     bench_nss_peers MODULE PREFIX ONE UID MANY MISSING ...
 *     bench_nss_peers --hits N MODULE PREFIX ONE UID MANY MISSING
 *
 * ONE is a user of one group with that UID, MANY one of 300 groups, MISSING a name that
 * the module knows not to exist. Lines: PREFIX WHAT NANOSECONDS, the median of rounds
 * that the modules take in turn, so that other load of the machine affects all of them;
 * the rounds are short, so that most are not interrupted. A line "PREFIX groups N" says
 * how many groups MANY has by each.
 *
 * With --hits: each call N times between two calls of getppid(), which mark the section
 * in a trace of the system calls, and a line "heap CALLS" of malloc() and its kin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../nss/heap.h"
#include "../nss/module.h"

#define ROUNDS 101
#define ROUND_NS 500000.0
#define CALLS_MAX 1000
#define MODULES 8
#define GIDS_MAX 1024

struct subject {
    const char *prefix, *one, *many, *missing;
    uid_t uid;
    struct nss_module nss;
    bool skip;      /* cannot answer what is measured now */
    unsigned calls; /* of a round */
    double rounds[ROUNDS];
};

typedef enum nss_status (*call_t)(const struct subject *subject);

static void die(const char *what, const char *which)
{
    fprintf(stderr, "bench_nss_peers: %s: %s\n", which, what);
    exit(1);
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static enum nss_status by_name(const struct subject *subject, const char *name)
{
    struct passwd pw;
    char buffer[1024];
    int err;

    return subject->nss.getpwnam(name, &pw, buffer, sizeof(buffer), &err);
}

static enum nss_status call_getpwnam(const struct subject *subject)
{
    return by_name(subject, subject->one);
}

static enum nss_status call_getpwuid(const struct subject *subject)
{
    struct passwd pw;
    char buffer[1024];
    int err;

    return subject->nss.getpwuid(subject->uid, &pw, buffer, sizeof(buffer), &err);
}

/* Into an array that is large enough, as glibc's soon is. */
static enum nss_status groups_of(const struct subject *subject, const char *name,
                                 long *count)
{
    static gid_t *groups;
    static long size = GIDS_MAX;
    int err;

    if (groups == NULL)
        groups = calloc((size_t)size, sizeof(*groups));
    *count = 0;
    return subject->nss.initgroups(name, (gid_t)-1, count, &size, &groups, 0, &err);
}

static enum nss_status call_initgroups_one(const struct subject *subject)
{
    long count;

    return groups_of(subject, subject->one, &count);
}

static enum nss_status call_initgroups_many(const struct subject *subject)
{
    long count;

    return groups_of(subject, subject->many, &count);
}

static enum nss_status call_miss(const struct subject *subject)
{
    return by_name(subject, subject->missing);
}

static const struct {
    const char *what;
    call_t call;
    enum nss_status expect;
} measures[] = {
    {"getpwnam", call_getpwnam, NSS_STATUS_SUCCESS},
    {"getpwuid", call_getpwuid, NSS_STATUS_SUCCESS},
    {"initgroups-1", call_initgroups_one, NSS_STATUS_SUCCESS},
    {"initgroups-300", call_initgroups_many, NSS_STATUS_SUCCESS},
    {"miss", call_miss, NSS_STATUS_NOTFOUND},
};
#define MEASURES (sizeof(measures) / sizeof(measures[0]))

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* How many calls make a round; the first ones warm up. */
static void calibrate(struct subject *subject, size_t which)
{
    double begun, each;

    for (int i = 0; i < 3; i++)
        subject->skip = measures[which].call(subject) != measures[which].expect;
    if (subject->skip) {
        fprintf(stderr, "bench_nss_peers: %s cannot tell %s\n", subject->prefix,
                measures[which].what);
        return;
    }
    begun = now_ns();
    for (int i = 0; i < 10; i++)
        (void)measures[which].call(subject);
    each = (now_ns() - begun) / 10;
    subject->calls = each * CALLS_MAX < ROUND_NS ? CALLS_MAX
                     : each > ROUND_NS           ? 1
                                                 : (unsigned)(ROUND_NS / each);
}

static double one_round(const struct subject *subject, size_t which)
{
    double begun = now_ns();

    for (unsigned i = 0; i < subject->calls; i++) {
        if (measures[which].call(subject) != measures[which].expect)
            die(measures[which].what, subject->prefix);
    }
    return (now_ns() - begun) / subject->calls;
}

static void compare(struct subject *subjects, size_t count, size_t which)
{
    for (size_t i = 0; i < count; i++)
        calibrate(&subjects[i], which);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++)
            if (!subjects[i].skip)
                subjects[i].rounds[round] = one_round(&subjects[i], which);
    }
    for (size_t i = 0; i < count; i++) {
        if (subjects[i].skip)
            continue;
        qsort(subjects[i].rounds, ROUNDS, sizeof(double), by_size);
        printf("%s %s %.1f\n", subjects[i].prefix, measures[which].what,
               subjects[i].rounds[ROUNDS / 2]);
    }
}

static void hits(const struct subject *subject, unsigned long times)
{
    unsigned long before;

    for (size_t i = 0; i < MEASURES; i++)
        if (measures[i].call(subject) != measures[i].expect)
            die(measures[i].what, subject->prefix);
    before = heap_calls();
    syscall(SYS_getppid);
    for (unsigned long n = 0; n < times; n++)
        for (size_t i = 0; i < MEASURES; i++)
            (void)measures[i].call(subject);
    syscall(SYS_getppid);
    printf("heap %lu\n", heap_calls() - before);
}

int main(int argc, char **argv)
{
    static struct subject subjects[MODULES];
    unsigned long times = 0;
    size_t count = 0;
    long groups;
    int at = 1;

    if (argc > 3 && strcmp(argv[1], "--hits") == 0) {
        times = strtoul(argv[2], NULL, 10);
        at = 3;
    }
    if (argc == at || (argc - at) % 6 != 0 || argc - at > 6 * MODULES) {
        fprintf(stderr, "usage: bench_nss_peers [--hits N] MODULE PREFIX ONE UID MANY "
                        "MISSING ...\n");
        return 2;
    }
    for (; at < argc; at += 6, count++) {
        subjects[count] = (struct subject){.prefix = argv[at + 1],
                                           .one = argv[at + 2],
                                           .uid = (uid_t)strtoul(argv[at + 3], NULL, 10),
                                           .many = argv[at + 4],
                                           .missing = argv[at + 5]};
        if (!nss_module_open(argv[at], argv[at + 1], &subjects[count].nss) ||
            subjects[count].nss.initgroups == NULL)
            die("cannot be opened", argv[at]);
    }
    if (times > 0) {
        hits(&subjects[0], times);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        if (groups_of(&subjects[i], subjects[i].many, &groups) == NSS_STATUS_SUCCESS)
            printf("%s groups %ld\n", subjects[i].prefix, groups);
    for (size_t i = 0; i < MEASURES; i++)
        compare(subjects, count, i);
    return 0;
}
