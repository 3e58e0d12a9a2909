/* SPDX-License-Identifier: MIT
 *
 * lookup_lock.c - so that fifty processes that ask for one user ask a domain once.
 *
 * Workers share nothing but files. One file, root's alone, is locked byte by byte: its
 * first bytes are the places of those who work, and far behind them each question of
 * each user has a byte. Locks of the open file description end with the process,
 * whatever ends it, and no file is left for a question that was asked once.
 *
 * Users do not wait for each other: a question waits for the same question of the same
 * uid only, and no uid has more than half of the places that are not root's alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lookup_lock.h"
#include "status/lock.h"

#define GATE_FILE "lookups.lock"
#define PLACES_FILE "places.lock"
/* Offsets in the first file: places, then PLACES for each uid, then questions by hash;
 * the second one has PLACES for each holder's hash. */
#define PLACES 4096
#define OWN_FROM ((off_t)1 << 46)
#define QUESTIONS_FROM ((off_t)1 << 62)
#define QUESTION_BITS 61
#define HOLDER_BITS 50 /* PLACES each */
#define PAUSE_NS 4000000

struct tla_gate {
    int fd;
};

static int close_gate(struct tla_gate *gate)
{
    if (gate->fd >= 0)
        close(gate->fd);
    return 0;
}

int tla_lock_open(const char *run_dir, const char *name)
{
    char *path = talloc_asprintf(NULL, "%s/%s", run_dir, name);
    int fd;

    if (path == NULL)
        return -ENOMEM;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        fd = -errno;
    talloc_free(path);
    return fd;
}

/* The first free of `count` bytes, or -EAGAIN. */
static int take_one(int fd, off_t first, int count)
{
    for (int i = 0; i < count; i++) {
        int rc = tli_lock_byte_now(fd, first + i);

        if (rc != -EAGAIN)
            return rc;
    }
    return -EAGAIN;
}

static int wait_for_one(int fd, off_t first, int count, tl_deadline deadline)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (;;) {
        int rc = take_one(fd, first, count);

        if (rc != -EAGAIN)
            return rc;
        if (tl_deadline_left_ms(deadline) == 0)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
    }
}

/* NULL without memory; fd is -errno where the file cannot be had. */
static struct tla_gate *open_gate(TALLOC_CTX *ctx, const char *run_dir, const char *file)
{
    struct tla_gate *gate = talloc_zero(ctx, struct tla_gate);

    if (gate == NULL)
        return NULL;
    gate->fd = tla_lock_open(run_dir, file);
    talloc_set_destructor(gate, close_gate);
    return gate;
}

static int fewer(int most)
{
    return most < PLACES ? most : PLACES;
}

static int finish(struct tla_gate *gate, int rc, struct tla_gate **out)
{
    if (rc == 0)
        *out = gate;
    else
        talloc_free(gate);
    return rc;
}

/* The byte of this question of this uid's. */
static int byte_of(const char *run_dir, uid_t uid, const char *question, off_t *byte)
{
    char *text = talloc_asprintf(NULL, "%u %s", (unsigned int)uid, question);
    uint64_t hash = 0;
    int rc = text != NULL ? tla_lock_hash(run_dir, text, &hash) : -ENOMEM;

    talloc_free(text);
    *byte = QUESTIONS_FROM + (off_t)(hash >> (64 - QUESTION_BITS));
    return rc;
}

static int take_place(int fd, uid_t uid, int most, tl_deadline deadline)
{
    int others = most / 2, rc;

    if (uid == 0)
        return wait_for_one(fd, 0, most, deadline);
    rc = wait_for_one(fd, OWN_FROM + (off_t)uid * PLACES, (others + 1) / 2, deadline);
    return rc == 0 ? wait_for_one(fd, most - others, others, deadline) : rc;
}

int tla_gate_enter(TALLOC_CTX *ctx, const char *run_dir, const char *question, uid_t uid,
                   int most, tl_deadline deadline, struct tla_gate **out)
{
    struct tla_gate *gate = open_gate(ctx, run_dir, GATE_FILE);
    off_t byte = 0;
    int rc;

    *out = NULL;
    if (gate == NULL)
        return -ENOMEM;
    rc = gate->fd < 0 ? gate->fd : byte_of(run_dir, uid, question, &byte);
    /* The question first: who waits for another's answer takes nobody's place. */
    if (rc == 0)
        rc = tli_lock_byte(gate->fd, byte, deadline);
    if (rc == 0)
        rc = take_place(gate->fd, uid, fewer(most), deadline);
    return finish(gate, rc, out);
}

int tla_gate_place(TALLOC_CTX *ctx, const char *run_dir, const char *holder, int most,
                   struct tla_gate **out)
{
    struct tla_gate *gate = open_gate(ctx, run_dir, PLACES_FILE);
    uint64_t hash = 0;
    int rc;

    *out = NULL;
    if (gate == NULL)
        return -ENOMEM;
    rc = gate->fd < 0 ? gate->fd : tla_lock_hash(run_dir, holder, &hash);
    if (rc == 0)
        rc =
            take_one(gate->fd, (off_t)(hash >> (64 - HOLDER_BITS)) * PLACES, fewer(most));
    return finish(gate, rc, out);
}
