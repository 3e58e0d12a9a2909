/* SPDX-License-Identifier: MIT
 *
 * setcred.c - pam_setcred: tickets into the user's own cache, and out again.
 *
 * If this handle's user did not log on through this module, the result is PAM_IGNORE:
 * libpam replays the jumps of pam_authenticate for pam_setcred, so this module is
 * called for users that another module authenticated, and must neither fail them nor
 * claim them.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_modutil.h>

#include "module.h"

static bool in_setuid_context(void)
{
    return geteuid() != getuid() || getegid() != getgid();
}

/* The cache to refresh or reinitialise: the one of this handle, else that of the
 * process (a screen locker's session), which secure_getenv hides from setuid
 * programs. The agent opens it as the user. */
static const char *existing_cache(struct tlp *m, const struct tlp_logon *logon)
{
    const char *name =
        logon->ccache[0] != '\0' ? logon->ccache : pam_getenv(m->pamh, "KRB5CCNAME");

    if (name == NULL)
        name = secure_getenv("KRB5CCNAME");
    return name != NULL && *name != '\0' ? name : NULL;
}

static int remember_cache(struct tlp *m, struct tlp_logon *logon, const char *name)
{
    char var[sizeof("KRB5CCNAME=") + TL_WIRE_STRING_MAX];

    snprintf(logon->ccache, sizeof(logon->ccache), "%s", name);
    logon->stored = true;
    /* The token is no longer needed; it must not reach the user's session. */
    if (pam_getenv(m->pamh, TLP_SESSION_ENV) != NULL)
        (void)pam_putenv(m->pamh, TLP_SESSION_ENV);
    snprintf(var, sizeof(var), "KRB5CCNAME=%s", name);
    return pam_putenv(m->pamh, var);
}

static void forget_cache(struct tlp *m, struct tlp_logon *logon)
{
    logon->ccache[0] = '\0';
    logon->stored = false;
    logon->session[0] = '\0';
    if (pam_getenv(m->pamh, "KRB5CCNAME") != NULL)
        (void)pam_putenv(m->pamh, "KRB5CCNAME");
}

/* The owner of the cache is the user by NSS, never by the agent: what libpam's caller
 * becomes is decided there, too. */
int tlp_store_tickets(struct tlp *m, struct tlp_logon *logon, enum tli_wire_op op,
                      uint32_t flags)
{
    struct tli_wire_msg request = tlp_request(m, op);
    bool delete = op == TL_OP_CLOSE || (flags & TL_WIRE_F_DELETE) != 0;
    struct passwd *pw = pam_modutil_getpwnam(m->pamh, m->user);
    struct tlp_result result;
    int rc;

    if (pw == NULL || pw->pw_uid == 0) {
        tlp_log(m, LOG_ERR, "no tickets are stored for %s: %s", m->user,
                pw == NULL ? "the name service does not know the user"
                           : "the name service returns uid 0");
        return PAM_USER_UNKNOWN;
    }
    request.flags |= flags;
    request.has_owner = 1;
    request.uid = pw->pw_uid;
    request.gid = pw->pw_gid;
    request.session = logon->session[0] != '\0' ? logon->session : NULL;
    if (delete || (flags & (TL_WIRE_F_REINITIALIZE | TL_WIRE_F_REFRESH)) != 0)
        request.ccache = existing_cache(m, logon);
    rc = tlp_talk(m, &request, &result);
    if (rc != PAM_SUCCESS)
        return PAM_CRED_UNAVAIL;
    if (result.ntstatus != 0) {
        tlp_log(m, LOG_ERR, "tickets of %s: status=0x%08x reason=%s %s", m->user,
                result.ntstatus, result.reason, result.text);
        return PAM_CRED_ERR;
    }
    if (delete) {
        forget_cache(m, logon);
        return PAM_SUCCESS;
    }
    if (result.ccache[0] == '\0')
        return PAM_CRED_ERR;
    return remember_cache(m, logon, result.ccache);
}

/* A screen locker that runs as the user: the new tickets go into the cache of the session
 * it runs in, if that has one. It opens no session, so no new cache is made. */
static int refresh_own(struct tlp *m, struct tlp_logon *logon)
{
    bool wanted = (m->flags & (PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED)) != 0;

    if (!wanted || in_setuid_context() || existing_cache(m, logon) == NULL)
        return PAM_SUCCESS;
    return tlp_store_tickets(m, logon, TL_OP_SETCRED, TL_WIRE_F_REFRESH);
}

/* Deleting comes first, since it needs no token. A process that is not root only
 * refreshes the user's own cache. */
int tlp_setcred(struct tlp *m)
{
    struct tlp_logon *logon;
    int rc = tlp_user(m);

    if (rc == PAM_SUCCESS || rc == PAM_USER_UNKNOWN)
        tlp_logon_leave(m);
    if (rc != PAM_SUCCESS)
        return rc == PAM_USER_UNKNOWN ? PAM_IGNORE : rc;
    logon = tlp_logon_get(m);
    if (logon == NULL)
        return PAM_IGNORE;
    if ((m->flags & PAM_DELETE_CRED) != 0)
        return logon->stored && geteuid() == 0
                   ? tlp_store_tickets(m, logon, TL_OP_SETCRED, TL_WIRE_F_DELETE)
                   : PAM_SUCCESS;
    /* Stored already (sshd calls twice), or a proof without tickets. */
    if (logon->stored || logon->session[0] == '\0')
        return PAM_SUCCESS;
    if (geteuid() != 0)
        return refresh_own(m, logon);
    if ((m->flags & (PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED)) != 0) {
        /* The caller of a setuid program chooses its environment; tickets of the target
         * user must not be written where the caller points. */
        if (in_setuid_context()) {
            tlp_debug(m, "tickets are not reinitialised in a setuid program");
            return PAM_SUCCESS;
        }
        return tlp_store_tickets(m, logon, TL_OP_SETCRED,
                                 (m->flags & PAM_REFRESH_CRED) != 0
                                     ? TL_WIRE_F_REFRESH
                                     : TL_WIRE_F_REINITIALIZE);
    }
    return tlp_store_tickets(m, logon, TL_OP_SETCRED, TL_WIRE_F_ESTABLISH);
}
