/* SPDX-License-Identifier: MIT
 *
 * same_name.h - a principal's name against the name in a record. libc only.
 */
#ifndef TL_LOCALAUTH_SAME_NAME_H
#define TL_LOCALAUTH_SAME_NAME_H

#include <stdbool.h>

/* Is `folded` what tl_fold() makes of `name`? False where `name` is not UTF-8. */
bool localauth_same_name(const char *name, const char *folded);

#endif
