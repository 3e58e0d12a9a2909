/* SPDX-License-Identifier: MIT
 *
 * backoff.h - wrong passwords of users who prove themselves, and the wait after them.
 */
#ifndef TL_AGENT_GUESSES_H
#define TL_AGENT_GUESSES_H

#include "agent.h"

struct tla_guessed {
    uint32_t wrong; /* in a row */
    int64_t last;   /* seconds since boot */
};
/* Seconds from `now` on until the next guess is heard. Pure. */
int64_t tla_guesses_wait(const struct tla_guessed *guessed, int64_t now);

struct tla_guesses;
/* Wait one's turn and the time that earlier guesses cost. 0 or -errno. */
int tla_guesses_enter(TALLOC_CTX *ctx, const char *run_dir, uid_t uid,
                      struct tla_guesses **out);
/* What became of this one; frees it. NULL is fine. */
void tla_guesses_leave(struct tla_guesses *guesses, enum tl_reason reason);

#endif
