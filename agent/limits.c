/* SPDX-License-Identifier: MIT
 *
 * limits.c - how many conversations each uid may have, and how fast.
 *
 * root's programs (login, sshd) serve many users and are bounded in total only. Any
 * other uid re-authenticates its own user (a screen locker): a few at once, and a few per
 * minute, which limits password guessing through the agent; or it looks names up, by the
 * thousand if it lists a foreign file system. All of them together never take more than
 * half: one user may own thousands of uids (subuid(5)), and must not lock others out by
 * connecting and saying nothing.
 */
#include "limits.h"

struct tla_limits *tla_limits_new(TALLOC_CTX *ctx, const struct tla_bounds *bounds)
{
    struct tla_limits *limits = talloc_zero(ctx, struct tla_limits);

    if (limits != NULL)
        limits->bounds = *bounds;
    return limits;
}

static void refill(struct tla_uid_limit *limit, const struct tla_bounds *bounds,
                   int64_t now)
{
    int64_t times = (now - limit->filled) / bounds->every, room;

    if (times <= 0)
        return;
    room = bounds->burst - limit->tokens;
    if (times < room && times * bounds->more < room)
        room = times * bounds->more;
    limit->tokens += (int)room;
    limit->filled += times * bounds->every;
}

/* A uid at rest needs no row: with a full bucket it equals a new one. */
static void forget_resting(struct tla_limits *limits, int64_t now)
{
    size_t left = 0;

    for (size_t i = 0; i < limits->count; i++) {
        refill(&limits->uids[i], &limits->bounds, now);
        if (limits->uids[i].active > 0 || limits->uids[i].tokens < limits->bounds.burst)
            limits->uids[left++] = limits->uids[i];
    }
    limits->count = left;
}

static struct tla_uid_limit *find(struct tla_limits *limits, uid_t uid)
{
    for (size_t i = 0; i < limits->count; i++) {
        if (limits->uids[i].uid == uid)
            return &limits->uids[i];
    }
    return NULL;
}

static struct tla_uid_limit *find_or_add(struct tla_limits *limits, uid_t uid,
                                         int64_t now)
{
    struct tla_uid_limit *limit, *grown;

    forget_resting(limits, now);
    limit = find(limits, uid);
    if (limit != NULL)
        return limit;
    grown = talloc_realloc(limits, limits->uids, struct tla_uid_limit, limits->count + 1);
    if (grown == NULL)
        return NULL;
    limits->uids = grown;
    limit = &grown[limits->count++];
    *limit =
        (struct tla_uid_limit){.uid = uid, .tokens = limits->bounds.burst, .filled = now};
    return limit;
}

bool tla_limits_enter(struct tla_limits *limits, uid_t uid, int64_t now)
{
    struct tla_uid_limit *limit;

    if (limits->active >= limits->bounds.all)
        return false;
    if (uid != 0) {
        if (limits->others >= (limits->bounds.all + 1) / 2)
            return false;
        limit = find_or_add(limits, uid, now);
        if (limit == NULL || limit->active >= limits->bounds.per_uid ||
            limit->tokens == 0)
            return false;
        limit->tokens--;
        limit->active++;
        limits->others++;
    }
    limits->active++;
    return true;
}

void tla_limits_leave(struct tla_limits *limits, uid_t uid)
{
    struct tla_uid_limit *limit = find(limits, uid);

    if (limits->active > 0)
        limits->active--;
    if (limit != NULL && limit->active > 0) {
        limit->active--;
        limits->others--;
    }
}
