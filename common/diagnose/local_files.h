/* SPDX-License-Identifier: MIT
 *
 * local_files.h - files of this machine that decide what becomes of a logon: their
 * decoders, and what follows from them. All pure but tl_text_read(). They are root's own,
 * and yet written by hand: anything may stand in them, and nothing of it is an error here
 * but to be told.
 */
#ifndef TL_DIAGNOSE_LOCAL_FILES_H
#define TL_DIAGNOSE_LOCAL_FILES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <talloc.h>

#define TL_TEXT_MAX (256U * 1024U)

/* A regular file of at most TL_TEXT_MAX bytes, ended by a NUL. 0; -E2BIG; -errno. */
int tl_text_read(TALLOC_CTX *ctx, const char *path, char **text);
/* The next line of *rest, cut off it, or NULL. */
char *tl_text_line(char **rest);
/* The next word of *rest, parted by blanks, or NULL. */
char *tl_text_word(char **rest);

/* ---- resolv_conf.c: the name servers of /etc/resolv.conf */

#define TL_RESOLVERS_MAX 8

struct tl_resolver {
    struct sockaddr_storage addr; /* port 0 */
    socklen_t addr_len;
    char text[INET6_ADDRSTRLEN + 16]; /* as written */
};
struct tl_resolv_conf {
    size_t count;
    struct tl_resolver servers[TL_RESOLVERS_MAX];
    bool by_default; /* none is named: the one of this machine is asked */
    size_t bad;      /* lines with an address that is none */
};
/* Changes `text`. */
void tl_resolv_conf_parse(char *text, struct tl_resolv_conf *conf);

/* ---- dns_reply.c: what one name server says to one question */

enum tl_dns_says {
    TL_DNS_SAYS_FOUND,
    TL_DNS_SAYS_NOTHING, /* no such name, or no such record */
    TL_DNS_SAYS_SERVFAIL,
    TL_DNS_SAYS_REFUSED,
    TL_DNS_SAYS_CUT, /* it must be asked over TCP */
    TL_DNS_SAYS_ODD  /* no answer to this question */
};
enum tl_dns_says tl_dns_reply_judge(const uint8_t *reply, size_t len, uint16_t id,
                                    size_t *records);

#endif
