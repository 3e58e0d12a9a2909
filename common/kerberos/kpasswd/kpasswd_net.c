/* SPDX-License-Identifier: MIT
 *
 * kpasswd_net.c - the connection to a password service: 464/tcp, else 464/udp.
 *
 * Not the KDCs' transport, because a change must reach one server only, once: a
 * second one would refuse the same password as repeated or too soon, and the user
 * would read that nothing was changed. So what is raced is the connection. For
 * UDP, where a filtered port and a lost answer look the same, a message that can
 * change nothing is sent first; only where it is answered the real one follows.
 */
#include "kpasswd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define KPASSWD_PORT 464 /* unless the candidate's address has a port of its own */
#define MAX_RUNNERS 8
#define ASK_AGAIN_MS 400 /* a datagram may be lost */
#define REPLY_MAX 65536

/* Well-framed, so that a server answers (Samba is silent otherwise), and
 * worthless, so that it answers with an error: AP-REQ and KRB-PRIV are empty. */
static const uint8_t harmless[] = {0x00, 0x0e, 0x00, 0x01, 0x00, 0x04, 0x6e,
                                   0x02, 0x30, 0x00, 0x75, 0x02, 0x30, 0x00};

struct runner {
    const struct tl_dc *dc;
    struct tli_conn *tcp; /* 464/tcp, tried first */
    int udp;              /* -1: not begun, or dead */
    bool udp_begun, udp_answered, udp_refused;
    int64_t started_us; /* the connection */
    int64_t asked_us;   /* the last datagram */
};

struct race {
    struct tl_krb *krb;
    TALLOC_CTX *mem; /* of the connections that lose */
    const struct tl_dc_list *list;
    size_t count; /* runners, the first of the list */
    struct runner runners[MAX_RUNNERS];
    int64_t end_us; /* of the race */
};

static in_port_t *port_in(struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET6)
        return &((struct sockaddr_in6 *)(void *)addr)->sin6_port;
    return &((struct sockaddr_in *)(void *)addr)->sin_port;
}

static struct sockaddr_storage with_port(const struct tl_dc *dc)
{
    struct sockaddr_storage addr = dc->addr;
    in_port_t *port = port_in(&addr);

    if (*port == 0)
        *port = htons(KPASSWD_PORT);
    return addr;
}

static int udp_socket(const struct tl_dc *dc)
{
    struct sockaddr_storage addr = with_port(dc);
    int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)(const void *)&addr, dc->addr_len) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool tcp_dead(const struct runner *r)
{
    return r->tcp == NULL || r->tcp->state == TL_CONN_DEAD;
}

static bool udp_dead(const struct runner *r)
{
    return r->udp_begun && r->udp < 0;
}

static void start(struct race *race)
{
    struct runner *r = &race->runners[race->count];
    struct sockaddr_storage addr = with_port(&race->list->dcs[race->count]);

    *r = (struct runner){.dc = &race->list->dcs[race->count], .udp = -1};
    r->started_us = tl_now_us();
    r->tcp = tli_conn_new(race->mem, r->dc, ntohs(*port_in(&addr)));
    race->count++;
}

/* 464/udp is asked where 464/tcp failed, or did not come up in its time. */
static void ask_udp(struct race *race, struct runner *r)
{
    int64_t now = tl_now_us();
    int64_t patience_us = 2000LL * race->krb->config->kdc_race_delay;

    if (r->udp_answered || udp_dead(r))
        return;
    if (!r->udp_begun && !tcp_dead(r) && now < r->started_us + patience_us)
        return;
    if (r->udp_begun && now < r->asked_us + 1000LL * ASK_AGAIN_MS)
        return;
    if (!r->udp_begun)
        r->udp = udp_socket(r->dc);
    r->udp_begun = true;
    r->asked_us = now;
    if (r->udp >= 0)
        (void)send(r->udp, harmless, sizeof(harmless), MSG_NOSIGNAL);
}

static void hear_udp(struct runner *r)
{
    uint8_t reply[512];
    ssize_t n = recv(r->udp, reply, sizeof(reply), 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    r->udp_answered = n > 0;
    r->udp_refused = n < 0 && errno == ECONNREFUSED;
    close(r->udp);
    r->udp = -1;
}

/* The runner to go with, or NULL. TCP is preferred as long as it may still come. */
static struct runner *winner(struct race *race)
{
    for (size_t i = 0; i < race->count; i++) {
        struct runner *r = &race->runners[i];

        if (!tcp_dead(r) && r->tcp->state == TL_CONN_READY)
            return r;
    }
    for (size_t i = 0; i < race->count; i++)
        if (race->runners[i].udp_answered)
            return &race->runners[i];
    return NULL;
}

static bool all_dead(const struct race *race)
{
    for (size_t i = 0; i < race->count; i++)
        if (!tcp_dead(&race->runners[i]) || !udp_dead(&race->runners[i]))
            return false;
    return true;
}

static void wait_for_news(struct race *race, int64_t until_us)
{
    struct pollfd fds[2 * MAX_RUNNERS];
    nfds_t n = 0, at = 0;

    for (size_t i = 0; i < race->count; i++) {
        struct runner *r = &race->runners[i];

        if (!tcp_dead(r))
            fds[n++] =
                (struct pollfd){.fd = r->tcp->fd, .events = tli_conn_events(r->tcp)};
        if (r->udp >= 0)
            fds[n++] = (struct pollfd){.fd = r->udp, .events = POLLIN};
    }
    if (poll(fds, n, tl_deadline_left_ms(until_us)) <= 0)
        return;
    for (size_t i = 0; i < race->count; i++) {
        struct runner *r = &race->runners[i];
        bool tcp = !tcp_dead(r), udp = r->udp >= 0;

        if (tcp)
            tli_conn_handle(r->tcp, fds[at++].revents);
        if (udp && fds[at++].revents != 0)
            hear_udp(r);
    }
}

/* The earliest moment at which something has to be done even if nothing arrives. */
static int64_t next_us(const struct race *race, int64_t next_start_us)
{
    int64_t until = tl_deadline_min(race->end_us, next_start_us);
    int64_t patience_us = 2000LL * race->krb->config->kdc_race_delay;

    for (size_t i = 0; i < race->count; i++) {
        const struct runner *r = &race->runners[i];

        if (udp_dead(r))
            continue;
        until = tl_deadline_min(until, r->udp_begun ? r->asked_us + 1000LL * ASK_AGAIN_MS
                                                    : r->started_us + patience_us);
    }
    return until;
}

static struct runner *run(struct race *race)
{
    const int64_t delay_us = 1000LL * race->krb->config->kdc_race_delay;
    const size_t all = race->list->count < MAX_RUNNERS ? race->list->count : MAX_RUNNERS;
    int64_t next_start_us = 0;

    while (tl_now_us() < race->end_us) {
        struct runner *won;

        if (race->count < all && (tl_now_us() >= next_start_us || all_dead(race))) {
            start(race);
            next_start_us = race->count < all ? tl_now_us() + delay_us : race->end_us;
        }
        for (size_t i = 0; i < race->count; i++)
            ask_udp(race, &race->runners[i]);
        won = winner(race);
        if (won != NULL)
            return won;
        if (race->count == all && all_dead(race))
            return NULL;
        wait_for_news(race, next_us(race, next_start_us));
    }
    return NULL;
}

/* "dc1.contoso.test (10.99.0.11): 464/tcp no answer, 464/udp refused" for each. */
static enum tl_reason lost(const struct race *race, struct tl_outcome *out)
{
    char *fates = talloc_strdup(race->mem, "");

    for (size_t i = 0; i < race->count; i++) {
        const struct runner *r = &race->runners[i];
        bool refused = r->tcp != NULL && r->tcp->state == TL_CONN_DEAD &&
                       r->tcp->reason == TL_REASON_PORT88_REFUSED;

        fates = talloc_asprintf_append(
            fates, "%s%s (%s): 464/tcp %s, 464/udp %s", i > 0 ? "; " : "",
            r->dc->host != NULL ? r->dc->host : "?",
            r->dc->address != NULL ? r->dc->address : "?",
            refused ? "refused" : "no answer", r->udp_refused ? "refused" : "no answer");
    }
    if (race->count > 0)
        tl_outcome_set_subject(out, race->runners[0].dc->host);
    tl_outcome_set_attribute(out, "464/tcp, 464/udp");
    return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_UNREACHABLE, "%s",
                           fates != NULL ? fates : "");
}

static int server_destroy(struct tli_kpasswd_server *server)
{
    if (server->udp >= 0)
        close(server->udp);
    return 0;
}

/* The runner that answered becomes the server. Its DC is copied, since the list may
 * end before the exchange. */
static enum tl_reason take(TALLOC_CTX *ctx, struct runner *won,
                           struct tli_kpasswd_server **out_server, struct tl_outcome *out)
{
    struct tli_kpasswd_server *server = talloc_zero(ctx, struct tli_kpasswd_server);
    bool tcp = !tcp_dead(won) && won->tcp->state == TL_CONN_READY;
    socklen_t len = sizeof(server->local);
    int fd;

    if (server == NULL)
        return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
    server->udp = -1;
    talloc_set_destructor(server, server_destroy);
    server->dc = *won->dc;
    server->dc.host = talloc_strdup(server, won->dc->host);
    server->dc.domain = talloc_strdup(server, won->dc->domain);
    server->dc.address = talloc_strdup(server, won->dc->address);
    /* a new socket: no late answer to the harmless message comes in at its port */
    if (tcp)
        server->tcp = talloc_steal(server, won->tcp);
    else
        server->udp = udp_socket(won->dc);
    fd = tcp ? server->tcp->fd : server->udp;
    server->name = talloc_asprintf(server, "%s (%s) %d/%s",
                                   won->dc->host != NULL ? won->dc->host : "?",
                                   won->dc->address != NULL ? won->dc->address : "?",
                                   KPASSWD_PORT, tcp ? "tcp" : "udp");
    if (server->name == NULL || fd < 0 ||
        getsockname(fd, (struct sockaddr *)(void *)&server->local, &len) != 0) {
        talloc_free(server);
        return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
    }
    *out_server = server;
    return TL_REASON_OK;
}

static void close_all(struct race *race)
{
    for (size_t i = 0; i < race->count; i++)
        if (race->runners[i].udp >= 0)
            close(race->runners[i].udp);
}

enum tl_reason tli_kpasswd_connect(TALLOC_CTX *ctx, struct tl_krb *krb,
                                   const struct tl_dc_list *list,
                                   struct tli_kpasswd_server **server,
                                   struct tl_outcome *out)
{
    struct race race = {.krb = krb, .mem = talloc_new(ctx), .list = list};
    struct runner *won;
    enum tl_reason reason;

    *server = NULL;
    if (race.mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
    race.end_us = tl_deadline_min(krb->deadline,
                                  tl_deadline_in_ms(krb->config->kdc_connect_timeout));
    won = run(&race);
    reason = won != NULL ? take(ctx, won, server, out) : lost(&race, out);
    close_all(&race);
    talloc_free(race.mem);
    if (*server != NULL) {
        tl_outcome_set_kdc(out, (*server)->name);
        tl_trace_note(krb->trace, "passwords are changed at %s", (*server)->name);
    }
    return reason;
}

/* --- one message and its answer --- */

static bool wait_udp(TALLOC_CTX *ctx, struct tli_kpasswd_server *server,
                     tl_deadline deadline, krb5_data *reply)
{
    char *bytes = talloc_size(ctx, REPLY_MAX);
    struct pollfd fd = {.fd = server->udp, .events = POLLIN};

    while (bytes != NULL && tl_deadline_left_ms(deadline) > 0) {
        ssize_t n;

        if (poll(&fd, 1, tl_deadline_left_ms(deadline)) <= 0)
            continue;
        n = recv(server->udp, bytes, REPLY_MAX, 0);
        if (n > 0) {
            reply->data = bytes;
            reply->length = (unsigned int)n;
            return true;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false; /* refused: it was open a moment ago */
    }
    return false;
}

static bool wait_tcp(TALLOC_CTX *ctx, struct tli_conn *conn, tl_deadline deadline,
                     krb5_data *reply)
{
    size_t len = 0;

    while (conn->state == TL_CONN_WRITING || conn->state == TL_CONN_READING) {
        struct pollfd fd = {.fd = conn->fd, .events = tli_conn_events(conn)};

        if (tl_deadline_left_ms(deadline) == 0)
            return false;
        if (poll(&fd, 1, tl_deadline_left_ms(deadline)) > 0)
            tli_conn_handle(conn, fd.revents);
    }
    if (conn->state != TL_CONN_DONE)
        return false;
    reply->data = (char *)tli_conn_take(ctx, conn, &len);
    reply->length = (unsigned int)len;
    return reply->data != NULL;
}

enum tl_reason tli_kpasswd_ask(TALLOC_CTX *ctx, struct tl_krb *krb,
                               struct tli_kpasswd_server *server,
                               const krb5_data *request, krb5_data *reply,
                               struct tl_outcome *out)
{
    bool answered;

    *reply = (krb5_data){0};
    if (server->tcp != NULL) {
        server->tcp->any_reply = true;
        if (tli_conn_send(server->tcp, (const uint8_t *)request->data, request->length) !=
            0)
            return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_NO_MEMORY, NULL);
        answered = wait_tcp(ctx, server->tcp, krb->deadline, reply);
    } else {
        if (send(server->udp, request->data, request->length, MSG_NOSIGNAL) < 0)
            return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_UNREACHABLE,
                                   "464/udp: %s", strerrordesc_np(errno));
        answered = wait_udp(ctx, server, krb->deadline, reply);
    }
    if (answered)
        return TL_REASON_OK;
    return tl_outcome_fail(out, TL_STAGE_PASSWORD, TL_REASON_PASSWORD_UNKNOWN,
                           "It accepted the request and did not answer.");
}
