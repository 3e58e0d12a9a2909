/* SPDX-License-Identifier: MIT
 *
 * backoff.c - a user who proves himself (a screen locker) waits after wrong passwords.
 *
 * RUN_DIR/guesses/<uid>, root's alone: how many were wrong, and when the last one was.
 * By the uid that asks, so that nobody's guesses keep anybody else waiting; and before
 * the question, not after the answer, so that hanging up saves no time. The file is
 * locked meanwhile: many conversations at once are no faster than one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backoff.h"
#include "status/lock.h"

#define FREE 3     /* everybody mistypes */
#define LONGEST 30 /* seconds; less than the module waits for the agent */
#define FORGOTTEN (15 * 60)
#define LOCK_WAIT_MS 60000 /* for one's own others, which wait themselves */

struct tla_guesses {
    int fd;
    struct tla_guessed before;
};

int64_t tla_guesses_wait(const struct tla_guessed *guessed, int64_t now)
{
    int64_t ago = now - guessed->last, pause;
    uint32_t more = guessed->wrong < FREE ? 0 : guessed->wrong - FREE + 1;

    /* A clock before the last one is that of another boot. */
    if (more == 0 || ago < 0 || ago >= FORGOTTEN)
        return 0;
    pause = more < 5 ? 1 << more : LONGEST;
    return ago < pause ? pause - ago : 0;
}

static int64_t boot_seconds(void)
{
    struct timespec now;

    /* Suspended time counts: whoever closes the lid and comes back has waited. */
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

static int close_guesses(struct tla_guesses *guesses)
{
    if (guesses->fd >= 0)
        close(guesses->fd);
    return 0;
}

static int open_own(TALLOC_CTX *tmp, const char *run_dir, uid_t uid)
{
    char *folder = talloc_asprintf(tmp, "%s/guesses", run_dir);
    char *path = talloc_asprintf(tmp, "%s/%u", folder, (unsigned int)uid);
    int fd;

    if (folder == NULL || path == NULL)
        return -ENOMEM;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return -errno;
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    return fd;
}

/* What is no record of ours tells nothing. */
static struct tla_guessed read_it(int fd)
{
    struct tla_guessed guessed = {0};
    char text[64] = "", *end = text, *begin;
    unsigned long wrong;
    long long last;

    if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return guessed;
    wrong = strtoul(text, &end, 10);
    if (end == text || *end != ' ' || wrong > UINT32_MAX)
        return guessed;
    begin = end + 1;
    last = strtoll(begin, &end, 10);
    if (end != begin && *end == '\0' && last >= 0)
        guessed = (struct tla_guessed){.wrong = (uint32_t)wrong, .last = last};
    return guessed;
}

static int write_it(int fd, const struct tla_guessed *guessed)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "%" PRIu32 " %" PRId64, guessed->wrong,
                       guessed->last);

    if (ftruncate(fd, 0) != 0)
        return -errno;
    return pwrite(fd, text, (size_t)len, 0) == len ? 0 : -EIO;
}

static void sleep_s(int64_t seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Counted as wrong until the contrary is known: whoever ends the conversation in
 * between has had his guess. */
static int count_one(const struct tla_guesses *guesses)
{
    struct tla_guessed one = guesses->before;

    one.last = boot_seconds();
    if (one.wrong < UINT32_MAX)
        one.wrong++;
    return write_it(guesses->fd, &one);
}

int tla_guesses_enter(TALLOC_CTX *ctx, const char *run_dir, uid_t uid,
                      struct tla_guesses **out)
{
    struct tla_guesses *guesses = talloc_zero(ctx, struct tla_guesses);
    int64_t now;
    int rc;

    *out = NULL;
    if (guesses == NULL)
        return -ENOMEM;
    guesses->fd = open_own(guesses, run_dir, uid);
    talloc_set_destructor(guesses, close_guesses);
    rc = guesses->fd >= 0 ? tli_lock_byte(guesses->fd, 0, tl_deadline_in_ms(LOCK_WAIT_MS))
                          : guesses->fd;
    if (rc == 0) {
        now = boot_seconds();
        guesses->before = read_it(guesses->fd);
        if (guesses->before.last > now || now - guesses->before.last >= FORGOTTEN)
            guesses->before = (struct tla_guessed){0};
        sleep_s(tla_guesses_wait(&guesses->before, now));
        rc = count_one(guesses);
    }
    if (rc != 0) {
        talloc_free(guesses);
        return rc;
    }
    *out = guesses;
    return 0;
}

void tla_guesses_leave(struct tla_guesses *guesses, enum tl_reason reason)
{
    const struct tla_guessed none = {0};

    if (guesses == NULL)
        return;
    if (reason == TL_REASON_OK)
        (void)write_it(guesses->fd, &none);
    else if (reason == TL_REASON_WRONG_PASSWORD || reason == TL_REASON_ACCOUNT_LOCKED ||
             reason == TL_REASON_SMARTCARD_PIN_WRONG)
        (void)count_one(guesses); /* from now on */
    else
        (void)write_it(guesses->fd, &guesses->before); /* nobody judged it */
    talloc_free(guesses);
}
