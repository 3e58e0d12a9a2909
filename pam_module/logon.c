/* SPDX-License-Identifier: MIT
 *
 * logon.c - keeps a logon's token between the calls of one PAM conversation.
 *
 * pam_set_data is not enough: for keyboard-interactive, sshd authenticates in a process
 * of its own and only the PAM environment comes back. So the token travels there as well,
 * until the tickets are stored. It is the random name of a file that only root can read,
 * useless to any other user, and the agent checks that it belongs to the same user.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define DATA_NAME "trustlogon_logon"

static void forget(pam_handle_t *pamh, void *data, int status)
{
    if (data != NULL)
        explicit_bzero(data, sizeof(struct tlp_logon));
    free(data);
}

static int keep(struct tlp *m, const char *session, struct tlp_logon **logon)
{
    struct tlp_logon *fresh = calloc(1, sizeof(*fresh));
    int rc;

    *logon = NULL;
    if (fresh == NULL)
        return PAM_BUF_ERR;
    snprintf(fresh->user, sizeof(fresh->user), "%s", m->user);
    snprintf(fresh->session, sizeof(fresh->session), "%s", session);
    rc = pam_set_data(m->pamh, DATA_NAME, fresh, forget);
    if (rc != PAM_SUCCESS) {
        free(fresh);
        return rc;
    }
    *logon = fresh;
    return PAM_SUCCESS;
}

void tlp_logon_forget(struct tlp *m)
{
    (void)pam_set_data(m->pamh, DATA_NAME, NULL, NULL);
    if (pam_getenv(m->pamh, TLP_SESSION_ENV) != NULL)
        (void)pam_putenv(m->pamh, TLP_SESSION_ENV);
}

int tlp_logon_put(struct tlp *m, const char *session)
{
    char var[sizeof(TLP_SESSION_ENV) + 1 + TLP_SESSION_LEN + 1];
    struct tlp_logon *logon;
    int rc = keep(m, session, &logon);

    if (rc != PAM_SUCCESS || session[0] == '\0')
        return rc;
    snprintf(var, sizeof(var), "%s=%s", TLP_SESSION_ENV, session);
    return pam_putenv(m->pamh, var);
}

void tlp_logon_leave(struct tlp *m)
{
    const void *data = NULL;

    if (pam_get_data(m->pamh, DATA_NAME, &data) == PAM_SUCCESS && data != NULL &&
        strcmp(((const struct tlp_logon *)data)->user, m->user) != 0 &&
        pam_getenv(m->pamh, TLP_SESSION_ENV) != NULL)
        (void)pam_putenv(m->pamh, TLP_SESSION_ENV);
}

struct tlp_logon *tlp_logon_get(struct tlp *m)
{
    const void *data = NULL;
    struct tlp_logon *logon = NULL;
    const char *token;

    if (pam_get_data(m->pamh, DATA_NAME, &data) == PAM_SUCCESS && data != NULL) {
        /* libpam hands out const, but the data is ours. */
        logon = (struct tlp_logon *)(uintptr_t)data;
        /* A second logon of the same handle may be for another user. */
        return strcmp(logon->user, m->user) == 0 ? logon : NULL;
    }
    token = pam_getenv(m->pamh, TLP_SESSION_ENV);
    if (token == NULL || strlen(token) != TLP_SESSION_LEN ||
        strspn(token, "0123456789abcdef") != TLP_SESSION_LEN)
        return NULL;
    (void)keep(m, token, &logon);
    return logon;
}
