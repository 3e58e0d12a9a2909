/* SPDX-License-Identifier: MIT
 *
 * locate/clock.c - the time of day that the age of cache entries and failures is computed
 * with.
 */
#include <time.h>

#include "internal.h"

int64_t tli_locator_wall(const struct tl_locator *locator)
{
    return locator->hooks.wall ? locator->hooks.wall() : (int64_t)time(NULL);
}

/* A moment in the future means that the clock was set back: its age is unknown. */
bool tli_locator_fresh(const struct tl_locator *locator, int64_t at, int lifetime)
{
    int64_t now = tli_locator_wall(locator);

    return at && now >= at && now - at < lifetime;
}
