/* SPDX-License-Identifier: MIT
 *
 * account.c - pam_acct_mgmt: the agent's verdict of this logon.
 *
 * Without a logon of ours (ssh keys, another module's password) nothing is known
 * about the account, and the answer is PAM_IGNORE: a stack in which nobody else
 * speaks up ends in PAM_PERM_DENIED, so silence never lets anyone in.
 */
#include <syslog.h>

#include "module.h"

int tlp_account(struct tlp *m)
{
    struct tlp_logon *logon;
    struct tlp_result result;
    struct tl_wire_msg request;
    int rc = tlp_user(m);

    if (rc != PAM_SUCCESS)
        return rc == PAM_USER_UNKNOWN ? PAM_IGNORE : rc;
    logon = tlp_logon_get(m);
    if (logon == NULL) {
        tlp_debug(m, "account: %s did not log on through this module", m->user);
        return PAM_IGNORE;
    }
    /* A locker that is not root proved its user a moment ago, and the agent keeps
     * no session for it. */
    if (logon->session[0] == '\0')
        return PAM_SUCCESS;
    request = tlp_request(m, TL_OP_ACCOUNT);
    request.session = logon->session;
    rc = tlp_talk(m, &request, &result);
    if (rc != PAM_SUCCESS)
        return rc;
    if (result.ntstatus == 0 && result.canonical[0] == '\0')
        return PAM_SYSTEM_ERR;
    if (result.ntstatus == 0)
        return PAM_SUCCESS;
    tlp_say(m, PAM_ERROR_MSG, result.text);
    tlp_log(m, LOG_NOTICE, "account refused: user=%s status=0x%08x reason=%s", m->user,
            result.ntstatus, result.reason);
    return tlp_pam_code(result.ntstatus);
}
