/* SPDX-License-Identifier: MIT
 *
 * referral.c - entering the realm that a KDC refers to [RFC 6806 7, 8]: the one place
 * that checks its name, finds loops and counts hops.
 */
#include "exchange.h"

#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>

enum tl_reason tli_referral_name(TALLOC_CTX *mem, enum tl_stage stage,
                                 const krb5_data *to, char **name, struct tl_outcome *out)
{
    *name = talloc_strndup(mem, to->data, to->length);
    if (*name == NULL)
        return tl_outcome_fail(out, stage, TL_REASON_NO_MEMORY, NULL);
    if (strlen(*name) != to->length || !tl_dns_valid(*name))
        return tl_outcome_fail(out, stage, TL_REASON_KDC_GARBAGE,
                               "the referral names an invalid realm");
    return TL_REASON_OK;
}

/* libkrb5 asks a realm again for the next round of preauthentication, or when a ticket
 * was of another encryption type or name than asked for. */
static bool stays(const struct tli_referrals *referrals, const char *name)
{
    return referrals->realm != NULL && strcasecmp(referrals->realm, name) == 0 &&
           (referrals->repeats < 0 || referrals->asked <= referrals->repeats);
}

enum tl_reason tli_referral_enter(TALLOC_CTX *mem, struct tli_referrals *referrals,
                                  const krb5_data *to, struct tl_outcome *out)
{
    char *name = NULL;
    enum tl_reason reason = tli_referral_name(mem, referrals->stage, to, &name, out);

    if (reason != TL_REASON_OK)
        return reason;
    referrals->asked++;
    if (stays(referrals, name))
        return TL_REASON_OK;
    if (referrals->realm != NULL && referrals->subject != NULL)
        tl_trace_note(referrals->trace, "%s refers %s to %s", referrals->realm,
                      referrals->subject, name);
    reason = tli_realms_enter(mem, &referrals->seen, referrals->limit, name, to->length);
    if (reason != TL_REASON_OK)
        return tl_outcome_fail(out, referrals->stage, reason, "%s",
                               tli_realms_text(mem, &referrals->seen, name));
    referrals->realm = name;
    return TL_REASON_OK;
}
