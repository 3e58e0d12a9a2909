/* SPDX-License-Identifier: MIT
 *
 * account_check.c - what the account checks share: of users who logged on through the
 * agent (op_account.c), and of the others (op_account_external.c).
 */
#include "account_check.h"

#include "channel.h"
#include "journal.h"
#include "rule_sources.h"

int tla_account_refuse(struct tla_conv *conv, const char *canonical)
{
    struct tl_words_input in = {.user = conv->request.user};
    struct tl_words *words = tl_outcome_words(conv, conv->outcome, &in);

    tla_journal_logon(conv, conv->outcome, words, canonical);
    return tla_done(conv, words, (struct tli_wire_msg){0});
}

/* The programs that call PAM use the uid that NSS returns for the name. */
enum tl_reason tla_account_check_owner(struct tla_conv *conv, uint32_t uid)
{
    const struct tli_wire_msg *request = &conv->request;

    if (request->has_owner == 0 || request->uid == uid)
        return TL_REASON_OK;
    tl_outcome_fail(conv->outcome, TL_STAGE_IDENTITY, TL_REASON_NSS_OTHER_USER,
                    "the name service returns uid %u, the proven account has %u",
                    request->uid, uid);
    tl_outcome_set_subject(conv->outcome, request->user);
    return conv->outcome->reason;
}

enum tl_reason tla_account_rules_input(struct tla_conv *conv,
                                       const struct tl_tickets *tickets,
                                       struct tl_rules_input *in)
{
    struct tl_machine *machine = NULL;
    enum tl_reason reason = tl_machine_open(conv, conv->config, &machine, conv->outcome);

    *in = (struct tl_rules_input){.machine = machine};
    if (reason != TL_REASON_OK)
        return reason;
    in->sources = tla_rule_sources_new(conv, conv, machine, tickets);
    return in->sources != NULL ? TL_REASON_OK
                               : tl_outcome_fail(conv->outcome, TL_STAGE_LOCAL,
                                                 TL_REASON_NO_MEMORY, NULL);
}
