/* SPDX-License-Identifier: MIT
 *
 * agent.c - reach the agent: its socket, or, if no socket answers and the caller is root,
 * a process of its own for this one conversation.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "module.h"
#include "tl_build.h"
#include "wire/agent_socket.h"

static int start(const char *path, int *out, const char **why)
{
    int pair[2], rc = tli_agent_program(path, why);

    if (rc != 0)
        return rc;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        *why = "cannot create a socket pair";
        return -errno;
    }
    rc = tlp_spawn(pair[1], path);
    close(pair[1]);
    if (rc != 0) {
        *why = "it cannot be started";
        close(pair[0]);
        return rc;
    }
    *out = pair[0];
    return 0;
}

int tlp_agent_open(struct tlp *m, int *fd, const char **why)
{
    const char *path = m->options.socket != NULL ? m->options.socket : TL_SOCKET;
    const char *program = m->options.agent != NULL ? m->options.agent : TL_AGENT_PATH;
    int rc;

    *fd = -1;
    rc = tli_agent_connect(path, fd, why);
    if (rc == 0 || geteuid() != 0)
        return rc;
    tlp_debug(m, "agent: %s (%s); starting %s", *why, strerror(-rc), program);
    return start(program, fd, why);
}
