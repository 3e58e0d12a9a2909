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
/* Whether it is a child of the listener, or a child's child. Look-ups of the process
 * group that tla_listen() creates would wait for themselves. */
bool tla_peer_is_agent(const struct ucred *peer);
/* Whether the file /etc/passwd has this name with this uid. */
bool tla_peer_in_passwd(const char *path, const char *name, uid_t uid);
/* Whether the identity store has, for accounts that only the NSS module of trustlogon
 * knows. */
bool tla_peer_in_store(TALLOC_CTX *ctx, const struct tl_config *config, const char *name,
                       uid_t uid);

#endif
