/* SPDX-License-Identifier: MIT
 *
 * lookup_lock.c - one look-up at a time for the same question of the same uid, so that
 * fifty processes that ask for one user cost one query.
 *
 * One file, mode 0600, owned by root, is locked byte by byte: its first bytes are the
 * places of the look-ups under way, and far behind them each question of each user has a
 * byte. So questions leave no files behind.
 *
 * Users do not wait for each other: a question waits for the same question of the same
 * uid only, and no uid has more than half of the places that are not reserved for root.
 */
#include "lookup_lock.h"

#include <errno.h>
#include <time.h>

#include "status/lock.h"

/* Offsets in the file: places, then as many for each uid, then questions by hash. */
#define PLACES 4096
#define OWN_FROM ((off_t)1 << 46)
#define QUESTIONS_FROM ((off_t)1 << 62)
#define QUESTION_BITS 61
#define PAUSE_NS 4000000

static int wait_for_one(int fd, off_t first, int count, tl_deadline deadline)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (;;) {
        int rc = tla_lock_one_of(fd, first, count);

        if (rc != -EAGAIN)
            return rc;
        if (tl_deadline_left_ms(deadline) == 0)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
    }
}

/* The byte of this question of this uid. */
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

int tla_lookup_lock_enter(TALLOC_CTX *ctx, const char *run_dir, const char *question,
                          uid_t uid, int most, tl_deadline deadline,
                          struct tla_lock **out)
{
    struct tla_lock *lock = tla_lock_new(ctx, run_dir, TLA_LOOKUP_LOCK_FILE);
    off_t byte = 0;
    int rc;

    *out = NULL;
    if (lock == NULL)
        return -ENOMEM;
    rc = lock->fd < 0 ? lock->fd : byte_of(run_dir, uid, question, &byte);
    /* The question first: one that waits for the same answer takes no place. */
    if (rc == 0)
        rc = tli_lock_byte(lock->fd, byte, deadline);
    if (rc == 0)
        rc = take_place(lock->fd, uid, most < PLACES ? most : PLACES, deadline);
    if (rc != 0) {
        talloc_free(lock);
        return rc;
    }
    *out = lock;
    return 0;
}
