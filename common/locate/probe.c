/* SPDX-License-Identifier: MIT
 *
 * locate/probe.c - one LDAP ping to one address: sent from a port of its own with
 * a random message id, answered, judged, traced.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <trustlogon/name.h>

#include "internal.h"

static const char *const state_words[] = {
    [TL_PROBE_SENT] = "no answer to the LDAP ping",
    [TL_PROBE_GARBAGE] = "answers the LDAP ping with an invalid reply",
    [TL_PROBE_WRONG] =
        "answers the LDAP ping, but is not a domain controller of this domain",
    [TL_PROBE_PAUSED] = "its Netlogon service is paused (not synchronised yet)",
    [TL_PROBE_NO_KDC] = "a domain controller on which no KDC runs",
    [TL_PROBE_REFUSED] = "389/udp refused: no LDAP server, or a firewall that rejects",
    [TL_PROBE_UNREACHABLE] = "no route to this address",
};

const char *tli_probe_words(enum tli_probe_state state)
{
    return state_words[state];
}

enum tli_probe_state tli_probe_judge(const struct tl_ping_reply *reply,
                                     const char *domain)
{
    if (!reply->domain || !tl_dns_equal(reply->domain, domain))
        return TL_PROBE_WRONG;
    if (reply->opcode == 24)
        return TL_PROBE_PAUSED;
    /* 25, user unknown, means the same as 23: no user was named [ADTS 6.3.3.2]. */
    return reply->flags & TL_DS_KDC ? TL_PROBE_GOOD : TL_PROBE_NO_KDC;
}

bool tli_probe_open(const struct tli_probe *probe)
{
    return probe->fd >= 0;
}

static void trace_probe(const struct tl_locator *locator, const struct tli_probe *probe,
                        int64_t took_us, const char *text)
{
    char server[TL_DNS_MAX + INET6_ADDRSTRLEN + 16];
    struct tl_event event = {.kind = TL_EVENT_PING,
                             .took_us = took_us,
                             .server = server,
                             .realm = probe->dc.domain,
                             .message = "LDAP ping",
                             .krb_error = TL_KRB_NONE,
                             .text = text};

    snprintf(server, sizeof server, "%s (%s) 389/udp", probe->dc.host, probe->dc.address);
    tl_trace_event(locator->trace, &event);
}

static void close_probe(struct tli_probe *probe)
{
    if (probe->fd >= 0)
        close(probe->fd);
    probe->fd = -1;
}

/* The ping is over with `state`, which goes to the trace. */
static void conclude(const struct tl_locator *locator, struct tli_probe *probe,
                     enum tli_probe_state state, const char *text)
{
    probe->state = state;
    trace_probe(locator, probe, probe->sent_us ? tl_now_us() - probe->sent_us : 0,
                text ? text : tli_probe_words(state));
    close_probe(probe);
}

void tli_probe_end(const struct tl_locator *locator, struct tli_probe *probe)
{
    if (probe->fd < 0)
        return;
    conclude(locator, probe, probe->state, NULL);
}

static enum tli_probe_state state_of_errno(int error)
{
    return error == ECONNREFUSED ? TL_PROBE_REFUSED : TL_PROBE_UNREACHABLE;
}

/* This machine as NetBIOS and DNS know it [ADTS 6.3.3: Host, DnsHostName]. */
static void own_names(const struct tl_config *config, char fqdn[256], char flat[16])
{
    size_t i;

    if (config->hostname)
        snprintf(fqdn, 256, "%s", config->hostname);
    else if (gethostname(fqdn, 255) != 0)
        fqdn[0] = '\0';
    fqdn[255] = '\0';
    for (i = 0; i < TL_NETBIOS_MAX && fqdn[i] && fqdn[i] != '.'; i++)
        flat[i] = (char)toupper((unsigned char)fqdn[i]);
    flat[i] = '\0';
}

/* Connected: the kernel picks a random port, drops what others send, and hands on ICMP
 * errors. */
static int connect_probe(const struct tl_locator *locator, struct tli_probe *probe)
{
    struct sockaddr_storage to = probe->dc.addr;
    in_port_t port =
        htons(locator->hooks.ping_port ? locator->hooks.ping_port : TL_PING_PORT);

    if (to.ss_family == AF_INET)
        ((struct sockaddr_in *)&to)->sin_port = port;
    else
        ((struct sockaddr_in6 *)&to)->sin6_port = port;
    return connect(probe->fd, (struct sockaddr *)&to, probe->dc.addr_len) ? -errno : 0;
}

static int send_request(const struct tl_locator *locator, struct tli_probe *probe)
{
    char fqdn[256], flat[16];
    struct tli_ping_request request = {
        .domain = probe->dc.domain,
        .next_site = locator->config->try_next_closest_site,
    };
    uint8_t *data;
    size_t len;
    int rc;

    own_names(locator->config, fqdn, flat);
    request.host = flat[0] ? flat : NULL;
    request.fqdn = strchr(fqdn, '.') ? fqdn : NULL;
    rc = tli_ping_request(NULL, probe->message_id, &request, &data, &len);
    if (rc)
        return rc;
    if (send(probe->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        rc = -errno;
    talloc_free(data);
    return rc;
}

int tli_probe_send(struct tl_locator *locator, struct tli_probe *probe)
{
    int rc = 0;

    if (probe->fd < 0) {
        probe->sent_us = tl_now_us();
        probe->message_id = (int)(1 + tli_random(NULL, INT32_MAX - 2));
        probe->fd = socket(probe->dc.addr.ss_family,
                           SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        rc = probe->fd < 0 ? -errno : connect_probe(locator, probe);
    }
    if (rc == 0)
        rc = send_request(locator, probe);
    if (rc == -ENOMEM) {
        close_probe(probe);
        return rc;
    }
    if (rc) {
        conclude(locator, probe, state_of_errno(-rc), strerror(-rc));
        return 0;
    }
    probe->tries++;
    if (probe->state == TL_PROBE_NEW)
        probe->state = TL_PROBE_SENT;
    return 0;
}

/* Copy the content of the answer into the candidate. */
static int adopt(TALLOC_CTX *ctx, struct tli_probe *probe,
                 const struct tl_ping_reply *reply)
{
    struct tl_dc *dc = &probe->dc;
    struct {
        const char **to, *from;
    } copies[] = {
        {&dc->forest, reply->forest},       {&dc->flat_domain, reply->flat_domain},
        {&dc->dc_site, reply->dc_site},     {&dc->client_site, reply->client_site},
        {&dc->next_site, reply->next_site},
    };

    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        *copies[i].to = NULL;
        if (!copies[i].from)
            continue;
        *copies[i].to = talloc_strdup(ctx, copies[i].from);
        if (!*copies[i].to)
            return -ENOMEM;
    }
    dc->flags = reply->flags;
    dc->pinged = true;
    dc->ping_us = tl_now_us() - probe->sent_us;
    return 0;
}

static int judge_reply(TALLOC_CTX *ctx, const struct tl_locator *locator,
                       struct tli_probe *probe, const struct tl_ping_reply *reply)
{
    enum tli_probe_state state = tli_probe_judge(reply, probe->dc.domain);
    char text[640];
    int rc;

    if (state == TL_PROBE_WRONG) {
        snprintf(text, sizeof text, "answers as a domain controller of %s",
                 reply->domain ? reply->domain : "no domain");
    } else {
        rc = adopt(ctx, probe, reply);
        if (rc)
            return rc;
        snprintf(
            text, sizeof text,
            "%s%sdomain controller of %s, site %s, client site %s, flags 0x%08" PRIx32,
            state == TL_PROBE_GOOD ? "" : tli_probe_words(state),
            state == TL_PROBE_GOOD ? "" : "; ", reply->domain,
            reply->dc_site ? reply->dc_site : "unknown",
            reply->client_site ? reply->client_site : "unknown", reply->flags);
    }
    conclude(locator, probe, state, text);
    return 0;
}

/* A datagram that does not fit the question is noted, and the probe stays open: a
 * forged answer must not keep the real one out. */
int tli_probe_read(TALLOC_CTX *ctx, struct tl_locator *locator, struct tli_probe *probe)
{
    uint8_t packet[TL_PING_MAX];
    struct tl_ping_reply *reply;
    int id, rc = 0;
    ssize_t got;

    /* A flood must not keep the others waiting: the rest is read next time. */
    for (int packets = 0; rc == 0 && probe->fd >= 0 && packets < 16; packets++) {
        got = recv(probe->fd, packet, sizeof packet, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (got < 0) {
            conclude(locator, probe, state_of_errno(errno), strerror(errno));
            break;
        }
        rc = tl_ping_packet_decode(NULL, packet, (size_t)got, &id, &reply);
        if (rc == -ENOMEM)
            break;
        if (rc == 0 && id == probe->message_id)
            rc = judge_reply(ctx, locator, probe, reply);
        else if (rc == -ENOENT && id == probe->message_id)
            conclude(locator, probe, TL_PROBE_WRONG, NULL);
        else
            /* A forgery, or malformed: the real answer may still come. */
            probe->state = TL_PROBE_GARBAGE;
        if (rc != -ENOMEM)
            rc = 0;
        talloc_free(reply);
    }
    return rc;
}
