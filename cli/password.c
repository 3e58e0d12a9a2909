/* SPDX-License-Identifier: MIT
 *
 * password.c - read a password: from the terminal without echo, else one line
 * of standard input.
 */
#include <errno.h>
#include <signal.h>
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

static struct termios terminal_before;

/* Interrupted at the prompt: the terminal must not stay without echo. */
static void restore_and_die(int signal_number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void guard_terminal(void (*handler)(int))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], handler);
}

char *read_secret(const struct cli *cli, const char *what, const char *name)
{
    char buf[PASSWORD_MAX + 1];
    struct termios quiet;
    bool tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal_before) == 0;
    ssize_t len;
    char *password = NULL, **holder;

    if (tty) {
        quiet = terminal_before;
        guard_terminal(restore_and_die);
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "%s %s: ", what, show(cli, name));
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    len = read_line(STDIN_FILENO, buf, sizeof(buf));
    if (tty) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
        guard_terminal(SIG_DFL);
        fputc('\n', stderr);
    }
    if (len < 0) {
        cli_error(cli, EXIT_USAGE, "the password or PIN could not be read: %s",
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

char *read_password(const struct cli *cli, const char *name)
{
    return read_secret(cli, "Password of", name);
}
