/* SPDX-License-Identifier: MIT
 *
 * preload.h - what every logon needs, loaded once in the listener.
 */
#ifndef TLA_PRELOAD_H
#define TLA_PRELOAD_H

#include <talloc.h>

/* Keep open, for as long as `mem` lives, what each monitor would open for itself. */
void tla_preload(TALLOC_CTX *mem);

#endif
