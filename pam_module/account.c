/* SPDX-License-Identifier: MIT
 *
 * account.c - pam_acct_mgmt: the agent's verdict on this logon.
 *
 * Without a logon through this module (ssh keys, cron) the agent judges by what it knows
 * of the user: an access rule must apply to every way to log on, not to passwords only
 * (CVE-2012-6150 of Samba).
 */
#include <syslog.h>
#include <unistd.h>

#include <security/pam_modutil.h>

#include "module.h"

/* PAM_IGNORE leaves users that are not for this module to the other modules. */
int tlp_account(struct tlp *m)
{
    struct tlp_logon *logon;
    struct tlp_result result;
    struct tli_wire_msg request;
    struct passwd *pw;
    int rc = tlp_user(m);

    if (rc != PAM_SUCCESS)
        return rc == PAM_USER_UNKNOWN ? PAM_IGNORE : rc;
    logon = tlp_logon_get(m);
    if (logon == NULL && geteuid() != 0) {
        /* The agent judges for root only; no other user opens sessions. */
        tlp_debug(m, "account: %s did not log on through this module", m->user);
        return PAM_IGNORE;
    }
    /* A locker that is not root proved its user a moment ago. It opens no session, and
     * the rules apply to sessions. */
    if (logon != NULL && geteuid() != 0)
        return PAM_SUCCESS;
    request = tlp_request(m, TL_OP_ACCOUNT);
    /* A logon whose credentials were deleted no longer has a token. */
    request.session = logon != NULL && logon->session[0] != '\0' ? logon->session : NULL;
    /* The caller uses the ids that NSS has for the name. */
    pw = pam_modutil_getpwnam(m->pamh, m->user);
    if (pw != NULL) {
        request.has_owner = 1;
        request.uid = pw->pw_uid;
        request.gid = pw->pw_gid;
    }
    rc = tlp_talk(m, &request, &result);
    if (rc != PAM_SUCCESS)
        return rc;
    if (result.local_user)
        return PAM_USER_UNKNOWN;
    if (result.ntstatus == 0 && result.canonical[0] == '\0')
        return PAM_SYSTEM_ERR;
    if (result.ntstatus == 0)
        return PAM_SUCCESS;
    tlp_say(m, PAM_ERROR_MSG, result.text);
    tlp_log(m, LOG_NOTICE, "account refused: user=%s status=0x%08x reason=%s",
            tlp_named(m, &result), result.ntstatus, result.reason);
    return tlp_pam_code(result.ntstatus);
}
