/* SPDX-License-Identifier: MIT
 *
 * store_folder.h - an identity store in a temporary folder of its own.
 */
#ifndef TL_TEST_STORE_FOLDER_H
#define TL_TEST_STORE_FOLDER_H

#include <check.h>
#include <stdio.h>
#include <unistd.h>

#include "store/writer.h"
#include "fixtures.h"

/* A SID of the domain whose users the store has: SID "1105". */
#define SID "S-1-5-21-1-2-3-"

static temp_path folder;
static char path[sizeof(temp_path) + 8]; /* of the store */
static struct tli_store *store;

/* An empty store for ids of these ranges. */
static inline void open_store(const struct tli_store_range *ranges, size_t count)
{
    make_temp_folder(folder);
    snprintf(path, sizeof(path), "%s/store", folder);
    ck_assert_int_eq(tli_store_open(NULL, path, ranges, count, &store), 0);
}

/* Fails if the store has left anything else in its folder. */
static inline void close_store(void)
{
    static const char *const names[] = {"", ".lock", ".new"};
    char name[sizeof(path) + 8];

    talloc_free(store);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        remove(name);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

#endif
