/* SPDX-License-Identifier: MIT
 *
 * same_name.h - compare a principal's name with the name in a record. libc only.
 */
#ifndef TL_LOCALAUTH_SAME_NAME_H
#define TL_LOCALAUTH_SAME_NAME_H

#include <stdbool.h>

/* Whether `folded` is what tl_fold() makes of `name`. False if `name` is not UTF-8. */
bool localauth_same_name(const char *name, const char *folded);

#endif
