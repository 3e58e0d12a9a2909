/* SPDX-License-Identifier: MIT
 *
 * sessions.h - the PAM sessions whose tickets the agent stored, for their renewal.
 *
 * RUN_DIR/sessions/<token>: one record for each session that pam_setcred or
 * pam_open_session began.
 */
#ifndef TLA_SESSIONS_H
#define TLA_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <talloc.h>

struct tla_session {
    /* Of the record; not in it. */
    const char *path;
    uint32_t uid, gid;
    /* End of the TGT whose renewal was refused, which the journal has; 0: none. */
    int64_t refused_end;
    /* The credential cache, the realm of its TGT, and the user's name for the
     * journal. */
    const char *ccache, *realm, *user;
};

/* Write the record. 0; -EINVAL: a field that a record cannot hold; -errno. */
int tla_session_note(const char *run_dir, const char *token,
                     const struct tla_session *session);
/* All of them that can be read, children of ctx. 0 or -ENOMEM. */
int tla_session_list(TALLOC_CTX *ctx, const char *run_dir, struct tla_session **list,
                     size_t *count);
bool tla_session_any(const char *run_dir);
/* One session of this user with this cache has ended. */
void tla_session_drop(const char *run_dir, uint32_t uid, const char *ccache);
/* The cache of the user's youngest session that still has one, or NULL. */
const char *tla_session_cache(TALLOC_CTX *ctx, const char *run_dir, uint32_t uid);

/* --- the text of a record; for the fuzzer, too. Pure. --- */

/* Child of ctx; NULL: no memory. */
char *tla_session_format(TALLOC_CTX *ctx, const struct tla_session *session);
/* Cuts the text, in which the fields stay. false: not a record. */
bool tla_session_parse(struct tla_session *session, char *text);

#endif
