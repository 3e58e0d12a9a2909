/* SPDX-License-Identifier: MIT
 *
 * fuzz_local_ids.c - lines of /etc/passwd and /etc/group: each gives a name and an id,
 * or nothing, or is refused.
 */
#include <stdlib.h>

#include <sys/mman.h>
#include <unistd.h>

#include "identity/local_ids.c"
#include "store/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The reader that has no heap sees every name and id that this one does. */
static void same_by_the_other(const struct ids *ids, const char *text, size_t size)
{
    static int fd = -1;
    char path[32];

    if (fd < 0)
        fd = memfd_create("local", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, text, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < ids->count; i++) {
        struct tli_local_query query = {
            .typed = ids->name[i], .has_id = true, .id = ids->id[i]};

        if (strlen(ids->name[i]) > TL_STORE_BARE_MAX)
            continue;
        if (tli_local_find(path, &query) != 0 || !query.typed_is_local)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size), *line;
    const char *whole = talloc_strndup(ctx, (const char *)data, size);
    struct ids ids = {0};
    struct lent lent = {0};

    while (text != NULL && (line = strsep(&text, "\n")) != NULL) {
        size_t before = ids.count, ranges = lent.count;
        int rc = add_line(ctx, &ids, line);

        if (add_subids(ctx, &lent, line) != 0 || lent.count > ranges + 1)
            abort();
        if (lent.count > ranges && (lent.each[ranges].first > lent.each[ranges].last ||
                                    !is_lent(&lent, lent.each[ranges].first) ||
                                    !is_lent(&lent, lent.each[ranges].last)))
            abort();

        if (ids.count != before + (rc == 0 && ids.count > before))
            abort();
        if (ids.count > before) {
            const char *name = ids.name[before];

            if (name[0] == '\0' || strpbrk(name, ":\n") != NULL ||
                strncmp(line, name, strlen(name)) != 0 || !has_id(&ids, ids.id[before]))
                abort();
        }
    }
    if (whole != NULL && ids.count < 100)
        same_by_the_other(&ids, whole, strlen(whole));
    talloc_free(ctx);
    return 0;
}
