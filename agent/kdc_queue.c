/* SPDX-License-Identifier: MIT
 *
 * kdc_queue.c - a queue, so that hundreds of logons at once reach the KDCs of a realm a
 * few at a time.
 *
 * A KDC has a short queue for new connections (Samba's holds ten). Its kernel drops what
 * does not fit in, and the packets are sent again after a second, and after two more:
 * that looks like a firewall, and a logon fails that the KDC would have granted. Sending
 * all at once is not faster.
 *
 * The queue never refuses a logon: a monitor that waits for too long, or sees that the
 * KDCs do not answer at present, proceeds without a place and finds the reason itself.
 * Half of the places are for root's own programs: a user who calls su(1) all the time
 * does not delay sshd.
 */
#include "kdc_queue_internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lock_file.h"
#include "status/lock.h"

#define PAUSE_MS 20
/* Times in the file, each of the realms with one hash; bytes of each realm behind them.
 */
#define REALMS 65536
#define PLACES_EACH 16
#define PLACES_BITS 56
/* Of the places that are not root's alone: one user's. */
#define OWN 2

_Static_assert(TLA_KDC_PLACES <= PLACES_EACH, "places of two realms overlap");
_Static_assert(REALMS * sizeof(int64_t) <= TLA_KDC_PLACES_FROM,
               "places lie among the times");

off_t tla_kdc_reply_at(const struct tla_kdc_place *place)
{
    return (off_t)((place->hash % REALMS) * sizeof(int64_t));
}

void tla_kdc_place_leave(struct tla_kdc_place *place)
{
    if (place != NULL && place->fd >= 0)
        close(place->fd);
    if (place != NULL)
        place->fd = -1;
}

static int leave(struct tla_kdc_place *place)
{
    tla_kdc_place_leave(place);
    return 0;
}

/* Any answer shows that the KDC works. */
static void see_event(void *arg, const struct tl_event *event)
{
    const struct tla_kdc_place *place = arg;
    int64_t now = tl_now_us();

    if (event->kind == TL_EVENT_REPLY && place->fd >= 0 &&
        pwrite(place->fd, &now, sizeof(now), tla_kdc_reply_at(place)) !=
            (ssize_t)sizeof(now))
        return; /* then other monitors give up a little earlier */
}

int64_t tla_kdc_last_reply(const struct tla_kdc_place *place, int64_t now)
{
    int64_t last = 0;

    if (pread(place->fd, &last, sizeof(last), tla_kdc_reply_at(place)) !=
            (ssize_t)sizeof(last) ||
        last > now)
        return 0;
    return last;
}

off_t tla_kdc_places_at(uint64_t hash)
{
    return TLA_KDC_PLACES_FROM + (off_t)(hash >> (64 - PLACES_BITS)) * PLACES_EACH;
}

/* A file that cannot be locked delays no logon. */
static bool found_one(const struct tla_kdc_place *place, off_t first, int count)
{
    return tla_lock_one_of(place->fd, first, count) != -EAGAIN;
}

static bool found_place(struct tla_kdc_place *place)
{
    off_t places = tla_kdc_places_at(place->hash);

    if (!place->counted)
        return found_one(place, places, TLA_KDC_PLACES);
    place->has_own =
        place->has_own || found_one(place, tla_kdc_places_at(place->own_hash), OWN);
    return place->has_own &&
           found_one(place, places + TLA_KDC_PLACES - TLA_KDC_PLACES_OTHERS,
                     TLA_KDC_PLACES_OTHERS);
}

static void wait_in_line(struct tla_kdc_place *place, tl_deadline until)
{
    int64_t now = tl_now_us(), heard = now;
    long own = getpid() % PAUSE_MS; /* so that monitors check at different moments */

    while (!found_place(place)) {
        const struct timespec pause = {.tv_nsec = (PAUSE_MS + own) * 1000000};
        int64_t last;

        nanosleep(&pause, NULL);
        now = tl_now_us();
        last = tla_kdc_last_reply(place, now);
        heard = last > heard ? last : heard;
        if (now >= until || now - heard >= TLA_KDC_STALLED_US)
            return;
    }
}

static int find_hashes(struct tla_kdc_place *place, const char *run_dir,
                       const char *realm, const char *user)
{
    int rc = tla_lock_hash(run_dir, realm, &place->hash);
    char *own;

    place->counted = user != NULL;
    if (rc != 0 || user == NULL)
        return rc;
    own = talloc_asprintf(place, "%s\n%s", realm, user); /* not the name of a realm */
    rc = own != NULL ? tla_lock_hash(run_dir, own, &place->own_hash) : -ENOMEM;
    talloc_free(own);
    return rc;
}

struct tla_kdc_place *tla_kdc_queue_wait(TALLOC_CTX *ctx, const char *run_dir,
                                         const char *realm, const char *user,
                                         tl_deadline until)
{
    struct tla_kdc_place *place = talloc_zero(ctx, struct tla_kdc_place);

    if (place == NULL)
        return NULL;
    place->trace = tl_trace_start(see_event, place);
    place->fd = find_hashes(place, run_dir, realm, user);
    if (place->fd == 0)
        place->fd = tla_lock_open(run_dir, TLA_KDC_QUEUE_FILE);
    talloc_set_destructor(place, leave);
    if (place->fd >= 0)
        wait_in_line(place, until);
    return place;
}

const struct tl_trace *tla_kdc_place_trace(const struct tla_kdc_place *place)
{
    return place != NULL ? &place->trace : NULL;
}
