/* SPDX-License-Identifier: MIT
 *
 * fake_dc.h - a name server and some DCs on 127.0.0.0/8, in one thread, that do as
 * a script says and count what they are asked.
 *
 * DC number i is dc<i>.contoso.test at 127.0.0.(10+i); all share one port, as real
 * ones share 389.
 */
#ifndef FAKE_DC_H
#define FAKE_DC_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ping_bytes.h"

#define FAKE_DCS 4

enum dc_mood {
    DC_GOOD,
    DC_SILENT,
    DC_REFUSED, /* nothing listens */
    DC_GARBAGE,
    DC_WRONG_DOMAIN,
    DC_NOT_MINE, /* a result without an entry */
    DC_PAUSED,
    DC_NO_KDC,
    DC_LOSSY,        /* does not see the first ping */
    DC_FORGED_FIRST, /* another's message id, then garbage, then the true answer */
};

struct fake_srv {
    const char *host; /* below contoso.test; a full name if it ends in a dot */
    unsigned int priority;
};

struct world {
    /* What DNS returns; arrays end with a NULL host; NULL: no such name. */
    const struct fake_srv *plain, *site, *tokyo; /* siteless, of Berlin, of Tokyo */
    const struct fake_srv *realm;                /* _kerberos._tcp.contoso.test */
    bool dns_silent, no_addresses;
    enum dc_mood mood[FAKE_DCS];
    uint32_t flags[FAKE_DCS];      /* 0: a good DC's */
    const char *dc_site[FAKE_DCS]; /* NULL: Berlin */
    const char *client_site;       /* NULL: Berlin */
    const char *next_site;         /* NULL: the DCs are too old to send it */

    atomic_int questions, pings[FAKE_DCS];
    int dns_fd, dns_tcp_fd, dc_fd[FAKE_DCS], stop[2];
    uint16_t dns_port, ping_port;
    pthread_t thread;
};

/* ---- DNS */

static inline void put_be16(struct bytes *b, unsigned int value)
{
    put_u8(b, value >> 8 & 0xff);
    put_u8(b, value & 0xff);
}

/* The question's name as text; returns where it ends. */
static inline size_t dns_question(const uint8_t *q, size_t len, char *name)
{
    size_t at = 12, n = 0;

    while (at < len && q[at] && at + q[at] + 1U < len && n < 200) {
        memcpy(name + n, q + at + 1, q[at]);
        n += q[at];
        name[n++] = '.';
        at += q[at] + 1U;
    }
    name[n ? n - 1 : 0] = '\0';
    return at + 1;
}

static inline void put_srv(struct bytes *b, const struct fake_srv *srv)
{
    char host[128];
    size_t at;

    snprintf(host, sizeof host, "%s%s", srv->host,
             srv->host[strlen(srv->host) - 1] == '.' ? "" : ".contoso.test");
    put(b, "\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c", 10);
    at = b->len;
    put_be16(b, 0);
    put_be16(b, srv->priority);
    put_be16(b, 100);
    put_be16(b, 88);
    put_name(b, host);
    b->data[at] = (uint8_t)((b->len - at - 2) >> 8);
    b->data[at + 1] = (uint8_t)(b->len - at - 2);
}

static inline void make_dns_answer(struct world *w, const uint8_t *q, size_t len,
                                   struct bytes *out)
{
    char name[256];
    unsigned int type, count = 0, i;
    struct bytes b = {.len = 0};
    const struct fake_srv *srv = NULL;
    size_t end;

    atomic_fetch_add(&w->questions, 1);
    end = dns_question(q, len, name);
    type = (unsigned int)q[end] << 8 | q[end + 1];
    put(&b, q, end + 4);
    if (type == 33 && strcmp(name, "_kerberos._tcp.dc._msdcs.contoso.test") == 0)
        srv = w->plain;
    if (type == 33 &&
        strcmp(name, "_kerberos._tcp.Berlin._sites.dc._msdcs.contoso.test") == 0)
        srv = w->site;
    if (type == 33 && strcmp(name, "_kerberos._tcp.contoso.test") == 0)
        srv = w->realm;
    if (type == 33 &&
        strcmp(name, "_kerberos._tcp.Tokyo._sites.dc._msdcs.contoso.test") == 0)
        srv = w->tokyo;
    for (; srv && srv->host; srv++, count++)
        put_srv(&b, srv);
    if (type == 1 && sscanf(name, "dc%u.contoso.test", &i) == 1 && !w->no_addresses) {
        put(&b, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00", 15);
        put_u8(&b, 10 + i % 200);
        count = 1;
    }
    b.data[2] = 0x81;
    b.data[3] = count ? 0x80 : 0x83; /* NXDOMAIN */
    memset(b.data + 6, 0, 6);
    b.data[7] = (uint8_t)count;
    *out = b;
}

static inline void answer_dns(struct world *w)
{
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    struct bytes b;
    uint8_t q[1024];
    ssize_t got =
        recvfrom(w->dns_fd, q, sizeof q, 0, (struct sockaddr *)&from, &from_len);

    if (got < 17)
        return;
    make_dns_answer(w, q, (size_t)got, &b);
    if (b.len > 1232) {
        b.data[2] |= 2; /* truncated: come again over TCP */
        b.data[7] = 0;
        b.len = (size_t)got;
        memcpy(b.data + 10, q + 10, (size_t)got - 10);
    }
    if (!w->dns_silent)
        sendto(w->dns_fd, b.data, b.len, 0, (struct sockaddr *)&from, from_len);
}

static inline void answer_dns_tcp(struct world *w)
{
    int fd = accept(w->dns_tcp_fd, NULL, NULL);
    uint8_t q[1024], head[2];
    struct bytes b;
    ssize_t got;

    if (fd < 0)
        return;
    if (recv(fd, head, 2, MSG_WAITALL) == 2 && (head[0] << 8 | head[1]) <= 1024) {
        got = recv(fd, q, (size_t)(head[0] << 8 | head[1]), MSG_WAITALL);
        if (got >= 17) {
            make_dns_answer(w, q, (size_t)got, &b);
            head[0] = (uint8_t)(b.len >> 8);
            head[1] = (uint8_t)b.len;
            send(fd, head, 2, MSG_NOSIGNAL | MSG_MORE);
            send(fd, b.data, b.len, MSG_NOSIGNAL);
        }
    }
    close(fd);
}

/* ---- LDAP pings */

static inline int request_id(const uint8_t *q, size_t len)
{
    int id = 0;

    if (len > 12 && q[2] == 2) {
        for (unsigned int i = 0; i < q[3] && i < 4; i++)
            id = id << 8 | q[4 + i];
    } else if (len > 12 && q[1] & 0x80) { /* liblber writes long lengths */
        size_t at = 2U + (q[1] & 0x7fU);

        for (unsigned int i = 0; i < q[at + 1] && i < 4; i++)
            id = id << 8 | q[at + 2 + i];
    }
    return id;
}

/* NtVer is the filter's last value. */
static inline bool asks_next_site(const uint8_t *q, size_t len)
{
    for (size_t i = 0; i + 8 < len; i++) {
        if (memcmp(q + i, "NtVer\x04", 6) == 0)
            return q[i + 7] & 0x10;
    }
    return false;
}

static inline void answer_ping(struct world *w, int dc)
{
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    uint8_t q[1024];
    struct bytes value, b = {.len = 0};
    ssize_t got =
        recvfrom(w->dc_fd[dc], q, sizeof q, 0, (struct sockaddr *)&from, &from_len);
    enum dc_mood mood = w->mood[dc];
    uint32_t flags = w->flags[dc] ? w->flags[dc] : 0x1fd;
    int id;

    if (got < 0)
        return;
    atomic_fetch_add(&w->pings[dc], 1);
    id = request_id(q, (size_t)got);
    make_reply(&value, mood == DC_PAUSED ? 24 : 23,
               mood == DC_NO_KDC ? flags & ~0x20U : flags,
               mood == DC_WRONG_DOMAIN ? "fabrikam.test" : "contoso.test",
               w->dc_site[dc] ? w->dc_site[dc] : "Berlin",
               w->client_site ? w->client_site : "Berlin");
    if (w->next_site && asks_next_site(q, (size_t)got))
        add_next_site(&value, w->next_site, false);
    make_packet(&b, mood == DC_FORGED_FIRST ? id ^ 1 : id, "Netlogon", &value);
    if (mood == DC_NOT_MINE) {
        b.len = 0;
        put_done(&b, id);
    }
    if (mood == DC_GARBAGE)
        memset(b.data, 0x5a, b.len);
    if (mood == DC_SILENT || (mood == DC_LOSSY && w->pings[dc] == 1))
        return;
    sendto(w->dc_fd[dc], b.data, b.len, 0, (struct sockaddr *)&from, from_len);
    if (mood == DC_FORGED_FIRST) {
        sendto(w->dc_fd[dc], "\x30\x84nonsense", 10, 0, (struct sockaddr *)&from,
               from_len);
        make_packet(&b, id, "Netlogon", &value);
        sendto(w->dc_fd[dc], b.data, b.len, 0, (struct sockaddr *)&from, from_len);
    }
}

/* ---- the thread */

static inline void *world_run(void *arg)
{
    struct world *w = arg;
    struct pollfd fds[3 + FAKE_DCS];

    for (;;) {
        fds[0] = (struct pollfd){.fd = w->stop[0], .events = POLLIN};
        fds[1] = (struct pollfd){.fd = w->dns_fd, .events = POLLIN};
        fds[2] = (struct pollfd){.fd = w->dns_tcp_fd, .events = POLLIN};
        for (int i = 0; i < FAKE_DCS; i++)
            fds[3 + i] = (struct pollfd){.fd = w->dc_fd[i], .events = POLLIN};
        if (poll(fds, 3 + FAKE_DCS, -1) < 0)
            continue;
        if (fds[0].revents)
            return NULL;
        if (fds[1].revents)
            answer_dns(w);
        if (fds[2].revents)
            answer_dns_tcp(w);
        for (int i = 0; i < FAKE_DCS; i++) {
            if (fds[3 + i].revents)
                answer_ping(w, i);
        }
    }
}

static inline int listen_on(int type, int last_byte, uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(0x7f000000U + (uint32_t)last_byte);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) != 0 ||
        getsockname(fd, (struct sockaddr *)&in, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(in.sin_port);
    return fd;
}

/* Listen everywhere on one port; another program may hold it on one address. */
static inline bool listen_all(struct world *w)
{
    for (int attempt = 0; attempt < 50; attempt++) {
        bool ok = true;

        w->ping_port = 0;
        for (int i = 0; i < FAKE_DCS; i++) {
            w->dc_fd[i] = listen_on(SOCK_DGRAM, 10 + i, &w->ping_port);
            ok = ok && w->dc_fd[i] >= 0;
        }
        if (ok)
            return true;
        for (int i = 0; i < FAKE_DCS; i++)
            close(w->dc_fd[i]);
    }
    return false;
}

static inline bool world_start(struct world *w)
{
    w->dns_tcp_fd = -1;
    for (int attempt = 0; attempt < 50 && w->dns_tcp_fd < 0; attempt++) {
        if (attempt)
            close(w->dns_fd);
        w->dns_port = 0;
        w->dns_fd = listen_on(SOCK_DGRAM, 1, &w->dns_port);
        w->dns_tcp_fd = listen_on(SOCK_STREAM, 1, &w->dns_port);
    }
    if (w->dns_fd < 0 || w->dns_tcp_fd < 0 || listen(w->dns_tcp_fd, 8) != 0 ||
        !listen_all(w) || pipe(w->stop) != 0)
        return false;
    for (int i = 0; i < FAKE_DCS; i++) {
        if (w->mood[i] == DC_REFUSED) {
            close(w->dc_fd[i]);
            w->dc_fd[i] = -1;
        }
    }
    return pthread_create(&w->thread, NULL, world_run, w) == 0;
}

static inline void world_stop(struct world *w)
{
    if (write(w->stop[1], "x", 1) != 1)
        abort();
    pthread_join(w->thread, NULL);
    for (int i = 0; i < FAKE_DCS; i++) {
        if (w->dc_fd[i] >= 0)
            close(w->dc_fd[i]);
    }
    close(w->dns_fd);
    close(w->dns_tcp_fd);
    close(w->stop[0]);
    close(w->stop[1]);
}

static inline int world_packets(struct world *w)
{
    int sum = atomic_load(&w->questions);

    for (int i = 0; i < FAKE_DCS; i++)
        sum += atomic_load(&w->pings[i]);
    return sum;
}

#endif
