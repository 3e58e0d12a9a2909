/* SPDX-License-Identifier: MIT
 *
 * limits.h - how many conversations each uid may have, and how fast. Pure.
 */
#ifndef TLA_LIMITS_H
#define TLA_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <talloc.h>

struct tla_bounds {
    int all, per_uid; /* at once */
    int burst;        /* a uid may open so many after a rest */
    int more, every;  /* and `more` again every so many seconds */
};

/* One uid other than root. */
struct tla_uid_limit {
    uid_t uid;
    int active;     /* conversations now */
    int tokens;     /* conversations that may be opened before the next refill */
    int64_t filled; /* when tokens were counted last */
};

struct tla_limits {
    struct tla_bounds bounds;
    int active, others; /* conversations of all, and of other uids than root */
    size_t count;
    struct tla_uid_limit *uids;
};

struct tla_limits *tla_limits_new(TALLOC_CTX *ctx, const struct tla_bounds *bounds);
/* true: counted; give it back with tla_limits_leave(). `now` in seconds. */
bool tla_limits_enter(struct tla_limits *limits, uid_t uid, int64_t now);
void tla_limits_leave(struct tla_limits *limits, uid_t uid);

#endif
