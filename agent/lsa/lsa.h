/* SPDX-License-Identifier: MIT
 *
 * lsa.h - trustlogon-lsa: names and SIDs through the workstation's own DC.
 *
 * Over a one-way trust the machine has no ticket for the user's domain, but its
 * own DC asks across the trust for its members [MS-LSAT 3.1.4]. This program asks
 * that question and does nothing else, so that the hundred libraries below Samba's
 * libdcerpc stay out of the agent.
 *
 *   trustlogon-lsa [--timeout SECONDS] [--idle SECONDS]
 *
 * Standard input is a listening Unix stream socket, which the listener of trustlogond
 * keeps open as well: it starts this program when a client connects (inetd's "wait"),
 * and again after it has ended. Only root is answered. One connection at a time is
 * served; it begins with the peer to ask and, as SCM_RIGHTS with these bytes, a file
 * with the machine's keys, then come requests:
 *
 *   peer aes|rc4 DC ADDRESS REALM ACCOUNT
 *   peer aes dc1.fabrikam.test 10.99.0.12 FABRIKAM.TEST WS1$
 *
 * The connection to the DC is kept for as long as the peer stays the same.
 *
 * One request a line, UTF-8, at most LSA_LINE_MAX bytes:
 *
 *   name DOMAIN\account      or account@domain; never an isolated name
 *   sid S-1-5-21-...
 *
 * One answer a line, in order, a JSON object:
 *
 *   {"name":"alice","domain":"CONTOSO","sid":"S-1-5-21-...","type":"user"}
 *   {"error":"0xC0000073","text":"NT_STATUS_NONE_MAPPED"}
 *
 * "name" and "domain" (the NetBIOS name) are spelt as the directory has them,
 * not as the request was. "type" is user, group, domain, alias,
 * wellknown, deleted, invalid, computer or label [MS-LSAT 2.2.13]. "error" is an
 * NTSTATUS; "text" is for people:
 *
 *   0xC0000073 NONE_MAPPED        the DC does not know this name or SID
 *   0xC000000D INVALID_PARAMETER  the line is not a request; nothing was sent. If it is
 *                                 not a peer, the connection ends with it
 *   0xC00000B5 IO_TIMEOUT         no answer in time; the program then ends with
 *                                 3, since what hung may hang for good; clients that
 *                                 wait for it are served by the next process
 *   0xC000005E NO_LOGON_SERVERS   no ticket: no KDC at that address answers
 *   0xC0020035 EPT_CANT_PERFORM   the DC could not ask that domain (Samba's DC)
 *   others                        as the DC or the connection to it said
 *
 * Every answer comes within --timeout (default 5 seconds), connecting included.
 * After a failure the next request connects again. Exit: 0 after --idle seconds
 * (default 60) without a connection, 1 if it cannot set itself up, 2 for wrong
 * arguments, 3 see above.
 *
 * It starts as root and gives that up before it reads a byte (drop.c): Samba decodes a
 * DC's answers as an unprivileged user that has no capability, cannot open files of other
 * users, and may make few system calls (filter.c).
 *
 * The transport: SMB to port 445 with signing required, \pipe\lsarpc, and in it RPC
 * with Kerberos and privacy (sealed). LookupNames4 over TCP would need schannel
 * and with it the machine's password; a keytab is enough for this.
 */
#ifndef TL_LSA_H
#define TL_LSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <talloc.h>
#include <trustlogon/sid.h>

#define LSA_LINE_MAX 1024U

#define LSA_NONE_MAPPED 0xC0000073U
#define LSA_INVALID_PARAMETER 0xC000000DU
#define LSA_NO_MEMORY 0xC0000017U
#define LSA_IO_TIMEOUT 0xC00000B5U
#define LSA_NO_LOGON_SERVERS 0xC000005EU
#define LSA_LOGON_FAILURE 0xC000006DU
#define LSA_CANT_PERFORM 0xC0020035U
#define LSA_BAD_REPLY 0xC00000C3U /* INVALID_NETWORK_RESPONSE */

struct lsa_peer {
    const char *dc;      /* host name, for the ticket cifs/ and host/ */
    const char *address; /* numeric; nothing here asks DNS */
    const char *realm;
    const char *account; /* WS1$ */
    bool rc4;            /* let RC4 keys be used */
};

/* --- line.c: pure --- */

struct lsa_request {
    bool by_sid;
    const char *name; /* points into the line */
    struct tl_sid sid;
};
/* NULL, or why the line (without its newline, NUL at line[len]) is refused. */
const char *lsa_line_parse(const char *line, size_t len, struct lsa_request *request);
/* The line "peer ...", which is cut into its fields. NULL, or why it is refused. */
const char *lsa_peer_parse(char *line, size_t len, struct lsa_peer *peer);
/* NULL, or which field is invalid. The fields go into krb5 configuration and binding
 * strings, and this check keeps them from adding anything to those. */
const char *lsa_peer_check(const struct lsa_peer *peer);
bool lsa_peer_equal(const struct lsa_peer *a, const struct lsa_peer *b);

/* --- drop.c, filter.c --- */

/* Become the user of this name in /etc/passwd, for good: no exec regains a privilege, and
 * no core file or keyring shows a secret. 0, -errno; -ENOENT: no such user; -EPERM: its
 * uid or gid is 0. */
int lsa_drop(const char *user);
/* 0 or -errno; 0 in a build without libseccomp. */
int lsa_filter(void);

/* --- serve.c --- */

/* Serve the listening socket until it is idle for so long. 0 or -errno. */
int lsa_serve(int listener, unsigned int timeout_s, unsigned int idle_s);

/* --- ticket.c: MIT krb5 --- */

/* The keyring of this process: both Kerberos libraries can read it, no other process can,
 * and it ends with the process, even if that is killed. */
#define LSA_CCACHE "KEYRING:process:trustlogon_lsa"

struct lsa_tickets;
/* Asks no KDC. NULL: out of memory or descriptors. Points the Kerberos library inside
 * Samba at the same settings. */
struct lsa_tickets *lsa_tickets_new(TALLOC_CTX *ctx, const struct lsa_peer *peer);
/* The keytab to use from now on, an open file; it is closed here. */
void lsa_tickets_keys(struct lsa_tickets *tickets, int keys);
/* 0 and fresh tickets for cifs/ and host/ the DC; else an NTSTATUS and *why. */
uint32_t lsa_tickets_fetch(TALLOC_CTX *ctx, struct lsa_tickets *tickets,
                           const char **why);

/* --- rpc.c: Samba --- */

struct lsa_answer {
    const char *name, *domain;
    struct tl_sid sid;
    const char *type;
};
struct lsa_rpc;
struct lsa_rpc *lsa_rpc_new(TALLOC_CTX *ctx, const struct lsa_peer *peer,
                            struct lsa_tickets *tickets);
/* 0 or an NTSTATUS with *why; all strings are children of ctx or constant. */
uint32_t lsa_rpc_lookup(TALLOC_CTX *ctx, struct lsa_rpc *rpc,
                        const struct lsa_request *request, struct lsa_answer *answer,
                        const char **why);

#endif
