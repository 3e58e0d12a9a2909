/* SPDX-License-Identifier: MIT
 *
 * worker_requests.c - what a worker may ask of its monitor.
 *
 * A worker may have been taken over by what it read. So each request is a row of one
 * table, may come so many times in a worker's life and only before its result, and is
 * checked by what the monitor itself knows:
 *
 * reply: note that a KDC of the realm answers.
 *
 * dcs: keep the domain controllers of a domain in the cache. The domain must be known;
 * the text must decode as an entry of it. (The cache holds what anyone on the network
 * could say.) Those of this machine's domain, which the machine's keys are used with, are
 * added only by a worker that speaks with it alone; others say which of them answer, and
 * what else they find is looked for again by such a one (tla_worker_find_own()). A worker
 * that reads the directory of a domain keeps those of that domain alone.
 *
 * fast: mark that a realm's KDC speaks FAST. The realm must be the user's.
 *
 * tickets: lend the machine's tickets. Armor must be for a realm that is known. A worker
 * that answers look-ups of a domain borrows the ticket for an LDAP server of that domain,
 * by the name that only its domain controllers have, and no other; nobody else does.
 *
 * Nothing else of the monitor's can be reached. Its verdict rests on the proof alone.
 */
#include "worker_requests.h"

#include <errno.h>
#include <string.h>

#include <trustlogon/machine.h>
#include <trustlogon/name.h>
#include <trustlogon/tickets.h>

#include "kerberos/exchange/armor.h"
#include "status/keep.h"
#include "worker_codec.h"
#include "worker_message.h"

#define REQUESTS_MAX 500 /* of one worker: replies of KDCs, mostly */
#define LOANS_MAX 6      /* of one worker; each may be an AS exchange */
#define LOAN_MS 30000
/* One that reads a directory may make so many in a minute. */
#define LOANS_A_MINUTE 20
#define MINUTE_US 60000000
/* Longer than a loan takes: a late answer would be taken for the next one's. */
#define ANSWER_MS 180000

/* --- the worker's side --- */

static int ask(const struct tla_work *work, json_t *request)
{
    int rc = request != NULL
                 ? tla_message_send(work->fd, request, tl_deadline_in_ms(ANSWER_MS))
                 : -ENOMEM;

    json_decref(request);
    return rc;
}

static void see_event(void *arg, const struct tl_event *event)
{
    if (event->kind == TL_EVENT_REPLY)
        (void)ask(arg, json_pack("{s:s}", "ask", "reply"));
}

static bool keep(void *arg, enum tli_kept what, const char *name, const char *text)
{
    json_t *request =
        what == TLI_KEPT_DCS
            ? json_pack("{s:s,s:s,s:s}", "ask", "dcs", "domain", name, "text", text)
            : json_pack("{s:s,s:s}", "ask", "fast", "realm", name);

    return ask(arg, request) == 0;
}

static enum tl_reason borrow(void *arg, TALLOC_CTX *ctx, const struct tl_loan *loan,
                             struct tl_tickets **tickets, struct tl_outcome *out)
{
    const struct tla_work *work = arg;
    struct tl_outcome *why = tl_outcome_new(ctx);
    json_t *answer = NULL;
    int rc =
        ask(work, json_pack("{s:s,s:b,s:s?,s:s?,s:i}", "ask", "tickets", "fresh",
                            (int)loan->fresh, "armor", loan->armor, "service",
                            loan->service, "ms", tl_deadline_left_ms(loan->deadline)));

    *tickets = NULL;
    if (rc == 0)
        rc = tla_message_receive(work->fd, tl_deadline_in_ms(ANSWER_MS), &answer);
    if (rc == 0 && why != NULL &&
        tla_outcome_decode(json_object_get(answer, "outcome"), why) == 0 &&
        why->reason == TL_REASON_OK)
        rc = tla_tickets_decode(ctx, json_object_get(answer, "tickets"), tickets);
    json_decref(answer);
    if (*tickets != NULL)
        return TL_REASON_OK;
    if (why != NULL && why->reason != TL_REASON_OK) {
        tla_outcome_fail_as(why, out);
        return why->reason;
    }
    return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_INTERNAL,
                           "the machine's tickets are not lent: %s", strerror(-rc));
}

void tla_requests_begin(struct tla_work *work)
{
    struct tl_trace *trace = talloc(work->logon, struct tl_trace);

    if (trace != NULL)
        *trace = tl_trace_start(see_event, work);
    work->logon->trace = trace;
    tli_keep_by(keep, work);
    if (!work->keys)
        tl_krb_borrow_machine_tickets(borrow, work);
}

/* --- the monitor's side --- */

static int serve_reply(struct tla_work *work, const json_t *request, tl_deadline deadline)
{
    struct tl_event event = {.kind = TL_EVENT_REPLY, .krb_error = TL_KRB_NONE};

    tl_trace_event(work->logon->trace, &event);
    return 0;
}

/* A domain that this machine knows by itself, or the one that the name was routed to. */
static bool is_known(const struct tl_logon *logon, const char *domain)
{
    const struct tl_topology *topo = logon->machine->topology;
    const struct tl_route *route = logon->route;
    struct tl_known_domain known;

    if ((route != NULL && route->realm != NULL && tl_dns_equal(route->realm, domain)) ||
        tl_dns_equal(logon->machine->workstation->domain, domain))
        return true;
    for (size_t i = 0; topo != NULL && i < topo->num_trusts; i++)
        if (tl_dns_equal(topo->trusts[i].partner, domain))
            return true;
    return tl_known_domain(topo, logon->machine->workstation, domain, &known);
}

/* The realm of the user, or, behind a user principal name, one that its KDC refers to. */
static bool is_users(const struct tl_logon *logon, const char *realm)
{
    const struct tl_route *route = logon->route;

    if (route == NULL || route->realm == NULL)
        return false;
    return strcmp(route->realm, realm) == 0 ||
           (route->type == TL_ENTERPRISE && is_known(logon, realm));
}

static int serve_dcs(struct tla_work *work, const json_t *request, tl_deadline deadline)
{
    const char *domain = json_string_value(json_object_get(request, "domain"));
    const char *text = json_string_value(json_object_get(request, "text"));

    if (domain == NULL || text == NULL ||
        (work->serves != NULL && !tl_dns_equal(domain, work->serves)))
        return -EBADMSG;
    /* A domain that a referral led to may be unknown here: then it is not kept. */
    if (tl_dns_equal(domain, work->logon->machine->workstation->domain)) {
        int rc = tl_locate_keep(work->conv->config, domain, text, !work->own);

        work->conv->own_dcs_unknown |= rc == -EPERM || rc == -ESTALE;
    } else if (is_known(work->logon, domain)) {
        (void)tl_locate_keep(work->conv->config, domain, text, false);
    }
    return 0;
}

static int serve_fast(struct tla_work *work, const json_t *request, tl_deadline deadline)
{
    const char *realm = json_string_value(json_object_get(request, "realm"));

    if (realm == NULL || work->serves != NULL)
        return -EBADMSG;
    if (is_users(work->logon, realm))
        tli_realm_note_fast(work->conv->config, realm);
    return 0;
}

/* "ldap/host/domain" [ADTS 3.1.1.5.3.1.1.4] */
static bool is_ldap_of(const char *service, const char *domain)
{
    static const char ldap[] = "ldap/";
    const char *host = service + sizeof(ldap) - 1;
    size_t len;

    if (strncmp(service, ldap, sizeof(ldap) - 1) != 0)
        return false;
    len =
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return len > 0 && host[len] == '/' && tl_dns_equal(host + len + 1, domain);
}

/* Whether this worker may ask for it at all. */
static bool may_borrow(const struct tla_work *work, const struct tl_loan *loan)
{
    if (work->lend == NULL)
        return false;
    if (work->serves == NULL)
        return loan->service == NULL;
    return loan->service != NULL && loan->armor == NULL &&
           is_ldap_of(loan->service, work->serves);
}

/* The question that a ticket is borrowed for is not waited for longer. */
static void bound_loan(struct tla_work *work, const json_t *request)
{
    json_int_t ms = json_integer_value(json_object_get(request, "ms"));

    if (work->serves != NULL)
        work->logon->deadline = tl_deadline_in_ms(ms <= 0        ? 1
                                                  : ms < LOAN_MS ? ms
                                                                 : LOAN_MS);
}

static int serve_tickets(struct tla_work *work, const json_t *request,
                         tl_deadline deadline)
{
    char *realm = work->serves != NULL ? tl_realm_of(work->logon, work->serves) : NULL;
    const struct tl_loan loan = {
        .fresh = json_is_true(json_object_get(request, "fresh")),
        .armor = json_string_value(json_object_get(request, "armor")),
        .service = json_string_value(json_object_get(request, "service")),
        .realm = realm};
    struct tl_outcome *out = tl_outcome_new(work->logon);
    struct tl_tickets *tickets = NULL;
    json_t *answer;
    int rc;

    if (out == NULL || (work->serves != NULL && realm == NULL))
        return -ENOMEM;
    if (!may_borrow(work, &loan))
        return -EBADMSG;
    if (work->loans++ >= (work->serves != NULL ? LOANS_A_MINUTE : LOANS_MAX)) {
        if (work->serves == NULL)
            return -EBADMSG;
        tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_DIRECTORY_UNREADABLE,
                        "tickets were asked for too often");
    } else if (loan.armor != NULL && !is_known(work->logon, loan.armor)) {
        tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_ARMOR_UNAVAILABLE,
                        "%s is not a realm of the user's", loan.armor);
    } else {
        bound_loan(work, request);
        (void)work->lend(work, &loan, &tickets, out);
    }
    answer = json_pack("{s:o,s:o}", "outcome", tla_outcome_encode(out), "tickets",
                       tickets != NULL ? tla_tickets_encode(tickets) : json_null());
    rc = answer != NULL ? tla_message_send(work->fd, answer, deadline) : -ENOMEM;
    json_decref(answer);
    talloc_free(tickets);
    talloc_free(out);
    talloc_free(realm);
    return rc;
}

static const struct {
    const char *name;
    int (*serve)(struct tla_work *work, const json_t *request, tl_deadline deadline);
} requests[] = {
    {"reply", serve_reply},
    {"dcs", serve_dcs},
    {"fast", serve_fast},
    {"tickets", serve_tickets},
};

int tla_request_serve(struct tla_work *work, const json_t *message, tl_deadline deadline)
{
    const char *name = json_string_value(json_object_get(message, "ask"));

    if (work->clients > 0 && tl_now_us() - work->counted_us > MINUTE_US) {
        work->counted_us = tl_now_us();
        work->requests = work->loans = 0;
    }
    if (name == NULL || work->requests == REQUESTS_MAX)
        return -EBADMSG;
    work->requests++;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        if (strcmp(requests[i].name, name) == 0)
            return requests[i].serve(work, message, deadline);
    return -EBADMSG;
}
