/* SPDX-License-Identifier: MIT
 *
 * realm_list.h - whether the text of an option is a list of realms.
 */
#ifndef TL_NAME_REALM_LIST_H
#define TL_NAME_REALM_LIST_H

#include <stdbool.h>

/* At least one realm, each a valid DNS name with a dot, separated by blanks or commas.
 * False, too, when memory is out. */
bool tli_realm_list_valid(const char *value);

#endif
