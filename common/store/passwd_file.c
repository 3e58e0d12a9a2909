/* SPDX-License-Identifier: MIT
 *
 * passwd_file.c - the lines of passwd(5) and group(5), read from the file itself.
 *
 * Not fgetpwent_r(): it needs a buffer as long as the longest line, and a group of
 * thousands must not hide those after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "passwd_file.h"

#define BLOCK 4096
#define ID_FIELD 2

/* A line as far as it has been read. */
struct partial {
    char name[TLI_PASSWD_NAME_MAX + 1];
    size_t length;  /* of the name; TLI_PASSWD_NAME_MAX + 1: too long */
    unsigned field; /* the one that is read now, from 0 */
    uint64_t id;    /* stays above UINT32_MAX once it is there */
    bool begun;     /* the number has: a sign or a digit */
    bool digits;    /* it has at least one */
    bool no_number; /* the third field is not a number */
};

static void start_line(struct partial *line)
{
    line->length = 0;
    line->field = 0;
    line->id = 0;
    line->begun = line->digits = line->no_number = false;
}

static bool end_line(struct partial *line, tli_passwd_line_fn *seen, void *data)
{
    struct tli_passwd_line whole = {0};
    bool go_on = true;

    if (line->length > 0) {
        if (line->length <= TLI_PASSWD_NAME_MAX) {
            line->name[line->length] = '\0';
            whole.name = line->name;
        }
        whole.has_id = line->digits && !line->no_number && line->id <= UINT32_MAX;
        whole.id = whole.has_id ? (uint32_t)line->id : 0;
        go_on = seen(data, &whole);
    }
    start_line(line);
    return go_on;
}

/* One character of the third field. Blanks and a plus sign may precede the number:
 * glibc's parser takes it with strtoul(). */
static void add_digit(struct partial *line, char c)
{
    if (c >= '0' && c <= '9') {
        line->begun = line->digits = true;
        if (line->id <= UINT32_MAX)
            line->id = line->id * 10 + (uint64_t)(c - '0');
    } else if (c == '+' && !line->begun) {
        line->begun = true;
    } else if (line->begun || c == '\0' || strchr(" \t\v\f\r", c) == NULL) {
        line->no_number = true;
    }
}

static void add(struct partial *line, char c)
{
    if (c == ':') {
        line->field++;
    } else if (line->field == 0) {
        if (line->length < TLI_PASSWD_NAME_MAX)
            line->name[line->length++] = c;
        else
            line->length = TLI_PASSWD_NAME_MAX + 1;
    } else if (line->field == ID_FIELD) {
        add_digit(line, c);
    }
}

static int read_lines(int fd, tli_passwd_line_fn *seen, void *data)
{
    struct partial line;
    char block[BLOCK];
    ssize_t got;

    start_line(&line);
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

int tli_passwd_read(const char *path, tli_passwd_line_fn *seen, void *data)
{
    int fd, rc, state;

    /* A thread that is cancelled in between would leave the descriptor open. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    rc = fd < 0 ? -errno : read_lines(fd, seen, data);
    if (fd >= 0)
        close(fd);
    (void)pthread_setcancelstate(state, NULL);
    return rc;
}

bool tli_passwd_line_counts(const struct tli_passwd_line *line)
{
    return line->name == NULL || strchr("#+-", line->name[0]) == NULL;
}
