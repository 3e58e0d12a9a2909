/* SPDX-License-Identifier: MIT
 *
 * client_watch.c - a monitor ends when its client hangs up.
 */
#include "client_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* The socket that SIGIO is about; -1: none. A process serves one conversation. */
static volatile sig_atomic_t watched = -1;

/*
 * SIGIO alone is not enough: the kernel makes a packet readable before it signals it, so
 * the signal for the request or the answer that was read last may arrive only now, from a
 * client that was preempted in between. So the socket is polled. The default action,
 * which shows the listener that the client has gone, follows when this returns.
 */
static void on_client(int sig)
{
    struct pollfd pfd = {.fd = watched, .events = POLLIN};
    int saved = errno;

    if (pfd.fd >= 0 && poll(&pfd, 1, 0) > 0) {
        (void)signal(sig, SIG_DFL);
        (void)raise(sig);
    }
    errno = saved;
}

/* While a logon is under way the socket is not read. A logon whose client has gone ends,
 * and so does one whose client speaks out of turn. */
void tla_end_with_client(struct tla_conv *conv, bool on)
{
    struct sigaction action = {.sa_handler = on_client, .sa_flags = SA_RESTART};
    int flags = fcntl(conv->fd, F_GETFL);

    if (flags < 0)
        return;
    watched = on ? conv->fd : -1;
    (void)sigaction(SIGIO, &action, NULL);
    (void)fcntl(conv->fd, F_SETOWN, getpid());
    (void)fcntl(conv->fd, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC);
    /* The client may have gone just before. */
    if (on)
        (void)raise(SIGIO);
}

void tla_watch_client(struct tla_conv *conv, bool busy)
{
    const struct tl_config *config = conv->config;
    unsigned int limit_ms = 2 * (unsigned int)config->logon_timeout +
                            2 * (unsigned int)config->explain_timeout;

    if (busy)
        tla_end_with_client(conv, true);
    alarm(busy ? limit_ms / 1000 + 10 : 0);
    if (!busy)
        tla_end_with_client(conv, false);
}
