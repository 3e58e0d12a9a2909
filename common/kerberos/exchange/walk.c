/* SPDX-License-Identifier: MIT
 *
 * walk.c - the walk: from the user's TGT to a ticket for host/<this workstation>.
 *
 * It asks up to three questions, of which the plan says which come first:
 *
 *   HOST    host/<workstation>, at the user's KDC, which refers to the workstation's
 *           realm by its suffix routing. After an error 7 at the first hop: KRBTGT, where
 *           the plan has a retry.
 *   KRBTGT  krbtgt/<workstation's realm>, at the user's KDC: the realm by its name.
 *   THERE   host/<workstation>, at a KDC of the workstation's realm.
 *   DONE    The ticket is taken into the context.
 *
 * tgs.c asks each of them.
 */
#include "exchange.h"

#include <string.h>
#include <strings.h>

enum walk_state { WALK_HOST, WALK_KRBTGT, WALK_THERE, WALK_DONE };

static bool path_known(const struct tl_route *route)
{
    for (size_t i = 0; i < route->num_hops; i++)
        if (route->hops[i].tdo_from != NULL || route->hops[i].tdo_to != NULL)
            return true;
    return false;
}

/*
 * windows: where suffix routing may apply, the KDC is asked for the host and
 * refers; over an external trust it cannot, and where the user named the domain
 * the workstation's realm is asked for by name (ee849847 item 3, KB2008039;
 * docs/decisions/kerberos.md#order-of-questions). When the topology did not know which, a
 * first 7 leaves one more question.
 */
struct tli_walk_plan tli_walk_plan_for(enum tl_walk policy, const struct tl_route *route,
                                       bool same_realm)
{
    struct tli_walk_plan plan = {false, false};

    if (same_realm || policy == TL_WALK_REFERRAL)
        return plan;
    if (policy == TL_WALK_DIRECT) {
        plan.krbtgt_first = true;
        return plan;
    }
    plan.krbtgt_first = route->first_ask == TL_ASK_KRBTGT;
    plan.krbtgt_retry = !plan.krbtgt_first && route->domain_named && !path_known(route);
    return plan;
}

/* The ticket must be of the workstation's own realm: an account of the same host
 * name in another domain would be a ticket that proves nothing here. */
static enum tl_reason take_host(struct tli_tgs *tgs, const struct tl_workstation *ws,
                                krb5_creds *creds)
{
    struct tl_krb *krb = tgs->krb;
    krb5_ticket *ticket = NULL;
    enum tl_reason reason = TL_REASON_OK;

    if (krb5_decode_ticket(&creds->ticket, &ticket) != 0)
        reason = tl_outcome_fail(tgs->out, TL_STAGE_WALK, TL_REASON_KDC_GARBAGE,
                                 "a ticket that cannot be decoded");
    else if (ticket->server->realm.length != strlen(ws->realm) ||
             strncasecmp(ticket->server->realm.data, ws->realm, strlen(ws->realm)) != 0)
        reason = tl_outcome_fail(
            tgs->out, TL_STAGE_WALK, TL_REASON_REPLY_MISMATCH,
            "it issued a ticket for %s; another account has the workstation's name",
            tli_k5_name(tgs->mem, krb->k5, ticket->server));
    krb5_free_ticket(krb->k5, ticket);
    if (reason != TL_REASON_OK) {
        krb5_free_creds(krb->k5, creds);
        return reason;
    }
    if (krb->host != NULL)
        krb5_free_creds(krb->k5, krb->host);
    krb->host = creds;
    krb->host_kdc = talloc_strdup(krb, tgs->ex.kdc);
    return TL_REASON_OK;
}

/* The realms asked, for explanations. */
static void save_path(struct tli_tgs *tgs)
{
    talloc_free(tgs->krb->path.names);
    tgs->krb->path = tgs->referrals.seen;
    talloc_steal(tgs->krb, tgs->referrals.seen.names);
}

/* The user's KDC does not route the host's suffix. That ends the walk, or where the
 * topology did not know the trust, the workstation's realm is asked for by its name. */
static enum tl_reason ask_host(struct tli_tgs *tgs, const struct tl_workstation *ws,
                               const struct tli_walk_plan *plan, krb5_creds **creds,
                               enum walk_state *next)
{
    struct tl_krb *krb = tgs->krb;
    enum tl_reason reason = tli_tgs_ask(tgs, "host", ws->fqdn, krb->tgt_realm, creds);

    *next = WALK_DONE;
    if (reason == TL_REASON_OK || !plan->krbtgt_retry || tgs->referrals.asked != 1 ||
        tgs->ex.err.code != TL_KRB_S_PRINCIPAL_UNKNOWN)
        return reason;
    tl_trace_note(krb->trace,
                  "%s does not route hosts of %s; requesting a ticket for %s by name",
                  krb->tgt_realm, ws->domain, ws->realm);
    tli_tgs_restart(tgs);
    if (tgs->out != NULL)
        tl_outcome_reset(tgs->out);
    *next = WALK_KRBTGT;
    return TL_REASON_OK;
}

static enum tl_reason run_states(struct tli_tgs *tgs, const struct tl_workstation *ws,
                                 const struct tli_walk_plan *plan, krb5_creds **creds)
{
    const char *user_realm = tgs->krb->tgt_realm;
    enum walk_state state = plan->krbtgt_first ? WALK_KRBTGT : WALK_HOST;
    enum tl_reason reason = TL_REASON_OK;

    while (reason == TL_REASON_OK && state != WALK_DONE) {
        switch (state) {
        case WALK_HOST:
            reason = ask_host(tgs, ws, plan, creds, &state);
            break;
        case WALK_KRBTGT:
            reason = tli_tgs_ask(tgs, KRB5_TGS_NAME, ws->realm, user_realm, NULL);
            state = WALK_THERE;
            break;
        case WALK_THERE:
            reason = tli_tgs_ask(tgs, "host", ws->fqdn, ws->realm, creds);
            state = WALK_DONE;
            break;
        case WALK_DONE:
            break;
        }
    }
    return reason;
}

enum tl_reason tl_krb_walk(struct tl_krb *krb, const struct tl_route *route,
                           const struct tl_workstation *ws, struct tl_outcome *out)
{
    struct tli_tgs tgs = tli_tgs_start(krb, out);
    bool same_realm = strcasecmp(krb->tgt_realm, ws->realm) == 0;
    struct tli_walk_plan plan = tli_walk_plan_for(krb->config->walk, route, same_realm);
    krb5_creds *creds = NULL;
    enum tl_reason reason;

    if (tgs.mem == NULL)
        return tl_outcome_fail(out, TL_STAGE_WALK, TL_REASON_NO_MEMORY, NULL);
    reason = run_states(&tgs, ws, &plan, &creds);
    if (reason == TL_REASON_OK && creds != NULL)
        reason = take_host(&tgs, ws, creds);
    save_path(&tgs);
    talloc_free(tgs.mem);
    return reason;
}
