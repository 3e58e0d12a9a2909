/* SPDX-License-Identifier: MIT
 *
 * armor.c - FAST: can this machine armor a logon, and was this one armored?
 */
#include <string.h>
#include <trustlogon/machine.h>

#include "internal.h"

/* With `fast = try` a logon goes on without armor, so that is a warning only. */
void tli_check_armor(struct run *run, const char *realm)
{
    struct tl_outcome *out = tl_outcome_new(run->diag);
    struct tl_locator *locator;
    struct tl_krb *krb = NULL;
    enum tl_reason reason;

    if (run->config->fast == TL_FAST_NEVER || realm == NULL) {
        tli_left_out(run, realm != NULL ? TL_AREA_NEEDLESS : TL_AREA_NOT_LOOKED, "%s",
                     realm != NULL ? "fast = never"
                                   : "the name does not lead to a realm");
        return;
    }
    if (out == NULL)
        return;
    tli_progress(run, "the armor for", realm);
    locator = tli_machine_locator(run, run->machine, &run->trace);
    if (locator == NULL) {
        run->diag->complete = false;
        return;
    }
    reason =
        tl_krb_new(run, run->config, locator,
                   tl_deadline_in_ms(run->config->logon_timeout), &run->trace, &krb, out);
    if (reason == TL_REASON_OK && tl_krb_set_armor(krb, run->machine->workstation) != 0)
        reason = tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    if (reason == TL_REASON_OK)
        reason = tl_krb_armor_for(krb, realm, out);
    talloc_free(krb);
    if (reason == TL_REASON_OK)
        tli_found_ok(run, "armor", realm,
                     "this machine has a ticket of that realm to armor logons");
    else if (run->config->fast == TL_FAST_DEMAND)
        tli_found_outcome(run, "armor", realm, out);
    else
        tli_found(run, "armor", realm, TL_FINDING_WARNING, reason, out->subject,
                  out->attribute, "%s; logons continue without armor",
                  out->detail != NULL ? out->detail : tl_reason_info(reason)->slug);
}

const char *tli_armor_told(const struct run *run)
{
    const struct tl_trace_log *log = run->diag->trace;
    const struct tl_event *last = NULL;

    if (run->config->fast == TL_FAST_NEVER)
        return "";
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].kind == TL_EVENT_REPLY && log->events[i].message != NULL &&
            strcmp(log->events[i].message, "AS-REP") == 0)
            last = &log->events[i];
    return last != NULL && last->armored ? ", verified with armor"
                                         : ", verified without armor";
}
