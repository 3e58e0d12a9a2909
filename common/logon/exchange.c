/* SPDX-License-Identifier: MIT
 *
 * exchange.c - the part of a logon that reads what the network sends: DC, AS exchange,
 * walk, and the explanation of a failure.
 *
 * It decides nothing. A process that has been taken over by what it read has the password
 * of this user and the tickets of this logon, and no key of this machine.
 */
#include <string.h>

#include <trustlogon/logon.h>

#include "explain.h"
#include "machine/snapshot.h"
#include "steps.h"

/* Along the present route: DC, AS exchange, walk. */
static enum tl_reason attempt(struct tl_logon *logon,
                              const struct tl_credential *credential,
                              tl_deadline deadline)
{
    const struct tl_workstation *ws = logon->machine->workstation;
    struct tl_outcome *out = logon->outcome;
    enum tl_reason reason = tli_logon_new_krb(logon, credential->card != NULL, deadline);

    if (reason == TL_REASON_OK)
        reason = tli_logon_find_dc(logon, deadline);
    if (reason == TL_REASON_OK)
        reason = tl_krb_as(logon->krb, logon->route, credential, &logon->client, out);
    if (reason == TL_REASON_OK)
        reason = tl_krb_walk(logon->krb, logon->route, ws, out);
    if (logon->krb != NULL && tl_krb_answered(logon->krb))
        logon->answered = true;
    return reason;
}

/* The attempt; a second one if the trusts have changed since the snapshot; else the
 * explanation. */
static enum tl_reason try_or_explain(struct tl_logon *logon,
                                     const struct tl_credential *credential,
                                     tl_deadline deadline)
{
    enum tl_reason reason = attempt(logon, credential, deadline);
    struct tli_machine_directory *own = NULL;
    tl_deadline reading, explaining; /* of the own side; of both */

    if (reason == TL_REASON_OK)
        return reason;
    reading = tl_deadline_in_ms(logon->machine->config->explain_timeout);
    explaining = tl_deadline_in_ms(logon->explain_ms);
    if (tli_logon_reroute(logon, reading, &own)) {
        tl_trace_note(logon->trace,
                      "the trusts have changed since the snapshot: trying again");
        tli_logon_save_trusts(logon);
        tl_outcome_reset(logon->outcome);
        reason = attempt(logon, credential, deadline);
    }
    if (reason != TL_REASON_OK)
        reason = tli_explain_failure(logon, own, explaining);
    talloc_free(own);
    return reason;
}

static enum tl_reason claim(struct tl_logon *logon, const struct tl_challenge *challenge,
                            struct tl_exchanged *exchanged)
{
    exchanged->path = tl_krb_realm_path_text(exchanged, logon->krb);
    return tl_krb_claim(exchanged, logon->krb, challenge, &exchanged->claim,
                        logon->outcome);
}

enum tl_reason tl_logon_exchange(struct tl_logon *logon,
                                 const struct tl_credential *credential,
                                 const struct tl_challenge *challenge,
                                 struct tl_exchanged **out)
{
    tl_deadline deadline = tl_logon_deadline(logon);
    struct tl_exchanged *exchanged = talloc_zero(logon, struct tl_exchanged);
    enum tl_reason reason;

    *out = NULL;
    if (exchanged == NULL)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    reason = tli_logon_new_locator(logon);
    if (reason == TL_REASON_OK)
        reason = try_or_explain(logon, credential, deadline);
    if (reason == TL_REASON_OK)
        reason = claim(logon, challenge, exchanged);
    if (reason == TL_REASON_OK)
        *out = exchanged;
    else
        talloc_free(exchanged);
    return reason;
}
