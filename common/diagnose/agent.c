/* SPDX-License-Identifier: MIT
 *
 * agent.c - the agent, reached as the PAM module reaches it.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "local_files.h"
#include "tl_build.h"
#include "wire/agent_socket.h"

/* No socket: a caller that is root starts the program. */
static void check_program(struct run *run, const char *program, const char *path, int rc,
                          const char *socket_why)
{
    const char *why = NULL;

    if (tli_agent_program(program, &why) != 0)
        tli_found(run, "agent", program, TL_FINDING_FAILED, TL_REASON_AGENT_UNAVAILABLE,
                  program, NULL, "%s: %s, and %s: %s", program, why, path, socket_why);
    else if (rc == -EACCES) /* another user's process could listen there */
        tli_found(run, "agent", path, TL_FINDING_WARNING, TL_REASON_AGENT_UNAVAILABLE,
                  path, NULL, "%s: %s", path, socket_why);
    else
        /* A service of another user, a locker for one, cannot start it. */
        tli_found_ok(run, "agent", program, "each logon starts it, since %s (%s)",
                     socket_why, strerror(-rc));
}

/* The agent that would be started has no user for its workers. */
static bool lacks_user(struct run *run, const char *program)
{
    if (tli_is_in_passwd(TL_WORKER_USER) != 0)
        return false;
    tli_found(run, "agent", "/etc/passwd", TL_FINDING_FAILED, TL_REASON_AGENT_UNAVAILABLE,
              "/etc/passwd", "no user " TL_WORKER_USER,
              "%s does not start without its system user %s", program, TL_WORKER_USER);
    return true;
}

/* systemd listens for an agent that it has perhaps yet to start. */
static bool is_systemd(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == 1;
}

void tli_check_agent(struct run *run)
{
    struct tli_pam_line line = {0};
    const char *path = TL_SOCKET, *program = TL_AGENT_PATH, *why = NULL;
    bool by_systemd;
    int fd = -1, rc;

    if (tli_pam_meant_line(run, &line)) {
        path = line.socket != NULL ? line.socket : path;
        program = line.agent != NULL ? line.agent : program;
    }
    rc = tli_agent_connect(path, &fd, &why);
    if (rc != 0) {
        if (!lacks_user(run, program))
            check_program(run, program, path, rc, why);
        return;
    }
    by_systemd = is_systemd(fd);
    close(fd);
    if (by_systemd && lacks_user(run, program))
        return;
    tli_found_ok(run, "agent", path, "the agent's socket accepts connections");
}
