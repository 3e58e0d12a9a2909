/* SPDX-License-Identifier: MIT
 *
 * session.c - pam_open_session and pam_close_session: tickets for applications
 * that never call pam_setcred, and no tickets left behind.
 */
#include <syslog.h>
#include <unistd.h>

#include "module.h"

/* The logon of this handle; NULL: *rc is what to return. */
static struct tlp_logon *logon_of(struct tlp *m, int *rc)
{
    struct tlp_logon *logon = NULL;

    *rc = tlp_user(m);
    if (*rc == PAM_SUCCESS)
        logon = tlp_logon_get(m);
    if (*rc == PAM_USER_UNKNOWN || (*rc == PAM_SUCCESS && logon == NULL))
        *rc = PAM_IGNORE;
    return logon;
}

int tlp_open_session(struct tlp *m)
{
    int rc;
    struct tlp_logon *logon = logon_of(m, &rc);

    if (logon == NULL)
        return rc;
    if (logon->stored || logon->session[0] == '\0' || geteuid() != 0)
        return PAM_SUCCESS;
    rc = tlp_store_tickets(m, logon, TL_OP_OPEN, TL_WIRE_F_ESTABLISH);
    return rc == PAM_SUCCESS ? PAM_SUCCESS : PAM_SESSION_ERR;
}

int tlp_close_session(struct tlp *m)
{
    int rc;
    struct tlp_logon *logon = logon_of(m, &rc);

    if (logon == NULL)
        return rc;
    /* Only what this handle made; a shared cache (KEYRING:persistent, KCM) is left
     * alone by the agent. */
    if (!logon->stored || geteuid() != 0)
        return PAM_SUCCESS;
    rc = tlp_store_tickets(m, logon, TL_OP_CLOSE, 0);
    return rc == PAM_SUCCESS ? PAM_SUCCESS : PAM_SESSION_ERR;
}
