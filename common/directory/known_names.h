/* SPDX-License-Identifier: MIT
 *
 * known_names.h - names of groups that a directory has given a moment ago. Users who are
 * looked up one after another are in the same groups.
 */
#ifndef TL_DIRECTORY_KNOWN_NAMES_H
#define TL_DIRECTORY_KNOWN_NAMES_H

#include <trustlogon/people.h>

struct tli_known_names;
/* For so many seconds each. NULL: no memory. */
struct tli_known_names *tli_known_names_new(TALLOC_CTX *ctx, int seconds);
/* The name of this SID, a child of ctx; false: not known, or no memory. `known` may be
 * NULL. */
bool tli_known_names_find(TALLOC_CTX *ctx, const struct tli_known_names *known,
                          const struct tl_sid *sid, struct tl_dir_name *name);
/* Of anything but a group, nothing is kept. */
void tli_known_names_add(struct tli_known_names *known, const struct tl_dir_name *name);

#endif
