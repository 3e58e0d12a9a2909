/* SPDX-License-Identifier: MIT
 *
 * agent.h - everything trustlogond shares between its files.
 *
 * One process per conversation: it holds one user's secrets, talks to one
 * client, and its end takes everything with it. The listener only accepts,
 * counts and forks; it never reads a byte that came from a client or a network.
 */
#ifndef TL_AGENT_H
#define TL_AGENT_H

#include <sys/types.h>
#include <syslog.h>
#include <time.h>

#include <trustlogon/logon.h>
#include <trustlogon/lookup.h>

#include "store/writer.h"
#include "tl_build.h"
#include "wire/wire.h"

#define TLA_TOKEN_LEN 32
#define TLA_PENDING_SECONDS 600      /* tickets nobody fetched are swept after */
#define TLA_REPLY_MS (5 * 60 * 1000) /* how long a user may think about a prompt */
#define TLA_REQUEST_MS 10000         /* how long a client may take to say what it wants */
#define TLA_QUESTION_MS 1000         /* the same for look-ups, which no human types */

/* Where a conversation came in. Look-ups have a socket of their own, so that limits
 * apply before a byte is read, and no crowd of them keeps a logon waiting. */
enum tla_endpoint { TLA_ENDPOINT_LOGON, TLA_ENDPOINT_LOOKUP };
#define TLA_DOORS 2

/* The command line. */
struct tla_setup {
    const char *conf;                            /* --conf, or NULL */
    const char *socket;                          /* where to listen */
    const char *lookup_socket;                   /* and for look-ups */
    const char *run_dir, *state_dir, *cache_dir; /* or NULL: as built */
    bool to_stderr;
    bool single; /* one conversation, and then the process must end */
};

/* One conversation: the context of everything its worker allocates. */
struct tla_conv {
    const struct tla_setup *setup;
    int fd;
    enum tla_endpoint door;
    uid_t peer;
    bool peer_by_store; /* a locker whose account NSS knows from us: that uid is proven */
    struct tl_config *config;
    struct tli_wire_msg request; /* strings are children of the conversation */
    struct tl_outcome *outcome;
    bool unnamed; /* the user's name may be a password: no log shall have it */
    uint8_t buf[TL_WIRE_MAX];
};

/* config.c: the configuration for a conversation or the listener. NULL conf: the
 * setup's. CONFIG_INVALID with the one line that names file, section and key. */
enum tl_reason tla_config(TALLOC_CTX *ctx, const struct tla_setup *setup,
                          const char *conf, const char *options,
                          struct tl_config **config, struct tl_outcome *out);

/* worker.c: serve one conversation on fd, whole; the process ends afterwards. */
int tla_serve(const struct tla_setup *setup, int fd, enum tla_endpoint door);

/* remember.c: the store that NSS reads, opened for writing. All return 0 or -errno. */
struct tla_store_handle {
    struct tli_store *store;
    const char *path;
    uint64_t fresh_s; /* what is written is asked for again after so many seconds */
};
/* `own_domain`: the machine's own; NULL: not known just now. */
int tla_store_open(TALLOC_CTX *ctx, const struct tl_config *config,
                   const char *own_domain, struct tla_store_handle **out);
/* `asked`: the spelling that was asked for, which readers, who fold ASCII only, shall
 * find next time; NULL: none. The same below. */
int tla_store_user(struct tla_store_handle *book, const struct tl_identity *identity,
                   const char *asked, enum tli_store_source source);
/* The user, and the groups that came with him, as partial ones. */
int tla_store_answer(struct tla_store_handle *book, const struct tl_lookup_answer *found,
                     const char *asked);
/* `partial`: the members were not read. */
int tla_store_group(struct tla_store_handle *book, const struct tl_group *group,
                    const char *asked, const char *const *members, size_t num_members,
                    bool partial, enum tli_store_source source);

/* keep.c: what a proof leaves behind. What cannot be written costs no logon; the journal
 * tells. ID_COLLISION, in the logon's outcome, if the uid is another account's already.
 * tla_keep_groups() sets logon->member: 0 or -ENOMEM. */
enum tl_reason tla_keep_identity(struct tla_conv *conv, struct tl_logon *logon);
int tla_keep_groups(struct tla_conv *conv, struct tl_logon *logon, int64_t proven);

/* name_groups.c: after a logon, names for the groups that its PAC brought as SIDs, so
 * that `id` finds them in the store. Nobody waits for it. */
void tla_name_groups(struct tla_conv *conv, const struct tl_logon *logon);

/* gate.c: identical questions of one uid one after another, and all questions no more
 * than `most` (2 or more) at once: half of them root's alone, of the others half for any
 * one uid. What is held ends with *out, or with the process. -ETIMEDOUT by the deadline.
 */
struct tla_gate;
int tla_gate_enter(TALLOC_CTX *ctx, const char *run_dir, const char *question, uid_t uid,
                   int most, tl_deadline deadline, struct tla_gate **out);
/* One of the `most` places that whoever is named `holder` has; -EAGAIN if all are taken.
 */
int tla_gate_place(TALLOC_CTX *ctx, const char *run_dir, const char *holder, int most,
                   struct tla_gate **out);

/* turn.c: a place in line at the KDCs of a realm, held until tla_turn_leave() or the end
 * of the process. Never refused: it is waited for, until the deadline at the latest,
 * while the KDCs answer others. `who` waits for it: NULL, a program of root's own, or
 * whom to count, of whom none has many places. A logon tells its trace, for as long as
 * it lives. */
struct tla_turn;
struct tla_turn *tla_turn_wait(TALLOC_CTX *ctx, const char *run_dir, const char *realm,
                               const char *who, tl_deadline until);
const struct tl_trace *tla_turn_trace(const struct tla_turn *turn);
void tla_turn_leave(struct tla_turn *turn);

/* channel.c: the agent's side of the wire. */
int tla_receive_request(struct tla_conv *conv);
/* 0 and a wiped-when-freed *answer; -ECANCELED; or what the wire said. */
int tla_prompt(struct tla_conv *conv, enum tli_wire_style style, const char *text,
               char **answer);
int tla_tell(struct tla_conv *conv, enum tli_wire_style style, const char *text);
/* End the conversation with conv->outcome; `done` brings further fields. */
int tla_done(struct tla_conv *conv, const struct tl_words *words,
             struct tli_wire_msg done);
/* A copy that is overwritten when it is freed; NULL for NULL or without memory. */
char *tla_secret(TALLOC_CTX *ctx, const char *text);
/* From now on the process ends when the client hangs up (on) or not (off). */
void tla_end_with_client(struct tla_conv *conv, bool on);

/* The operations, one file each. They answer with tla_done() themselves. */
int tla_op_auth(struct tla_conv *conv);      /* op_auth.c */
int tla_op_chauthtok(struct tla_conv *conv); /* op_chauthtok.c */
int tla_op_account(struct tla_conv *conv);   /* op_account.c */
int tla_op_setcred(struct tla_conv *conv);   /* op_setcred.c; OPEN and CLOSE too */
int tla_op_lookup(struct tla_conv *conv);    /* op_lookup.c */
int tla_op_known(struct tla_conv *conv);     /* op_known.c: TL_OP_ACCOUNT, no logon */
/* op_account.c: end with conv->outcome, in words and in the journal. */
int tla_refuse_account(struct tla_conv *conv, const char *canonical);
/* op_account.c: is the owner that the request names, if it does, this uid? */
enum tl_reason tla_check_owner(struct tla_conv *conv, uint32_t uid);
/* What access rules are judged with: the configuration, this machine, the trusts. */
struct tl_rules_input;
enum tl_reason tla_rules_input(struct tla_conv *conv, struct tl_rules_input *in);

/* password.c: the dialogue of a change, for passwd and for a logon that needs one. */

/* Make ready for the request's user: what tl_logon_prepare() says, or why it could
 * not be asked; *logon is then NULL. */
enum tl_reason tla_prepare(struct tla_conv *conv, struct tl_logon **logon);
/* While the network is asked nobody reads the client, and nothing may hang. */
void tla_watch_client(struct tla_conv *conv, bool busy);
/*
 * Ask for the new password, twice, and change it; again while the user can do
 * better, three times in all. `why` has been told already, if the program lets us
 * talk, or is NULL. 0 or what the conversation said; logon->outcome tells
 * how it ended, and *fresh is the new password (wiped when freed) if it worked.
 */
int tla_change_password(struct tla_conv *conv, struct tl_logon *logon, const char *old,
                        const char *why, char **fresh);
/* One change, without a dialogue. */
enum tl_reason tla_change_once(struct tla_conv *conv, struct tl_logon *logon,
                               const char *old, const char *fresh);

/* card.c: whether this logon is one with a smart card. *pin (wiped when freed) and *card,
 * or both NULL: ask for a password; or *over, the logon has failed, and its outcome and
 * words tell. 0 or what the conversation said. */
struct tla_card_answer {
    struct tl_card *card;
    char *pin;
    bool over;
};
int tla_card_ask(struct tla_conv *conv, struct tl_logon *logon,
                 struct tla_card_answer *answer);

/* pending.c: logons whose tickets wait for setcred. */
struct tla_pending {
    char token[TLA_TOKEN_LEN + 1];
    const char *ticket_path; /* what tl_krb_save_pending() writes */
    const char *user;        /* PAM_USER of the logon */
    const char *canonical;
    uint32_t expires;   /* as in struct tli_wire_msg */
    uint32_t uid, gid;  /* of the proven identity, whatever NSS says of the name */
    const char *domain; /* DNS name of the domain whose tickets they are */
    /* What the access rules are held against, and what those of the line of
     * pam_authenticate said. The lines of pam_acct_mgmt may be others. */
    const struct tl_membership *member;
    const char *refused; /* the entry to blame, or NULL: let in */
    const char *detail;  /* why, or NULL */
};
bool tla_token_is_valid(const char *token);
/* A fresh token and the path for its tickets. */
int tla_pending_new(TALLOC_CTX *ctx, const char *run_dir, struct tla_pending **pending);
int tla_pending_save(const char *run_dir, const struct tla_pending *pending);
/* -ENOENT: no such logon, too old, or of another user. */
int tla_pending_load(TALLOC_CTX *ctx, const char *run_dir, const char *token,
                     const char *user, struct tla_pending **pending);
/* That of this request: by the name as it was given, or by whom the store knows by it
 * (canonical_user puts the name that NSS shows in its place). */
int tla_pending_of(struct tla_conv *conv, struct tla_pending **pending);
/* The session is over: nobody will ask for it again. */
void tla_pending_drop(const char *run_dir, const char *token);
/* Those too old, once a minute. */
void tla_pending_sweep(const char *run_dir, time_t now);

/* files.c: small text files of our own; 0 or -errno. */

/* All of it, a child of ctx, with a NUL behind. -EPERM: no plain file, another's, one
 * with a bit of `refused` in its mode, or longer than `most`. */
int tla_file_read(TALLOC_CTX *ctx, const char *path, mode_t refused, size_t most,
                  char **text, size_t *len);
/* Written beside (0600) and renamed; `to_disk`: before that, what is written has got
 * there. */
int tla_file_replace(const char *path, const char *text, bool to_disk);

/* known.c: the groups of users who logged on, for logons without a proof. */
struct tla_known {
    int64_t proven;  /* by a ticket; 0: never */
    int64_t checked; /* that, or by the directory; seconds since 1970 */
    int64_t own;  /* when the own domain's directory was asked, even in vain; 0: never */
    int64_t told; /* when it answered; 0: not known */
    const struct tl_membership *member;
};
int tla_known_save(const struct tl_config *config, const struct tla_known *known);
/* -ENOENT, or -errno: nothing to believe. */
int tla_known_load(TALLOC_CTX *ctx, const struct tl_config *config,
                   const struct tl_sid *sid, struct tla_known **result);

/* recall.c: a tl_recall_fn over what known.c has, else the identity store; `arg` is the
 * conversation. */
void tla_recall(void *arg, TALLOC_CTX *ctx, const struct tl_sid *user,
                struct tl_own_groups *known);

/* find_user.c: a user of ours by name. -ENOENT: nobody that the store knows. */
struct tla_user {
    const char *canonical; /* child of ctx */
    struct tl_sid sid;
    uint32_t uid, gid;
};
/* Whether a bare name, or the uid found by it, is the machine's own after all. */
bool tla_bare_is_local(const char *name, uint32_t uid);
int tla_find_user(TALLOC_CTX *ctx, const char *state_dir, const char *name,
                  struct tla_user *user);

/* peer.c */
int tla_peer(int fd, struct ucred *peer);
/* Whether it is a child of the listener, or a child's child: look-ups of its own
 * process group, which tla_listen() founds, would wait for themselves. */
bool tla_peer_is_ours(const struct ucred *peer);
/* Whether the file /etc/passwd gives this name this uid. */
bool tla_passwd_has(const char *path, const char *name, uid_t uid);
/* The same by the identity store, for accounts that only our own NSS module knows. */
bool tla_store_has(TALLOC_CTX *ctx, const struct tl_config *config, const char *name,
                   uid_t uid);

/* inherited.c: what the caller of su(1) chose for an agent that is started for it. Before
 * tla_harden(), which gives up the means. */
void tla_disinherit(void);

/* harden.c, filter.c: before a byte of client or network is looked at. */
int tla_harden(void);
int tla_filter(void);

/* limits.c: who may open how many conversations, and how fast. Pure. */
struct tla_limits;
struct tla_bounds {
    int all, per_uid; /* at once */
    int burst;        /* a uid may open so many after a rest */
    int more, every;  /* and `more` again every so many seconds */
};
struct tla_limits *tla_limits_new(TALLOC_CTX *ctx, const struct tla_bounds *bounds);
/* true: counted; give it back with tla_limits_leave(). `now` in seconds. */
bool tla_limits_enter(struct tla_limits *limits, uid_t uid, int64_t now);
void tla_limits_leave(struct tla_limits *limits, uid_t uid);

/* sockets.c: systemd's socket at this path (NULL: at any but the other), or -1. */
int tla_socket_given(const char *path, const char *except);
/* A new one, or -errno. */
int tla_socket_bind(const char *path, const char *run_dir);

/* listener.c: exit status of the program. */
int tla_listen(const struct tla_setup *setup);

/* lsa_service.c: whoever connects to <run_dir>/lsa.sock finds trustlogon-lsa there. */
struct tla_lsa;
/* NULL, with a line in the journal, where there can be no socket. Freed: the program
 * ends, the socket is gone. All others take NULL. */
struct tla_lsa *tla_lsa_open(TALLOC_CTX *ctx, const char *run_dir);
/* To be polled for POLLIN; -1 while there is nothing to poll for. */
int tla_lsa_fd(const struct tla_lsa *lsa);
/* Somebody has connected: start the program, or say that there is none. */
void tla_lsa_ready(struct tla_lsa *lsa);
/* Whether this child was the program. */
bool tla_lsa_reaped(struct tla_lsa *lsa, pid_t pid, int status);
/* In a child: it is none of its business. */
void tla_lsa_forget(struct tla_lsa *lsa);

/* warm.c: open, for as long as `mem` lives, what each worker would open for itself. */
void tla_warm(TALLOC_CTX *mem);
/* refresher.c: read the topology anew, in a child of the listener; its exit status. */
int tla_refresh(const struct tla_setup *setup);

/* journal.c */
void tla_journal_open(bool to_stderr);
void tla_journal_line(int priority, const char *fmt, ...) TL_PRINTF(2, 3);
/* One logon of the conversation's user, refused or accepted, with every field of the
 * outcome; without the name, and what quotes it, where conv->unnamed says so. */
void tla_journal_logon(struct tla_conv *conv, const struct tl_outcome *out,
                       const struct tl_words *words, const char *canonical);
/* One change of a password, done or not; the same. */
void tla_journal_password(struct tla_conv *conv, const struct tl_outcome *out,
                          const struct tl_words *words, const char *canonical);
/* told.c: a line that the caller of the conversation can have as often as he likes: a few
 * a minute for each uid, the rest are counted. */
void tla_journal_caller(const struct tla_conv *conv, int priority, const char *fmt, ...)
    TL_PRINTF(3, 4);

/* named.c: may logs have the name that the conversation is about? Sets conv->unnamed. By
 * the outcome of `logon`, or NULL: there was none. */
bool tla_named(struct tla_conv *conv, const struct tl_logon *logon);
/* Does the text hold a part of the name? */
bool tla_quotes(const char *text, const char *name);

#endif
