/* SPDX-License-Identifier: MIT
 *
 * backoff.c - the wait after wrong passwords of a user who authenticates without root (a
 * screen locker).
 *
 * RUN_DIR/guesses/<uid>, mode 0600, owned by root: how many passwords were wrong, and
 * when the last one was. The count is kept by the uid that asks, so that one user's
 * guesses delay no other user. The wait comes before the password is tried, so that
 * hanging up saves no time, and the file is locked meanwhile: many conversations at once
 * guess no faster than one.
 */
#include "backoff.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "status/lock.h"

/* Wrong passwords that cost no wait. */
#define FREE 3
/* Seconds after which the count begins at 0. */
#define FORGOTTEN (15 * 60)
/* Enough for other conversations of the same uid, which wait as well. */
#define LOCK_WAIT_MS 60000

struct tla_backoff {
    int fd;                           /* the locked record */
    struct tla_backoff_record before; /* as it was when this conversation began */
};

int64_t tla_backoff_seconds(const struct tla_backoff_record *record, int64_t now)
{
    int64_t ago = now - record->last, pause;
    uint32_t more = record->wrong < FREE ? 0 : record->wrong - FREE + 1;

    /* The clock counts from the boot: a time before the last one is from another
     * boot. */
    if (more == 0 || ago < 0 || ago >= FORGOTTEN)
        return 0;
    pause = more < 5 ? 1 << more : TLA_BACKOFF_LONGEST;
    return ago < pause ? pause - ago : 0;
}

static int64_t boot_seconds(void)
{
    struct timespec now;

    /* Suspended time counts: the user who closes the lid and comes back has waited. */
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

static int close_record(struct tla_backoff *backoff)
{
    if (backoff->fd >= 0)
        close(backoff->fd);
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

/* A file that is not such a record counts as empty. */
struct tla_backoff_record tla_backoff_read(int fd)
{
    struct tla_backoff_record record = {0};
    char text[64] = "", *end = text, *begin;
    unsigned long wrong;
    long long last;

    if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return record;
    wrong = strtoul(text, &end, 10);
    if (end == text || *end != ' ' || wrong > UINT32_MAX)
        return record;
    begin = end + 1;
    last = strtoll(begin, &end, 10);
    if (end != begin && *end == '\0' && last >= 0)
        record = (struct tla_backoff_record){.wrong = (uint32_t)wrong, .last = last};
    return record;
}

int tla_backoff_write(int fd, const struct tla_backoff_record *record)
{
    char text[64];
    int len =
        snprintf(text, sizeof(text), "%" PRIu32 " %" PRId64, record->wrong, record->last);

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

/* Counted as wrong until the answer is known, so that a client that hangs up before it
 * has used its guess. */
static int count_one(const struct tla_backoff *backoff)
{
    struct tla_backoff_record one = backoff->before;

    one.last = boot_seconds();
    if (one.wrong < UINT32_MAX)
        one.wrong++;
    return tla_backoff_write(backoff->fd, &one);
}

int tla_backoff_enter(TALLOC_CTX *ctx, const char *run_dir, uid_t uid,
                      struct tla_backoff **out)
{
    struct tla_backoff *backoff = talloc_zero(ctx, struct tla_backoff);
    int64_t now;
    int rc;

    *out = NULL;
    if (backoff == NULL)
        return -ENOMEM;
    backoff->fd = open_own(backoff, run_dir, uid);
    talloc_set_destructor(backoff, close_record);
    rc = backoff->fd >= 0 ? tli_lock_byte(backoff->fd, 0, tl_deadline_in_ms(LOCK_WAIT_MS))
                          : backoff->fd;
    if (rc == 0) {
        now = boot_seconds();
        backoff->before = tla_backoff_read(backoff->fd);
        if (backoff->before.last > now || now - backoff->before.last >= FORGOTTEN)
            backoff->before = (struct tla_backoff_record){0};
        sleep_s(tla_backoff_seconds(&backoff->before, now));
        rc = count_one(backoff);
    }
    if (rc != 0) {
        talloc_free(backoff);
        return rc;
    }
    *out = backoff;
    return 0;
}

void tla_backoff_leave(struct tla_backoff *backoff, enum tl_reason reason)
{
    const struct tla_backoff_record none = {0};

    if (backoff == NULL)
        return;
    if (reason == TL_REASON_OK)
        (void)tla_backoff_write(backoff->fd, &none);
    else if (reason == TL_REASON_WRONG_PASSWORD || reason == TL_REASON_ACCOUNT_LOCKED ||
             reason == TL_REASON_SMARTCARD_PIN_WRONG)
        (void)count_one(backoff); /* the wait begins now */
    else                          /* no KDC judged the password */
        (void)tla_backoff_write(backoff->fd, &backoff->before);
    talloc_free(backoff);
}
