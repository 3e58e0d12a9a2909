/* SPDX-License-Identifier: MIT
 *
 * talk.c - one conversation with the agent (see wire.h), relayed to the user.
 *
 * The agent is trusted but may die, hang or be a different build: its messages
 * are bounded in number and in time, and only a well-formed DONE counts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "module.h"

/* One conversation with the agent. `fresh` and `buf` hold secrets and are wiped at its
 * end. */
struct talk {
    struct tlp *m;
    int fd;
    int left_ms;  /* time the agent may still take */
    int keep_as;  /* the first secret answer becomes this item; 0: none */
    bool has_new; /* `fresh` is a new password that was typed */
    char fresh[PAM_MAX_RESP_SIZE];
    uint8_t buf[TL_WIRE_MAX];
};

static const char *call_uid(struct tlp *m, uid_t uid)
{
    snprintf(m->caller, sizeof(m->caller), "%lu", (unsigned long)uid);
    return m->caller;
}

/* The uid of the client of a program that a socket has started, as systemd starts
 * polkit's helper: its standard input is that connection. 0: no connection, or root's. */
static uid_t peer_of_input(void)
{
    struct ucred peer = {.uid = 0};
    socklen_t len = sizeof(peer);

    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
        peer.uid == (uid_t)-1)
        return 0;
    return peer.uid;
}

/* The user whose conversations the agent limits: one user may call su a thousand times
 * and answer no prompt. sudo gives up the real uid, but sets PAM_RUSER. NULL: a program
 * of root's own. */
static const char *caller_of(struct tlp *m)
{
    const void *item = NULL;
    uid_t peer;

    if (getuid() != 0)
        return call_uid(m, getuid());
    if (pam_get_item(m->pamh, PAM_RUSER, &item) == PAM_SUCCESS && item != NULL &&
        *(const char *)item != '\0' && strcmp(item, "root") != 0 &&
        strlen(item) < PAM_MAX_RESP_SIZE)
        return item;
    peer = peer_of_input();
    return peer != 0 ? call_uid(m, peer) : NULL;
}

struct tli_wire_msg tlp_request(struct tlp *m, enum tli_wire_op op)
{
    struct tli_wire_msg msg = {.type = TL_WIRE_REQUEST, .op = op, .user = m->user};
    const void *item;

    if (pam_get_item(m->pamh, PAM_SERVICE, &item) == PAM_SUCCESS)
        msg.service = item;
    if (pam_get_item(m->pamh, PAM_TTY, &item) == PAM_SUCCESS)
        msg.tty = item;
    if (pam_get_item(m->pamh, PAM_RHOST, &item) == PAM_SUCCESS)
        msg.rhost = item;
    if (m->options.for_agent[0] != '\0')
        msg.options = m->options.for_agent;
    msg.conf = m->options.conf;
    msg.caller = caller_of(m);
    msg.flags = ((m->flags & PAM_SILENT) != 0 ? TL_WIRE_F_SILENT : 0) |
                (m->options.debug ? TL_WIRE_F_DEBUG : 0);
    return msg;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Receive, and take the time from the agent's. */
static int hear(struct talk *t, struct tli_wire_msg *msg)
{
    int64_t start = now_ms(), took;
    int rc;

    if (t->left_ms <= 0)
        return -ETIMEDOUT;
    rc = tli_wire_recv(t->fd, msg, t->buf, t->left_ms);
    took = now_ms() - start;
    t->left_ms = took >= t->left_ms ? 0 : t->left_ms - (int)took;
    return rc;
}

/* The first password that is typed becomes a PAM item for the modules after this one; a
 * new password only once it has been changed (keep_new), and a PIN never. */
static int answer_prompt(struct talk *t, const struct tli_wire_msg *prompt)
{
    bool secret = prompt->style != TL_STYLE_VISIBLE;
    struct tli_wire_msg reply = {.type = TL_WIRE_REPLY};
    char answer[PAM_MAX_RESP_SIZE];
    int rc, sent;

    rc = tlp_ask(t->m, secret ? PAM_PROMPT_ECHO_OFF : PAM_PROMPT_ECHO_ON,
                 prompt->text != NULL ? prompt->text : "", answer);
    if (rc != PAM_SUCCESS) {
        reply.type = TL_WIRE_CANCEL;
    } else if (prompt->style == TL_STYLE_NEW_SECRET) {
        reply.secret = answer;
        memcpy(t->fresh, answer, strlen(answer) + 1);
        t->has_new = true;
    } else if (secret) {
        bool pin = prompt->style == TL_STYLE_PIN;

        reply.secret = answer;
        /* Later modules would try a PIN as a password, or keep it. */
        if (t->keep_as != 0 && !pin)
            (void)pam_set_item(t->m->pamh, t->keep_as, answer);
        if (!pin)
            t->keep_as = 0;
    } else {
        reply.text = answer;
    }
    sent = tli_wire_send(t->fd, &reply, t->buf, t->left_ms);
    explicit_bzero(answer, sizeof(answer));
    if (rc != PAM_SUCCESS)
        return rc;
    if (sent != 0) {
        tlp_log(t->m, LOG_ERR, "agent: cannot send the answer: %s", strerror(-sent));
        return PAM_AUTHINFO_UNAVAIL;
    }
    return PAM_SUCCESS;
}

/* A truncated value would be another value. */
static bool copy_whole(char *to, size_t size, const char *from)
{
    size_t len = from != NULL ? strlen(from) : 0;

    if (len >= size)
        return false;
    memcpy(to, from != NULL ? from : "", len + 1);
    return true;
}

static bool token_is_valid(const char *token)
{
    return token == NULL || (strlen(token) == TLP_SESSION_LEN &&
                             strspn(token, "0123456789abcdef") == TLP_SESSION_LEN);
}

static int take_done(struct talk *t, const struct tli_wire_msg *done,
                     struct tlp_result *result)
{
    result->ntstatus = done->ntstatus;
    result->local_user = done->local_user != 0;
    result->unnamed = done->unnamed != 0;
    tlp_clean(result->text, sizeof(result->text), done->text, NULL);
    tlp_clean(result->reason, sizeof(result->reason), done->reason, NULL);
    if (!token_is_valid(done->session) ||
        !copy_whole(result->session, sizeof(result->session), done->session) ||
        !copy_whole(result->canonical, sizeof(result->canonical), done->canonical) ||
        !copy_whole(result->ccache, sizeof(result->ccache), done->ccache)) {
        tlp_log(t->m, LOG_ERR, "agent: protocol error: invalid value in DONE");
        return PAM_SYSTEM_ERR;
    }
    return PAM_SUCCESS;
}

/* The number of rounds is limited, so that a broken agent cannot keep a prompt open. */
static int listen_until_done(struct talk *t, struct tlp_result *result)
{
    struct tli_wire_msg msg;
    int rc;

    for (int round = 0; round < TLP_MAX_ROUNDS; round++) {
        rc = hear(t, &msg);
        if (rc != 0) {
            tlp_log(t->m, LOG_ERR, "agent: %s",
                    rc == -ETIMEDOUT    ? "no answer in time"
                    : rc == -ECONNRESET ? "it ended during the conversation"
                    : rc == -EBADMSG    ? "malformed message"
                                        : strerror(-rc));
            return rc == -EBADMSG || rc == -EMSGSIZE ? PAM_SYSTEM_ERR
                                                     : PAM_AUTHINFO_UNAVAIL;
        }
        if (msg.type == TL_WIRE_DONE)
            return take_done(t, &msg, result);
        if (msg.type == TL_WIRE_SAY) {
            tlp_say(t->m, msg.style == TL_STYLE_ERROR ? PAM_ERROR_MSG : PAM_TEXT_INFO,
                    msg.text);
            continue;
        }
        if (msg.type != TL_WIRE_PROMPT)
            break;
        rc = answer_prompt(t, &msg);
        if (rc != PAM_SUCCESS)
            return rc;
    }
    tlp_log(t->m, LOG_ERR, "agent: protocol error: no DONE message");
    return PAM_SYSTEM_ERR;
}

/* The item that the answer to the first secret prompt becomes, for the modules after this
 * one; 0: none. */
static int item_of(const struct tli_wire_msg *request)
{
    if (request->secret != NULL)
        return 0;
    if (request->op == TL_OP_AUTH)
        return PAM_AUTHTOK;
    return request->op == TL_OP_CHAUTHTOK ? PAM_OLDAUTHTOK : 0;
}

/* The password has been changed to the one typed last: the old one is no longer valid. */
static void keep_new(struct talk *t, const struct tli_wire_msg *request)
{
    const void *old = NULL;

    if (request->op == TL_OP_AUTH &&
        pam_get_item(t->m->pamh, PAM_AUTHTOK, &old) == PAM_SUCCESS && old != NULL)
        (void)pam_set_item(t->m->pamh, PAM_OLDAUTHTOK, old);
    (void)pam_set_item(t->m->pamh, PAM_AUTHTOK, t->fresh);
}

const char *tlp_named(const struct tlp *m, const struct tlp_result *result)
{
    return result->unnamed && !m->options.debug ? "(not known)" : m->user;
}

/* The proof holds for the name that was sent, so PAM_USER must still be that name. */
static int check_user(struct tlp *m)
{
    const void *now = NULL;

    if (pam_get_item(m->pamh, PAM_USER, &now) == PAM_SUCCESS && now != NULL &&
        strcmp(now, m->user) == 0)
        return PAM_SUCCESS;
    tlp_log(m, LOG_ERR, "the application changed PAM_USER during the conversation");
    return PAM_SYSTEM_ERR;
}

/* One request and its conversation. The result is zeroed unless PAM_SUCCESS is returned;
 * the secrets are always wiped. */
int tlp_talk(struct tlp *m, const struct tli_wire_msg *request, struct tlp_result *result)
{
    struct talk t = {.m = m, .fd = -1, .left_ms = (int)m->options.timeout * 1000};
    const char *why = "";
    int rc;

    memset(result, 0, sizeof(*result));
    t.keep_as = item_of(request);
    rc = tlp_agent_open(m, &t.fd, &why);
    if (rc != 0) {
        tlp_log(m, LOG_ERR, "the agent trustlogond cannot be reached: %s (%s)", why,
                strerror(-rc));
        return PAM_AUTHINFO_UNAVAIL;
    }
    rc = tli_wire_send(t.fd, request, t.buf, t.left_ms);
    if (rc == 0) {
        rc = listen_until_done(&t, result);
    } else {
        tlp_log(m, LOG_ERR, "agent: cannot send the request: %s", strerror(-rc));
        rc = rc == -E2BIG || rc == -EMSGSIZE ? PAM_SERVICE_ERR : PAM_AUTHINFO_UNAVAIL;
    }
    close(t.fd);
    if (rc == PAM_SUCCESS)
        rc = check_user(m);
    if (rc == PAM_SUCCESS && result->ntstatus == 0 && t.has_new)
        keep_new(&t, request);
    explicit_bzero(t.fresh, sizeof(t.fresh));
    explicit_bzero(t.buf, sizeof(t.buf));
    if (rc != PAM_SUCCESS)
        memset(result, 0, sizeof(*result));
    else
        tlp_debug(m, "agent: status 0x%08x %s", result->ntstatus, result->reason);
    return rc;
}
