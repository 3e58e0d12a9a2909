/* SPDX-License-Identifier: MIT
 *
 * wire.h - the conversation between a PAM or NSS module and the agent: messages
 * over a unix SOCK_SEQPACKET socket (or socketpair), one message per packet.
 *
 * libc only and allocation-free: this code runs inside login, sshd and sudo.
 *
 * The conversation. The client sends one REQUEST naming the operation and what
 * it knows. The agent answers with any number of PROMPT (the client asks the
 * user and sends back one REPLY each; CANCEL if the user or the application
 * refuses) and SAY (the client shows the text, no answer), and ends with one
 * DONE, after which it closes. So expired passwords, PINs and OTPs need no new
 * code in the module.
 *
 * A look-up is one REQUEST and one DONE, over a socket of its own, so that a crowd of
 * processes asking for names does not delay a logon. ask.h is its client.
 *
 * Bytes. All integers little-endian.
 *   u32 magic "TLW1" | u8 version | u8 type | u16 number of fields
 *   then per field: u8 tag | u8 kind | u16 reserved 0 | u32 length | bytes
 * Kinds: 1 u32 (length 4), 3 string (no NUL inside, one NUL at its end that
 * `length` counts, at most TL_WIRE_STRING_MAX with it). A tag appears at most once and
 * only with its own kind; an unknown tag, a duplicate, a length beyond the packet or
 * bytes after the last field make the whole message invalid (-EBADMSG): both
 * ends come from one build, so tolerance would only hide attacks.
 */
#ifndef TL_WIRE_H
#define TL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TL_WIRE_MAX 16384 /* bytes of one message */
#define TL_WIRE_STRING_MAX 4096
#define TL_WIRE_VERSION 1

enum tli_wire_type {
    TL_WIRE_REQUEST = 1,
    TL_WIRE_PROMPT,
    TL_WIRE_SAY,
    TL_WIRE_REPLY,
    TL_WIRE_CANCEL,
    TL_WIRE_DONE
};

enum tli_wire_op {
    TL_OP_AUTH = 1,  /* log on: user, service, tty, rhost, options -> DONE with a token */
    TL_OP_ACCOUNT,   /* may the user of this token log on? user, session -> DONE */
    TL_OP_SETCRED,   /* store, reinitialise, refresh or delete credentials */
    TL_OP_CHAUTHTOK, /* change the password: user, flags, what is known of both -> DONE */
    TL_OP_OPEN,      /* open session */
    TL_OP_CLOSE,     /* close session */
    TL_OP_LOOKUP     /* make the identity store know: lookup, and user or id -> DONE */
};

/*
 * What a look-up looks up; the values of enum tli_store_class. `user` is the name, of
 * users and of groups. DONE brings `ntstatus`, at most a slug with it, and never a
 * record: the client reads the store again, and trusts only the store. 0: the store has
 * the answer now, which may be a negative one; TL_WIRE_NO_SUCH_USER or _GROUP: the user
 * or group does not exist; anything else: could not tell.
 */
enum tli_wire_lookup {
    TL_LOOKUP_USER_NAME = 1,
    TL_LOOKUP_USER_ID,
    TL_LOOKUP_GROUP_NAME,
    TL_LOOKUP_GROUP_ID
};
#define TL_WIRE_NO_SUCH_USER 0xC0000064U  /* STATUS_NO_SUCH_USER */
#define TL_WIRE_NO_SUCH_GROUP 0xC0000066U /* STATUS_NO_SUCH_GROUP */

/* Flags of a request. */
#define TL_WIRE_F_SILENT 0x1U   /* PAM_SILENT */
#define TL_WIRE_F_NO_NULL 0x2U  /* PAM_DISALLOW_NULL_AUTHTOK */
#define TL_WIRE_F_PRELIM 0x4U   /* PAM_PRELIM_CHECK */
#define TL_WIRE_F_UPDATE 0x8U   /* PAM_UPDATE_AUTHTOK */
#define TL_WIRE_F_EXPIRED 0x10U /* PAM_CHANGE_EXPIRED_AUTHTOK */
#define TL_WIRE_F_DEBUG 0x20U
#define TL_WIRE_F_ESTABLISH 0x100U /* setcred */
#define TL_WIRE_F_REINITIALIZE 0x200U
#define TL_WIRE_F_REFRESH 0x400U
#define TL_WIRE_F_DELETE 0x800U

enum tli_wire_style {
    TL_STYLE_SECRET = 1,
    TL_STYLE_VISIBLE,
    TL_STYLE_INFO,
    TL_STYLE_ERROR,
    TL_STYLE_NEW_SECRET, /* a prompt for a new password; the last one counts */
    TL_STYLE_PIN         /* a secret that is not a password: not for other modules */
};

/*
 * One message with every field it can have; absent strings are NULL, absent
 * numbers 0, and neither is sent. After decoding, strings point into the packet.
 */
struct tli_wire_msg {
    enum tli_wire_type type;
    uint32_t op, flags, style;
    uint32_t uid, gid;   /* setcred: owner of the cache */
    uint32_t has_owner;  /* 1: uid and gid are meant */
    uint32_t ntstatus;   /* DONE: 0 success */
    uint32_t local_user; /* DONE: 1: an account of the machine, for the next module */
    uint32_t unnamed;    /* DONE: 1: an unknown name; keep it out of logs */
    uint32_t lookup;     /* enum tli_wire_lookup */
    uint32_t id;         /* look-up by id */
    const char *user;    /* PAM_USER as it is; look-up by name */
    const char *service, *tty, *rhost;
    const char *options; /* of the PAM line for the agent, one a line: "walk=direct" */
    const char *conf;    /* conf= of the PAM line */
    const char *caller;  /* REQUEST: the user who called root's program: a uid or name */
    const char *session; /* token of a logon with pending tickets: 32 hex digits */
    const char *ccache;  /* KRB5CCNAME, known or made */
    const char *text;    /* PROMPT, SAY, DONE: text; REPLY: the answer */
    /* REPLY to a secret prompt; REQUEST with a password that was typed before */
    const char *secret;
    const char *new_secret; /* REQUEST to change the password: the new one, if typed */
    const char *reason;     /* DONE: slug of the reason */
    const char *canonical;  /* DONE: alice@contoso.test */
    uint32_t expires;       /* DONE: days until the password expires + 1; 0 unknown */
};

/* 0, -ENOSPC (cap too small), -E2BIG (a string over its limit) or -EINVAL (no such
 * type). */
int tli_wire_encode(const struct tli_wire_msg *msg, uint8_t *buf, size_t cap,
                    size_t *len);
/* 0 or -EBADMSG; *msg is zeroed on failure. */
int tli_wire_decode(const uint8_t *buf, size_t len, struct tli_wire_msg *msg);

/*
 * Whole packets with a time limit in milliseconds (< 0: none), EINTR-safe,
 * MSG_NOSIGNAL, MSG_CMSG_CLOEXEC. 0, -ETIMEDOUT, -ECONNRESET (the peer closed),
 * -EMSGSIZE, -EBADMSG, or -errno. `buf` must have TL_WIRE_MAX bytes; the caller
 * wipes it, since it may hold a password.
 */
int tli_wire_send(int fd, const struct tli_wire_msg *msg, uint8_t *buf, int timeout_ms);
int tli_wire_recv(int fd, struct tli_wire_msg *msg, uint8_t *buf, int timeout_ms);

#endif
