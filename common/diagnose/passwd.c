/* SPDX-License-Identifier: MIT
 *
 * passwd.c - accounts of /etc/passwd itself, whatever the name service has.
 */
#include <string.h>

#include "internal.h"
#include "store/passwd_file.h"

static bool has_other_name(void *name, const struct tli_passwd_line *line)
{
    const char **left = name;

    if (line->name != NULL && strcmp(*left, line->name) == 0)
        *left = NULL;
    return *left != NULL;
}

int tli_is_in_passwd(const char *name)
{
    const char *left = name;
    int rc = tli_passwd_read("/etc/passwd", has_other_name, &left);

    return rc != 0 ? rc : left == NULL;
}
