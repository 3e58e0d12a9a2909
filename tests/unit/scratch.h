/* SPDX-License-Identifier: MIT
 *
 * scratch.h - a talloc context and a temporary folder for each test.
 */
#ifndef TL_TEST_SCRATCH_H
#define TL_TEST_SCRATCH_H

#include "fixtures.h"

static TALLOC_CTX *ctx;
static temp_path folder;

static inline void scratch_setup(void)
{
    ctx = talloc_new(NULL);
    make_temp_folder(folder);
}

static inline void scratch_teardown(void)
{
    remove_tree(folder);
    talloc_free(ctx);
}

/* Fails if anything is left in the folder. */
static inline void scratch_teardown_empty(void)
{
    ck_assert_int_eq(rmdir(folder), 0);
    talloc_free(ctx);
}

#endif
