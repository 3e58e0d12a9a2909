/* SPDX-License-Identifier: MIT
 *
 * serve.c - serve the connections: read their lines, answer them, and bound the time.
 */
#include "lsa.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define EXIT_LATE 3
#define LINE_MS 1000        /* from one line to the next: other clients wait */
#define KEYS_MAX (64 << 10) /* bytes of a keytab */

/* The DC that was asked last, and the connection to it. */
struct dc_link {
    struct lsa_peer peer;
    struct lsa_tickets *tickets;
    struct lsa_rpc *rpc;
};

struct connection {
    int fd;
    int keys; /* that came with the lines, or -1 */
    size_t len;
    char bytes[2 * LSA_LINE_MAX];
};

/* --- the clock --- */

/* The socket of the client that waits for the answer now; for the signal handler. */
static volatile sig_atomic_t asker = -1;

/* Only this bounds everything below: libkrb5 and libdcerpc have waits of their own, some
 * of a minute. */
static void on_late(int signal_number)
{
    static const char answer[] =
        "{\"error\":\"0xC00000B5\",\"text\":\"NT_STATUS_IO_TIMEOUT\"}\n";

    (void)signal_number;
    if (write(asker, answer, sizeof(answer) - 1) < 0)
        _exit(EXIT_LATE); /* the client is gone; the result is the same */
    _exit(EXIT_LATE);
}

static void set_clock(unsigned int seconds)
{
    struct itimerval timer = {.it_value.tv_sec = (time_t)seconds};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static int prepare_clock(void)
{
    struct sigaction action = {.sa_handler = on_late};
    sigset_t alarm_only;

    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    if (sigaction(SIGALRM, &action, NULL) != 0)
        return -errno;
    return sigprocmask(SIG_UNBLOCK, &alarm_only, NULL) != 0 ? -errno : 0;
}

/* --- answers --- */

/* In one write, so that the clock never finds half a line sent: an answer is smaller than
 * the buffer of a socket, which is read before the next request comes. */
static int put(int fd, json_t *object)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    size_t len;
    ssize_t n;

    json_decref(object);
    if (text == NULL)
        return -ENOMEM;
    len = strlen(text);
    text[len] = '\n'; /* in place of its NUL */
    n = send(fd, text, len + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(text);
    return n == (ssize_t)len + 1 ? 0 : -EPIPE;
}

static json_t *error_json(uint32_t ntstatus, const char *why)
{
    char code[11];

    snprintf(code, sizeof(code), "0x%08" PRIX32, ntstatus);
    return json_pack("{s:s, s:s}", "error", code, "text", why != NULL ? why : "");
}

static json_t *answer_json(const struct lsa_answer *answer)
{
    char sid[TL_SID_STRING_MAX];

    return json_pack("{s:s, s:s, s:s, s:s}", "name", answer->name, "domain",
                     answer->domain, "sid", tl_sid_format(&answer->sid, sid), "type",
                     answer->type);
}

static int answer(int fd, struct lsa_rpc *rpc, const char *line, size_t len,
                  unsigned int seconds)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct lsa_request request;
    struct lsa_answer found;
    const char *why = lsa_line_parse(line, len, &request);
    uint32_t ret = LSA_INVALID_PARAMETER;
    json_t *object;
    int written;

    if (why == NULL) {
        asker = fd;
        set_clock(seconds);
        ret = lsa_rpc_lookup(ctx, rpc, &request, &found, &why);
        set_clock(0);
    }
    object = ret == 0 ? answer_json(&found) : error_json(ret, why);
    /* JSON cannot hold a name that is not UTF-8, which the DC should not have sent. */
    if (object == NULL)
        object = error_json(LSA_BAD_REPLY, "the answer cannot be encoded as JSON");
    written = put(fd, object);
    talloc_free(ctx);
    return written;
}

/* --- lines --- */

/* Keep the first descriptor that ever came, close all others. */
static void take_descriptors(struct connection *c, struct msghdr *message)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
            if (c->keys < 0)
                c->keys = fd;
            else
                close(fd);
        }
    }
}

/* 0, or -errno; -EPIPE at the end. */
static int receive(struct connection *c)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {c->bytes + c->len, sizeof(c->bytes) - c->len};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
    ssize_t n;

    if (poll(&pfd, 1, LINE_MS) <= 0)
        return -ETIMEDOUT;
    n = recvmsg(c->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return -errno;
    take_descriptors(c, &message);
    c->len += (size_t)n;
    return n > 0 ? 0 : -EPIPE;
}

/* The next line, with a NUL in place of its newline. -E2BIG for one that is too long:
 * then the beginning of the next one is not certain. */
static int next_line(struct connection *c, char line[LSA_LINE_MAX + 1], size_t *len)
{
    const char *end;
    int ret;

    while ((end = memchr(c->bytes, '\n', c->len)) == NULL) {
        if (c->len > LSA_LINE_MAX)
            return -E2BIG;
        ret = receive(c);
        if (ret != 0)
            return ret;
    }
    *len = (size_t)(end - c->bytes);
    if (*len > LSA_LINE_MAX)
        return -E2BIG;
    memcpy(line, c->bytes, *len);
    line[*len] = '\0';
    c->len -= *len + 1;
    memmove(c->bytes, c->bytes + *len + 1, c->len);
    return 0;
}

/* --- connections --- */

static bool is_keytab(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
           st.st_size <= KEYS_MAX;
}

static struct dc_link *link_new(TALLOC_CTX *ctx, const struct lsa_peer *peer)
{
    struct dc_link *link = talloc_zero(ctx, struct dc_link);

    if (link == NULL)
        return NULL;
    link->peer = (struct lsa_peer){.dc = talloc_strdup(link, peer->dc),
                                   .address = talloc_strdup(link, peer->address),
                                   .realm = talloc_strdup(link, peer->realm),
                                   .account = talloc_strdup(link, peer->account),
                                   .rc4 = peer->rc4};
    if (link->peer.dc != NULL && link->peer.address != NULL && link->peer.realm != NULL &&
        link->peer.account != NULL)
        link->tickets = lsa_tickets_new(link, &link->peer);
    if (link->tickets != NULL)
        link->rpc = lsa_rpc_new(link, &link->peer, link->tickets);
    if (link->rpc == NULL)
        TALLOC_FREE(link);
    return link;
}

/* The link to this peer: the last one, with its connection, or a new one in its place. */
static const char *choose_link(TALLOC_CTX *ctx, struct dc_link **link,
                               struct connection *c, char *line, size_t len)
{
    struct lsa_peer peer;
    const char *why = lsa_peer_parse(line, len, &peer);

    if (why != NULL)
        return why;
    if (!is_keytab(c->keys))
        return "the peer line has no keytab with it";
    if (*link != NULL && !lsa_peer_equal(&(*link)->peer, &peer))
        TALLOC_FREE(*link);
    if (*link == NULL)
        *link = link_new(ctx, &peer);
    if (*link == NULL)
        return "cannot set up Samba's libraries";
    lsa_tickets_keys((*link)->tickets, c->keys);
    c->keys = -1;
    return NULL;
}

/* Whether the client has given up: its question would only delay other clients. */
static bool has_gone(int fd)
{
    struct pollfd pfd = {.fd = fd};

    return poll(&pfd, 1, 0) > 0 && (pfd.revents & (POLLHUP | POLLERR)) != 0;
}

static void serve_one(TALLOC_CTX *ctx, struct dc_link **link, int fd,
                      unsigned int seconds)
{
    struct connection c = {.fd = fd, .keys = -1};
    char line[LSA_LINE_MAX + 1];
    const char *why;
    size_t len = 0;
    int ret = next_line(&c, line, &len);

    if (ret == 0) {
        why = choose_link(ctx, link, &c, line, len);
        if (why != NULL)
            ret = put(fd, error_json(LSA_INVALID_PARAMETER, why)) == 0 ? -EINVAL : -EPIPE;
    }
    while (ret == 0) {
        ret = next_line(&c, line, &len);
        if (ret == 0 && has_gone(fd))
            ret = -EPIPE;
        if (ret == 0)
            ret = answer(fd, (*link)->rpc, line, len, seconds);
    }
    if (ret == -E2BIG)
        (void)put(fd, error_json(LSA_INVALID_PARAMETER, "the line is too long"));
    if (c.keys >= 0)
        close(c.keys);
}

static bool is_root(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

int lsa_serve(int listener, unsigned int timeout_s, unsigned int idle_s)
{
    struct pollfd pfd = {.fd = listener, .events = POLLIN};
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct dc_link *link = NULL;
    int n, ret = prepare_clock();

    while (ret == 0) {
        n = poll(&pfd, 1, (int)idle_s * 1000);
        if (n == 0)
            break;
        if (n < 0 || (pfd.revents & ~POLLIN) != 0) {
            ret = n < 0 ? -errno : -EIO;
            break;
        }
        n = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (n < 0)
            continue; /* the client is gone */
        if (is_root(n))
            serve_one(ctx, &link, n, timeout_s);
        close(n);
    }
    talloc_free(ctx);
    return ret;
}
