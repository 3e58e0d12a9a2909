/* SPDX-License-Identifier: MIT
 *
 * find_dc.c - the DC step of a logon: the domain controllers of the route's realm.
 */
#include <trustlogon/logon.h>
#include <trustlogon/name.h>

#include "steps.h"

/*
 * Search and first connection share kdc_connect_timeout. The realms that referrals lead
 * to are not known yet; the exchange locates them.
 */
enum tl_reason tli_logon_find_dc(struct tl_logon *logon, tl_deadline deadline)
{
    const char *realm = logon->route->realm;
    int64_t start_us = tl_now_us();
    tl_deadline until = tl_deadline_min(
        deadline, tl_deadline_in_ms(logon->machine->config->kdc_connect_timeout));
    char *domain = tl_dns_of(logon, realm);
    struct tl_dc_list *dcs = NULL;
    enum tl_reason reason;

    if (domain == NULL)
        return tl_outcome_fail(logon->outcome, TL_STAGE_LOCATE, TL_REASON_NO_MEMORY,
                               NULL);
    reason = tl_locate(logon, logon->locator, domain, 0, until, &dcs, logon->outcome);
    talloc_free(domain);
    if (reason != TL_REASON_OK)
        tl_outcome_set_realm(logon->outcome, realm);
    else if (tl_krb_set_dcs(logon->krb, realm, dcs, tl_now_us() - start_us) != 0)
        reason =
            tl_outcome_fail(logon->outcome, TL_STAGE_LOCATE, TL_REASON_NO_MEMORY, NULL);
    return reason;
}
