/* SPDX-License-Identifier: MIT
 *
 * lsa_client.c - one question to trustlogon-lsa: keys and lines out, one line back.
 */
#include "lsa_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <trustlogon/kerberos.h>
#include <unistd.h>
#include <trustlogon/tickets.h>

static const char *explain(int error)
{
    switch (error) {
    case -ENOTCONN:
        return "trustlogond, which starts trustlogon-lsa, does not listen";
    case -ENOPKG:
        return "trustlogon-lsa is not installed, so over a one-way trust only users who "
               "have logged on here are known";
    case -EAGAIN:
        return "trustlogon-lsa cannot be started, or ends at once; see the journal";
    case -ECONNRESET:
        return "trustlogon-lsa ended during this request";
    case -ETIMEDOUT:
        return "no answer from trustlogon-lsa in time";
    case -EINVAL:
        return "trustlogon-lsa cannot answer such a request";
    case -EPERM:
        return "the socket of trustlogon-lsa does not belong to root";
    case -EBADMSG:
        return "trustlogon-lsa sent a malformed answer";
    case -ENOMEM:
        return "out of memory";
    default:
        return strerrordesc_np(-error);
    }
}

/* --- the question --- */

/* Fields of a line are parted by single spaces, lines end with a newline. */
static bool is_word(const char *text)
{
    return text != NULL && *text != '\0' && text[strcspn(text, " \t\r\n")] == '\0';
}

static int make_lines(TALLOC_CTX *ctx, const struct tli_lsa_peer *peer, const char *name,
                      const struct tl_sid *sid, char **lines)
{
    char text[TL_SID_STRING_MAX];
    const char *what = name;

    *lines = NULL;
    if (!is_word(peer->dc) || !is_word(peer->address) ||
        !is_word(peer->machine->workstation->realm) ||
        !is_word(peer->machine->workstation->flat))
        return -EINVAL;
    if (name == NULL)
        what = tl_sid_format(sid, text);
    else if (*name == '\0' || strchr(name, '\n') != NULL ||
             strlen(name) > TL_LSA_WORD_MAX - strlen("name "))
        return -EINVAL;
    *lines = talloc_asprintf(
        ctx, "peer %s %s %s %s %s$\n%s %s\n",
        peer->machine->config->allow_rc4 == TL_RC4_YES ? "rc4" : "aes", peer->dc,
        peer->address, peer->machine->workstation->realm,
        peer->machine->workstation->flat, name == NULL ? "sid" : "name", what);
    return *lines == NULL ? -ENOMEM : 0;
}

/* --- the socket --- */

static int set_limit(int fd, tl_deadline deadline)
{
    int left = tl_deadline_left_ms(deadline);
    struct timeval tv = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

    if (left == 0) /* which would mean: no limit */
        return -ETIMEDOUT;
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == 0 ? 0 : -errno;
}

/* The keys go to a process of root or, in tests, of the same user. */
static int check_holder(int fd)
{
    struct ucred holder;
    socklen_t len = sizeof(holder);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &holder, &len) != 0)
        return -errno;
    return holder.uid == 0 || holder.uid == geteuid() ? 0 : -EPERM;
}

static int open_socket(const struct tl_config *config, tl_deadline deadline, int *fd_out)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, ret;

    *fd_out = -1;
    if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", config->run_dir,
                 TL_LSA_SOCKET) >= (int)sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* With a full backlog connect() waits as send() does [unix(7)]. */
    ret = set_limit(fd, deadline);
    if (ret == 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
        ret = errno == ENOENT || errno == ECONNREFUSED ? -ENOTCONN
              : errno == EAGAIN                        ? -ETIMEDOUT
                                                       : -errno;
    if (ret == 0)
        ret = check_holder(fd);
    if (ret == 0)
        *fd_out = fd;
    else
        close(fd);
    return ret;
}

static int send_question(int fd, char *lines, int keys)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {.iov_base = lines, .iov_len = strlen(lines)};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    ssize_t sent;

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &keys, sizeof(int));
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN ? -ETIMEDOUT : errno == EPIPE ? -ECONNRESET : -errno;
    /* Fewer than 3 KiB into an empty buffer go whole. */
    return (size_t)sent == strlen(lines) ? 0 : -ETIMEDOUT;
}

/* All bytes up to the newline, which must be the last; *len without it. */
static int receive_line(int fd, tl_deadline deadline, char *line, size_t size,
                        size_t *len)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    ssize_t got;

    *len = 0;
    for (;;) {
        int n = poll(&pfd, 1, tl_deadline_left_ms(deadline));

        if (n == 0)
            return -ETIMEDOUT;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n < 0)
            continue;
        got = recv(fd, line + *len, size - *len, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0 && errno != ECONNRESET)
            return -errno;
        if (got <= 0)
            return -ECONNRESET;
        *len += (size_t)got;
        if (line[*len - 1] == '\n') {
            --*len;
            return 0;
        }
        if (*len == size)
            return -EBADMSG;
    }
}

/* --- the whole --- */

static int converse(TALLOC_CTX *ctx, const struct tli_lsa_peer *peer, char *lines,
                    int keys, tl_deadline deadline, struct tli_lsa_answer **answer)
{
    char line[TL_LSA_ANSWER_MAX + 1];
    size_t len;
    int fd, sent;
    int ret = open_socket(peer->machine->config, deadline, &fd);

    if (ret != 0)
        return ret;
    sent = send_question(fd, lines, keys);
    /* A peer that closes without reading has sent the reason: read it. */
    ret = sent == 0 || sent == -ECONNRESET
              ? receive_line(fd, deadline, line, sizeof(line), &len)
              : sent;
    close(fd);
    return ret == 0 ? tli_lsa_answer_decode(ctx, line, len, answer) : ret;
}

/* 0 or -ENOKEY with why. */
static int get_keys(TALLOC_CTX *ctx, const struct tli_lsa_peer *peer, int *keys,
                    const char **why)
{
    struct tl_outcome *out = tl_outcome_new(ctx);
    enum tl_reason reason;

    *keys = -1;
    if (out == NULL)
        return -ENOMEM;
    reason =
        tl_krb_machine_keys(peer->machine->config, peer->machine->workstation, keys, out);
    if (reason != TL_REASON_OK && reason != TL_REASON_NO_MEMORY)
        *why = talloc_asprintf(ctx, "%s: %s", tl_reason_info(reason)->slug,
                               out->detail != NULL ? out->detail
                                                   : peer->machine->config->keytab);
    talloc_free(out);
    return reason == TL_REASON_OK ? 0 : reason == TL_REASON_NO_MEMORY ? -ENOMEM : -ENOKEY;
}

/* The keys are passed with the question, so that the program needs no access to files. */
int tli_lsa_ask(TALLOC_CTX *ctx, const struct tli_lsa_peer *peer, const char *name,
                const struct tl_sid *sid, tl_deadline deadline,
                struct tli_lsa_answer **answer_out, const char **why)
{
    struct tli_lsa_answer *answer = NULL;
    char *lines = NULL;
    int keys = -1, ret;

    *answer_out = NULL;
    *why = NULL;
    ret = make_lines(ctx, peer, name, sid, &lines);
    if (ret == 0)
        ret = get_keys(ctx, peer, &keys, why);
    if (ret == 0)
        ret = converse(ctx, peer, lines, keys, deadline, &answer);
    /* Otherwise the name of another SID would pass for this one's. */
    if (ret == 0 && name == NULL && answer->ntstatus == 0 &&
        !tl_sid_equal(&answer->sid, sid))
        ret = -EBADMSG;
    if (keys >= 0)
        close(keys);
    talloc_free(lines);
    if (ret == 0) {
        *answer_out = answer;
        return 0;
    }
    talloc_free(answer);
    if (*why == NULL)
        *why = explain(ret);
    return ret;
}
