/* SPDX-License-Identifier: MIT
 *
 * local.c - whether a bare name or an id is the machine's own: /etc/passwd or /etc/group
 * has it. The file is read for each question, so that an account that was added a moment
 * ago counts.
 */
#include <errno.h>
#include <string.h>

#include "local.h"
#include "passwd_file.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool tli_local_same(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

static bool compare(void *data, const struct tli_passwd_line *line)
{
    struct tli_local_query *query = data;

    if (query->typed != NULL && line->name != NULL &&
        tli_local_same(line->name, query->typed))
        query->typed_is_local = true;
    if (query->shown != NULL && line->name != NULL &&
        tli_local_same(line->name, query->shown))
        query->shown_is_local = true;
    if (query->has_id && line->has_id && line->id == query->id)
        query->id_is_local = true;
    return true;
}

int tli_local_find(const char *path, struct tli_local_query *query)
{
    int rc = tli_passwd_read(path, compare, query);

    return rc == -ENOENT ? 0 : rc;
}

bool tli_local_takes_bare(const char *path, const char *name)
{
    struct tli_local_query query = {.typed = name};

    return !tli_store_bare_ok(name, strlen(name)) || tli_local_find(path, &query) != 0 ||
           query.typed_is_local;
}
