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
#define GID_FIELD 3

/* A field that is to be a number, as far as it has been read. */
struct number {
    uint64_t value; /* stays above UINT32_MAX once it is there */
    bool begun;     /* with a sign or a digit */
    bool digits;    /* at least one */
    bool invalid;   /* the field is not a number */
};

/* A line as far as it has been read. */
struct partial {
    char name[TLI_PASSWD_NAME_MAX + 1];
    size_t length;  /* of the name; TLI_PASSWD_NAME_MAX + 1: too long */
    unsigned field; /* the one that is read now, from 0 */
    struct number id, gid;
};

static void start_line(struct partial *line)
{
    line->length = 0;
    line->field = 0;
    line->id = line->gid = (struct number){0};
}

static bool is_id(const struct number *number)
{
    return number->digits && !number->invalid && number->value <= UINT32_MAX;
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
        whole.has_id = is_id(&line->id);
        whole.id = whole.has_id ? (uint32_t)line->id.value : 0;
        whole.has_gid = is_id(&line->gid);
        whole.gid = whole.has_gid ? (uint32_t)line->gid.value : 0;
        go_on = seen(data, &whole);
    }
    start_line(line);
    return go_on;
}

/* One character of a number. Blanks and a plus sign may precede it: glibc's parser reads
 * it with strtoul(). */
static void add_digit(struct number *number, char c)
{
    if (c >= '0' && c <= '9') {
        number->begun = number->digits = true;
        if (number->value <= UINT32_MAX)
            number->value = number->value * 10 + (uint64_t)(c - '0');
    } else if (c == '+' && !number->begun) {
        number->begun = true;
    } else if (number->begun || c == '\0' || strchr(" \t\v\f\r", c) == NULL) {
        number->invalid = true;
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
        add_digit(&line->id, c);
    } else if (line->field == GID_FIELD) {
        add_digit(&line->gid, c);
    }
}

/* The rest of a group may be thousands of members: their field is not a number, which its
 * first letter shows. */
static bool is_read(const struct partial *line)
{
    return line->field > GID_FIELD || (line->field == GID_FIELD && line->gid.invalid);
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
            } else if (is_read(&line)) {
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
