/* SPDX-License-Identifier: MIT
 *
 * module.h - everything pam_trustlogon.so shares between its files.
 *
 * The module is Winlogon to the agent's LSASS: it knows PAM and the wire, and
 * nothing of names, Kerberos or policy. It runs inside login, sshd and sudo, so
 * it links libc and libpam only, keeps no global state, reads no environment
 * variable that decides anything, and wipes every buffer that held a password.
 */
#ifndef TL_PAM_MODULE_H
#define TL_PAM_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <security/pam_modules.h>
#include <security/pam_ext.h>

#include "wire/pam_options.h"
#include "wire/wire.h"

#define TLP_SESSION_LEN 32 /* hex digits of a session token */
/* PAM variable that carries the token from sshd's authentication process to the
 * one that opens the session; see pam_trustlogon(8). */
#define TLP_SESSION_ENV "TRUSTLOGON_SESSION"
#define TLP_MAX_ROUNDS 64 /* messages of one conversation, then it fails */

/* One call into the module. */
struct tlp {
    pam_handle_t *pamh;
    int flags;
    struct tli_pam_options options;
    /* PAM_USER as it was when the call began: the item may be replaced, and freed, by the
     * application while it converses. Never changed here unless canonical_user=yes. */
    char user[PAM_MAX_RESP_SIZE];
    char caller[16]; /* the uid that called a program of root's */
};

/* A logon of this PAM handle, kept with pam_set_data (logon.c). */
struct tlp_logon {
    char user[PAM_MAX_RESP_SIZE];
    char session[TLP_SESSION_LEN + 1];
    char ccache[TL_WIRE_STRING_MAX];
    bool stored; /* the tickets of `session` are in `ccache` */
};

/* How a conversation with the agent ended. */
struct tlp_result {
    uint32_t ntstatus;
    bool local_user;
    bool unnamed; /* the user's name is unknown: it may be a password */
    char reason[64];
    char text[PAM_MAX_MSG_SIZE];
    char session[TLP_SESSION_LEN + 1];
    char canonical[PAM_MAX_RESP_SIZE];
    char ccache[TL_WIRE_STRING_MAX];
};

/* options.c: PAM_SUCCESS, or PAM_SERVICE_ERR after one line in the log. */
int tlp_options_read(struct tlp *m, int argc, const char **argv);

/* pam_code.c: the PAM code of a status of the agent. */
int tlp_pam_code(uint32_t ntstatus);

/* names.c: PAM_USER into m->user. PAM_SUCCESS; PAM_USER_UNKNOWN if the name is not for
 * this module; or what libpam returned. */
int tlp_user(struct tlp *m);

/* converse.c: the application's conversation. */
void tlp_say(struct tlp *m, int style, const char *text);
/* One answer into `answer` (PAM_MAX_RESP_SIZE bytes); PAM_CONV_ERR, PAM_AUTH_ERR (too
 * long), PAM_BUF_ERR. */
int tlp_ask(struct tlp *m, int style, const char *text, char *answer);
/* Copy text for people: bounded and plain (wire/plain.h), but for the controls in `keep`
 * or NULL. */
void tlp_clean(char *to, size_t size, const char *from, const char *keep);

/* agent.c: a socket to the agent, connected or started. 0 or -errno, with `why` a
 * constant phrase. */
int tlp_agent_open(struct tlp *m, int *fd, const char **why);

/* spawn.c: the program, which must be root's, with the socket as its descriptor 3. 0 or
 * -errno. */
int tlp_spawn(int fd, const char *path);

/* talk.c: one whole conversation. PAM_SUCCESS: it ended with DONE and *result is
 * set; anything else has been logged. */
int tlp_talk(struct tlp *m, const struct tli_wire_msg *request,
             struct tlp_result *result);
/* The user, for a line of a log: a name that may be a password only with `debug`. */
const char *tlp_named(const struct tlp *m, const struct tlp_result *result);
/* The fields that every request carries. */
struct tli_wire_msg tlp_request(struct tlp *m, enum tli_wire_op op);

/* logon.c: the logon of this handle, from auth to setcred, account and session.
 * NULL: this handle's user did not log on through this module. */
struct tlp_logon *tlp_logon_get(struct tlp *m);
int tlp_logon_put(struct tlp *m, const char *session);
void tlp_logon_forget(struct tlp *m);
/* Drop the token when the handle changes to another user (sudo). */
void tlp_logon_leave(struct tlp *m);

/* The services: one file each, called by pam_entry.c only. */
int tlp_authenticate(struct tlp *m);
int tlp_setcred(struct tlp *m);
int tlp_account(struct tlp *m);
int tlp_open_session(struct tlp *m);
int tlp_close_session(struct tlp *m);
int tlp_chauthtok(struct tlp *m);
/* setcred.c, for open_session too. */
int tlp_store_tickets(struct tlp *m, struct tlp_logon *logon, enum tli_wire_op op,
                      uint32_t flags);

/* log.c: a line for the administrator, made safe; "debug" ones only with the option. */
void tlp_log(const struct tlp *m, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define tlp_debug(m, ...)                                                                \
    do {                                                                                 \
        if ((m)->options.debug)                                                          \
            tlp_log((m), LOG_DEBUG, __VA_ARGS__);                                        \
    } while (0)

#endif
