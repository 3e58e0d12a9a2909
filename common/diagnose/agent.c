/* SPDX-License-Identifier: MIT
 *
 * agent.c - the agent, reached as the PAM module reaches it.
 */
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "tl_build.h"
#include "wire/agent_socket.h"

void tli_check_agent(struct run *run)
{
    const char *socket_why = NULL, *program_why = NULL;
    int fd = -1, rc = tli_agent_connect(TL_SOCKET, &fd, &socket_why);

    if (rc == 0) {
        close(fd);
        tli_found_ok(run, "agent", TL_SOCKET, "the agent's socket answers");
    } else if (tli_agent_program(TL_AGENT_PATH, &program_why) != 0) {
        tli_found(run, "agent", TL_AGENT_PATH, TL_FINDING_FAILED,
                  TL_REASON_AGENT_UNAVAILABLE, TL_AGENT_PATH, NULL, "%s: %s, and %s: %s",
                  TL_AGENT_PATH, program_why, TL_SOCKET, socket_why);
    } else {
        /* A service of another user, a locker for one, cannot start it. */
        tli_found_ok(run, "agent", TL_AGENT_PATH, "each logon starts it, since %s (%s)",
                     socket_why, strerror(-rc));
    }
}
