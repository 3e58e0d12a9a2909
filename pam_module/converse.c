/* SPDX-License-Identifier: MIT
 *
 * converse.c - questions and messages through the application's pam_conv.
 *
 * Applications are sloppy: they answer success without a reply, or reply to messages.
 * Every reply is bounded (PAM_MAX_RESP_SIZE, so that no password of megabytes reaches a
 * KDC), copied, wiped and freed; none is ever logged.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "module.h"
#include "wire/plain.h"

void tlp_clean(char *to, size_t size, const char *from, const char *keep)
{
    size_t len = from != NULL ? strnlen(from, size) : 0;

    if (len == size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xC0U) == 0x80U)
            len--; /* not in the middle of a UTF-8 sequence */
    }
    if (len > 0)
        memcpy(to, from, len);
    to[len] = '\0';
    tli_plain(to, keep);
}

static void drop(struct pam_response *resp)
{
    if (resp == NULL)
        return;
    if (resp->resp != NULL) {
        explicit_bzero(resp->resp, strlen(resp->resp));
        free(resp->resp);
    }
    free(resp);
}

static int converse(struct tlp *m, int style, const char *text,
                    struct pam_response **resp)
{
    char bounded[PAM_MAX_MSG_SIZE];
    struct pam_message message = {.msg_style = style, .msg = bounded};
    const struct pam_message *messages = &message;
    const void *item = NULL;
    const struct pam_conv *conv;
    int rc;

    *resp = NULL;
    /* A message is one line. In front of a question the agent may put another one. */
    tlp_clean(bounded, sizeof(bounded), text,
              style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON ? "\n" : NULL);
    rc = pam_get_item(m->pamh, PAM_CONV, &item);
    conv = item;
    if (rc != PAM_SUCCESS || conv == NULL || conv->conv == NULL)
        return PAM_CONV_ERR;
    rc = conv->conv(1, &messages, resp, conv->appdata_ptr);
    if (rc != PAM_SUCCESS)
        *resp = NULL; /* undefined then, by pam_conv(3) */
    return rc;
}

void tlp_say(struct tlp *m, int style, const char *text)
{
    struct pam_response *resp;

    if (m->options.quiet || (m->flags & PAM_SILENT) != 0 || text == NULL || *text == '\0')
        return;
    if (converse(m, style, text, &resp) == PAM_SUCCESS)
        drop(resp);
}

int tlp_ask(struct tlp *m, int style, const char *text, char *answer)
{
    struct pam_response *resp;
    size_t len;
    int rc = converse(m, style, text, &resp);

    if (rc != PAM_SUCCESS)
        return rc == PAM_CONV_AGAIN ? PAM_INCOMPLETE : PAM_CONV_ERR;
    if (resp == NULL || resp->resp == NULL) {
        rc = PAM_CONV_ERR;
    } else if ((len = strlen(resp->resp)) >= PAM_MAX_RESP_SIZE) {
        tlp_log(m, LOG_NOTICE, "an answer of %zu bytes is refused: the limit is %d", len,
                PAM_MAX_RESP_SIZE - 1);
        rc = PAM_AUTH_ERR;
    } else {
        memcpy(answer, resp->resp, len + 1);
    }
    drop(resp);
    return rc;
}
