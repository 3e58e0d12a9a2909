/* SPDX-License-Identifier: MIT
 *
 * gate.c - so that fifty processes that ask for one user ask a domain once.
 *
 * Workers share nothing but files. One file, root's alone, is locked byte by byte: its
 * first bytes are the places of those who work, and the byte at a question's hash is
 * that question's. Locks of the open file description end with the process, whatever
 * ends it, and no file is left for a question that was asked once.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"

#define GATE_FILE "lookups.lock"
#define PLACES_FILE "places.lock" /* PLACES for each holder's hash */
#define PLACES 4096               /* bytes; questions lie behind them */
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

int tla_lock_file(const char *run_dir, const char *name)
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

/* FNV-1a */
uint32_t tla_lock_hash(const char *text)
{
    uint32_t hash = 2166136261U;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    return hash;
}

static off_t byte_of(const char *question)
{
    return PLACES + (off_t)tla_lock_hash(question);
}

int tla_lock_byte(int fd, off_t at)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : -errno;
}

bool tla_lock_is_taken(int rc)
{
    return rc == -EAGAIN || rc == -EACCES || rc == -EINTR;
}

/* The first free of `count` bytes, or -EAGAIN. */
static int take_one(int fd, off_t first, int count)
{
    for (int i = 0; i < count; i++) {
        int rc = tla_lock_byte(fd, first + i);

        if (!tla_lock_is_taken(rc))
            return rc;
    }
    return -EAGAIN;
}

static int wait_for(int fd, off_t first, int count, tl_deadline deadline)
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
    gate->fd = tla_lock_file(run_dir, file);
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

int tla_gate_enter(TALLOC_CTX *ctx, const char *run_dir, const char *question, int most,
                   tl_deadline deadline, struct tla_gate **out)
{
    struct tla_gate *gate = open_gate(ctx, run_dir, GATE_FILE);
    int rc;

    *out = NULL;
    if (gate == NULL)
        return -ENOMEM;
    rc = gate->fd < 0 ? gate->fd : 0;
    /* The question first: who waits for another's answer takes nobody's place. */
    if (rc == 0)
        rc = wait_for(gate->fd, byte_of(question), 1, deadline);
    if (rc == 0)
        rc = wait_for(gate->fd, 0, fewer(most), deadline);
    return finish(gate, rc, out);
}

int tla_gate_place(TALLOC_CTX *ctx, const char *run_dir, const char *holder, int most,
                   struct tla_gate **out)
{
    struct tla_gate *gate = open_gate(ctx, run_dir, PLACES_FILE);
    int rc;

    *out = NULL;
    if (gate == NULL)
        return -ENOMEM;
    /* Two holders of one hash share their places, and that is all. */
    rc = gate->fd < 0
             ? gate->fd
             : take_one(gate->fd, (off_t)tla_lock_hash(holder) * PLACES, fewer(most));
    return finish(gate, rc, out);
}
