/* SPDX-License-Identifier: MIT
 *
 * status/keep.h - what is kept between logons in folders of root's, by a process that may
 * not write there.
 *
 * A worker of the agent owns nothing: what the library would write is handed to a keeper,
 * which passes it on to a process that judges and writes it. Without a keeper, as in the
 * command, the library writes by itself.
 */
#ifndef TL_STATUS_KEEP_H
#define TL_STATUS_KEEP_H

#include <stdbool.h>

enum tli_kept {
    TLI_KEPT_DCS,  /* domain controllers: the name of a domain, and the cache's text */
    TLI_KEPT_FAST, /* a realm whose KDC speaks FAST: its name, and no text */
};

/* Whether it was kept. */
typedef bool (*tli_keeper_fn)(void *arg, enum tli_kept what, const char *name,
                              const char *text);

/* For the whole process, before it does anything; NULL: write. */
void tli_keep_by(tli_keeper_fn fn, void *arg);
/* False if there is no keeper. *kept: what the keeper said. */
bool tli_keep(enum tli_kept what, const char *name, const char *text, bool *kept);

#endif
