/* SPDX-License-Identifier: MIT
 *
 * channel.c - the agent's side of the conversation.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

static int wipe(char *text)
{
    explicit_bzero(text, talloc_get_size(text));
    return 0;
}

char *tla_secret(TALLOC_CTX *ctx, const char *text)
{
    char *copy = text != NULL ? talloc_strdup(ctx, text) : NULL;

    if (copy != NULL)
        talloc_set_destructor(copy, wipe);
    return copy;
}

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
    int limit = conv->door == TLA_ENDPOINT_LOOKUP ? TLA_QUESTION_MS : TLA_REQUEST_MS;
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

int tla_tell(struct tla_conv *conv, enum tli_wire_style style, const char *text)
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
    /* Whatever happened to the status: a failure never reads as success. */
    if (conv->outcome->reason != TL_REASON_OK && done.ntstatus == TL_NT_SUCCESS)
        done.ntstatus = TL_NT_INTERNAL_ERROR;
    done.unnamed = conv->unnamed ? 1 : 0;
    done.reason = info != NULL ? info->slug : NULL;
    done.text = words != NULL ? words->message : NULL;
    return tli_wire_send(conv->fd, &done, conv->buf, TLA_REQUEST_MS);
}

/* The socket that SIGIO is about; -1: none. A process has one conversation. */
static volatile sig_atomic_t watched = -1;

/*
 * SIGIO alone says nothing: the kernel makes a packet readable before it signals it, so
 * the signal for the request or the answer that was read last may come only now, from a
 * client that was preempted in between. What counts is what the socket has. The default
 * action, which the listener knows, then follows when this returns.
 */
static void on_client(int sig)
{
    struct pollfd pfd = {.fd = watched, .events = POLLIN};
    int saved = errno;

    if (pfd.fd >= 0 && poll(&pfd, 1, 0) > 0) {
        (void)signal(sig, SIG_DFL);
        (void)raise(sig);
    }
    errno = saved;
}

/* While a logon is under way nobody reads the socket. A logon without a client should
 * end; a client that talks out of turn ends its logon as well. */
void tla_end_with_client(struct tla_conv *conv, bool on)
{
    struct sigaction action = {.sa_handler = on_client, .sa_flags = SA_RESTART};
    int flags = fcntl(conv->fd, F_GETFL);

    if (flags < 0)
        return;
    watched = on ? conv->fd : -1;
    (void)sigaction(SIGIO, &action, NULL);
    (void)fcntl(conv->fd, F_SETOWN, getpid());
    (void)fcntl(conv->fd, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC);
    /* It may have gone just before. */
    if (on)
        (void)raise(SIGIO);
}
