/* SPDX-License-Identifier: MIT
 *
 * chauthtok.c - pam_chauthtok: for domain users a clear refusal, before a user
 * has typed any password in vain.
 */
#include <syslog.h>

#include "module.h"

int tlp_chauthtok(struct tlp *m)
{
    int rc = tlp_user(m);

    if (rc != PAM_SUCCESS)
        return rc == PAM_USER_UNKNOWN ? PAM_IGNORE : rc;
    tlp_say(m, PAM_ERROR_MSG,
            "The password of a domain account cannot be changed on this machine yet. "
            "Change it on a Windows workstation or ask your administrator.");
    tlp_log(m, LOG_NOTICE, "password change refused: user=%s, not supported yet",
            m->user);
    return PAM_AUTHTOK_ERR;
}
