/* SPDX-License-Identifier: MIT
 *
 * passwd_file.h - the lines of passwd(5) and group(5), read from the file itself.
 *
 * The one parser of these files: the NSS and PAM modules, the agent, the command and the
 * checks of ids all use it. libc only, and no heap: it runs in every process that looks a
 * name up. Never NSS: our own module would be asked.
 */
#ifndef TL_STORE_PASSWD_FILE_H
#define TL_STORE_PASSWD_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes; as long as a typed name may be (TL_NAME_MAX), so no longer one is asked for. */
#define TLI_PASSWD_NAME_MAX 1024

struct tli_passwd_line {
    const char *name; /* first field, not empty; NULL: longer than TLI_PASSWD_NAME_MAX */
    bool has_id;      /* the third field is a number of 32 bits */
    uint32_t id;      /* 0 without one */
    /* The fourth field: the primary group in passwd(5), of no meaning in group(5). */
    bool has_gid;
    uint32_t gid;
};

/* Called for each line, comments and the + and - of NIS among them. False ends the
 * reading. */
typedef bool tli_passwd_line_fn(void *data, const struct tli_passwd_line *line);
/* 0, or -errno: the file cannot be read, -ENOENT if it does not exist. `errno` may
 * change. A line of any length is read; a line without a name is passed over. */
int tli_passwd_read(const char *path, tli_passwd_line_fn *seen, void *data);
/* Whether a line is an account or a group as glibc's `files` takes it: not a comment, not
 * an entry of NIS. */
bool tli_passwd_line_counts(const struct tli_passwd_line *line);

#endif
