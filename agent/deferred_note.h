/* SPDX-License-Identifier: MIT
 *
 * deferred_note.h - the note that a session waits for tickets.
 *
 * RUN_DIR/pending/<token>.waits, "<uid> <ccache>": a monitor waits for a domain
 * controller on behalf of this session, whose cache is this one ("" before setcred has
 * made it). Once the file is gone the tickets are no longer needed, and the monitor
 * exits.
 */
#ifndef TLA_DEFERRED_NOTE_H
#define TLA_DEFERRED_NOTE_H

#include "agent.h"
#include "pending.h"

/* The path of a session's note, child of ctx; NULL for an invalid token. */
char *tla_deferred_note_path(TALLOC_CTX *ctx, const char *run_dir, const char *token);
/* Before the answer of a cached logon, or setcred would not find the note. Of a user's
 * own programs that have not named a cache yet, only the last one waits. */
void tla_deferred_note_begin(struct tla_conv *conv, const struct tla_pending *pending);
/* setcred has made the cache of such a logon, or found it: other monitors that wait for
 * the same cache end. */
void tla_deferred_note_set_cache(const char *run_dir, const char *token, uint32_t uid,
                                 const char *ccache);
/* The session has ended. */
void tla_deferred_note_cancel(const char *run_dir, const char *token);
/* The session's cache, child of ctx, "" before setcred has made it; NULL: the session has
 * ended. Makes the note young again for tla_pending_sweep(). */
const char *tla_deferred_note_read(TALLOC_CTX *ctx, const char *note);
/* Whether the session, which has waited for so long, ended without pam_close_session. */
bool tla_deferred_note_is_stale(const char *ccache, int64_t waited_us);

#endif
