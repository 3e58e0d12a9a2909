/* SPDX-License-Identifier: MIT
 *
 * locate/dns.c - one c-ares channel for one search: SRV and address questions.
 * Answers come from the network and are bounded and checked here; no invalid host name
 * leaves this file.
 */
#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <trustlogon/name.h>

#include "internal.h"

/* First wait of a question, doubled with each try. A late answer to an earlier try
 * still counts, so short waits cost packets, not answers. */
#define TRY_MS 500
#define TRIES 3
/* No fragments [DNS flag day 2020]. */
#define EDNS_SIZE 1232

struct tli_dns {
    ares_channel channel;
    const struct tl_trace *trace;
    bool closing; /* answers that c-ares still reports are dropped */
    char *error;  /* the last failure, in plain words */
};

/* One question on its way. */
struct question {
    struct tli_dns *dns;
    const char *name, *realm; /* the name asked for; the realm, for the trace */
    int family;               /* AF_INET, AF_INET6; 0: SRV */
    int64_t asked_us;
    tli_dns_srv_fn srv_fn;   /* gets the answer to an SRV question, */
    tli_dns_addr_fn addr_fn; /* or that to a question for addresses */
    void *arg;
};

static int close_dns(struct tli_dns *dns)
{
    dns->closing = true; /* c-ares calls back for every open question: to be ignored */
    ares_destroy(dns->channel);
    return 0;
}

static void init_library(void)
{
    ares_library_init(ARES_LIB_INIT_ALL);
}

/* c-ares takes the name servers from resolv.conf. The options bound how long it waits
 * for one that is silent. */
int tli_dns_open(TALLOC_CTX *ctx, const struct tl_locator *locator, struct tli_dns **dns)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    /* /etc/hosts, then DNS: a domain is found in DNS, whatever the line "hosts" of
     * nsswitch.conf allows to other programs. */
    char lookups[] = "fb";
    /* Names here are complete: no search list, no aliases from the environment. */
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                                            ARES_FLAG_EDNS,
                                   .timeout = TRY_MS,
                                   .tries = TRIES,
                                   .lookups = lookups,
                                   .ednspsz = EDNS_SIZE};
    struct tli_dns *d;
    int rc;

    *dns = NULL;
    pthread_once(&once, init_library);
    d = talloc_zero(ctx, struct tli_dns);
    if (!d)
        return -ENOMEM;
    d->trace = locator->trace;
    rc = ares_init_options(&d->channel, &options,
                           ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                               ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS);
    if (rc != ARES_SUCCESS) {
        talloc_free(d);
        return rc == ARES_ENOMEM ? -ENOMEM : -EIO;
    }
    talloc_set_destructor(d, close_dns);
    if (locator->hooks.dns_servers &&
        ares_set_servers_ports_csv(d->channel, locator->hooks.dns_servers)) {
        talloc_free(d);
        return -EINVAL;
    }
    *dns = d;
    return 0;
}

const char *tli_dns_error(const struct tli_dns *dns)
{
    return dns->error ? dns->error : "no answer from any name server";
}

/* What c-ares says, in the three ways that matter. It reports a SERVFAIL or REFUSED
 * of all servers as a refused connection, so the two cannot be told apart. */
static enum tli_dns_result result_of(int status, const char **words)
{
    switch (status) {
    case ARES_SUCCESS:
        *words = "found";
        return TL_DNS_FOUND;
    case ARES_ENOTFOUND:
        *words = "no such name";
        return TL_DNS_NOTHING;
    case ARES_ENODATA:
        *words = "no such record";
        return TL_DNS_NOTHING;
    case ARES_EDESTRUCTION: /* the search went on without it */
        *words = "no answer yet";
        return TL_DNS_NO_SERVER;
    case ARES_ETIMEOUT:
        *words = "no answer from any name server";
        return TL_DNS_NO_SERVER;
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
        *words = "every name server refused, or failed to get an answer (SERVFAIL)";
        return TL_DNS_NO_SERVER;
    default:
        *words = ares_strerror(status);
        return TL_DNS_NO_SERVER;
    }
}

static void trace_answer(const struct question *q, int status, size_t count)
{
    const char *words, *type = q->family == 0         ? "SRV"
                               : q->family == AF_INET ? "A"
                                                      : "AAAA";
    char text[96];
    struct tl_event event = {.kind = TL_EVENT_DNS,
                             .took_us = tl_now_us() - q->asked_us,
                             .realm = q->realm,
                             .message = type,
                             .subject = q->name,
                             .krb_error = TL_KRB_NONE};

    if (result_of(status, &words) == TL_DNS_FOUND) {
        snprintf(text, sizeof text, "%zu record%s", count, count == 1 ? "" : "s");
        event.text = text;
    } else {
        event.text = words;
        if (!q->dns->closing) {
            talloc_free(q->dns->error);
            q->dns->error = talloc_asprintf(q->dns, "%s %s: %s", type, q->name, words);
        }
    }
    tl_trace_event(q->dns->trace, &event);
}

/* Records with names that no server can have are left out: an answer with only such
 * records counts as empty. */
static struct tli_srv *copy_srv(TALLOC_CTX *ctx, const struct ares_srv_reply *reply,
                                size_t *count)
{
    const struct ares_srv_reply *r;
    struct tli_srv *srv;
    size_t n = 0;

    *count = 0;
    for (r = reply; r; r = r->next)
        n++;
    srv = talloc_zero_array(ctx, struct tli_srv, n);
    if (!srv)
        return NULL;
    n = 0;
    for (r = reply; r; r = r->next) {
        if (!r->host || !tli_srv_host_valid(r->host))
            continue;
        srv[n].host = tl_dns_of(srv, r->host);
        if (!srv[n].host)
            return NULL;
        srv[n].priority = r->priority;
        srv[n].weight = r->weight;
        n++;
    }
    *count = n;
    return srv;
}

static void on_srv(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
    struct question *q = arg;
    struct ares_srv_reply *reply = NULL;
    struct tli_srv *srv = NULL;
    const char *words;
    size_t count = 0;

    if (q->dns->closing) {
        trace_answer(q, status, 0);
        return;
    }
    if (status == ARES_SUCCESS)
        status = ares_parse_srv_reply(answer, len, &reply);
    if (status == ARES_SUCCESS) {
        srv = copy_srv(q, reply, &count);
        if (!srv)
            status = ARES_ENOMEM;
        else if (count == 0)
            status = ARES_ENODATA;
    }
    ares_free_data(reply);
    trace_answer(q, status, count);
    q->srv_fn(q->arg, result_of(status, &words), srv, count);
    talloc_free(q);
}

static void on_addr(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct sockaddr_storage addr[TL_MAX_ADDRESSES] = {0};
    struct question *q = arg;
    const char *words;
    size_t count = 0;

    if (q->dns->closing) {
        trace_answer(q, status, 0);
    } else {
        for (struct ares_addrinfo_node *n = info ? info->nodes : NULL;
             n && count < TL_MAX_ADDRESSES; n = n->ai_next) {
            if (n->ai_family == q->family && n->ai_addrlen <= sizeof addr[0])
                memcpy(&addr[count++], n->ai_addr, n->ai_addrlen);
        }
        if (status == ARES_SUCCESS && count == 0)
            status = ARES_ENODATA;
        trace_answer(q, status, count);
        q->addr_fn(q->arg, result_of(status, &words), addr, count);
        talloc_free(q);
    }
    if (info)
        ares_freeaddrinfo(info);
}

static struct question *new_question(struct tli_dns *dns, const char *name,
                                     const char *realm, void *arg)
{
    struct question *q = talloc_zero(dns, struct question);

    if (!q)
        return NULL;
    q->dns = dns;
    q->arg = arg;
    q->asked_us = tl_now_us();
    q->name = talloc_strdup(q, name);
    q->realm = talloc_strdup(q, realm);
    if (!q->name || !q->realm)
        TALLOC_FREE(q);
    return q;
}

int tli_dns_ask_srv(struct tli_dns *dns, const char *name, const char *realm,
                    tli_dns_srv_fn fn, void *arg)
{
    struct question *q = new_question(dns, name, realm, arg);

    if (!q)
        return -ENOMEM;
    q->srv_fn = fn;
    ares_query(dns->channel, q->name, ns_c_in, ns_t_srv, on_srv, q);
    return 0;
}

int tli_dns_ask_addr(struct tli_dns *dns, int family, const char *host, const char *realm,
                     tli_dns_addr_fn fn, void *arg)
{
    struct ares_addrinfo_hints hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
    struct question *q = new_question(dns, host, realm, arg);

    if (!q)
        return -ENOMEM;
    q->addr_fn = fn;
    q->family = family;
    ares_getaddrinfo(dns->channel, q->name, NULL, &hints, on_addr, q);
    return 0;
}

size_t tli_dns_pollfds(struct tli_dns *dns, struct pollfd *fds, size_t max)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    unsigned int bits =
        (unsigned int)ares_getsock(dns->channel, sockets, ARES_GETSOCK_MAXNUM);
    size_t count = 0;

    for (int i = 0; i < ARES_GETSOCK_MAXNUM && count < max; i++) {
        /* ARES_GETSOCK_WRITABLE would shift a signed 1 by 31. */
        bool in = bits >> i & 1U, out = bits >> (i + ARES_GETSOCK_MAXNUM) & 1U;

        if (!in && !out)
            continue;
        fds[count].fd = sockets[i];
        fds[count].events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
        fds[count++].revents = 0;
    }
    return count;
}

int tli_dns_timeout_ms(struct tli_dns *dns, int max_ms)
{
    struct timeval max = {max_ms / 1000, max_ms % 1000 * 1000}, tv, *left;

    left = ares_timeout(dns->channel, &max, &tv);
    return (int)(left->tv_sec * 1000 + (left->tv_usec + 999) / 1000);
}

void tli_dns_process(struct tli_dns *dns, const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        short got = fds[i].revents;
        bool broken = got & (POLLERR | POLLHUP | POLLNVAL);

        if (!got)
            continue;
        ares_process_fd(
            dns->channel,
            (got & POLLIN) || (broken && (fds[i].events & POLLIN)) ? fds[i].fd
                                                                   : ARES_SOCKET_BAD,
            (got & POLLOUT) || (broken && (fds[i].events & POLLOUT)) ? fds[i].fd
                                                                     : ARES_SOCKET_BAD);
    }
    /* Timeouts also apply to questions whose sockets are quiet. */
    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
