/* SPDX-License-Identifier: MIT
 *
 * sockets.h - the listener's sockets: systemd's, or its own.
 */
#ifndef TLA_SOCKETS_H
#define TLA_SOCKETS_H

/* systemd's socket at this path (NULL: at any but `except`), or -1. */
int tla_socket_given(const char *path, const char *except);
/* A new one, listening, open to all; run_dir is made. -EADDRINUSE: another agent answers
 * there; -errno. */
int tla_socket_bind(const char *path, const char *run_dir);

#endif
