/* SPDX-License-Identifier: MIT
 *
 * ask.c - ask the agent for what the store does not know.
 *
 * A process never spends more than a sixth of its time waiting without an answer: after a
 * question without an answer it asks no other for five times as long as that one took. So
 * `ls -l` among 500 unknown ids takes one second, not 500, and an agent that answers
 * "cannot tell" at once is asked again soon.
 */
#include <errno.h>
#include <time.h>

#include "module.h"
#include "tl_build.h"
#include "wire/ask.h"

#ifndef TL_NSS_SOCKET
#define TL_NSS_SOCKET TL_LOOKUP_SOCKET
#endif

#define ASK_MS 1000 /* for connecting, asking and hearing */
#define QUIET_FACTOR 5
#define QUIET_REFUSED 1000 /* at least, after a refusal, which takes no time */
#define QUIET_MOST (QUIET_FACTOR * ASK_MS)

/* Until when this process does not ask, in milliseconds of now_ms(); 0: it may. The only
 * state of the module, besides the mapped store, that outlives a look-up. */
static atomic_uint quiet_until;

/* Its 32 bits wrap every 49 days; the difference of two is still right. */
static uint32_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint32_t)now.tv_sec * 1000U + (uint32_t)(now.tv_nsec / 1000000);
}

static bool is_quiet(uint32_t now)
{
    uint32_t until = atomic_load(&quiet_until), left = until - now;

    return until != 0 && left > 0 && left <= QUIET_MOST;
}

static void keep_quiet(uint32_t now, uint32_t for_ms)
{
    uint32_t until = now + (for_ms < QUIET_MOST ? for_ms : QUIET_MOST);

    if (for_ms > 0)
        atomic_store(&quiet_until, until == 0 ? 1 : until);
}

/* Without an agent a question takes three system calls, and no pause is needed. */
static bool no_agent(int rc)
{
    return rc == -ENOENT || rc == -ECONNREFUSED;
}

enum nss_heard nss_ask(uint32_t lookup, const char *name, uint32_t id)
{
    uint32_t began = now_ms(), took, status;
    int rc;

    if (is_quiet(began))
        return NSS_HEARD_NOTHING;
    rc =
        tli_ask_lookup_of(TL_NSS_OWNER, TL_NSS_SOCKET, lookup, name, id, ASK_MS, &status);
    if (rc == -ENAMETOOLONG || rc == -EINVAL) /* no user or group has such a name */
        return NSS_HEARD_NONE;
    if (rc == 0 && status == 0)
        return NSS_HEARD_DONE;
    if (rc == 0 && (status == TL_WIRE_NO_SUCH_USER || status == TL_WIRE_NO_SUCH_GROUP))
        return NSS_HEARD_NONE;
    if (no_agent(rc))
        return NSS_HEARD_NOTHING;
    took = (now_ms() - began) * QUIET_FACTOR;
    keep_quiet(now_ms(), rc != 0 && took < QUIET_REFUSED ? QUIET_REFUSED : took);
    return NSS_HEARD_NOTHING;
}

/*
 * "Could not tell" is UNAVAIL with EAGAIN, as for any service that is down, not NOTFOUND:
 * a mail server must defer, not bounce, and no cache may keep it. Other programs see no
 * such user either way, and nsswitch.conf continues with the next service after both.
 */
enum nss_status nss_cannot_tell(int *errnop)
{
    *errnop = EAGAIN;
    return NSS_STATUS_UNAVAIL;
}
