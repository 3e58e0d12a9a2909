/* SPDX-License-Identifier: MIT
 *
 * race.c - which KDC gets a request, and when the next one does (see transport.h).
 *
 * Runners are connections; the race ends when one of them holds a reply, or when all are
 * dead and no candidate is left.
 */
#include "race.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* Milliseconds a KDC that took the request may think about it. */
#define REPLY_WAIT 5000

static bool in_flight(const struct tli_conn *conn)
{
    return conn->state == TL_CONN_WRITING || conn->state == TL_CONN_READING;
}

/* Runners in a state; the newest sending time goes to *sent if not NULL. */
static size_t count_flying(const struct tli_race *race, int64_t *sent)
{
    size_t n = 0;

    for (size_t i = 0; i < race->count; i++) {
        if (!in_flight(race->runners[i]))
            continue;
        n++;
        if (sent != NULL && race->runners[i]->sent_us > *sent)
            *sent = race->runners[i]->sent_us;
    }
    return n;
}

static size_t count_state(const struct tli_race *race, enum tli_conn_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < race->count; i++)
        n += race->runners[i]->state == state;
    return n;
}

static bool add_runner(struct tli_race *race, const struct tl_dc *dc)
{
    struct tli_conn *conn;

    if (race->count == TL_RACE_RUNNERS)
        return false;
    conn = tli_conn_new(race->rn, dc, race->net->source.port);
    if (conn == NULL)
        return false;
    race->runners[race->count++] = conn;
    race->last_start_us = conn->started_us;
    return true;
}

static bool same_address(const struct tl_dc *a, const struct tl_dc *b)
{
    return a->addr_len == b->addr_len && memcmp(&a->addr, &b->addr, a->addr_len) == 0;
}

static bool tried(const struct tli_race *race, const struct tl_dc *dc)
{
    for (size_t i = 0; i < race->count; i++)
        if (same_address(&race->runners[i]->dc, dc))
            return true;
    return false;
}

/* Ask the locator: its cache first; past it when those have all failed. */
static void search(struct tli_race *race, struct tl_outcome *out)
{
    const struct tli_transport_source *src = &race->net->source;
    unsigned int flags = race->searched ? TL_LOCATE_FORCE : 0;
    tl_deadline until = tl_deadline_min(race->deadline, race->connect_end_us);
    struct tl_dc_list *list = NULL;
    enum tl_reason reason;

    if (race->searched) {
        race->forced = true;
        out = NULL; /* the connections' failure says more */
    }
    race->searched = true;
    reason = src->find(race->rn, src->arg, race->rn->domain, flags, until, &list, out);
    if (race->forced)
        race->forced_reason = reason;
    else
        race->find_reason = reason;
    if (reason != TL_REASON_OK)
        return;
    talloc_free(race->rn->candidates);
    race->rn->candidates = talloc_steal(race->rn, list);
    race->next = 0;
}

/* Start the next candidate not yet tried; false if there is none. */
static bool start_next(struct tli_race *race, struct tl_outcome *out)
{
    for (;;) {
        struct tl_dc_list *list = race->rn->candidates;

        while (list != NULL && race->next < list->count) {
            const struct tl_dc *dc = &list->dcs[race->next++];

            if (!tried(race, dc))
                return add_runner(race, dc);
        }
        race->searched = race->searched || list != NULL;
        if (race->forced || (race->searched && (race->find_reason != TL_REASON_OK ||
                                                tl_now_us() >= race->connect_end_us)))
            return false;
        if (race->searched && count_flying(race, NULL) > 0)
            return false;
        search(race, out);
    }
}

static void trace_connections(struct tli_race *race)
{
    for (size_t i = 0; i < race->count; i++) {
        struct tli_conn *conn = race->runners[i];
        struct tl_event event = {.kind = TL_EVENT_CONNECT, .krb_error = TL_KRB_NONE};

        if (race->traced[i] || conn->state == TL_CONN_CONNECTING || conn->reused)
            continue;
        race->traced[i] = true;
        event.took_us = tl_now_us() - conn->started_us;
        event.server = conn->kdc;
        event.realm = race->rn->realm;
        event.text = conn->state == TL_CONN_DEAD ? conn->why : "connected";
        tl_trace_event(race->net->trace, &event);
    }
}

/* A connection kept from an earlier exchange that the KDC closed meanwhile says
 * nothing about the KDC: connect again, once (`reused` is false then). */
static void revive(struct tli_race *race)
{
    for (size_t i = 0; i < race->count; i++) {
        struct tli_conn *conn = race->runners[i];
        struct tli_conn *fresh;

        if (conn->state != TL_CONN_DEAD || !conn->reused || conn->in_len > 0 ||
            conn->reason != TL_REASON_KDC_SILENT || tl_now_us() >= race->deadline)
            continue;
        fresh = tli_conn_new(race->rn, &conn->dc, race->net->source.port);
        if (fresh == NULL)
            continue;
        talloc_free(conn);
        race->runners[i] = fresh;
        race->traced[i] = false;
        race->last_start_us = fresh->started_us;
    }
}

/* End what has waited too long. */
static void expire(struct tli_race *race)
{
    int64_t now = tl_now_us();
    bool over = now >= race->deadline;

    for (size_t i = 0; i < race->count; i++) {
        struct tli_conn *conn = race->runners[i];
        int64_t end = race->connect_end_us;

        /* one that was started late, because another KDC took the request and
         * fell silent, still gets its chance */
        if (end < conn->started_us + 2 * race->race_delay_us)
            end = conn->started_us + 2 * race->race_delay_us;
        if (conn->state == TL_CONN_CONNECTING && (over || now >= end))
            tli_conn_kill(conn, TL_REASON_PORT88_FILTERED,
                          "no answer to the connection request");
        else if (in_flight(conn) && (over || now >= conn->sent_us + REPLY_WAIT * 1000LL))
            tli_conn_kill(conn, TL_REASON_KDC_SILENT,
                          "accepted the request and did not answer");
        else if (conn->state == TL_CONN_READY && over)
            tli_conn_kill(conn, TL_REASON_DEADLINE, "no time left to contact it");
    }
}

/* When the request may go to one more KDC: now, if no KDC has it. */
static int64_t next_send_us(const struct tli_race *race)
{
    int64_t sent = 0;

    return count_flying(race, &sent) == 0 ? 0 : sent + race->reply_delay_us;
}

static int send_to_ready(struct tli_race *race)
{
    for (size_t i = 0; i < race->count; i++) {
        if (race->runners[i]->state != TL_CONN_READY)
            continue;
        if (tl_now_us() < next_send_us(race))
            return 0;
        if (tli_conn_send(race->runners[i], race->request, race->len) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* When one more candidate may be started. */
static int64_t next_start_us(const struct tli_race *race)
{
    int64_t sent = 0;

    if (count_flying(race, &sent) > 0)
        return sent + race->reply_delay_us;
    if (count_state(race, TL_CONN_CONNECTING) + count_state(race, TL_CONN_READY) == 0)
        return 0;
    return race->last_start_us + race->race_delay_us;
}

static void wait_for_news(struct tli_race *race, bool more)
{
    struct pollfd fds[TL_RACE_RUNNERS];
    struct tli_conn *who[TL_RACE_RUNNERS];
    nfds_t n = 0;
    tl_deadline until = race->deadline;

    if (more)
        until = tl_deadline_min(until, next_start_us(race));
    for (size_t i = 0; i < race->count; i++) {
        struct tli_conn *conn = race->runners[i];

        if (conn->state == TL_CONN_CONNECTING && tl_now_us() < race->connect_end_us)
            until = tl_deadline_min(until, race->connect_end_us);
        else if (conn->state == TL_CONN_CONNECTING)
            until = tl_deadline_min(until, conn->started_us + 2 * race->race_delay_us);
        if (in_flight(conn))
            until = tl_deadline_min(until, conn->sent_us + REPLY_WAIT * 1000LL);
        if (conn->state == TL_CONN_READY)
            until = tl_deadline_min(until, next_send_us(race));
        if (tli_conn_events(conn) == 0)
            continue;
        who[n] = conn;
        fds[n++] = (struct pollfd){.fd = conn->fd, .events = tli_conn_events(conn)};
    }
    if (poll(fds, n, tl_deadline_left_ms(until)) <= 0)
        return;
    for (nfds_t i = 0; i < n; i++)
        tli_conn_handle(who[i], fds[i].revents);
}

/* The runner that holds an answer worth returning, or NULL. A KDC that says it
 * is not available leaves the race; its answer is kept in case no other arrives. */
static struct tli_conn *winner(struct tli_race *race)
{
    const struct tli_transport_source *src = &race->net->source;

    for (size_t i = 0; i < race->count; i++) {
        struct tli_conn *conn = race->runners[i];

        if (conn->state != TL_CONN_DONE)
            continue;
        if (src->unavailable == NULL ||
            !src->unavailable(src->unavailable_arg, conn->in + 4, conn->in_len - 4))
            return conn;
        race->unavailable_kdc = conn->kdc;
        race->unavailable = tli_conn_take(race->rn, conn, &race->unavailable_len);
        tli_conn_kill(conn, TL_REASON_NO_LOGON_SERVERS,
                      "reports that it is not available");
    }
    return NULL;
}

struct tli_conn *tli_race_run(struct tli_race *race, struct tl_outcome *out)
{
    bool more = true;

    for (;;) {
        struct tli_conn *won;

        trace_connections(race);
        won = winner(race);
        if (won != NULL)
            return won;
        revive(race);
        expire(race);
        if (send_to_ready(race) != 0)
            return NULL;
        if (more && tl_now_us() >= next_start_us(race) && tl_now_us() < race->deadline) {
            more = start_next(race, out);
            continue;
        }
        if (count_state(race, TL_CONN_DEAD) == race->count) {
            if (tl_now_us() >= race->deadline || !start_next(race, out))
                return NULL;
            continue;
        }
        wait_for_news(race, more);
    }
}
