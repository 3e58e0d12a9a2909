/* SPDX-License-Identifier: MIT
 *
 * trustlogon/locate.h - the DC locator: SRV records by site, LDAP ping, cache
 * [MS-NRPC 3.5.4.3.1], [MS-ADTS 6.3].
 */
#ifndef TRUSTLOGON_LOCATE_H
#define TRUSTLOGON_LOCATE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <trustlogon/config.h>
#include <trustlogon/outcome.h>
#include <trustlogon/trace.h>

/* DS_FLAG bits of a ping's answer [ADTS 6.3.1.2]. */
#define TL_DS_PDC 0x00000001U
#define TL_DS_GC 0x00000004U
#define TL_DS_LDAP 0x00000008U
#define TL_DS_DS 0x00000010U
#define TL_DS_KDC 0x00000020U
#define TL_DS_TIMESERV 0x00000040U
#define TL_DS_CLOSEST 0x00000080U
#define TL_DS_WRITABLE 0x00000100U
#define TL_DS_GOOD_TIMESERV 0x00000200U

/* The answer to an LDAP ping: NETLOGON_SAM_LOGON_RESPONSE_EX [ADTS 6.3.1.9]. */
struct tl_ping_reply {
    uint16_t opcode; /* 23 answer, 24 paused, 25 user unknown */
    uint32_t flags;
    uint8_t guid[16];
    const char *forest, *domain, *host, *flat_domain, *flat_host, *user, *dc_site,
        *client_site;
};
/* The `Netlogon` attribute's bytes. 0 or -EBADMSG. */
TL_PUBLIC int tl_ping_reply_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                                   struct tl_ping_reply **reply);
/* A whole UDP answer (LDAPMessage with SearchResultEntry): finds the message id and the
 * attribute. -ENOENT: a well-formed answer without it ("not my domain"). */
TL_PUBLIC int tl_ping_packet_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                                    int *message_id, struct tl_ping_reply **reply);

struct tl_dc {
    const char *domain;           /* DNS name asked for, lower case */
    const char *host;             /* DNS name of the server, lower case */
    struct sockaddr_storage addr; /* port 0 */
    socklen_t addr_len;
    const char *address; /* the same as text */
    uint16_t priority, weight;
    bool in_site;    /* came from the site's own records */
    bool pinged;     /* answered the LDAP ping, now or when it was cached */
    int64_t ping_us; /* how long that took; 0 unknown */
    uint32_t flags;  /* DS_FLAG of the answer */
    const char *forest, *flat_domain, *dc_site,
        *client_site; /* of the answer, may be NULL */
    int64_t found;    /* when it was found, seconds since 1970 (age of a cached DC) */
    const char *why;  /* "cache, 12 s old", "SRV, first to answer", ... */
};

struct tl_dc_list {
    size_t count; /* candidates, best first */
    struct tl_dc *dcs;
};

struct tl_locator;
/* `config` and `trace` must outlive it. `site`: the workstation's site or NULL. */
TL_PUBLIC struct tl_locator *tl_locator_new(TALLOC_CTX *ctx,
                                            const struct tl_config *config,
                                            const char *site,
                                            const struct tl_trace *trace);

#define TL_LOCATE_FORCE 0x1U /* do not use the cache */
#define TL_LOCATE_ALL 0x2U   /* ping every candidate and return all, answering or not */
#define TL_LOCATE_NO_STORE 0x4U /* do not write the cache */
/*
 * Find DCs of a domain. With a fresh cache entry: no packet is sent. Otherwise
 * SRV of the site, then siteless, LDAP pings ping_interval apart, first good
 * answer first; the others follow in SRV order. Reasons on failure:
 * DNS_NO_ANSWER, DNS_NO_RECORDS, PING_FILTERED, PING_REFUSED, DEADLINE,
 * NO_LOGON_SERVERS (negative cache, with its first cause in the detail).
 */
TL_PUBLIC enum tl_reason tl_locate(TALLOC_CTX *ctx, struct tl_locator *locator,
                                   const char *domain, unsigned int flags,
                                   tl_deadline deadline, struct tl_dc_list **list,
                                   struct tl_outcome *out);
/* A DC did not answer, or a domain's search ended badly: leave it out for
 * negative_lifetime. */
TL_PUBLIC void tl_locate_failed(struct tl_locator *locator, const struct tl_dc *dc);
/* A DC answered Kerberos: put it first next time. */
TL_PUBLIC void tl_locate_worked(struct tl_locator *locator, const struct tl_dc *dc);

#endif
