/* SPDX-License-Identifier: MIT
 *
 * locate/result.c - what a finished search amounts to: a list of DCs, best first, or the
 * reason of the failure.
 */
#include <errno.h>
#include <string.h>
#include <trustlogon/name.h>

#include "search.h"

/* The ranks of a list. Those never asked come before those that were asked and
 * stayed silent, since a logon that fails over tries them in this order. */
enum rank { RANK_BEST, RANK_GOOD, RANK_NEW, RANK_SILENT, RANK_BAD, RANKS };

/* With pings not required, silence and refusal say nothing about the server. */
static enum rank rank_of(const struct tli_run *run, const struct tli_probe *probe)
{
    bool required = run->in->locator->config->require_ldap_ping;

    if (probe == run->best)
        return RANK_BEST;
    switch (probe->state) {
    case TL_PROBE_GOOD:
        return RANK_GOOD;
    case TL_PROBE_NEW:
        return RANK_NEW;
    case TL_PROBE_SENT:
        return required || run->best ? RANK_SILENT : RANK_NEW;
    case TL_PROBE_REFUSED:
        return required || run->best ? RANK_BAD : RANK_NEW;
    default:
        return RANK_BAD;
    }
}

static char *why_of(TALLOC_CTX *ctx, const struct tli_run *run,
                    const struct tli_probe *probe)
{
    const char *source = run->from_cache     ? "cache, checked again"
                         : probe->dc.in_site ? "SRV of the site"
                                             : "SRV";
    const char *words = tli_probe_words(probe->state);

    if (probe->dc.realm_only)
        return talloc_strdup(ctx, "SRV of a Kerberos realm, which has no LDAP ping");
    if (words)
        return talloc_asprintf(ctx, "%s; %s", source, words);
    if (probe->state == TL_PROBE_GOOD)
        return talloc_asprintf(ctx, "%s; %s the LDAP ping in %lld ms", source,
                               probe == run->best ? "first to answer" : "answered",
                               (long long)((probe->dc.ping_us + 500) / 1000));
    return talloc_asprintf(ctx, "%s; not pinged", source);
}

/* Append the candidates of one rank. */
static int append(const struct tli_run *run, struct tl_dc_list *list, enum rank rank)
{
    for (size_t t = 0; t < run->count; t++) {
        const struct tli_target *target = &run->targets[t];

        for (size_t i = 0; i < target->count; i++) {
            const struct tli_probe *probe = &target->probes[i];
            struct tl_dc *dc = &list->dcs[list->count];

            if (rank_of(run, probe) != rank)
                continue;
            if (tli_dc_copy(list, dc, &probe->dc) != 0)
                return -ENOMEM;
            dc->found = tli_locator_wall(run->in->locator);
            dc->why = why_of(list, run, probe);
            if (!dc->why)
                return -ENOMEM;
            list->count++;
        }
    }
    return 0;
}

static struct tl_dc_list *make_list(TALLOC_CTX *ctx, const struct tli_run *run)
{
    struct tl_dc_list *list = talloc_zero(ctx, struct tl_dc_list);
    enum rank last = run->in->all ? RANK_BAD : RANK_SILENT;
    size_t most = 0;

    if (!list)
        return NULL;
    for (size_t t = 0; t < run->count; t++)
        most += run->targets[t].count;
    list->dcs = talloc_zero_array(list, struct tl_dc, most);
    for (enum rank rank = RANK_BEST; list->dcs && rank <= last; rank++) {
        if (append(run, list, rank) != 0)
            TALLOC_FREE(list->dcs);
    }
    if (!list->dcs)
        TALLOC_FREE(list);
    return list;
}

struct tally {
    size_t silent, refused, bad, other; /* probes by how they ended */
    char *words;                        /* the first few, each with its server */
};

/* Three servers are enough for a message that people read. */
static void tally_up(TALLOC_CTX *ctx, const struct tli_run *run, struct tally *tally)
{
    size_t told = 0;

    for (size_t t = 0; t < run->count; t++) {
        for (size_t i = 0; i < run->targets[t].count; i++) {
            const struct tli_probe *probe = &run->targets[t].probes[i];
            const char *words = tli_probe_words(probe->state);

            switch (probe->state) {
            case TL_PROBE_SENT:
                tally->silent++;
                break;
            case TL_PROBE_REFUSED:
            case TL_PROBE_UNREACHABLE:
                tally->refused++;
                break;
            case TL_PROBE_NEW:
            case TL_PROBE_GOOD:
                tally->other++;
                break;
            default:
                tally->bad++;
            }
            if (!words || told++ >= 3)
                continue;
            if (!tally->words)
                tally->words = talloc_strdup(ctx, "");
            tally->words = talloc_asprintf_append(tally->words, "%s%s (%s): %s",
                                                  told > 1 ? "; " : "", probe->dc.host,
                                                  probe->dc.address, words);
        }
    }
}

/* No server to ping: DNS is the cause. */
static enum tl_reason dns_reason(const struct tli_run *run)
{
    const struct tli_search *in = run->in;
    const char *error = tli_dns_error(run->dns);

    if (run->count == 0) {
        /* The siteless question decides: a site unknown to the domain is not a fault. */
        const struct tli_srv_answer *last = in->site_only ? &run->site : &run->plain;

        if (run->realm_only)
            return tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_RECORDS,
                                   "%s", run->no_domain);
        if (!last->pending && last->result == TL_DNS_NOTHING)
            return tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_RECORDS,
                                   "%s", error);
        return tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_ANSWER, "%s",
                               error);
    }
    if (run->addresses_unanswered || run->pending)
        return tl_outcome_fail(
            in->out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_ANSWER,
            "the SRV records name %s, whose address could not be looked up: %s",
            run->targets[0].srv.host, error);
    return tl_outcome_fail(
        in->out, TL_STAGE_LOCATE, TL_REASON_DNS_NO_ADDRESS, "%s has %s%s",
        run->targets[0].srv.host,
        run->with_ipv6 ? "no address" : "no IPv4 address, and this machine has no IPv6",
        run->count > 1 ? "; the others have none either" : "");
}

static enum tl_reason ping_reason(struct tli_run *run)
{
    struct tl_outcome *out = run->in->out;
    struct tally tally = {0};
    const char *words;

    tally_up(run, run, &tally);
    words = tally.words ? tally.words : "no candidate was reached";
    if (tl_now_us() >= run->in->deadline && tally.silent)
        return tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_DEADLINE,
                               "while waiting for LDAP pings; %s", words);
    if (tally.silent)
        return tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_PING_FILTERED, "%s",
                               words);
    if (tally.bad)
        return tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_PING_REFUSED, "%s", words);
    return tl_outcome_fail(out, TL_STAGE_LOCATE, TL_REASON_NO_LOGON_SERVERS, "%s", words);
}

/* The order of the questions: was there an address at all, did a DC answer, may
 * silence count as an answer? */
enum tl_reason tli_run_result(TALLOC_CTX *ctx, struct tli_run *run,
                              struct tl_dc_list **list)
{
    const struct tli_search *in = run->in;
    bool required = in->locator->config->require_ldap_ping;
    struct tl_dc_list *l;
    size_t usable = 0, addresses = 0;

    for (size_t t = 0; t < run->count; t++) {
        addresses += run->targets[t].count;
        for (size_t i = 0; i < run->targets[t].count; i++)
            usable += rank_of(run, &run->targets[t].probes[i]) <= RANK_NEW;
    }
    if (addresses == 0 && run->dns) {
        if (tl_now_us() >= in->deadline)
            return tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_DEADLINE,
                                   "while waiting for DNS");
        return dns_reason(run);
    }
    l = make_list(ctx, run);
    if (!l)
        return tl_outcome_fail(in->out, TL_STAGE_LOCATE, TL_REASON_NO_MEMORY, NULL);
    *list = l;
    if (run->best || run->realm_only)
        return TL_REASON_OK;
    if (required || usable == 0)
        return ping_reason(run);
    tl_trace_note(in->locator->trace,
                  "no domain controller of %s answered the LDAP ping; the candidates are "
                  "used without it, in the order of DNS (require_ldap_ping = no)",
                  in->domain);
    return TL_REASON_OK;
}
