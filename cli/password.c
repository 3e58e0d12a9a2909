/* SPDX-License-Identifier: MIT
 *
 * password.c - read a password: from the terminal without echo, else one line
 * of standard input.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"

#define PASSWORD_MAX                                                                     \
    512 /* PAM's limit for an answer, and long enough for AD's 256 characters */

static int wipe(char **secret)
{
    explicit_bzero(*secret, strlen(*secret));
    return 0;
}

/* One line, byte by byte so that nothing of it stays in a stdio buffer. */
static ssize_t read_line(int fd, char *buf, size_t size)
{
    size_t len = 0;

    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0 || c == '\n')
            break;
        if (len + 1 >= size)
            return -E2BIG;
        buf[len++] = c;
    }
    buf[len] = '\0';
    return (ssize_t)len;
}

char *read_password(const struct cli *cli, const char *name)
{
    char buf[PASSWORD_MAX + 1];
    struct termios old, quiet;
    bool tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &old) == 0;
    ssize_t len;
    char *password = NULL, **holder;

    if (tty) {
        quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "Password of %s: ", show(cli, name));
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    len = read_line(STDIN_FILENO, buf, sizeof(buf));
    if (tty) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputc('\n', stderr);
    }
    if (len < 0) {
        cli_error(cli, EXIT_USAGE, "the password could not be read: %s",
                  strerror((int)-len));
    } else {
        password = talloc_strdup(cli, buf);
        holder = password != NULL ? talloc(cli, char *) : NULL;
        if (holder != NULL) {
            *holder = password;
            talloc_steal(holder, password);
            talloc_set_destructor(holder, wipe);
        }
    }
    explicit_bzero(buf, sizeof(buf));
    return password;
}
