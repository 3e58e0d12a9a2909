/* SPDX-License-Identifier: MIT
 *
 * network.c - the part of the checklist below Kerberos: DNS, the LDAP ping, the ports.
 */
#include <string.h>
#include <time.h>

#include "internal.h"

/* The ports in the order an administrator asks for them. */
static const struct port_check {
    const char *slug, *name;
    uint16_t port;
    bool udp;
    enum { ASK_NOTHING, ASK_AS, ASK_KPASSWD } ask;
    enum tl_verdict severity; /* of a filtered one */
    enum tl_reason reason;
} ports[] = {
    {"port-88-tcp", "88/tcp", 88, false, ASK_AS, TL_FINDING_FAILED,
     TL_REASON_PORT88_FILTERED},
    {"port-88-udp", "88/udp", 88, true, ASK_AS, TL_FINDING_WARNING,
     TL_REASON_PORT88UDP_FILTERED},
    {"port-464-tcp", "464/tcp", 464, false, ASK_NOTHING, TL_FINDING_WARNING,
     TL_REASON_PORT464_FILTERED},
    {"port-464-udp", "464/udp", 464, true, ASK_KPASSWD, TL_FINDING_WARNING,
     TL_REASON_PORT464_FILTERED},
    {"port-389-tcp", "389/tcp", 389, false, ASK_NOTHING, TL_FINDING_WARNING,
     TL_REASON_PORT389TCP_FILTERED},
};
#define NUM_PORTS (sizeof(ports) / sizeof(ports[0]))

/* It answers, and is no DC of this domain. */
static bool is_stranger(const struct tl_dc *dc)
{
    return dc->why != NULL && strstr(dc->why, "answers the LDAP ping") != NULL;
}

static void check_ping(struct run *run, const struct tl_dc *dc)
{
    bool stranger = is_stranger(dc);

    if (dc->pinged) {
        tli_found_ok(run, "port-389-udp", dc->host,
                     "the LDAP ping was answered in %.1f ms, site %s",
                     (double)dc->ping_us / 1000,
                     dc->dc_site != NULL ? dc->dc_site : "not known");
        return;
    }
    tli_found(run, "port-389-udp", dc->host,
              run->config->require_ldap_ping ? TL_FINDING_FAILED : TL_FINDING_WARNING,
              stranger ? TL_REASON_PING_REFUSED : TL_REASON_PING_FILTERED,
              stranger ? dc->domain : dc->host, NULL, "%s",
              dc->why != NULL ? dc->why : "no answer to the LDAP ping");
}

/* A Kerberos realm has KDCs, no directory. */
static bool applies(const struct port_check *check, const struct tl_dc *dc)
{
    return !dc->realm_only || check->reason != TL_REASON_PORT389TCP_FILTERED;
}

static void judge_port(struct run *run, const struct port_check *check,
                       const struct probe *probe)
{
    const char *host = probe->dc->host;

    switch (probe->result) {
    case PROBE_OPEN:
        tli_found_ok(run, check->slug, host, "%s is open (%.1f ms)", check->name,
                     (double)probe->took_us / 1000);
        return;
    case PROBE_FILTERED:
        tli_found(run, check->slug, host, check->severity, check->reason, host,
                  check->name, "%s is filtered: no answer within %d ms", check->name,
                  PROBE_TIMEOUT_MS);
        return;
    case PROBE_UNREACHABLE:
        tli_found(run, check->slug, host, check->severity, check->reason, host,
                  check->name, "%s is unreachable: no route to host", check->name);
        return;
    case PROBE_REFUSED:
        tli_found(run, check->slug, host, check->severity,
                  check->reason == TL_REASON_PORT88_FILTERED ? TL_REASON_PORT88_REFUSED
                                                             : check->reason,
                  host, check->name, "%s is refused: nothing listens there", check->name);
        return;
    case PROBE_SILENT: /* not caused by a firewall */
        tli_found(run, check->slug, host, check->severity, TL_REASON_KDC_SILENT, host,
                  check->name, "%s is open, but what listens did not answer within %d ms",
                  check->name, PROBE_TIMEOUT_MS);
        return;
    case PROBE_ODD:
        tli_found(run, check->slug, host, check->severity, TL_REASON_KDC_GARBAGE, host,
                  check->name, "%s closed the connection without an answer", check->name);
        return;
    case PROBE_ERROR:
        tli_found_unknown(run, check->slug, host, "%s could not be tested from here",
                          check->name);
        run->diag->complete = false;
        return;
    }
}

/* Lines of one host differ by the address where it has several. */
static void report_port(struct run *run, const struct port_check *check,
                        const struct probe *probe)
{
    judge_port(run, check, probe);
    tli_found_at(run, probe->dc->address);
}

/* The KDC's own time is in its KRB-ERROR (stime), so no logon is needed. */
static void note_clock(struct run *run, const struct probe *probe)
{
    size_t skip = probe->udp ? 0 : 4;
    const char *own = run->machine->workstation->domain;
    struct tli_clock clock = {
        .host = probe->dc->host,
        .address = probe->dc->address,
        .place = tl_dns_equal(probe->dc->domain, own) ? TL_PLACE_OWN : TL_PLACE_USER};
    struct tli_clock *list;

    if (!tli_probe_kdc_time(probe->reply + skip, probe->reply_len - skip, &clock.there)) {
        tli_found(run, "kdc", clock.host, TL_FINDING_FAILED, TL_REASON_KDC_GARBAGE,
                  clock.host, NULL, "what listens on port 88 does not speak Kerberos");
        tli_found_at(run, clock.address);
        return;
    }
    clock.here = (int64_t)time(NULL);
    if (clock.there == 0)
        return;
    list =
        talloc_realloc(run, run->clocks, struct tli_clock, (unsigned)run->num_clocks + 1);
    if (list == NULL) {
        run->diag->complete = false;
        return;
    }
    run->clocks = list;
    run->clocks[run->num_clocks++] = clock;
}

static void note_time(struct run *run, const struct probe *tcp, const struct probe *udp)
{
    const struct probe *probe = tcp->result == PROBE_OPEN ? tcp : udp;

    if (probe->result == PROBE_OPEN && probe->reply_len > (probe->udp ? 0 : 4))
        note_clock(run, probe);
}

/* Without an answer in the same way as the others: silent, or refused over TCP; hosts
 * that refuse do not report every datagram. */
static bool fails_so(const struct probe *probe, bool refused)
{
    bool silent = probe->result == PROBE_FILTERED || probe->result == PROBE_UNREACHABLE;

    return refused ? probe->result == PROBE_REFUSED || (probe->udp && silent) : silent;
}

/* All services of one DC fail in one way; NULL: not so. */
static const char *dead_words(struct run *run, const struct tl_dc *dc,
                              const struct probe *probes, bool from_cache)
{
    bool refused = probes[0].result == PROBE_REFUSED;

    if ((dc->pinged && !from_cache) || is_stranger(dc))
        return NULL;
    for (size_t p = 0; p < NUM_PORTS; p++)
        if (applies(&ports[p], dc) && !fails_so(&probes[p], refused))
            return NULL;
    return talloc_asprintf(run->diag,
                           refused
                               ? "389/udp, 88, 464 and 389/tcp of %s are refused: the "
                                 "host runs, and no domain controller on it"
                               : "nothing answers at %s, neither 389/udp nor 88, 464 "
                                 "or 389/tcp",
                           dc->address);
}

/* Whether any DC of the domain answers anything. Where there are more than were looked
 * at, it is not known. */
static void note_answers(struct run *run, const struct tl_dc_list *dcs, size_t count,
                         size_t dead, const char *words)
{
    const struct tl_dc *dc = &dcs->dcs[0];
    bool own = tl_dns_equal(dc->domain, run->machine->workstation->domain);
    const struct tl_fact fact = {.kind = TL_FACT_DC_ANSWERS,
                                 .place = own ? TL_PLACE_OWN : TL_PLACE_USER,
                                 .source = TL_SOURCE_NETWORK,
                                 .holds = dead < count,
                                 .object = dc->host,
                                 .attribute = words};

    if (dead < count || count == dcs->count)
        tl_facts_add(run->facts, &fact);
}

static bool answers_ldap(const struct probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (probes[i].port == 389 && probes[i].result == PROBE_OPEN)
            return true;
    return false;
}

static struct tli_known_dcs *known_of(struct run *run, const char *domain)
{
    return tl_dns_equal(domain, run->machine->workstation->domain) ? &run->own_dcs
                                                                   : &run->user_dcs;
}

/* Those whose directories can be compared; a host counts once. */
static void note_dc(struct run *run, const struct tl_dc *dc, bool readable)
{
    struct tli_known_dcs *dcs = known_of(run, dc->domain);

    for (size_t i = 0; i < dcs->known; i++)
        if (tl_dns_equal(dcs->hosts[i], dc->host))
            return;
    dcs->hosts[dcs->known++] = dc->host;
    if (readable)
        dcs->dcs[dcs->count++] = dc;
}

/* Of a domain whose directory cannot be asked by any of its DCs nothing can be read. */
static void note_ldap(struct run *run, const struct probe *probes, size_t count)
{
    const struct tl_dc *dc = probes[0].dc;
    bool own = tl_dns_equal(dc->domain, run->machine->workstation->domain);
    struct tl_fact fact = {.kind = TL_FACT_LDAP_OPEN,
                           .place = own ? TL_PLACE_OWN : TL_PLACE_USER,
                           .source = TL_SOURCE_NETWORK,
                           .object = dc->host,
                           .attribute = dc->domain};

    fact.holds = answers_ldap(probes, count);
    if (!dc->realm_only)
        tl_facts_add(run->facts, &fact);
}

/* One finding for a DC that is down; else one for each port, and what follows from it. */
static void report(struct run *run, const struct tl_dc_list *dcs, size_t count,
                   const struct probe *probes, bool from_cache)
{
    const char *words = NULL;
    size_t dead = 0;

    for (size_t d = 0; d < count; d++) {
        const struct probe *mine = &probes[d * NUM_PORTS];
        const struct tl_dc *dc = &dcs->dcs[d];
        const char *down = dead_words(run, dc, mine, from_cache);

        note_dc(run, dc, answers_ldap(mine, NUM_PORTS));
        if (down != NULL) {
            tli_found(run, "dc", dc->host, TL_FINDING_FAILED, TL_REASON_DC_DOWN, dc->host,
                      down, "%s", down);
            tli_found_at(run, dc->address);
            words = words != NULL ? words : down;
            dead++;
            continue;
        }
        if (!dc->realm_only && !from_cache) {
            check_ping(run, dc);
            tli_found_at(run, dc->address);
        }
        for (size_t p = 0; p < NUM_PORTS; p++)
            if (applies(&ports[p], dc))
                report_port(run, &ports[p], &mine[p]);
        note_time(run, &mine[0], &mine[1]);
    }
    note_answers(run, dcs, count, dead, words);
    note_ldap(run, probes, count * NUM_PORTS);
}

/* All ports of all DCs are probed at once, so that filtered ones cost one time limit
 * together. The findings then come in the order of the table. */
static void check_ports(struct run *run, const struct tl_dc_list *dcs, size_t count,
                        bool from_cache)
{
    struct probe *probes = talloc_zero_array(run->diag, struct probe, count * NUM_PORTS);
    uint8_t *as_req = NULL;
    size_t as_len = 0, d, p;
    char *realm = tl_realm_of(probes, dcs->dcs[0].domain);

    if (probes == NULL || realm == NULL ||
        tli_probe_as_req(probes, "trustlogon-probe", realm, &as_req, &as_len) != 0) {
        run->diag->complete = false;
        talloc_free(probes);
        return;
    }
    for (d = 0; d < count; d++)
        for (p = 0; p < NUM_PORTS; p++) {
            struct probe *probe = &probes[d * NUM_PORTS + p];

            probe->dc = &dcs->dcs[d];
            probe->port = ports[p].port;
            probe->udp = ports[p].udp;
            if (ports[p].ask == ASK_AS) {
                probe->request = as_req;
                probe->request_len = as_len;
            } else if (ports[p].ask == ASK_KPASSWD) {
                probe->request = tli_probe_kpasswd;
                probe->request_len = tli_probe_kpasswd_len;
            }
        }
    tli_probe_run(probes, count * NUM_PORTS, PROBE_TIMEOUT_MS);
    report(run, dcs, count, probes, from_cache);
    talloc_free(probes);
}

/* Whether a search that needs one answer would end with one. */
static bool any_usable(const struct run *run, const struct tl_dc_list *dcs)
{
    for (size_t i = 0; i < dcs->count; i++)
        if (dcs->dcs[i].pinged || dcs->dcs[i].realm_only ||
            (!run->config->require_ldap_ping && !is_stranger(&dcs->dcs[i])))
            return true;
    return false;
}

/* The DCs that DNS has now. What a logon finds stays as it is: the cache is neither used
 * nor changed. */
static struct tl_dc_list *search(struct run *run, struct tl_locator *locator,
                                 const char *domain)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    struct tl_dc_list *dcs = NULL;

    (void)tl_locate(run->diag, locator, domain, TL_LOCATE_FORCE | TL_LOCATE_ALL,
                    tl_deadline_in_ms(run->config->logon_timeout), &dcs, out);
    if (dcs != NULL) {
        known_of(run, domain)->usable = any_usable(run, dcs);
        tli_found_ok(run, "dns", domain,
                     dcs->dcs[0].realm_only
                         ? "no records of a domain; %zu KDC%s of a Kerberos realm by SRV "
                           "records"
                         : "%zu domain controller%s by SRV records",
                     dcs->count, dcs->count == 1 ? "" : "s");
        return dcs;
    }
    (void)tl_evidence_refine(run->facts, out, NULL, NULL);
    tli_found_outcome(run, "dns", domain, out);
    return NULL;
}

/* Those that logons remember, and so use without DNS, or have used before they failed.
 * Only their ports are looked at. */
static struct tl_dc_list *remembered(struct run *run, struct tl_locator *locator,
                                     const char *domain)
{
    struct tl_dc_list *dcs = NULL;

    if (tl_locate(run->diag, locator, domain,
                  TL_LOCATE_CACHED | TL_LOCATE_EVER | TL_LOCATE_NO_STORE,
                  tl_deadline_in_ms(run->config->logon_timeout), &dcs,
                  NULL) == TL_REASON_OK)
        tli_found_ok(run, "dc", dcs->dcs[0].host, "logons know it from the cache");
    return dcs;
}

void tli_check_network(struct run *run, const char *domain)
{
    struct tl_locator *locator =
        tli_machine_locator(run->diag, run->machine, &run->trace);
    struct tl_dc_list *dcs;
    bool from_cache;
    size_t count;

    if (locator == NULL) {
        run->diag->complete = false;
        return;
    }
    tli_progress(run, "domain controllers of", domain);
    dcs = search(run, locator, domain);
    from_cache = dcs == NULL;
    if (from_cache)
        dcs = remembered(run, locator, domain);
    if (dcs == NULL) /* no address to look at */
        return;
    count = dcs->count < DCS_PER_DOMAIN ? dcs->count : DCS_PER_DOMAIN;
    tli_progress(run, "ports of the domain controllers of", domain);
    if (count > 0)
        check_ports(run, dcs, count, from_cache);
}
