/* SPDX-License-Identifier: MIT
 *
 * transport.c - exchanges with the KDCs of realms (see transport.h): the connection that
 * is kept for each realm, what the locator learns, and the reason when no KDC replies.
 * The race between the KDCs is in race.c.
 */
#include "race.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <trustlogon/name.h>

/* A KDC under load may take its time, and a second copy of a request with a
 * wrong password counts as a second try: such a request is given to another KDC
 * only after this many race delays. */
#define ATTEMPT_FACTOR 4
struct tli_transport *tli_transport_new(TALLOC_CTX *ctx, const struct tl_config *config,
                                        const struct tl_trace *trace,
                                        const struct tli_transport_source *source)
{
    struct tli_transport *net = talloc_zero(ctx, struct tli_transport);

    if (net == NULL)
        return NULL;
    net->config = config;
    net->trace = trace;
    net->source = *source;
    return net;
}

size_t tli_transport_open_count(const struct tli_transport *net)
{
    size_t n = 0;

    for (const struct tli_realm_net *rn = net->realms; rn != NULL; rn = rn->next)
        n += rn->kept != NULL;
    return n;
}

static struct tli_realm_net *realm_of(struct tli_transport *net, const char *realm)
{
    struct tli_realm_net *rn;

    for (rn = net->realms; rn != NULL; rn = rn->next)
        if (tl_dns_equal(rn->realm, realm))
            return rn;
    rn = talloc_zero(net, struct tli_realm_net);
    if (rn == NULL)
        return NULL;
    rn->realm = talloc_strdup(rn, realm);
    rn->domain = tl_dns_of(rn, realm);
    if (rn->realm == NULL || rn->domain == NULL) {
        talloc_free(rn);
        return NULL;
    }
    rn->next = net->realms;
    net->realms = rn;
    return rn;
}

int tli_transport_set_candidates(struct tli_transport *net, const char *realm,
                                 struct tl_dc_list *list, int64_t took_us)
{
    struct tli_realm_net *rn = realm_of(net, realm);

    if (rn == NULL)
        return -ENOMEM;
    talloc_free(rn->candidates);
    rn->candidates = talloc_steal(rn, list);
    rn->search_us = took_us;
    return 0;
}

/* Tell the locator what was learned, keep the winner, close the others. */
static void settle(struct tli_race *race, struct tli_conn *won, bool is_new)
{
    const struct tli_transport_source *src = &race->net->source;

    for (size_t i = 0; i < race->count; i++) {
        struct tli_conn *conn = race->runners[i];
        bool late = won != NULL && conn->state == TL_CONN_CONNECTING &&
                    conn->started_us + race->race_delay_us <= won->started_us;

        if (conn == won)
            continue;
        if ((conn->state == TL_CONN_DEAD && conn->reason != TL_REASON_DEADLINE &&
             conn->reason != TL_REASON_NO_MEMORY) ||
            late)
            src->failed(src->arg, &conn->dc);
    }
    if (won != NULL && is_new)
        src->worked(src->arg, &won->dc);
    if (won != NULL && won->spent)
        won = NULL;
    for (size_t i = 0; i < race->count; i++)
        if (race->runners[i] != won)
            talloc_free(race->runners[i]);
    race->rn->kept = won;
}

/* The reason is that of the first candidate, which the locator thought best; the
 * detail has every candidate's. */
static enum tl_reason lost(struct tli_race *race, struct tl_outcome *out)
{
    const struct tli_conn *first = race->count > 0 ? race->runners[0] : NULL;
    char *fates = NULL;
    enum tl_reason reason;

    tl_outcome_set_realm(out, race->rn->realm);
    if (first == NULL && race->find_reason != TL_REASON_OK)
        return race->find_reason; /* the locator has filled in the outcome */
    if (first == NULL)
        return tl_outcome_fail(out, race->stage,
                               tl_now_us() >= race->deadline ? TL_REASON_DEADLINE
                                                             : TL_REASON_NO_LOGON_SERVERS,
                               "no domain controller of %s could be contacted",
                               race->rn->domain);
    for (size_t i = 0; i < race->count; i++) {
        const struct tli_conn *conn = race->runners[i];
        char *longer = talloc_asprintf(race->rn, "%s%s%s: %s", fates != NULL ? fates : "",
                                       fates != NULL ? "; " : "", conn->kdc,
                                       conn->why != NULL ? conn->why : "not contacted");

        talloc_free(fates);
        fates = longer;
    }
    reason = first->state == TL_CONN_DEAD ? first->reason : TL_REASON_NO_MEMORY;
    /* a machine that does not reply to pings either is down: a firewall is not the
     * cause */
    if (reason == TL_REASON_PORT88_FILTERED && race->forced_reason != TL_REASON_OK)
        reason = TL_REASON_NO_LOGON_SERVERS;
    tl_outcome_set_kdc(out, first->kdc);
    tl_outcome_fail(out, race->stage, reason, "%s", fates != NULL ? fates : "");
    talloc_free(fates);
    return reason;
}

/* An idle connection that is readable has been closed, or sends unrequested bytes. */
static struct tli_conn *take_kept(struct tli_realm_net *rn)
{
    struct tli_conn *conn = rn->kept;
    struct pollfd fd;

    rn->kept = NULL;
    if (conn == NULL)
        return NULL;
    fd = (struct pollfd){.fd = conn->fd, .events = POLLIN};
    if (poll(&fd, 1, 0) != 0)
        tli_conn_kill(conn, TL_REASON_KDC_SILENT, "closed between two requests");
    return conn;
}

/* The connection kept from the last exchange runs first; everything else is a race. */
enum tl_reason tli_transport_exchange(TALLOC_CTX *ctx, struct tli_transport *net,
                                      enum tl_stage stage, const char *realm,
                                      const uint8_t *request, size_t len,
                                      bool counts_as_attempt, tl_deadline deadline,
                                      struct tli_transport_answer *answer,
                                      struct tl_outcome *out)
{
    struct tli_race race = {.net = net, .stage = stage, .request = request, .len = len};
    struct tli_conn *won;
    bool is_new;
    enum tl_reason reason = TL_REASON_OK;

    memset(answer, 0, sizeof(*answer));
    race.rn = realm_of(net, realm);
    if (race.rn == NULL)
        return tl_outcome_fail(out, stage, TL_REASON_NO_MEMORY, NULL);
    race.race_delay_us = net->config->kdc_race_delay * 1000LL;
    race.reply_delay_us = race.race_delay_us * (counts_as_attempt ? ATTEMPT_FACTOR : 1);
    race.deadline = deadline;
    race.connect_end_us =
        tl_now_us() + net->config->kdc_connect_timeout * 1000LL - race.rn->search_us;
    race.rn->search_us = 0;
    won = take_kept(race.rn);
    if (won != NULL)
        race.runners[race.count++] = won;
    won = tli_race_run(&race, out);
    is_new = won != NULL && !won->reused;
    if (won != NULL) {
        answer->took_us = tl_now_us() - won->sent_us;
        answer->data = tli_conn_take(ctx, won, &answer->len);
        answer->kdc = talloc_strdup(ctx, won->kdc);
    } else if (race.unavailable != NULL) {
        answer->data = talloc_steal(ctx, race.unavailable);
        answer->len = race.unavailable_len;
        answer->kdc = talloc_strdup(ctx, race.unavailable_kdc);
    } else {
        reason = lost(&race, out);
    }
    if (reason == TL_REASON_OK && (answer->data == NULL || answer->kdc == NULL))
        reason = tl_outcome_fail(out, stage, TL_REASON_NO_MEMORY, NULL);
    settle(&race, won, is_new);
    return reason;
}
