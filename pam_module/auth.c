/* SPDX-License-Identifier: MIT
 *
 * auth.c - pam_authenticate: a password of an earlier module or of the user,
 * judged by the agent.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_modutil.h>

#include "module.h"

#define LOGON_FAILURE 0xC000006DU

/* The password an earlier module read, if the options allow its use. */
static int first_password(struct tlp *m, const char **secret)
{
    const void *item = NULL;

    *secret = NULL;
    if (!m->options.try_first_pass && !m->options.use_first_pass)
        return PAM_SUCCESS;
    if (pam_get_item(m->pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS || item == NULL)
        return PAM_SUCCESS;
    if (strlen(item) >= PAM_MAX_RESP_SIZE) {
        tlp_log(m, LOG_NOTICE, "the password is longer than %d bytes",
                PAM_MAX_RESP_SIZE - 1);
        return PAM_AUTH_ERR;
    }
    *secret = item;
    return PAM_SUCCESS;
}

static int ask_agent(struct tlp *m, const char *secret, struct tlp_result *result)
{
    struct tli_wire_msg request = tlp_request(m, TL_OP_AUTH);

    if ((m->flags & PAM_DISALLOW_NULL_AUTHTOK) != 0)
        request.flags |= TL_WIRE_F_NO_NULL;
    request.secret = secret;
    return tlp_talk(m, &request, result);
}

/* "Expired" is an unauthenticated KRB-ERROR, which any attacker on the path can send, and
 * no ticket proves the password. So this function never returns PAM_NEW_AUTHTOK_REQD. */
static int code_of(const struct tlp_result *result)
{
    int code = tlp_pam_code(result->ntstatus);

    return code == PAM_NEW_AUTHTOK_REQD ? PAM_AUTH_ERR : code;
}

/* What `id` shows, which may be a name without a domain; systemd opens no session for
 * any other. */
static const char *shown_name(struct tlp *m, const struct tlp_result *result)
{
    const struct passwd *pw = pam_modutil_getpwnam(m->pamh, result->canonical);

    return pw != NULL && pw->pw_name != NULL && pw->pw_name[0] != '\0'
               ? pw->pw_name
               : result->canonical;
}

static int succeed(struct tlp *m, const struct tlp_result *result)
{
    const char *name;
    int rc;

    /* Status 0 alone is what an empty message looks like: success has a name. */
    if (result->canonical[0] == '\0') {
        tlp_log(m, LOG_ERR, "agent: protocol error: success without a user name");
        return PAM_SYSTEM_ERR;
    }
    rc = tlp_logon_put(m, result->session);
    if (rc == PAM_SUCCESS && m->options.canonical_user) {
        name = shown_name(m, result);
        rc = pam_set_item(m->pamh, PAM_USER, name);
        snprintf(m->user, sizeof(m->user), "%s", name);
        if (rc == PAM_SUCCESS)
            rc = tlp_logon_put(m, result->session);
    }
    return rc;
}

/* The module is silent for a name of this machine, since pam_unix judges it. A message
 * for an unknown bare name would reveal which names the machine has. */
static void show_refusal(struct tlp *m, const struct tlp_result *result)
{
    if (result->ntstatus != LOGON_FAILURE || strpbrk(m->user, "\\@") != NULL)
        tlp_say(m, PAM_ERROR_MSG, result->text);
}

int tlp_authenticate(struct tlp *m)
{
    struct tlp_result result;
    const char *secret;
    int rc;

    /* A handle may be used again (lockers do): the proof of an earlier logon must not
     * count for this one if it fails or another module decides it. */
    tlp_logon_forget(m);
    rc = tlp_user(m);
    if (rc == PAM_SUCCESS)
        rc = first_password(m, &secret);
    if (rc != PAM_SUCCESS)
        return rc;
    rc = ask_agent(m, secret, &result);
    if (rc == PAM_SUCCESS && secret != NULL && !m->options.use_first_pass &&
        !result.local_user && result.ntstatus == LOGON_FAILURE)
        rc = ask_agent(m, NULL, &result);
    if (rc != PAM_SUCCESS)
        return rc;
    if (result.local_user)
        return PAM_USER_UNKNOWN;
    if (result.ntstatus == 0)
        return succeed(m, &result);
    show_refusal(m, &result);
    tlp_log(m, LOG_NOTICE, "logon refused: user=%s status=0x%08x reason=%s",
            tlp_named(m, &result), result.ntstatus, result.reason);
    return code_of(&result);
}
