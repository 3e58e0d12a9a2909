/* SPDX-License-Identifier: MIT
 *
 * lookup/lsa_client.h - one name or SID through the machine's own DC, with the
 * help of trustlogon-lsa (agent/lsa/lsa.h), for domains that this machine may not ask
 * itself.
 *
 * The listening agent holds the socket and starts the program when a client connects.
 * The program never sees the machine's keytab: the client, which is root, passes the
 * machine's own keys in a memory file, and no keys of other services.
 */
#ifndef TL_LOOKUP_LSA_CLIENT_H
#define TL_LOOKUP_LSA_CLIENT_H

#include <trustlogon/machine.h>
#include <trustlogon/sid.h>

#define TL_LSA_SOCKET "lsa.sock" /* in config->run_dir */
#define TL_LSA_ANSWER_MAX 4096   /* bytes of an answer line */
#define TL_LSA_WORD_MAX 1024     /* bytes of a name or a domain in it */

/* {"unavailable":"..."}: the listener's answer where no program can answer. */
#define TL_LSA_NOT_INSTALLED "not-installed"
#define TL_LSA_NOT_STARTED "not-started"

/* The server to ask, and the machine that asks. */
struct tli_lsa_peer {
    const struct tl_machine *machine; /* run_dir, keytab, allow_rc4; realm and WS1$ */
    const char *dc;                   /* a DC of the machine's own domain: host name */
    const char *address;              /* and numeric address */
};

/* [MS-LSAT 2.2.13] SID_NAME_USE. A computer account is a user to most DCs. */
enum tli_lsa_type {
    TL_LSA_USER = 1,
    TL_LSA_GROUP = 2,
    TL_LSA_DOMAIN = 3,
    TL_LSA_ALIAS = 4,
    TL_LSA_WELLKNOWN = 5,
    TL_LSA_DELETED = 6,
    TL_LSA_INVALID = 7,
    TL_LSA_COMPUTER = 9,
    TL_LSA_LABEL = 10
};

/* The program's answer. */
struct tli_lsa_answer {
    /* 0: found. 0xC0000073: the DC does not know the name or SID. Others: it could not
     * find out; agent/lsa/lsa.h has the list. */
    uint32_t ntstatus;
    const char *text; /* a sentence, with an ntstatus; else NULL */
    /* As the directory spells them, `domain` the NetBIOS name; NULL unless a user, a
     * group, an alias or a computer was found. */
    const char *name, *domain;
    struct tl_sid sid;
    enum tli_lsa_type type;
};

/* An answer line without its newline. Pure. 0, -ENOMEM, -EBADMSG; -ENOPKG and
 * -EAGAIN (see below) where the listener answered in the program's place. */
int tli_lsa_answer_decode(TALLOC_CTX *ctx, const char *line, size_t len,
                          struct tli_lsa_answer **answer);

/*
 * Ask: `name` ("CONTOSO\\alice", "alice@contoso.test"; never an isolated name), or, where
 * that is NULL, `sid`. Blocks until the deadline at most. 0 and *answer, or
 *   -ENOTCONN    no agent listens to start the program
 *   -ENOPKG      the program is not installed
 *   -EAGAIN      the program cannot be started, or ends at once again and again
 *   -ECONNRESET  it ended over this question
 *   -ETIMEDOUT   no answer in time
 *   -ENOKEY      the keytab has no key of this machine, or cannot be read
 *   -EINVAL      the question or the peer does not fit into a line
 *   -EPERM       the socket belongs to a process that is not root's
 *   -EBADMSG     the answer is malformed; -ENOMEM, -EMFILE and the like
 * *why, unless it is 0, is a plain sentence, a child of ctx or constant.
 */
int tli_lsa_ask(TALLOC_CTX *ctx, const struct tli_lsa_peer *peer, const char *name,
                const struct tl_sid *sid, tl_deadline deadline,
                struct tli_lsa_answer **answer, const char **why);

#endif
