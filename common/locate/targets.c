/* SPDX-License-Identifier: MIT
 *
 * locate/targets.c - the servers of a search and their addresses: from SRV records,
 * or from a list that is known already.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

#include "search.h"

/* ---- questions */

static void on_srv(void *arg, enum tli_dns_result result, const struct tli_srv *srv,
                   size_t count)
{
    struct tli_srv_answer *a = arg;

    a->pending = false;
    a->result = result;
    if (result != TL_DNS_FOUND)
        return;
    a->arrived_us = tl_now_us();
    a->srv = talloc_steal(a->run, (struct tli_srv *)(uintptr_t)srv);
    a->count = count;
}

int tli_run_ask_srv(struct tli_run *run, struct tli_srv_answer *answer, const char *site)
{
    const char *domain = run->in->domain;
    char *name = run->realm_only ? talloc_asprintf(run, "_kerberos._tcp.%s", domain)
                 : site ? talloc_asprintf(run, "_kerberos._tcp.%s._sites.dc._msdcs.%s",
                                          site, domain)
                        : talloc_asprintf(run, "_kerberos._tcp.dc._msdcs.%s", domain);

    if (!name)
        return -ENOMEM;
    answer->run = run;
    answer->pending = true;
    answer->result = TL_DNS_NO_SERVER;
    return tli_dns_ask_srv(run->dns, name, domain, on_srv, answer);
}

/* IPv6 questions are for hosts with more than loopback and link-local addresses. */
static bool have_ipv6(void)
{
    struct ifaddrs *all, *i;
    bool have = false;

    if (getifaddrs(&all) != 0)
        return true;
    for (i = all; i && !have; i = i->ifa_next) {
        struct sockaddr_in6 in6;

        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6)
            continue;
        memcpy(&in6, i->ifa_addr, sizeof in6);
        have = !IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) &&
               !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
    }
    freeifaddrs(all);
    return have;
}

static int add_probe(struct tli_run *run, struct tli_target *target,
                     const struct sockaddr *addr)
{
    struct tli_probe *probe = &target->probes[target->count];
    struct tl_dc *dc = &probe->dc;

    probe->fd = -1;
    dc->domain = run->in->domain;
    dc->host = target->srv.host;
    dc->priority = target->srv.priority;
    dc->weight = target->srv.weight;
    dc->in_site = target->srv.in_site;
    dc->realm_only = run->realm_only;
    if (tli_dc_set_address(run, dc, addr) != 0)
        return -ENOMEM;
    target->count++;
    return 0;
}

static void on_addr(void *arg, enum tli_dns_result result,
                    const struct sockaddr_storage *addr, size_t count)
{
    struct tli_target *target = arg;

    target->pending--;
    target->run->pending--;
    if (result == TL_DNS_NO_SERVER)
        target->run->addresses_unanswered = true;
    for (size_t i = 0; i < count && target->count < TL_MAX_ADDRESSES; i++) {
        if (add_probe(target->run, target, (const struct sockaddr *)&addr[i]))
            target->run->no_memory = true;
    }
}

static int ask_addr(struct tli_run *run, struct tli_target *target, int family)
{
    target->pending++;
    run->pending++;
    return tli_dns_ask_addr(run->dns, family, target->srv.host, run->in->domain, on_addr,
                            target);
}

/* ---- servers */

/* Did this server fail so lately that it goes last? */
static bool failed_lately(const struct tli_search *in, const char *host)
{
    for (size_t i = 0; in->past && i < in->past->count; i++) {
        const struct tli_cache_dc *dc = &in->past->dcs[i];

        if (tli_locator_fresh(in->locator, dc->failed,
                              in->locator->config->negative_lifetime) &&
            strcmp(dc->dc.host, host) == 0)
            return true;
    }
    return false;
}

static void add_targets(struct tli_run *run, const struct tli_srv_answer *answer,
                        bool in_site, bool failed)
{
    for (size_t i = 0; i < answer->count && run->count < TL_MAX_SERVERS; i++) {
        const struct tli_srv *srv = &answer->srv[i];
        bool known = false;

        if (failed_lately(run->in, srv->host) != failed)
            continue;
        for (size_t t = 0; t < run->count && !known; t++)
            known = strcmp(run->targets[t].srv.host, srv->host) == 0;
        if (known)
            continue;
        run->targets[run->count] = (struct tli_target){.run = run, .srv = *srv};
        run->targets[run->count++].srv.in_site = in_site;
    }
}

/* The site's servers first, and of each group those that did not fail lately. */
int tli_run_targets_of_dns(struct tli_run *run)
{
    int rc = 0;

    run->with_ipv6 = have_ipv6();

    tli_srv_order(run->site.srv, run->site.count, tli_random, NULL);
    tli_srv_order(run->plain.srv, run->plain.count, tli_random, NULL);
    for (int failed = 0; failed < 2; failed++) {
        add_targets(run, &run->site, true, failed);
        add_targets(run, &run->plain, false, failed);
    }
    for (size_t t = 0; t < run->count && rc == 0; t++) {
        rc = ask_addr(run, &run->targets[t], AF_INET);
        if (rc == 0 && run->with_ipv6)
            rc = ask_addr(run, &run->targets[t], AF_INET6);
    }
    return rc;
}

int tli_run_targets_of_list(struct tli_run *run, const struct tl_dc_list *known)
{
    int rc = 0;

    for (size_t i = 0; i < known->count && rc == 0; i++) {
        const struct tl_dc *dc = &known->dcs[i];
        struct tli_target *target = &run->targets[run->count];

        if (run->count == TL_MAX_SERVERS)
            break;
        *target = (struct tli_target){.run = run,
                                      .srv = {.host = dc->host,
                                              .priority = dc->priority,
                                              .weight = dc->weight,
                                              .in_site = dc->in_site}};
        run->count++;
        rc = add_probe(run, target, (const struct sockaddr *)&dc->addr);
    }
    return rc;
}
