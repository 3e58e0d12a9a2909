/* SPDX-License-Identifier: MIT
 *
 * local.h - names and ids that this machine's own files give away.
 *
 * libc only, as store.h. An account of the machine is never shadowed: before a bare
 * name is answered, these are asked, each time, whatever nsswitch.conf asks in which
 * order.
 */
#ifndef TL_LOCAL_H
#define TL_LOCAL_H

#include "store.h"

/* One line: its first field, and its third if that is a number. False: enough. */
typedef bool tli_local_seen(void *data, const char *name, bool has_id, uint32_t id);
/* 0; a file that is not there has no lines; -errno: it cannot be told. `errno` may
 * change. Names longer than any of ours are left out. */
int tli_local_read(const char *path, tli_local_seen *seen, void *data);

/* What is looked for in passwd or group, and what of it there is. Names are compared
 * without regard to the case of ASCII letters: a domain knows none. */
struct tli_local_query {
    const char *typed, *shown; /* either may be NULL */
    bool has_id;
    uint32_t id;
    bool typed_is_local, shown_is_local, id_is_local;
};
int tli_local_find(const char *path, struct tli_local_query *query);
/* Does a bare name mean nobody of a domain? An account of the file has it, it is the
 * system's on every machine (tli_store_bare_ok()), or the file cannot be read. */
bool tli_local_takes_bare(const char *path, const char *name);
bool tli_local_same(const char *a, const char *b);

#endif
