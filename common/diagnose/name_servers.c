/* SPDX-License-Identifier: MIT
 *
 * name_servers.c - each name server of resolv.conf, asked by itself for the domain
 * controllers of both domains.
 *
 * A resolver hides the state of its servers: a dead one costs every program seconds and
 * is never named, and after the first answer no other server is asked, even if the
 * records are missing from it.
 */
#include <ares.h>
#include <arpa/nameser.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"
#include "local_files.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define TRIES 2 /* UDP loses packets */
#define TRY_MS 1000
#define DOMAINS 2
#define EDNS_SIZE 1232

/* The SRV query for one domain, as it is sent to every server. */
struct question {
    const char *domain;
    uint16_t id;
    unsigned char *query;
    int len;
};

/* What one server said of one domain. */
struct answer {
    enum probe_result result;
    enum tli_dns_says says;
    size_t records;
    int64_t took_us;
};

/* Every server asked about every domain. */
struct survey {
    struct tli_resolv_conf conf;
    size_t num_domains;
    struct question questions[DOMAINS];
    struct answer answers[TL_RESOLVERS_MAX][DOMAINS];
    bool known[DOMAINS];    /* some server has the records */
    bool answered[DOMAINS]; /* or some server says that they do not exist */
};

static bool ask_for(TALLOC_CTX *ctx, struct question *question, const char *domain)
{
    char *name = talloc_asprintf(ctx, "_kerberos._tcp.dc._msdcs.%s", domain);

    question->domain = domain;
    return name != NULL &&
           getrandom(&question->id, sizeof(question->id), 0) == sizeof(question->id) &&
           ares_create_query(name, ns_c_in, ns_t_srv, question->id, 1, &question->query,
                             &question->len, EDNS_SIZE) == ARES_SUCCESS;
}

static void take(struct answer *answer, const struct probe *probe,
                 const struct question *question)
{
    answer->result = probe->result;
    answer->took_us = probe->took_us;
    if (probe->result == PROBE_OPEN)
        answer->says = tli_dns_reply_judge(probe->reply, probe->reply_len, question->id,
                                           &answer->records);
}

/* All servers and domains at once; a silent server is asked again. */
static bool ask(TALLOC_CTX *ctx, struct survey *survey)
{
    size_t most = survey->conf.count * survey->num_domains;
    struct probe *probes = talloc_zero_array(ctx, struct probe, (unsigned)most);
    struct tl_dc *servers =
        talloc_zero_array(ctx, struct tl_dc, (unsigned)survey->conf.count);
    size_t where[TL_RESOLVERS_MAX * DOMAINS];

    if (probes == NULL || servers == NULL)
        return false;
    for (size_t s = 0; s < survey->conf.count; s++) {
        servers[s].addr = survey->conf.servers[s].addr;
        servers[s].addr_len = survey->conf.servers[s].addr_len;
    }
    for (int try = 0; try < TRIES; try++) {
        size_t count = 0;

        for (size_t i = 0; i < most; i++) {
            size_t s = i / survey->num_domains, d = i % survey->num_domains;

            if (try > 0 && survey->answers[s][d].result != PROBE_FILTERED)
                continue;
            where[count] = i;
            probes[count++] =
                (struct probe){.dc = &servers[s],
                               .port = 53,
                               .udp = true,
                               .request = survey->questions[d].query,
                               .request_len = (size_t)survey->questions[d].len};
        }
        if (count > 0)
            tli_probe_run(probes, count, TRY_MS);
        for (size_t i = 0; i < count; i++)
            take(&survey->answers[where[i] / survey->num_domains]
                                 [where[i] % survey->num_domains],
                 &probes[i], &survey->questions[where[i] % survey->num_domains]);
    }
    return true;
}

/* Where another server answers for each domain, a fault costs time and no logon. */
static enum tl_verdict severity(const struct survey *survey)
{
    for (size_t d = 0; d < survey->num_domains; d++)
        if (!survey->answered[d])
            return TL_FINDING_FAILED;
    return TL_FINDING_WARNING;
}

static void note(struct run *run, enum tl_fact_kind kind, enum tl_place place,
                 const char *object, const char *attribute)
{
    const struct tl_fact fact = {.kind = kind,
                                 .place = place,
                                 .source = TL_SOURCE_NETWORK,
                                 .object = object,
                                 .attribute = attribute};

    tl_facts_add(run->facts, &fact);
}

/* Whether any server answers anything. */
static bool any_alive(const struct survey *survey)
{
    for (size_t s = 0; s < survey->conf.count; s++)
        for (size_t d = 0; d < survey->num_domains; d++)
            if (survey->answers[s][d].result == PROBE_OPEN)
                return true;
    return false;
}

/* If no other one does what this one should for a domain, it is why that is not found.
 * The first question is about the own domain. */
static void note_failing(struct run *run, const struct survey *survey, size_t d,
                         const char *server, bool unreached)
{
    const char *those =
        unreached ? talloc_asprintf(run->diag, "it cannot reach the name servers of %s",
                                    survey->questions[d].domain)
                  : NULL;

    if (!survey->answered[d])
        note(run, TL_FACT_NAME_SERVER_SERVES, d == 0 ? TL_PLACE_OWN : TL_PLACE_USER,
             server, those);
}

/* It does not answer at all. */
static void tell_dead(struct run *run, const struct survey *survey, const char *server,
                      enum probe_result result)
{
    if (result == PROBE_ERROR) {
        tli_found_unknown(run, "name-server", server,
                          "it could not be queried from here");
        run->diag->complete = false;
        return;
    }
    if (survey->conf.by_default) {
        note(run, TL_FACT_NAME_SERVER_LISTED, TL_PLACE_HERE, RESOLV_CONF, NULL);
        tli_found(run, "name-server", RESOLV_CONF, TL_FINDING_FAILED,
                  TL_REASON_NAME_SERVER_UNREADABLE, RESOLV_CONF, NULL,
                  "it lists no server, and none answers at %s", server);
        return;
    }
    if (!any_alive(survey))
        note(run, TL_FACT_NAME_SERVER_ANSWERS, TL_PLACE_HERE, server, NULL);
    tli_found(run, "name-server", server, severity(survey), TL_REASON_NAME_SERVER_SILENT,
              server, NULL, "%s",
              result == PROBE_REFUSED ? "53/udp is refused: no name server runs there"
                                      : "no answer on 53/udp");
}

/* It serves this machine, and does not bring the records of one domain. */
static void tell_failing(struct run *run, const struct survey *survey, const char *server,
                         size_t d, bool unreached, const char *how)
{
    const char *domain = survey->questions[d].domain;

    note_failing(run, survey, d, server, unreached);
    tli_found(run, "name-server", server, severity(survey), TL_REASON_NAME_SERVER_FAILS,
              server, NULL, "it answers the query for the SRV records of %s %s%s%s",
              domain, how,
              unreached ? ", as when it cannot reach the name servers of " : "",
              unreached ? domain : "");
}

/* True if there is something to report other than that it knows the domain. */
static bool tell_domain(struct run *run, const struct survey *survey, const char *server,
                        const struct answer *answer, size_t d)
{
    const char *domain = survey->questions[d].domain;

    if (answer->result != PROBE_OPEN) {
        tell_failing(run, survey, server, d, true,
                     "not at all, though it answers others");
        return true;
    }
    switch (answer->says) {
    case TL_DNS_SAYS_FOUND:
        return false;
    case TL_DNS_SAYS_CUT:
        tli_found_ok(run, "name-server", server,
                     "the records of %s are too many for 53/udp: 53/tcp is needed",
                     domain);
        return true;
    case TL_DNS_SAYS_NOTHING:
        if (survey->known[d])
            tli_found(run, "name-server", server, TL_FINDING_WARNING,
                      TL_REASON_NAME_SERVER_IGNORANT, server, domain,
                      "it has no SRV records of %s, but another server has them", domain);
        else
            tli_found_ok(
                run, "name-server", server,
                "it answers that there are no SRV records of domain controllers of %s",
                domain);
        return true;
    case TL_DNS_SAYS_SERVFAIL:
        tell_failing(run, survey, server, d, true, "with SERVFAIL");
        return true;
    case TL_DNS_SAYS_REFUSED:
        tell_failing(run, survey, server, d, false, "with REFUSED");
        return true;
    case TL_DNS_SAYS_ODD:
        tell_failing(run, survey, server, d, false, "with an answer to another query");
        return true;
    }
    return false;
}

static void tell_server(struct run *run, const struct survey *survey, size_t s)
{
    const char *server = survey->conf.servers[s].text;
    const struct answer *answers = survey->answers[s];
    char *known = NULL;
    bool alive = false;

    for (size_t d = 0; d < survey->num_domains; d++)
        alive = alive || answers[d].result == PROBE_OPEN;
    if (!alive) {
        tell_dead(run, survey, server, answers[0].result);
        return;
    }
    for (size_t d = 0; d < survey->num_domains; d++)
        if (!tell_domain(run, survey, server, &answers[d], d))
            known = talloc_asprintf(run->diag, "%s%s%s", known != NULL ? known : "",
                                    known != NULL ? " and " : "",
                                    survey->questions[d].domain);
    if (known != NULL)
        tli_found_ok(run, "name-server", server,
                     "answers in %.1f ms, has the SRV records of %s",
                     (double)answers[0].took_us / 1000, known);
}

/* A resolver on this machine (systemd-resolved, dnsmasq) hides the name servers, which
 * are configured elsewhere. */
static bool is_loopback(const struct tli_resolver *server)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&server->addr;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&server->addr;

    return server->addr.ss_family == AF_INET
               ? ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
               : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void sum_up(struct survey *survey)
{
    for (size_t s = 0; s < survey->conf.count; s++)
        for (size_t d = 0; d < survey->num_domains; d++) {
            const struct answer *answer = &survey->answers[s][d];
            bool known =
                answer->says == TL_DNS_SAYS_FOUND || answer->says == TL_DNS_SAYS_CUT;

            if (answer->result != PROBE_OPEN)
                continue;
            survey->known[d] |= known;
            survey->answered[d] |= known || answer->says == TL_DNS_SAYS_NOTHING;
        }
}

static void tell(struct run *run, struct survey *survey)
{
    sum_up(survey);
    if (survey->conf.bad > 0)
        tli_found(run, "name-server", RESOLV_CONF, TL_FINDING_WARNING,
                  TL_REASON_NAME_SERVER_UNREADABLE, RESOLV_CONF, NULL,
                  "%zu of its nameserver lines name%s no address", survey->conf.bad,
                  survey->conf.bad == 1 ? "s" : "");
    for (size_t s = 0; s < survey->conf.count; s++) {
        tell_server(run, survey, s);
        if (is_loopback(&survey->conf.servers[s]))
            tli_left_out(run, TL_AREA_PARTLY,
                         "those that the resolver at %s uses are configured elsewhere",
                         survey->conf.servers[s].text);
    }
}

void tli_check_name_servers(struct run *run)
{
    struct survey *survey = talloc_zero(run, struct survey);
    char *text = NULL, none[] = "";
    bool ready;

    if (survey == NULL) {
        run->diag->complete = false;
        return;
    }
    tli_progress(run, "the name servers of", RESOLV_CONF);
    (void)tli_text_read(survey, RESOLV_CONF, &text);
    tli_resolv_conf_parse(text != NULL ? text : none, &survey->conf);
    survey->num_domains = run->user_domain != NULL ? 2 : 1;
    ready = ask_for(survey, &survey->questions[0], run->machine->workstation->domain);
    if (ready && run->user_domain != NULL)
        ready = ask_for(survey, &survey->questions[1], run->user_domain);
    if (ready && ask(survey, survey))
        tell(run, survey);
    else
        run->diag->complete = false;
    for (size_t d = 0; d < DOMAINS; d++)
        if (survey->questions[d].query != NULL)
            ares_free_string(survey->questions[d].query);
    talloc_free(survey);
}
