/* SPDX-License-Identifier: MIT
 *
 * converse.c - questions and messages through the application's pam_conv.
 *
 * Applications are sloppy: they answer success without a reply, or reply to
 * messages. Every reply is bounded (PAM_MAX_RESP_SIZE, so that nobody makes a
 * KDC chew on a password of megabytes), copied, wiped and freed; none is ever
 * logged.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "module.h"

void tlp_clean(char *to, size_t size, const char *from)
{
    size_t i = 0;

    for (; from != NULL && from[i] != '\0' && i + 1 < size; i++) {
        unsigned char c = (unsigned char)from[i];

        to[i] = (c < 0x20 && c != '\n') || c == 0x7f ? '?' : (char)c;
    }
    /* Do not end in half of a UTF-8 sequence. */
    if (from != NULL && from[i] != '\0') {
        while (i > 0 && ((unsigned char)from[i] & 0xC0U) == 0x80U)
            i--;
    }
    to[i] = '\0';
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
    tlp_clean(bounded, sizeof(bounded), text);
    rc = pam_get_item(m->pamh, PAM_CONV, &item);
    conv = item;
    if (rc != PAM_SUCCESS || conv == NULL || conv->conv == NULL)
        return PAM_CONV_ERR;
    rc = conv->conv(1, &messages, resp, conv->appdata_ptr);
    if (rc != PAM_SUCCESS)
        *resp = NULL; /* undefined then, says pam_conv(3) */
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
