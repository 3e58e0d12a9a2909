/* SPDX-License-Identifier: MIT
 *
 * fuzz_local_ids.c - lines of /etc/passwd and /etc/group: each gives a name and an id,
 * or nothing, or is refused. What the one reader of these files sees is held against a
 * plain reading of the same bytes by strtoul(), as glibc reads them.
 */
#include <stdlib.h>

#include <sys/mman.h>
#include <unistd.h>

#include "identity/local_ids.c"
#include "store/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* -EBADMSG; 0; 1 with *id, and *name cut out of the line. */
static int plain_reading(char *line, const char **name, uint32_t *id)
{
    size_t len = strcspn(line, ":");
    const char *number = line + len;
    char *end = NULL;
    unsigned long value;

    if (len == 0 || line[0] == '#' || line[0] == '+' || line[0] == '-')
        return 0;
    for (int field = 1; field <= 2; field++) {
        number = strchr(number, ':');
        if (number == NULL)
            return -EBADMSG;
        number++;
    }
    errno = 0;
    value = strtoul(number, &end, 10);
    if (errno != 0 || end == number || strchr(number, '-') == number ||
        value > UINT32_MAX || (*end != ':' && *end != '\0'))
        return -EBADMSG;
    for (const char *at = number; at < end; at++)
        if (*at == '-') /* strtoul() negates it */
            return -EBADMSG;
    line[len] = '\0';
    *name = line;
    *id = (uint32_t)value;
    return 1;
}

static void check_accounts(TALLOC_CTX *ctx, const char *path, char *text)
{
    struct ids ids = {0};
    int rc = read_accounts(ctx, path, &ids), expected = 0;
    size_t count = 0;
    char *line;

    while (expected >= 0 && (line = strsep(&text, "\n")) != NULL) {
        const char *name = NULL;
        uint32_t id = 0;

        expected = plain_reading(line, &name, &id);
        if (expected <= 0)
            continue;
        if (count >= ids.count || ids.id[count] != id || !has_id(&ids, id) ||
            strcmp(ids.name[count], strlen(name) <= TLI_PASSWD_NAME_MAX ? name : "") != 0)
            abort();
        count++;
    }
    if (count != ids.count || rc != (expected < 0 ? expected : 0))
        abort();
    for (size_t i = 0; i < ids.count && i < 100; i++) {
        struct tli_local_query query = {
            .typed = ids.name[i], .has_id = true, .id = ids.id[i]};

        if (tli_local_find(path, &query) != 0 || !query.id_is_local ||
            (ids.name[i][0] != '\0' && !query.typed_is_local))
            abort();
    }
}

static void check_ranges(TALLOC_CTX *ctx, char *text)
{
    struct lent lent = {0};
    char *line;

    while ((line = strsep(&text, "\n")) != NULL) {
        size_t before = lent.count;

        if (add_subids(ctx, &lent, line) != 0 || lent.count > before + 1)
            abort();
        if (lent.count > before && (lent.each[before].first > lent.each[before].last ||
                                    !is_lent(&lent, lent.each[before].first) ||
                                    !is_lent(&lent, lent.each[before].last)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size);
    static int fd = -1;
    char path[32];

    if (fd < 0)
        fd = memfd_create("local", MFD_CLOEXEC);
    if (text == NULL || fd < 0 || ftruncate(fd, 0) != 0 ||
        pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    check_accounts(ctx, path, talloc_strdup(ctx, text));
    check_ranges(ctx, text);
    talloc_free(ctx);
    return 0;
}
