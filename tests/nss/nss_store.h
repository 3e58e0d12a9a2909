/* SPDX-License-Identifier: MIT
 *
 * nss_store.h - the identity store that the module under test reads, at TEST_STORE.
 */
#ifndef TEST_NSS_STORE_H
#define TEST_NSS_STORE_H

#include <check.h>
#include <unistd.h>

#include "store/writer.h"

static const struct tli_store_range range = {200000, 399999};
static struct tli_store *store;

/* An empty store, whatever an earlier run has left there. */
static inline void open_store(void)
{
    unlink(TEST_STORE);
    ck_assert_int_eq(tli_store_open(NULL, TEST_STORE, &range, 1, &store), 0);
}

static inline void close_store(void)
{
    talloc_free(store);
    unlink(TEST_STORE);
    unlink(TEST_STORE ".lock");
}

#endif
