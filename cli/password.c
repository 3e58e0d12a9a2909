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

static struct termios terminal_before, terminal_quiet;

/* Interrupted at the prompt: the terminal must not stay without echo. */
static void restore_and_die(int signal_number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* Suspended at the prompt: the shell gets its echo back until this process continues. */
static void restore_and_stop(int signal_number)
{
    int saved = errno;

    tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    raise(SIGSTOP);
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal_quiet);
    errno = saved;
}

static void guard_terminal(bool guard)
{
    static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        signal(fatal[i], guard ? restore_and_die : SIG_DFL);
    signal(SIGTSTP, guard ? restore_and_stop : SIG_DFL);
}

/* The echo is off before the prompt is shown: otherwise a program that answers prompts,
 * or a quick typist, would put the secret on the screen. Input that was typed ahead is
 * the answer, so it is not discarded (TCSADRAIN, not TCSAFLUSH). */
static ssize_t ask_terminal(const struct cli *cli, const char *what, const char *name,
                            char *buf, size_t size)
{
    ssize_t len;

    terminal_quiet = terminal_before;
    terminal_quiet.c_lflag &= ~(tcflag_t)ECHO;
    guard_terminal(true);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_quiet) != 0) {
        len = -errno;
        guard_terminal(false);
        return len;
    }
    fprintf(stderr, "%s %s: ", what, cli_show(cli, name));
    len = read_line(STDIN_FILENO, buf, size);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
    guard_terminal(false);
    fputc('\n', stderr);
    return len;
}

char *cli_read_secret(const struct cli *cli, const char *what, const char *name)
{
    char buf[PASSWORD_MAX + 1];
    bool tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal_before) == 0;
    ssize_t len;
    char *password = NULL, **holder;

    len = tty ? ask_terminal(cli, what, name, buf, sizeof(buf))
              : read_line(STDIN_FILENO, buf, sizeof(buf));
    if (len < 0) {
        cli_error(cli, EXIT_USAGE, "cannot read the password or PIN: %s",
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

char *cli_read_password(const struct cli *cli, const char *name)
{
    char *password = cli_read_secret(cli, "Password of", name);

    if (password != NULL && password[0] == '\0') {
        cli_error(
            cli, EXIT_USAGE,
            "no password given; an empty one is not tried, since it would count as a "
            "wrong password");
        return NULL;
    }
    return password;
}
