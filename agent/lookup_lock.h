/* SPDX-License-Identifier: MIT
 *
 * lookup_lock.h - one look-up at a time for the same question of the same uid, so that
 * fifty processes that ask for one user cost one query.
 */
#ifndef TLA_LOOKUP_LOCK_H
#define TLA_LOOKUP_LOCK_H

#include <trustlogon/trace.h>

#include "lock_file.h"

/*
 * Identical questions of one uid go one after another, and no more than `most` (2 or
 * more) questions at once: half of the places are root's alone, and of the others any one
 * uid has half. -ETIMEDOUT by the deadline; -errno.
 */
int tla_lookup_lock_enter(TALLOC_CTX *ctx, const char *run_dir, const char *question,
                          uid_t uid, int most, tl_deadline deadline,
                          struct tla_lock **out);

#endif
