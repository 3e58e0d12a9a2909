/* SPDX-License-Identifier: MIT
 *
 * cached.h - cached logons: the last password that a domain controller proved here,
 * for when none answers.
 *
 * STATE_DIR/cached-logons, of root, 0600: for each of the last `cached_logons` users a
 * hash of SID and password by yescrypt [crypt(5)] and nothing that opens anything else.
 * An entry counts only beside the groups of the very same proof (known.c has its time),
 * so an older copy of the file does not bring back an older password; whoever can
 * restore both is root.
 */
#ifndef TLA_CACHED_H
#define TLA_CACHED_H

#include "agent.h"

#define TLA_CACHED_MAX 50
#define TLA_CACHED_TRIES 5     /* wrong passwords, and then ... */
#define TLA_CACHED_PAUSE_S 900 /* ... none is compared for so long */

/* --- verifiers.c: pure --- */

struct tla_verifier {
    struct tl_sid sid;
    int64_t proven;   /* when a KDC proved the password, seconds since 1970 */
    int64_t tried;    /* the last wrong try; 0: none */
    uint32_t wrong;   /* in a row */
    const char *hash; /* crypt(5) */
};
struct tla_verifiers {
    size_t count;
    struct tla_verifier *each; /* newest proof first */
};

/* The whole file, or -EBADMSG: nothing of one that is not as it was written counts. */
int tla_verifiers_parse(TALLOC_CTX *ctx, const char *text, size_t len,
                        struct tla_verifiers **out);
char *tla_verifiers_format(TALLOC_CTX *ctx, const struct tla_verifiers *list);
struct tla_verifier *tla_verifiers_find(const struct tla_verifiers *list,
                                        const struct tl_sid *sid);
/* First in the list, in place of an older one of the same SID; those beyond `most` go. */
int tla_verifiers_put(struct tla_verifiers *list, const struct tla_verifier *verifier,
                      size_t most);
void tla_verifiers_drop(struct tla_verifiers *list, const struct tl_sid *sid);
/* May a password be compared now? */
bool tla_verifier_open(const struct tla_verifier *verifier, int64_t now);

/* --- cached.c --- */

/* What the user is told; Windows' words. */
#define TLA_CACHED_SENTENCE                                                              \
    "A domain controller for your domain could not be contacted. You have been logged "  \
    "on using cached account information. Changes to your profile since you last "       \
    "logged on might not be available."

/* After a proof: this password, for later. `proven` as in struct tla_known. Does
 * nothing but forget everybody where the configuration has no cached logons. */
void tla_cached_keep(struct tla_conv *conv, const struct tl_sid *sid, int64_t proven,
                     const char *password);
/* Nothing old of this user counts any more. */
void tla_cached_forget(struct tla_conv *conv, const struct tl_sid *sid);
/* Does this word of a KDC end the account, for all one can tell here? */
bool tla_cached_is_over(enum tl_reason reason);

struct tla_cached {
    struct tla_user user;
    struct tla_known *known;
};
/*
 * `logon` has failed. OK and *result (child of conv), if no KDC answered it, the machine
 * knows the user, and this is the password. Otherwise the reason, in logon->outcome: the
 * one it failed for where nothing is cached, CACHED_WRONG or CACHED_TRIES.
 */
enum tl_reason tla_cached_check(struct tla_conv *conv, struct tl_logon *logon,
                                const char *password, struct tla_cached **result);

/* --- when_back.c --- */

/* Before the answer, or setcred would not find it: this session will want tickets. Of a
 * user's own programs only the last one does that has named no cache yet. */
void tla_when_back_note(struct tla_conv *conv, const struct tla_pending *pending);
/*
 * After a cached logon: wait until a domain controller answers, log on in earnest with
 * the same password, and put the tickets into the session's cache. Returns at once in an
 * agent that serves one conversation only; otherwise it may take hours, and nobody is
 * told but the journal.
 */
void tla_when_back(struct tla_conv *conv, const struct tla_pending *pending,
                   const struct tl_sid *sid, const char *password);
/* setcred has made the cache of such a logon, or found it: nobody else need wait for it.
 */
void tla_when_back_tell(const char *run_dir, const char *token, uint32_t uid,
                        const char *ccache);
/* The session is over: nobody needs tickets. */
void tla_when_back_cancel(const char *run_dir, const char *token);

#endif
