/* SPDX-License-Identifier: MIT
 *
 * locate/internal.h - what the files of this folder share. The public side is
 * trustlogon/locate.h.
 *
 *   clock.c   the time of day, for the age of cache entries
 *   dc.c      one DC: its copy, its address as text
 *   ping.c    bytes of the LDAP ping and its answer; pure
 *   order.c   RFC 2782 order of SRV records; pure
 *   dns.c     one c-ares channel: SRV and address questions
 *   probe.c   one ping to one address, and what its answer is worth
 *   search.c  the loop: questions, addresses, pings, until a DC is found
 *   targets.c the servers of a search: from SRV records, or known before
 *   site.c    which site is asked for, and when a nearer DC is looked for
 *   result.c  what a finished search amounts to
 *   cache.c   results on disk, per domain; cache_json.c their text
 *   locate.c  tl_locate(): cache, then search, then the list
 */
#ifndef TL_LOCATE_INTERNAL_H
#define TL_LOCATE_INTERNAL_H

#include <poll.h>
#include <trustlogon/locate.h>

#define TL_MAX_SERVERS 64  /* SRV targets looked at in one search */
#define TL_MAX_ADDRESSES 4 /* addresses of one server */
#define TL_PING_PORT 389
#define TL_PING_MAX 4096 /* bytes of a UDP answer; real ones are about 200 */

/* Tests point the locator at servers of their own; zero means the real thing. */
struct tli_locate_hooks {
    const char *dns_servers; /* "127.0.0.1:5353", as ares_set_servers_ports_csv */
    uint16_t ping_port;
    int64_t (*wall)(void); /* seconds since 1970 */
};

struct tli_cache_entry;
struct tl_locator {
    const struct tl_config *config;
    const struct tl_trace *trace;
    const char *site; /* the workstation's, or NULL */
    struct tli_locate_hooks hooks;
    /* Entries that could not be written to disk (a caller who is not root): they
     * live as long as the locator. */
    struct tli_cache_entry *unsaved;
};

/* ---- clock.c */

/* Seconds since 1970. */
int64_t tli_locator_wall(const struct tl_locator *locator);
/* `at` is a moment less than `lifetime` seconds ago. 0: never. */
bool tli_locator_fresh(const struct tl_locator *locator, int64_t at, int lifetime);

/* ---- dc.c */

/* Deep copy of `from` into `to`; strings become children of ctx. */
int tli_dc_copy(TALLOC_CTX *ctx, struct tl_dc *to, const struct tl_dc *from);
/* Fill addr, addr_len and address. -EINVAL for a family other than IPv4 and IPv6. */
int tli_dc_set_address(TALLOC_CTX *ctx, struct tl_dc *dc, const struct sockaddr *addr);

/* ---- ping.c */

/* The request [ADTS 6.3.3]. 0 or -ENOMEM. */
struct tli_ping_request {
    const char *domain;
    const char *host, *fqdn; /* this machine's NetBIOS and DNS name, or NULL */
    bool next_site;          /* ask which other site is the closest, too */
};
int tli_ping_request(TALLOC_CTX *ctx, int message_id, const struct tli_ping_request *in,
                     uint8_t **data, size_t *len);

/* ---- order.c */

struct tli_srv {
    const char *host; /* lower case, checked by tli_srv_host_valid() */
    uint16_t priority, weight;
    bool in_site;
};
/* A number in 0..bound, both included. */
typedef uint32_t (*tli_random_fn)(void *arg, uint32_t bound);
uint32_t tli_random(void *arg, uint32_t bound); /* getrandom(2); arg is not used */
/* Sort in place: ascending priority, weighted random within one [RFC 2782]. */
void tli_srv_order(struct tli_srv *srv, size_t count, tli_random_fn random, void *arg);
/* Letters, digits, '-', '_' and '.', and tl_dns_valid(): SRV targets come from the
 * network and end in messages and file contents. */
bool tli_srv_host_valid(const char *host);

/* ---- dns.c */

enum tli_dns_result {
    TL_DNS_FOUND,
    TL_DNS_NOTHING,   /* NXDOMAIN, or no record of the type */
    TL_DNS_NO_SERVER, /* silence, refusal or SERVFAIL of every name server */
};
struct tli_dns;
typedef void (*tli_dns_srv_fn)(void *arg, enum tli_dns_result result,
                               const struct tli_srv *srv, size_t count);
typedef void (*tli_dns_addr_fn)(void *arg, enum tli_dns_result result,
                                const struct sockaddr_storage *addr, size_t count);
int tli_dns_open(TALLOC_CTX *ctx, const struct tl_locator *locator, struct tli_dns **dns);
/* Ask; the callback comes exactly once, perhaps before the call returns, unless the
 * channel is freed first. `realm` is for the trace. */
int tli_dns_ask_srv(struct tli_dns *dns, const char *name, const char *realm,
                    tli_dns_srv_fn fn, void *arg);
int tli_dns_ask_addr(struct tli_dns *dns, int family, const char *host, const char *realm,
                     tli_dns_addr_fn fn, void *arg);
/* For the caller's poll loop: fill `fds`, wait at most the timeout, hand back. */
size_t tli_dns_pollfds(struct tli_dns *dns, struct pollfd *fds, size_t max);
int tli_dns_timeout_ms(struct tli_dns *dns, int max_ms);
void tli_dns_process(struct tli_dns *dns, const struct pollfd *fds, size_t count);
/* Plain words of the last failure, for the outcome's detail; never NULL. */
const char *tli_dns_error(const struct tli_dns *dns);

/* ---- probe.c */

enum tli_probe_state {
    TL_PROBE_NEW,         /* not pinged yet */
    TL_PROBE_SENT,        /* pinged, no answer yet */
    TL_PROBE_GOOD,        /* a DC of the domain with a KDC */
    TL_PROBE_GARBAGE,     /* answered, but not with an LDAP ping's answer */
    TL_PROBE_WRONG,       /* not a DC of this domain */
    TL_PROBE_PAUSED,      /* netlogon paused: not synchronised yet */
    TL_PROBE_NO_KDC,      /* a DC without a KDC */
    TL_PROBE_REFUSED,     /* ICMP port unreachable */
    TL_PROBE_UNREACHABLE, /* no route, or no such host */
};
struct tli_probe {
    struct tl_dc dc;
    enum tli_probe_state state;
    int tries; /* packets sent */
    int fd;    /* -1 unless SENT or GARBAGE */
    int message_id;
    int64_t sent_us; /* the first */
};
/* What an answer is worth for `domain`; pure. */
enum tli_probe_state tli_probe_judge(const struct tl_ping_reply *reply,
                                     const char *domain);
/* Send the ping, or send it again if it is open. Sets the state, SENT if a packet went
 * out. -ENOMEM or 0. */
int tli_probe_send(struct tl_locator *locator, struct tli_probe *probe);
/* Read what has arrived. Strings of a good answer become children of `ctx`. */
int tli_probe_read(TALLOC_CTX *ctx, struct tl_locator *locator, struct tli_probe *probe);
/* Close the socket; trace the timeout if no answer came. */
void tli_probe_end(const struct tl_locator *locator, struct tli_probe *probe);
/* Still waiting for an answer that would count. */
bool tli_probe_open(const struct tli_probe *probe);
/* Why a DC with this state cannot be used; NULL for NEW and GOOD. */
const char *tli_probe_words(enum tli_probe_state state);

/* ---- search.c */

struct tli_search {
    struct tl_locator *locator;
    const char *domain;
    const char *site; /* asked for, or NULL */
    bool site_only;   /* no siteless question */
    bool all;         /* wait for all answers, not for the first */
    bool cached;      /* send nothing */
    bool brief;       /* after the last ping, wait for three intervals only */
    const struct tli_cache_entry *past; /* servers that failed lately go last; or NULL */
    tl_deadline deadline;
    struct tl_outcome *out;
};
/* DNS and pings. `list` also comes back with PING_FILTERED, PING_REFUSED and
 * NO_LOGON_SERVERS, for those who want to see the candidates. */
enum tl_reason tli_search_dns(TALLOC_CTX *ctx, const struct tli_search *in,
                              struct tl_dc_list **list);
/* Pings only, to those DCs of `known` in their order. The list holds copies. */
enum tl_reason tli_search_known(TALLOC_CTX *ctx, const struct tli_search *in,
                                const struct tl_dc_list *known, struct tl_dc_list **list);

/* ---- cache.c */

struct tli_cache_dc {
    struct tl_dc dc;
    int64_t failed; /* when it failed last, 0 never */
};
struct tli_cache_entry {
    struct tli_cache_entry *next; /* in the locator's unsaved list */
    const char *domain, *site;    /* site asked with, or NULL */
    int64_t found, checked;       /* the search; the last ping; 0 if count is 0 */
    size_t count;
    struct tli_cache_dc *dcs;
    int64_t failed; /* the last search failed then; 0 it did not */
    const char *failed_reason, *failed_detail;
};
/* JSON, both ways; pure. A broken or foreign text is -EBADMSG. */
char *tli_cache_encode(TALLOC_CTX *ctx, const struct tli_cache_entry *entry);
int tli_cache_decode(TALLOC_CTX *ctx, const char *text, size_t len,
                     struct tli_cache_entry **entry);
struct tli_cache_entry *tli_cache_copy(TALLOC_CTX *ctx,
                                       const struct tli_cache_entry *from);
/* File name of a domain, NULL if it would be too long. */
char *tli_cache_file_name(TALLOC_CTX *ctx, const char *domain);
/* The entry of a domain, or NULL: missing, broken, or not trusted. */
struct tli_cache_entry *tli_cache_load(TALLOC_CTX *ctx, const struct tl_locator *locator,
                                       const char *domain);
/* Write; where that is not allowed, remember in the locator. */
void tli_cache_store(struct tl_locator *locator, const struct tli_cache_entry *entry);
/* Write the text of an entry to the file of its domain. */
bool tli_cache_write(const struct tl_locator *locator, const char *domain,
                     const char *text);

/* ---- site.c */

bool tli_same_site(const char *a, const char *b); /* names or NULL */
/* Can it be a label of a DNS name? NULL cannot. */
bool tli_site_valid(const char *site);
/* The site to ask a domain's SRV records for, or NULL. Lives with `past`. */
const char *tli_site_to_ask(const struct tl_locator *locator,
                            const struct tli_cache_entry *past);
/* A nearer DC than this one may exist: by its own answer it is not of the site that this
 * machine is in. */
bool tli_nearer_wanted(const struct tl_locator *locator, const struct tl_dc *dc);
/* If the first of `list` may not be the nearest, ask once for DCs of the site that it
 * says this machine is in, and put those that answer first. */
void tli_look_closer(const struct tli_search *in, struct tl_dc_list *list);

/* ---- locate.c */

void tli_locator_set_hooks(struct tl_locator *locator,
                           const struct tli_locate_hooks *hooks);

#endif
