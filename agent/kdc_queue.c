/* SPDX-License-Identifier: MIT
 *
 * kdc_queue.c - hundreds who log on at once go to the KDCs of a realm a few at a time.
 *
 * A KDC has a short queue for new connections (Samba's holds ten). Its kernel drops
 * what does not fit in, the packets are sent again a second later, and two more: to
 * who waits, that is a firewall, and a logon ends that the KDC would have granted. A
 * crowd is served no sooner by asking all at once.
 *
 * Being in line is a courtesy, not a condition: who is in it for too long, or sees that
 * the KDCs answer nobody at present, goes without a place and learns for himself what
 * is the matter. Half of the places are those of root's own programs: no user who
 * calls su(1) all the time keeps others in line before sshd.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lookup_lock.h"
#include "status/lock.h"

#define TURN_FILE "logons.lock"
#define AT_ONCE 8 /* the workstation's own KDC has those of other realms as well */
/* No reply to anybody for so long: more than it takes to give up a connection. Sooner,
 * and a KDC that pauses would have the whole line at its door. */
#define STALLED_US 3000000
#define PAUSE_MS 20
/* The file has the time of the last reply for each realm; the locks lie behind. */
#define REALMS 65536
#define PLACES_FROM (1 << 20)
#define PLACES_EACH 16
#define PLACES_BITS 56
/* Of the places of a realm: those that are not root's alone, and of them one user's. */
#define OTHERS (AT_ONCE / 2)
#define OWN 2

_Static_assert(AT_ONCE <= PLACES_EACH, "places of two realms overlap");
_Static_assert(REALMS * sizeof(int64_t) <= PLACES_FROM, "places lie among the times");

struct tla_turn {
    int fd;
    uint64_t hash;     /* of the realm */
    bool counted;      /* not a program of root's own */
    uint64_t own_hash; /* then: of the realm and who it is */
    bool has_own;
    struct tl_trace trace;
};

static off_t stamp_at(const struct tla_turn *turn)
{
    return (off_t)((turn->hash % REALMS) * sizeof(int64_t));
}

void tla_turn_leave(struct tla_turn *turn)
{
    if (turn != NULL && turn->fd >= 0)
        close(turn->fd);
    if (turn != NULL)
        turn->fd = -1;
}

static int leave(struct tla_turn *turn)
{
    tla_turn_leave(turn);
    return 0;
}

/* What a KDC answers is no matter: it is there and works. */
static void see_event(void *arg, const struct tl_event *event)
{
    const struct tla_turn *turn = arg;
    int64_t now = tl_now_us();

    if (event->kind == TL_EVENT_REPLY && turn->fd >= 0 &&
        pwrite(turn->fd, &now, sizeof(now), stamp_at(turn)) != (ssize_t)sizeof(now))
        return; /* others wait a little less patiently */
}

static int64_t last_reply(const struct tla_turn *turn, int64_t now)
{
    int64_t last = 0;

    if (pread(turn->fd, &last, sizeof(last), stamp_at(turn)) != (ssize_t)sizeof(last) ||
        last > now)
        return 0;
    return last;
}

static off_t places_at(uint64_t hash)
{
    return PLACES_FROM + (off_t)(hash >> (64 - PLACES_BITS)) * PLACES_EACH;
}

static bool found_one(const struct tla_turn *turn, off_t first, int count)
{
    for (int i = 0; i < count; i++) {
        if (tli_lock_byte_now(turn->fd, first + i) != -EAGAIN)
            return true;
    }
    return false;
}

static bool found_place(struct tla_turn *turn)
{
    if (!turn->counted)
        return found_one(turn, places_at(turn->hash), AT_ONCE);
    turn->has_own = turn->has_own || found_one(turn, places_at(turn->own_hash), OWN);
    return turn->has_own &&
           found_one(turn, places_at(turn->hash) + AT_ONCE - OTHERS, OTHERS);
}

static void wait_in_line(struct tla_turn *turn, tl_deadline until)
{
    int64_t now = tl_now_us(), heard = now;
    long own = getpid() % PAUSE_MS; /* or all would look at the same moment */

    while (!found_place(turn)) {
        const struct timespec pause = {.tv_nsec = (PAUSE_MS + own) * 1000000};
        int64_t last;

        nanosleep(&pause, NULL);
        now = tl_now_us();
        last = last_reply(turn, now);
        heard = last > heard ? last : heard;
        if (now >= until || now - heard >= STALLED_US)
            return;
    }
}

static int find_hashes(struct tla_turn *turn, const char *run_dir, const char *realm,
                       const char *who)
{
    int rc = tla_lock_hash(run_dir, realm, &turn->hash);
    char *own;

    turn->counted = who != NULL;
    if (rc != 0 || who == NULL)
        return rc;
    own = talloc_asprintf(turn, "%s\n%s", realm, who); /* no realm's own name */
    rc = own != NULL ? tla_lock_hash(run_dir, own, &turn->own_hash) : -ENOMEM;
    talloc_free(own);
    return rc;
}

struct tla_turn *tla_turn_wait(TALLOC_CTX *ctx, const char *run_dir, const char *realm,
                               const char *who, tl_deadline until)
{
    struct tla_turn *turn = talloc_zero(ctx, struct tla_turn);

    if (turn == NULL)
        return NULL;
    turn->trace = tl_trace_start(see_event, turn);
    turn->fd = find_hashes(turn, run_dir, realm, who);
    if (turn->fd == 0)
        turn->fd = tla_lock_open(run_dir, TURN_FILE);
    talloc_set_destructor(turn, leave);
    if (turn->fd >= 0)
        wait_in_line(turn, until);
    return turn;
}

const struct tl_trace *tla_turn_trace(const struct tla_turn *turn)
{
    return turn != NULL ? &turn->trace : NULL;
}
