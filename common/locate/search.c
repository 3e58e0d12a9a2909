/* SPDX-License-Identifier: MIT
 *
 * locate/search.c - one search: DNS questions, addresses and pings in one loop.
 *
 * 1. SRV of the site and siteless, asked at the same time. With the site's answer
 *    there, the other gets ping_interval to arrive, and the other way round.
 * 2. Addresses of all servers, asked at the same time.
 * 3. Pings in the order of the servers, all addresses of one before the next
 *    [ADTS 6.3.6.1], ping_interval apart; at once when the one before has failed.
 *    A server whose address is late does not hold up the others for longer than
 *    that. The silent are asked again. The first good answer ends it.
 *
 * Where DNS does not know the domain, the name may be a Kerberos realm, whose KDCs have
 * records of their own and answer no ping: steps 1 and 2 for those.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "search.h"

/* DNS may take this long before the first ping: enough for a name server that must ask a
 * partner's over a slow line; more would only keep the user waiting. */
#define DNS_LIMIT_MS 2000
/* Without require_ldap_ping, silence is accepted after this many intervals. */
#define TOLERATED_INTERVALS 3
/* Packets sent to one address. */
#define TRIES 3

static int64_t interval_us(const struct tli_run *run)
{
    return (int64_t)run->in->locator->config->ping_interval * 1000;
}

/* ---- the loop */

static int wait_ms(int64_t until_us)
{
    int64_t left = until_us - tl_now_us();

    if (left <= 0)
        return 0;
    return left > 60000000 ? 60000 : (int)((left + 999) / 1000);
}

/* Wait for packets until `until_us` and read them. */
static int turn(struct tli_run *run, int64_t until_us)
{
    struct pollfd fds[TL_MAX_FDS];
    struct tli_probe *probes[TL_MAX_FDS];
    size_t dns = 0, count;
    int timeout = wait_ms(until_us), rc;

    if (run->dns) {
        dns = tli_dns_pollfds(run->dns, fds, 16);
        timeout = tli_dns_timeout_ms(run->dns, timeout);
    }
    count = dns;
    for (size_t t = 0; t < run->count; t++) {
        struct tli_target *target = &run->targets[t];

        for (size_t i = 0; i < target->count && count < TL_MAX_FDS; i++) {
            if (!tli_probe_open(&target->probes[i]))
                continue;
            probes[count] = &target->probes[i];
            fds[count++] = (struct pollfd){.fd = target->probes[i].fd, .events = POLLIN};
        }
    }
    if (poll(fds, count, timeout) < 0 && errno != EINTR)
        return -errno;
    if (run->dns)
        tli_dns_process(run->dns, fds, dns);
    for (size_t i = dns; i < count; i++) {
        if (!fds[i].revents)
            continue;
        rc = tli_probe_read(run, run->in->locator, probes[i]);
        if (rc)
            return rc;
        /* A failed one need not be waited for: ping the next. */
        if (!tli_probe_open(probes[i]))
            run->next_ping_us = 0;
        if (probes[i]->state == TL_PROBE_GOOD && !run->best) {
            run->best = probes[i];
            run->best_us = tl_now_us();
        }
    }
    return run->no_memory ? -ENOMEM : 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_for_srv(struct tli_run *run)
{
    struct tli_srv_answer *site = &run->site, *plain = &run->plain;
    int64_t until, start_us = tl_now_us();
    int rc = 0;

    while (rc == 0 && (site->pending || plain->pending)) {
        until = earlier(run->in->deadline, start_us + DNS_LIMIT_MS * 1000);
        if (site->count)
            until = earlier(until, site->arrived_us + interval_us(run));
        if (plain->count)
            until = earlier(until, plain->arrived_us + interval_us(run));
        if (tl_now_us() >= until)
            break;
        rc = turn(run, until);
    }
    return rc;
}

/* The next address to ping; NULL: none, or not known yet. */
static struct tli_probe *next_probe(struct tli_run *run, int64_t now)
{
    bool patient = now < run->resolve_us + interval_us(run);

    for (size_t t = 0; t < run->count; t++) {
        struct tli_target *target = &run->targets[t];

        for (size_t i = 0; i < target->count; i++) {
            if (target->probes[i].state == TL_PROBE_NEW)
                return &target->probes[i];
        }
        if (patient && target->pending && target->count == 0)
            return NULL;
    }
    return NULL;
}

static bool any_open(const struct tli_run *run)
{
    for (size_t t = 0; t < run->count; t++) {
        for (size_t i = 0; i < run->targets[t].count; i++) {
            if (tli_probe_open(&run->targets[t].probes[i]))
                return true;
        }
    }
    return false;
}

/* When the search ends even if nothing more arrives. */
static int64_t end_of(const struct tli_run *run)
{
    const struct tl_config *config = run->in->locator->config;
    int64_t end = run->in->deadline;

    if (!run->first_ping_us)
        return earlier(end, run->resolve_us + DNS_LIMIT_MS * 1000);
    end = earlier(end, run->first_ping_us + (int64_t)config->ping_timeout * 1000);
    if (run->in->all)
        return end;
    /* The winner is known; addresses of the others are for failover. */
    if (run->best)
        return earlier(end, run->pending ? run->best_us + interval_us(run) : 0);
    if (run->in->brief)
        end = earlier(end, run->last_ping_us + TOLERATED_INTERVALS * interval_us(run));
    if (!config->require_ldap_ping)
        end = earlier(end, run->first_ping_us + TOLERATED_INTERVALS * interval_us(run));
    return end;
}

/* UDP loses packets, and one lost must not cost a logon: a server that is silent for a
 * third of ping_timeout is asked again. */
static int ping_again(struct tli_run *run, int64_t *wake)
{
    int64_t step = (int64_t)run->in->locator->config->ping_timeout * 1000 / TRIES;
    int64_t now = tl_now_us();
    int rc = 0;

    for (size_t t = 0; t < run->count; t++) {
        for (size_t i = 0; i < run->targets[t].count && rc == 0; i++) {
            struct tli_probe *probe = &run->targets[t].probes[i];

            if (!tli_probe_open(probe) || probe->tries >= TRIES)
                continue;
            if (now >= probe->sent_us + probe->tries * step)
                rc = tli_probe_send(run->in->locator, probe);
            *wake = earlier(*wake, probe->sent_us + probe->tries * step);
        }
    }
    return rc;
}

/* Ping who is due; *wake becomes the moment at which the next one is. */
static int ping_due(struct tli_run *run, int64_t *wake)
{
    int64_t now = tl_now_us();
    struct tli_probe *probe;
    int rc;

    while (!(run->best && !run->in->all) && now >= run->next_ping_us &&
           (probe = next_probe(run, now))) {
        rc = tli_probe_send(run->in->locator, probe);
        if (rc)
            return rc;
        now = tl_now_us();
        if (!run->first_ping_us)
            run->first_ping_us = now;
        run->last_ping_us = now;
        if (tli_probe_open(probe))
            run->next_ping_us = now + interval_us(run);
    }
    if (run->next_ping_us > now)
        *wake = earlier(*wake, run->next_ping_us);
    if (run->resolve_us + interval_us(run) > now)
        *wake = earlier(*wake, run->resolve_us + interval_us(run));
    return ping_again(run, wake);
}

static int run_pings(struct tli_run *run)
{
    int64_t wake;
    int rc = 0;

    run->resolve_us = tl_now_us();
    while (rc == 0 && tl_now_us() < end_of(run)) {
        if (!run->pending && !any_open(run) && !next_probe(run, INT64_MAX))
            break;
        wake = INT64_MAX;
        rc = ping_due(run, &wake);
        if (rc == 0)
            rc = turn(run, earlier(wake, end_of(run)));
    }
    for (size_t t = 0; t < run->count; t++) {
        for (size_t i = 0; i < run->targets[t].count; i++)
            tli_probe_end(run->in->locator, &run->targets[t].probes[i]);
    }
    return rc;
}

/* ---- the two searches */

/* DNS answered, and neither the site nor the domain has a record. */
static bool no_domain(const struct tli_run *run)
{
    return !run->in->site_only && !run->plain.pending &&
           run->plain.result == TL_DNS_NOTHING && run->site.count == 0;
}

static int ask_realm(struct tli_run *run)
{
    int rc;

    run->no_domain = talloc_strdup(run, tli_dns_error(run->dns));
    if (!run->no_domain)
        return -ENOMEM;
    run->realm_only = true;
    rc = tli_run_ask_srv(run, &run->plain, NULL);
    return rc ? rc : wait_for_srv(run);
}

/* Nothing is pinged: only the addresses are waited for, and after the first one not for
 * long. */
static int wait_for_addresses(struct tli_run *run)
{
    int64_t start_us = tl_now_us(), until;
    bool any = false;
    int rc = 0;

    while (rc == 0 && run->pending) {
        for (size_t t = 0; t < run->count && !any; t++)
            any = run->targets[t].count != 0;
        until = start_us + (any ? interval_us(run) : DNS_LIMIT_MS * 1000);
        until = earlier(until, run->in->deadline);
        if (tl_now_us() >= until)
            break;
        rc = turn(run, until);
    }
    return rc;
}

static int search_dns(struct tli_run *run)
{
    int rc = tli_dns_open(run, run->in->locator, &run->dns);

    if (rc == 0 && run->in->site)
        rc = tli_run_ask_srv(run, &run->site, run->in->site);
    if (rc == 0 && !run->in->site_only)
        rc = tli_run_ask_srv(run, &run->plain, NULL);
    if (rc == 0)
        rc = wait_for_srv(run);
    if (rc == 0 && no_domain(run))
        rc = ask_realm(run);
    if (rc == 0)
        rc = tli_run_targets_of_dns(run);
    if (rc == 0 && run->count)
        rc = run->realm_only ? wait_for_addresses(run) : run_pings(run);
    return rc;
}

static int search_known(struct tli_run *run, const struct tl_dc_list *known)
{
    int rc = tli_run_targets_of_list(run, known);

    return rc ? rc : run_pings(run);
}

static enum tl_reason search(TALLOC_CTX *ctx, const struct tli_search *in,
                             const struct tl_dc_list *known, struct tl_dc_list **list)
{
    struct tli_run *run = talloc_zero(NULL, struct tli_run);
    enum tl_reason reason;
    int rc = -ENOMEM;

    *list = NULL;
    if (run) {
        run->in = in;
        run->from_cache = known != NULL;
        run->targets = talloc_zero_array(run, struct tli_target, TL_MAX_SERVERS);
    }
    if (run && run->targets)
        rc = known ? search_known(run, known) : search_dns(run);
    if (rc == -ENOMEM)
        reason = tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_NO_MEMORY, NULL);
    else if (rc)
        reason = tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_INTERNAL,
                                 "the search for domain controllers failed: %s",
                                 strerror(-rc));
    else
        reason = tli_run_result(ctx, run, list);
    talloc_free(run);
    return reason;
}

enum tl_reason tli_search_dns(TALLOC_CTX *ctx, const struct tli_search *in,
                              struct tl_dc_list **list)
{
    return search(ctx, in, NULL, list);
}

enum tl_reason tli_search_known(TALLOC_CTX *ctx, const struct tli_search *in,
                                const struct tl_dc_list *known, struct tl_dc_list **list)
{
    return search(ctx, in, known, list);
}
