/* SPDX-License-Identifier: MIT
 *
 * places.c - how many monitors one holder may have at once.
 *
 * One file, root's alone, has a range of bytes for each holder, by the hash of its name;
 * a place is a locked byte. A holder leaves no file behind.
 */
#include "places.h"

#include <errno.h>

/* Bytes of each holder, and how many holders there is room for. */
#define PLACES_EACH 4096
#define HOLDER_BITS 50

int tla_place_take(TALLOC_CTX *ctx, const char *run_dir, const char *holder, int most,
                   struct tla_lock **out)
{
    struct tla_lock *place = tla_lock_new(ctx, run_dir, TLA_PLACES_FILE);
    int count = most < PLACES_EACH ? most : PLACES_EACH, rc;
    uint64_t hash = 0;

    *out = NULL;
    if (place == NULL)
        return -ENOMEM;
    rc = place->fd < 0 ? place->fd : tla_lock_hash(run_dir, holder, &hash);
    if (rc == 0)
        rc = tla_lock_one_of(place->fd, (off_t)(hash >> (64 - HOLDER_BITS)) * PLACES_EACH,
                             count);
    if (rc != 0) {
        talloc_free(place);
        return rc;
    }
    *out = place;
    return 0;
}
