/* SPDX-License-Identifier: MIT
 *
 * channel.c - the agent's side of the wire.
 */
#include "channel.h"

#include <errno.h>
#include <string.h>

#include "secret.h"
#include "wire/io.h"

/* Milliseconds: how long a user may think about a prompt, how long a client may take for
 * everything else, and for a look-up, which comes from a program. */
#define TLA_REPLY_MS (5 * 60 * 1000)
#define TLA_REQUEST_MS 10000
#define TLA_LOOKUP_MS 1000

/* Strings of a message point into the buffer that the next message overwrites. */
static int keep_strings(struct tla_conv *conv)
{
    struct tli_wire_msg *r = &conv->request;
    const char **strings[] = {&r->user, &r->service, &r->tty,    &r->rhost, &r->options,
                              &r->conf, &r->session, &r->ccache, &r->caller};

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        if (*strings[i] == NULL)
            continue;
        *strings[i] = talloc_strdup(conv, *strings[i]);
        if (*strings[i] == NULL)
            return -ENOMEM;
    }
    if (r->secret != NULL) {
        r->secret = tla_secret(conv, r->secret);
        if (r->secret == NULL)
            return -ENOMEM;
    }
    if (r->new_secret != NULL) {
        r->new_secret = tla_secret(conv, r->new_secret);
        if (r->new_secret == NULL)
            return -ENOMEM;
    }
    r->text = r->reason = r->canonical = NULL;
    return 0;
}

int tla_receive_request(struct tla_conv *conv)
{
    int limit = conv->endpoint == TLA_ENDPOINT_LOOKUP ? TLA_LOOKUP_MS : TLA_REQUEST_MS;
    int rc = tli_wire_recv(conv->fd, &conv->request, conv->buf, limit);

    if (rc == 0 && conv->request.type != TL_WIRE_REQUEST)
        rc = -EBADMSG;
    if (rc == 0)
        rc = keep_strings(conv);
    explicit_bzero(conv->buf, sizeof(conv->buf));
    return rc;
}

int tla_prompt(struct tla_conv *conv, enum tli_wire_style style, const char *text,
               char **answer)
{
    struct tli_wire_msg prompt = {.type = TL_WIRE_PROMPT, .style = style, .text = text};
    struct tli_wire_msg reply;
    const char *given;
    int rc;

    *answer = NULL;
    rc = tli_wire_send(conv->fd, &prompt, conv->buf, TLA_REQUEST_MS);
    if (rc == 0)
        rc = tli_wire_recv(conv->fd, &reply, conv->buf, TLA_REPLY_MS);
    if (rc == 0 && reply.type == TL_WIRE_CANCEL)
        rc = -ECANCELED;
    if (rc == 0) {
        given = style == TL_STYLE_VISIBLE ? reply.text : reply.secret;
        if (reply.type != TL_WIRE_REPLY || given == NULL)
            rc = -EBADMSG;
        else if ((*answer = tla_secret(conv, given)) == NULL)
            rc = -ENOMEM;
    }
    explicit_bzero(conv->buf, sizeof(conv->buf));
    return rc;
}

int tla_say(struct tla_conv *conv, enum tli_wire_style style, const char *text)
{
    struct tli_wire_msg say = {.type = TL_WIRE_SAY, .style = style, .text = text};

    return tli_wire_send(conv->fd, &say, conv->buf, TLA_REQUEST_MS);
}

int tla_done(struct tla_conv *conv, const struct tl_words *words,
             struct tli_wire_msg done)
{
    const struct tl_reason_info *info = tl_reason_info(conv->outcome->reason);

    done.type = TL_WIRE_DONE;
    done.ntstatus = conv->outcome->ntstatus;
    /* A failure never reads as success, even if it has no status of its own. */
    if (conv->outcome->reason != TL_REASON_OK && done.ntstatus == TL_NT_SUCCESS)
        done.ntstatus = TL_NT_INTERNAL_ERROR;
    done.unnamed = conv->unnamed ? 1 : 0;
    done.reason = info != NULL ? info->slug : NULL;
    done.text = words != NULL ? words->message : NULL;
    return tli_wire_send(conv->fd, &done, conv->buf, TLA_REQUEST_MS);
}
