/* SPDX-License-Identifier: MIT
 *
 * trustlogon/locate.h - the DC locator: SRV records by site, LDAP ping, cache
 * [MS-NRPC 3.5.4.3.1], [MS-ADTS 6.3].
 *
 * A cold search of a domain whose DCs are well takes three round trips: SRV records
 * (the site's and the siteless ones, asked at the same time), addresses, one ping. A
 * warm one reads one small file. Everything that comes from the network is bounded:
 * 64 servers, 4 addresses each, names of 255 bytes.
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

/* The answer to an LDAP ping: NETLOGON_SAM_LOGON_RESPONSE_EX [ADTS 6.3.1.9]. Names
 * are UTF-8 of at most 255 bytes without control characters; an empty one is NULL.
 * Nothing in it is proven: it only names the KDC to ask for a ticket. */
struct tl_ping_reply {
    uint16_t opcode; /* 23 answer, 24 paused, 25 user unknown */
    uint32_t flags;
    uint8_t guid[16];
    const char *forest, *domain, *host, *flat_domain, *flat_host, *user, *dc_site,
        *client_site, *next_site;
};
/* The `Netlogon` attribute's bytes. 0, -ENOMEM or -EBADMSG (the older forms of the
 * answer, opcodes 19 to 21, included: they are not what is asked for). */
TL_PUBLIC int tl_ping_reply_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                                   struct tl_ping_reply **reply);
/* A whole UDP answer (LDAPMessages with SearchResultEntry and SearchResultDone): finds
 * the message id and the attribute. -ENOENT: a well-formed answer without it, which is
 * how a server says "not my domain" [ADTS 6.3.3.3]; *message_id is set then, too. */
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
    bool realm_only; /* KDC of a Kerberos realm, not of a domain: it is not pinged */
    int64_t ping_us; /* how long that took; 0 unknown */
    uint32_t flags;  /* DS_FLAG of the answer */
    const char *forest, *flat_domain, *dc_site, *client_site,
        *next_site;  /* of the answer, may be NULL; the last one is not kept */
    int64_t found;   /* when it was found, seconds since 1970 (age of a cached DC) */
    const char *why; /* "cache, 12 s old"; "SRV; first to answer the LDAP ping in 2 ms";
                      * "SRV of the site; no answer to the LDAP ping"; ... */
};

struct tl_dc_list {
    size_t count; /* candidates, best first */
    struct tl_dc *dcs;
};

struct tl_locator;
/* `config` and `trace` must outlive it. `site`: the workstation's site or NULL; one that
 * cannot be a label of a DNS name is not used. NULL only when memory is out. */
TL_PUBLIC struct tl_locator *tl_locator_new(TALLOC_CTX *ctx,
                                            const struct tl_config *config,
                                            const char *site,
                                            const struct tl_trace *trace);

#define TL_LOCATE_FORCE 0x1U /* search, even if the cache is fresh */
/* Ping every candidate and return all, answering or not; `why` describes each. The cache
 * is neither read nor written. The list comes back with PING_FILTERED, PING_REFUSED and
 * NO_LOGON_SERVERS, too. */
#define TL_LOCATE_ALL 0x2U
#define TL_LOCATE_NO_STORE 0x4U /* do not write the cache */
/* What the cache has, or nothing: DNS_NO_RECORDS without a search. */
#define TL_LOCATE_CACHED 0x8U
/* With CACHED: what the cache has, however old, and although searches have failed since.
 */
#define TL_LOCATE_EVER 0x10U
/*
 * Find DCs of a domain. With a fresh cache entry no packet is sent. One older than
 * ping_validity is pinged again, without DNS. Otherwise SRV of the site, then
 * siteless, ordered by RFC 2782, and LDAP pings ping_interval apart (at once where the
 * one before was refused). First in the list is the first to answer as a DC of this
 * domain with a KDC; then come those that were not asked, then the silent ones;
 * servers that answered wrongly are left out.
 *
 * The site asked for is the one in which DCs of this domain have said this machine to be,
 * or else the locator's; a configured one is never overruled while it has DCs. If the
 * first to answer is not of the site it says this machine is in, that site's DCs are
 * asked for once, and with try_next_closest_site those of the next closest, which it
 * names, too. Such a DC from the cache is used for close_site_timeout, then searched for
 * again. If DNS fails, DCs found earlier that still answer will do. With
 * require_ldap_ping = no, and no answer within three intervals, the candidates come back
 * unasked in the order of DNS, which a note of the trace reports.
 *
 * A name without the records of a domain may be a Kerberos realm [RFC 4120 7.2.3.2]:
 * then its KDCs come back, in the order of DNS and without a ping.
 *
 * Reasons on failure:
 *   DOMAIN_UNKNOWN    the name cannot be one of a domain
 *   DNS_NO_ANSWER     no name server answered, or all failed (SERVFAIL)
 *   DNS_NO_RECORDS    no such name or records
 *   DNS_NO_ADDRESS    none of the servers has an address that this machine can use
 *   PING_FILTERED     at least one candidate stayed silent, and none was good
 *   PING_REFUSED      candidates answered, but none as a usable DC of this domain
 *   NO_LOGON_SERVERS  no candidate listens on 389/udp or can be reached
 *   DEADLINE          as it says; not remembered
 * A failure is remembered for negative_lifetime: then the same reason comes back without
 * a packet, the age in the detail.
 * The outcome's subject is the domain, its realm the realm; the detail names servers.
 */
TL_PUBLIC enum tl_reason tl_locate(TALLOC_CTX *ctx, struct tl_locator *locator,
                                   const char *domain, unsigned int flags,
                                   tl_deadline deadline, struct tl_dc_list **list,
                                   struct tl_outcome *out);
/* A DC did not answer Kerberos: for negative_lifetime it goes last, and when all have
 * failed the domain is searched again. */
TL_PUBLIC void tl_locate_failed(struct tl_locator *locator, const struct tl_dc *dc);
/* A DC answered Kerberos: put it first next time. Writes nothing if it is first. */
TL_PUBLIC void tl_locate_worked(struct tl_locator *locator, const struct tl_dc *dc);

/*
 * Write to the cache folder what a process that may not write there has found: the text
 * of the cache's file of a domain, which is decoded and encoded again. `only_known`: only
 * the order of those that are in the cache, and which of them have failed, count; -EPERM
 * where it has others, -ESTALE where the cache has that now, and a search is due. 0;
 * -EBADMSG: it is not about that domain, or not valid; or another -errno.
 */
TL_PUBLIC int tl_locate_keep(const struct tl_config *config, const char *domain,
                             const char *text, bool only_known);

#endif
