/* SPDX-License-Identifier: MIT
 *
 * peer.h - the process at the other end of a socket.
 */
#ifndef TLA_PEER_H
#define TLA_PEER_H

#include <sys/socket.h>

#include <talloc.h>
#include <trustlogon/config.h>

/* 0 or -errno. */
int tla_peer_read(int fd, struct ucred *peer);
/* Is it a child of the listener, or a child's child? Look-ups of its own process group,
 * which tla_listen() founds, would wait for themselves. */
bool tla_peer_is_agent(const struct ucred *peer);
/* Does the file /etc/passwd give this name this uid? */
bool tla_peer_in_passwd(const char *path, const char *name, uid_t uid);
/* Does the identity store, for accounts that only our own NSS module knows? */
bool tla_peer_in_store(TALLOC_CTX *ctx, const struct tl_config *config, const char *name,
                       uid_t uid);

#endif
