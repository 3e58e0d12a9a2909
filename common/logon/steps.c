/* SPDX-License-Identifier: MIT
 *
 * steps.c - what a logon and a change of the password have in common: the object, the
 * check of a typed password, the Kerberos context, the words of the outcome.
 */
#include "steps.h"

#include <string.h>
#include <unistr.h>
#include <trustlogon/machine.h>

#include "machine/snapshot.h"

struct tl_logon *tl_logon_new(TALLOC_CTX *ctx, const struct tl_machine *machine,
                              const struct tl_trace *trace)
{
    struct tl_logon *logon = talloc_zero(ctx, struct tl_logon);

    if (logon == NULL)
        return NULL;
    logon->trace = trace;
    logon->explain_ms = machine->config->explain_timeout;
    logon->machine = talloc_memdup(logon, machine, sizeof(*machine));
    logon->outcome = tl_outcome_new(logon);
    logon->facts = tl_facts_new(logon);
    if (logon->machine == NULL || logon->outcome == NULL || logon->facts == NULL)
        TALLOC_FREE(logon);
    else
        tli_machine_drop_foreign_topology(logon->machine);
    return logon;
}

bool tl_password_is_text(const char *password)
{
    return u8_check((const uint8_t *)password, strlen(password)) == NULL;
}

enum tl_reason tli_logon_check_text(struct tl_logon *logon, const char *password)
{
    if (tl_password_is_text(password))
        return TL_REASON_OK;
    return tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_PASSWORD_NOT_UTF8,
                           NULL);
}

enum tl_reason tli_logon_new_krb(struct tl_logon *logon, bool with_card,
                                 tl_deadline deadline)
{
    const struct tl_machine *machine = logon->machine;
    enum tl_reason reason;

    logon->client = NULL; /* a string of the context that is freed */
    TALLOC_FREE(logon->krb);
    if (with_card)
        reason = tl_krb_new_for_card(logon, machine->config, logon->locator, deadline,
                                     logon->trace, &logon->krb, logon->outcome);
    else
        reason = tl_krb_new(logon, machine->config, logon->locator, deadline,
                            logon->trace, &logon->krb, logon->outcome);
    if (reason == TL_REASON_OK &&
        (tl_krb_set_workstation(logon->krb, machine->workstation->flat) != 0 ||
         tl_krb_set_armor(logon->krb, machine->workstation) != 0))
        reason = tl_outcome_fail(logon->outcome, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    return reason;
}

void tli_logon_set_words(struct tl_logon *logon)
{
    const struct tl_workstation *ws = logon->machine->workstation;
    struct tl_words_input in = {.user = logon->name->whole,
                                .implicit_upn = logon->route->implicit_upn,
                                .workstation = ws->fqdn,
                                .workstation_domain = ws->domain,
                                .user_domain = logon->route->user_domain,
                                .workstation_flat = ws->flat};

    TALLOC_FREE(logon->words);
    logon->words = tl_outcome_words(logon, logon->outcome, &in);
}

tl_deadline tl_logon_deadline(const struct tl_logon *logon)
{
    return logon->deadline != 0
               ? logon->deadline
               : tl_deadline_in_ms(logon->machine->config->logon_timeout);
}

bool tl_logon_unanswered(const struct tl_logon *logon)
{
    const struct tl_outcome *out = logon->outcome;

    return out->ntstatus == TL_NT_NO_LOGON_SERVERS && !logon->answered &&
           out->reason != TL_REASON_KDC_GARBAGE && out->krb_error == TL_KRB_NONE;
}
