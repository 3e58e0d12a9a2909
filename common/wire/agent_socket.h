/* SPDX-License-Identifier: MIT
 *
 * agent_socket.h - the agent's socket, and the program that takes its place.
 *
 * The process that answers gets the password, so the socket's folder, the socket and the
 * program must belong to root alone, and the peer must be root. For the PAM module, and
 * for a checklist that tests what the module meets; libc only.
 */
#ifndef TL_WIRE_AGENT_SOCKET_H
#define TL_WIRE_AGENT_SOCKET_H

/* Connect to the agent's socket, without waiting: a full queue of the agent must not hold
 * a login. 0 and *fd_out (non-blocking, close-on-exec), or -errno and *why, a phrase. */
int tli_agent_connect(const char *path, int *fd_out, const char **why);
/* Whether a caller with uid 0 can start this program as the agent. 0, or -errno and
 * *why. */
int tli_agent_program(const char *path, const char **why);

#endif
