/* SPDX-License-Identifier: MIT
 *
 * main.c - trustlogon-lsa (lsa.h): the command line, and the order in which it gives up
 * root's privileges.
 */
#include "lsa.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tl_build.h"

#define TIMEOUT_DEFAULT 5
#define TIMEOUT_MAX 60
#define IDLE_DEFAULT 60
#define IDLE_MAX 3600

enum exit_code { EXIT_END = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2 };

static int usage(const char *why)
{
    fprintf(stderr,
            "%s%susage: trustlogon-lsa [--timeout SECONDS] [--idle SECONDS]\n"
            "started by trustlogond, with a listening socket as standard input\n",
            why != NULL ? why : "", why != NULL ? "\n" : "");
    return EXIT_USAGE;
}

static bool read_seconds(const char *text, long max, unsigned int *seconds)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 1 || value > max)
        return false;
    *seconds = (unsigned int)value;
    return true;
}

static int read_arguments(int argc, char **argv, unsigned int *timeout,
                          unsigned int *idle)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, 't'},
                                            {"idle", required_argument, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 't' && !read_seconds(optarg, TIMEOUT_MAX, timeout))
            return usage("--timeout takes 1 to 60");
        if (c == 'i' && !read_seconds(optarg, IDLE_MAX, idle))
            return usage("--idle takes 1 to 3600");
        if (c != 't' && c != 'i')
            return usage(NULL);
    }
    return optind == argc ? EXIT_END : usage("unexpected argument");
}

static bool is_listener(int fd)
{
    int domain = 0, type = 0, listening = 0;
    socklen_t len = sizeof(int);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
           domain == AF_UNIX && type == SOCK_STREAM && listening != 0;
}

/* Samba's libraries write comments on a DC's answers to standard error. */
static int hush(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        return -errno;
    close(null);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned int timeout = TIMEOUT_DEFAULT, idle = IDLE_DEFAULT;
    int ret = read_arguments(argc, argv, &timeout, &idle);

    if (ret != EXIT_END)
        return ret;
    if (!is_listener(STDIN_FILENO))
        return usage("standard input is not a listening socket");
    ret = lsa_drop(TL_LSA_RUN_AS);
    if (ret != 0) {
        fprintf(stderr, "trustlogon-lsa: cannot become %s: %s\n", TL_LSA_RUN_AS,
                strerror(-ret));
        return EXIT_BROKEN;
    }
    /* krb5 and Samba take settings, caches and traces from the environment. */
    if (clearenv() != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR || hush() != 0)
        return EXIT_BROKEN;
    ret = lsa_filter();
    if (ret == 0)
        ret = lsa_serve(STDIN_FILENO, timeout, idle);
    return ret == 0 ? EXIT_END : EXIT_BROKEN;
}
