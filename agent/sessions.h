/* SPDX-License-Identifier: MIT
 *
 * sessions.h - the sessions whose tickets came from here, and their renewal.
 */
#ifndef TL_AGENT_SESSIONS_H
#define TL_AGENT_SESSIONS_H

#include "agent.h"

struct tla_session {
    const char *path; /* of the record */
    uint32_t uid, gid;
    int64_t told; /* end of the TGT whose renewal was refused, and told; 0: none */
    const char *ccache, *realm, *user;
};
/* sessions.c: one record for each session that pam_setcred or pam_open_session began. */
int tla_session_note(const char *run_dir, const char *token,
                     const struct tla_session *session);
/* All of them that can be read, children of ctx. */
int tla_session_list(TALLOC_CTX *ctx, const char *run_dir, struct tla_session **list,
                     size_t *count);
bool tla_session_any(const char *run_dir);
/* One session of this user with this cache is over. */
void tla_session_drop(const char *run_dir, uint32_t uid, const char *ccache);
/* The cache of the user's youngest session that still has one, or NULL. */
const char *tla_session_cache(TALLOC_CTX *ctx, const char *run_dir, uint32_t uid);

/* renewer.c: look at each of them once, in a child of the listener; its exit status. */
int tla_renew(const struct tla_setup *setup);

#endif
