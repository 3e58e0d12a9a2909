/* SPDX-License-Identifier: MIT
 *
 * access.c - the access rules: whether there are any, and what they say of the user whose
 * logon was granted.
 */
#include <trustlogon/rules.h>

#include "internal.h"

void tli_check_access(struct run *run)
{
    struct tl_logon *logon = run->diag->logon;

    if (!tl_rules_any(run->config)) {
        tli_found(run, "rules", NULL, TL_FINDING_WARNING, TL_REASON_ACCESS_OPEN, NULL,
                  NULL, "no rule is set: every user of every trusted domain may log on");
        return;
    }
    if (logon == NULL || logon->outcome->reason != TL_REASON_OK) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "%s",
                     logon == NULL ? "no logon was tried" : "the logon failed");
        return;
    }
    tli_progress(run, "the access rules for", logon->name->whole);
    if (tl_rules_judge_logon(logon) != TL_REASON_OK)
        tli_found_outcome(run, "rules", logon->outcome->subject, logon->outcome);
    else
        tli_found_ok(run, "rules", NULL, "the access rules let the user in");
}
