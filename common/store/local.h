/* SPDX-License-Identifier: MIT
 *
 * local.h - whether a bare name or an id is the machine's own.
 *
 * libc only, as store.h. An account of the machine is never shadowed: before a bare name
 * is answered, its file is read, each time, independent of the order in nsswitch.conf.
 */
#ifndef TL_LOCAL_H
#define TL_LOCAL_H

#include "store.h"

/* A question about passwd or group, and its answer. Names are compared without regard to
 * the case of ASCII letters, since names of a domain have none. */
struct tli_local_query {
    const char *typed, *shown; /* names; either may be NULL */
    bool has_id;               /* `id` is asked for, too */
    uint32_t id;
    bool typed_is_local, shown_is_local, id_is_local; /* out */
};
/* 0; a missing file has no lines. -errno: the file cannot be read. `errno` may change. */
int tli_local_find(const char *path, struct tli_local_query *query);
/* Whether a bare name cannot mean a user of a domain: an account of the file has it, it
 * is the system's on every machine (tli_store_bare_ok()), or the file cannot be read. */
bool tli_local_takes_bare(const char *path, const char *name);
/* The comparison alone. */
bool tli_local_same(const char *a, const char *b);

#endif
