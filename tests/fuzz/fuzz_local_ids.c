/* SPDX-License-Identifier: MIT
 *
 * fuzz_local_ids.c - lines of /etc/passwd and /etc/group: each gives a name and an id,
 * or nothing, or is refused.
 */
#include <stdlib.h>

#include "identity/local_ids.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size), *line;
    struct ids ids = {0};

    while (text != NULL && (line = strsep(&text, "\n")) != NULL) {
        size_t before = ids.count;
        int rc = add_line(ctx, &ids, line);

        if (ids.count != before + (rc == 0 && ids.count > before))
            abort();
        if (ids.count > before) {
            const char *name = ids.name[before];

            if (name[0] == '\0' || strpbrk(name, ":\n") != NULL ||
                strncmp(line, name, strlen(name)) != 0 || !has_id(&ids, ids.id[before]))
                abort();
        }
    }
    talloc_free(ctx);
    return 0;
}
