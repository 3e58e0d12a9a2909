/* SPDX-License-Identifier: MIT
 *
 * local_files.c - reading a text file of this machine, and its lines and words.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_files.h"

#define BLANKS " \t\r\v\f"

int tli_text_read(TALLOC_CTX *ctx, const char *path, char **text)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = 1;
    struct stat st;
    int rc = 0;

    *text = NULL;
    if (fd < 0) {
        rc = -errno;
        return rc < 0 ? rc : -EIO;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        rc = -EINVAL;
    else if (st.st_size > (off_t)TL_TEXT_MAX)
        rc = -E2BIG;
    else if ((*text = talloc_zero_size(ctx, (size_t)st.st_size + 1)) == NULL)
        rc = -ENOMEM;
    /* What is appended meanwhile is another reader's. */
    while (rc == 0 && got > 0 && len < (size_t)st.st_size) {
        got = read(fd, *text + len, (size_t)st.st_size - len);
        if (got < 0)
            rc = -EIO;
        else
            len += (size_t)got;
    }
    close(fd);
    if (rc != 0)
        TALLOC_FREE(*text);
    return rc;
}

char *tli_text_line(char **rest)
{
    char *line = *rest;
    size_t len;

    if (line == NULL || *line == '\0')
        return NULL;
    len = strcspn(line, "\n");
    *rest = line + len + (line[len] == '\n');
    line[len] = '\0';
    return line;
}

char *tli_text_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);
    size_t len = strcspn(word, BLANKS);

    if (len == 0)
        return NULL;
    *rest = word + len + (word[len] != '\0');
    word[len] = '\0';
    return word;
}
