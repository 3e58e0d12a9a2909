/* SPDX-License-Identifier: MIT
 *
 * chauthtok.c - pam_chauthtok: hands the passwords of earlier modules to the agent,
 * which prompts, proves the old one and changes it.
 *
 * libpam calls twice. The first time the old password is proven, so that no module
 * of the stack changes anything if it is wrong; the second time it is changed.
 */
#include <string.h>
#include <syslog.h>

#include "module.h"

#define LOGON_FAILURE 0xC000006DU

/* A password item, or NULL; PAM_AUTHTOK_ERR if it is too long. */
static int item(struct tlp *m, int type, const char **value)
{
    const void *found = NULL;

    *value = NULL;
    if (pam_get_item(m->pamh, type, &found) != PAM_SUCCESS || found == NULL)
        return PAM_SUCCESS;
    if (strlen(found) >= PAM_MAX_RESP_SIZE) {
        tlp_log(m, LOG_NOTICE, "the password is longer than %d bytes",
                PAM_MAX_RESP_SIZE - 1);
        return PAM_AUTHTOK_ERR;
    }
    *value = found;
    return PAM_SUCCESS;
}

static int ask_agent(struct tlp *m, uint32_t flags, const char *old, const char *fresh,
                     struct tlp_result *result)
{
    struct tli_wire_msg request = tlp_request(m, TL_OP_CHAUTHTOK);

    request.flags |= flags;
    if ((m->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0)
        request.flags |= TL_WIRE_F_EXPIRED;
    request.secret = old;
    request.new_secret = fresh;
    return tlp_talk(m, &request, result);
}

/* The agent's verdict as a PAM code; a refusal is `failed` unless that is PAM_SUCCESS. */
static int conclude(struct tlp *m, const struct tlp_result *result, int failed)
{
    int code = tlp_pam_code(result->ntstatus);

    if (result->local_user)
        return PAM_IGNORE;
    if (result->ntstatus == 0 && result->canonical[0] == '\0') {
        tlp_log(m, LOG_ERR, "agent: protocol error: success without a user name");
        return PAM_SYSTEM_ERR;
    }
    if (result->ntstatus == 0)
        return PAM_SUCCESS;
    tlp_say(m, PAM_ERROR_MSG, result->text);
    tlp_log(m, LOG_NOTICE, "password change refused: user=%s status=0x%08x reason=%s",
            tlp_named(m, result), result->ntstatus, result->reason);
    if (failed != PAM_SUCCESS)
        return failed;
    return code == PAM_NEW_AUTHTOK_REQD ? PAM_AUTH_ERR : code;
}

static int prove_old(struct tlp *m)
{
    struct tlp_result result = {0};
    const char *old = NULL;
    int rc = PAM_SUCCESS;

    if (m->options.try_first_pass || m->options.use_first_pass)
        rc = item(m, PAM_OLDAUTHTOK, &old);
    if (rc == PAM_SUCCESS)
        rc = ask_agent(m, TL_WIRE_F_PRELIM, old, NULL, &result);
    if (rc == PAM_SUCCESS && old != NULL && !m->options.use_first_pass &&
        !result.local_user && result.ntstatus == LOGON_FAILURE)
        rc = ask_agent(m, TL_WIRE_F_PRELIM, NULL, NULL, &result);
    return rc == PAM_SUCCESS ? conclude(m, &result, PAM_SUCCESS) : rc;
}

static int change(struct tlp *m)
{
    struct tlp_result result = {0};
    const struct tli_pam_options *options = &m->options;
    const char *old, *fresh = NULL;
    int rc = item(m, PAM_OLDAUTHTOK, &old);

    /* The item was set in this call's stack (pam_pwquality): libpam drops it between
     * calls. */
    if (rc == PAM_SUCCESS &&
        (options->use_authtok || options->try_first_pass || options->use_first_pass))
        rc = item(m, PAM_AUTHTOK, &fresh);
    if (rc == PAM_SUCCESS && m->options.use_authtok && fresh == NULL) {
        tlp_log(m, LOG_NOTICE, "use_authtok: no earlier module asked for a password");
        rc = PAM_AUTHTOK_ERR;
    }
    if (rc == PAM_SUCCESS)
        rc = ask_agent(m, TL_WIRE_F_UPDATE, old, fresh, &result);
    return rc == PAM_SUCCESS ? conclude(m, &result, PAM_AUTHTOK_ERR) : rc;
}

int tlp_chauthtok(struct tlp *m)
{
    struct tlp_logon *logon;
    int rc = tlp_user(m);

    if (rc != PAM_SUCCESS)
        return rc == PAM_USER_UNKNOWN ? PAM_IGNORE : rc;
    /* An expired password was changed before pam_authenticate() succeeded; a caller that
     * asks for a change of expired ones after that means another account's. */
    logon = tlp_logon_get(m);
    if ((m->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0 && logon != NULL)
        return PAM_SUCCESS;
    return (m->flags & PAM_PRELIM_CHECK) != 0 ? prove_old(m) : change(m);
}
