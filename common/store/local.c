/* SPDX-License-Identifier: MIT
 *
 * Which names and ids /etc/passwd or /etc/group has, read as a file and now: an account
 * that was added a moment ago counts. No heap, for this runs in every process that looks
 * a bare name up.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "local.h"

#define BLOCK 4096
#define ID_FIELD 2

struct line {
    char name[TL_STORE_BARE_MAX + 1];
    size_t length; /* TL_STORE_BARE_MAX + 1: too long for any name of ours */
    unsigned field;
    uint64_t id;
    unsigned digits;
    bool no_number; /* the third field holds something else than digits */
};

static bool end_line(struct line *line, tli_local_seen *seen, void *data)
{
    bool go_on = true;

    if (line->length > 0 && line->length <= TL_STORE_BARE_MAX) {
        line->name[line->length] = '\0';
        go_on = seen(data, line->name,
                     line->digits > 0 && !line->no_number && line->id <= UINT32_MAX,
                     (uint32_t)line->id);
    }
    *line = (struct line){0};
    return go_on;
}

static void add(struct line *line, char c)
{
    if (c == ':') {
        line->field++;
    } else if (line->field == 0) {
        if (line->length < TL_STORE_BARE_MAX)
            line->name[line->length++] = c;
        else
            line->length = TL_STORE_BARE_MAX + 1;
    } else if (line->field == ID_FIELD) {
        line->no_number = line->no_number || c < '0' || c > '9' || line->digits >= 18;
        line->id = line->no_number ? 0 : line->id * 10 + (uint64_t)(c - '0');
        line->digits++;
    }
}

static int read_lines(int fd, tli_local_seen *seen, void *data)
{
    struct line line = {0};
    char block[BLOCK];
    ssize_t got;

    for (;;) {
        do
            got = read(fd, block, sizeof(block));
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        for (const char *at = block, *end = block + got; at < end; at++) {
            if (*at == '\n') {
                if (!end_line(&line, seen, data))
                    return 0;
            } else if (line.field > ID_FIELD) {
                /* The rest of a group may be thousands of members. */
                const char *stop = memchr(at, '\n', (size_t)(end - at));

                at = (stop != NULL ? stop : end) - 1;
            } else {
                add(&line, *at);
            }
        }
    }
    (void)end_line(&line, seen, data);
    return 0;
}

int tli_local_read(const char *path, tli_local_seen *seen, void *data)
{
    int fd, rc, state;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    rc = fd < 0 ? -errno : read_lines(fd, seen, data);
    if (fd >= 0)
        close(fd);
    (void)pthread_setcancelstate(state, NULL);
    return rc == -ENOENT ? 0 : rc;
}

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

static bool compare(void *data, const char *name, bool has_id, uint32_t id)
{
    struct tli_local_query *query = data;

    if (query->typed != NULL && tli_local_same(name, query->typed))
        query->typed_is_local = true;
    if (query->shown != NULL && tli_local_same(name, query->shown))
        query->shown_is_local = true;
    if (query->has_id && has_id && id == query->id)
        query->id_is_local = true;
    return true;
}

int tli_local_find(const char *path, struct tli_local_query *query)
{
    return tli_local_read(path, compare, query);
}

bool tli_local_takes_bare(const char *path, const char *name)
{
    struct tli_local_query query = {.typed = name};

    return !tli_store_bare_ok(name, strlen(name)) || tli_local_find(path, &query) != 0 ||
           query.typed_is_local;
}
