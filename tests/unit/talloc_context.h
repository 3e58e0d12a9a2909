/* SPDX-License-Identifier: MIT
 *
 * talloc_context.h - a talloc context for each test.
 */
#ifndef TL_TEST_TALLOC_CONTEXT_H
#define TL_TEST_TALLOC_CONTEXT_H

#include <talloc.h>

static TALLOC_CTX *ctx;

static inline void setup(void)
{
    ctx = talloc_new(NULL);
}

static inline void teardown(void)
{
    talloc_free(ctx);
}

#endif
