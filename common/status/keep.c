/* SPDX-License-Identifier: MIT
 *
 * keep.c - the keeper of this process.
 */
#include "keep.h"

#include <stddef.h>

static struct {
    tli_keeper_fn fn;
    void *arg;
} keeper;

void tli_keep_by(tli_keeper_fn fn, void *arg)
{
    keeper.fn = fn;
    keeper.arg = arg;
}

bool tli_keep(enum tli_kept what, const char *name, const char *text, bool *kept)
{
    if (keeper.fn == NULL)
        return false;
    *kept = keeper.fn(keeper.arg, what, name, text);
    return true;
}
