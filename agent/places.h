/* SPDX-License-Identifier: MIT
 *
 * places.h - how many monitors one holder may have at once.
 */
#ifndef TLA_PLACES_H
#define TLA_PLACES_H

#include "lock_file.h"

/* One of the `most` places of a holder, for as long as *out (child of ctx) lives. -EAGAIN
 * at once if all are taken. */
int tla_place_take(TALLOC_CTX *ctx, const char *run_dir, const char *holder, int most,
                   struct tla_lock **out);

#endif
