/* SPDX-License-Identifier: MIT
 *
 * connection.c - connect, bind, close.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <trustlogon/name.h>
#include <unistd.h>

#include "connection.h"

/* Context in two steps, offer, end: a server that asks for more would never finish. */
#define BIND_STEPS_MAX 8

enum tl_reason tli_connection_fail(const struct tli_connection *connection,
                                   struct tl_outcome *out, const char *fmt, ...)
{
    char *detail;
    va_list args;

    va_start(args, fmt);
    detail = talloc_vasprintf(NULL, fmt, args);
    va_end(args);
    tl_outcome_fail(out, TL_STAGE_IDENTITY, TL_REASON_DIRECTORY_UNREADABLE, "%s: %s",
                    connection->server, detail != NULL ? detail : "out of memory");
    talloc_free(detail);
    if (out != NULL)
        tl_outcome_set_subject(out, connection->domain);
    return TL_REASON_DIRECTORY_UNREADABLE;
}

static enum tl_reason no_memory(struct tl_outcome *out)
{
    tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_NO_MEMORY, NULL);
    return TL_REASON_NO_MEMORY;
}

/* A server behind a firewall must leave time for the next one. */
#define CONNECT_MS 3000

/* A socket that does not block, connected before the deadline; or negative errno. */
static int connect_to(const struct tl_dc *dc, uint16_t port, tl_deadline deadline)
{
    struct sockaddr_storage addr = dc->addr;
    struct pollfd p = {.events = POLLOUT};
    socklen_t len = sizeof(int);
    int fd, error = 0, n, left = tl_deadline_left_ms(deadline);

    if (addr.ss_family == AF_INET)
        ((struct sockaddr_in *)&addr)->sin_port = htons(port);
    else if (addr.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&addr)->sin6_port = htons(port);
    else
        return -EAFNOSUPPORT;
    fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&addr, dc->addr_len) == 0)
        return fd;
    error = errno;
    if (error == EINPROGRESS) {
        p.fd = fd;
        do
            n = poll(&p, 1, left < CONNECT_MS ? left : CONNECT_MS);
        while (n < 0 && errno == EINTR);
        error = n == 0 ? ETIMEDOUT : 0;
        if (n < 0 || (n > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0))
            error = errno;
        if (error == 0)
            return fd;
    }
    close(fd);
    return -error;
}

/* With an unbind the server does not have to wait for a time limit. */
static int destroy(struct tli_connection *connection)
{
    struct tli_ldap_bytes *unbind;

    if (connection->stream == NULL || connection->broken)
        return 0;
    unbind = tli_ldap_unbind_request(NULL, ++connection->last_id);
    if (unbind != NULL)
        (void)tli_stream_send(connection->stream, unbind->data, unbind->len);
    talloc_free(unbind);
    return 0;
}

bool tli_connection_is_open(const struct tli_connection *connection)
{
    return !connection->broken && !tli_stream_has_more(connection->stream);
}

void tli_connection_set_deadline(struct tli_connection *connection, tl_deadline deadline,
                                 int silence_ms)
{
    connection->deadline = deadline;
    tli_stream_set_deadline(connection->stream, deadline, silence_ms);
}

bool tli_connection_was_silent(const struct tli_connection *connection)
{
    return tli_stream_was_silent(connection->stream);
}

int tli_connection_send(struct tli_connection *connection,
                        const struct tli_ldap_bytes *request, const char **why)
{
    int ret = connection->broken ? -EPIPE : 0;

    if (ret == 0)
        ret = request == NULL
                  ? -ENOMEM
                  : tli_stream_send(connection->stream, request->data, request->len);
    connection->broken |= ret != 0 && ret != -ENOMEM;
    *why = ret != 0 ? tli_stream_error(ret) : NULL;
    return ret;
}

/* Messages of an earlier request that was given up are skipped. A message without a
 * request says that the server is about to close [RFC 4511 4.4.1]. */
int tli_connection_receive(struct tli_connection *connection,
                           struct tli_ldap_message *message, const char **why)
{
    struct tli_ber bytes;
    int ret;

    do {
        ret = tli_stream_receive(connection->stream, &bytes);
        if (ret == 0)
            ret = tli_ldap_message_decode(bytes, message);
        if (ret == 0 && (message->id == 0 || message->id > connection->last_id))
            ret = message->id == 0 ? -EPIPE : -EBADMSG;
    } while (ret == 0 && message->id != connection->last_id);
    connection->broken |= ret != 0;
    *why = ret != 0 ? tli_stream_error(ret) : NULL;
    return ret;
}

/* Send one step of the bind and take the server's answer, which stays until the next. */
static enum tl_reason bind_step(struct tli_connection *connection, struct tli_ber token,
                                struct tli_ldap_result *result, struct tl_outcome *out)
{
    struct tli_ldap_bytes *request =
        tli_ldap_bind_request(connection, ++connection->last_id, "GSSAPI", token);
    struct tli_ldap_message message;
    const char *why = NULL;
    int ret = tli_connection_send(connection, request, &why);

    talloc_free(request);
    if (ret == 0)
        ret = tli_connection_receive(connection, &message, &why);
    if (ret == -ENOMEM)
        return no_memory(out);
    if (ret != 0)
        return tli_connection_fail(connection, out, "bind: %s", why);
    if (message.op != TL_LDAP_BIND_RESPONSE ||
        tli_ldap_result_decode(&message, result) != 0)
        return tli_connection_fail(connection, out,
                                   "bind: the answer is not a bind response");
    if (result->code != LDAP_SUCCESS && result->code != LDAP_SASL_BIND_IN_PROGRESS)
        return tli_connection_fail(connection, out, "bind refused: %s%s%.*s",
                                   ldap_err2string(result->code),
                                   result->text.len > 0 ? ": " : "",
                                   (int)(result->text.len < 200 ? result->text.len : 200),
                                   (const char *)result->text.data);
    return TL_REASON_OK;
}

static enum tl_reason bind_gssapi(struct tli_connection *connection,
                                  struct tl_outcome *out)
{
    struct tli_ldap_result result = {.code = LDAP_SASL_BIND_IN_PROGRESS};
    enum tl_reason reason = TL_REASON_OK;
    char *why = NULL;

    for (int i = 0; i < BIND_STEPS_MAX && result.code == LDAP_SASL_BIND_IN_PROGRESS;
         i++) {
        struct tli_ber token;
        int ret = tli_gss_step(connection->gss, result.sasl, &token, &why);

        if (ret == -ENOMEM)
            return no_memory(out);
        if (ret != 0)
            return tli_connection_fail(connection, out, "bind: %s", why);
        reason = bind_step(connection, token, &result, out);
        if (reason != TL_REASON_OK)
            return reason;
    }
    /* A "success" before the layer is negotiated would leave the connection
     * unprotected. */
    if (result.code != LDAP_SUCCESS || connection->gss->state != TL_GSS_DONE ||
        tli_stream_seal(connection->stream, connection->gss) != 0)
        return tli_connection_fail(connection, out,
                                   "bind: the exchange did not end properly");
    return TL_REASON_OK;
}

char *tl_directory_service(TALLOC_CTX *ctx, const struct tl_dc *dc)
{
    return talloc_asprintf(ctx, "ldap/%s/%s", dc->host, dc->domain);
}

/* The ticket is looked up before connecting, so that nothing is sent if it is missing.
 * The trace has one event for the bind, also if it fails. */
enum tl_reason tli_connection_open(TALLOC_CTX *ctx, const struct tl_dc *dc, uint16_t port,
                                   const char *ccache, tl_deadline deadline,
                                   const struct tl_trace *trace,
                                   struct tli_connection **connection_out,
                                   struct tl_outcome *out)
{
    struct tli_connection *connection = talloc_zero(ctx, struct tli_connection);
    struct tl_event event = {.kind = TL_EVENT_LDAP, .message = "bind", .krb_error = -1};
    char *realm = tl_realm_of(connection, dc->domain);
    char *service = tl_directory_service(connection, dc), *principal, *why = NULL;
    int64_t start = tl_now_us();
    enum tl_reason reason;
    int ret, fd;

    *connection_out = NULL;
    principal = talloc_asprintf(connection, "%s@%s", service, realm);
    if (connection == NULL || realm == NULL || service == NULL || principal == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    connection->deadline = deadline;
    connection->trace = trace;
    connection->domain = talloc_strdup(connection, dc->domain);
    connection->server =
        talloc_asprintf(connection, "%s (%s) %u/tcp", dc->host, dc->address, port);
    if (connection->domain == NULL || connection->server == NULL) {
        reason = no_memory(out);
        goto cleanup;
    }
    talloc_set_destructor(connection, destroy);
    ret = tli_gss_new(connection, ccache, principal, &connection->gss, &why);
    if (ret != 0) {
        reason = ret == -ENOMEM ? no_memory(out)
                                : tli_connection_fail(connection, out, "%s", why);
        goto cleanup;
    }
    fd = connect_to(dc, port, deadline);
    if (fd < 0) {
        reason = tli_connection_fail(connection, out, "%s", strerror(-fd));
        goto cleanup;
    }
    connection->stream = tli_stream_new(connection, fd, deadline);
    reason = connection->stream != NULL ? bind_gssapi(connection, out) : no_memory(out);

cleanup:
    if (connection != NULL && connection->server != NULL) {
        event.server = connection->server;
        event.realm = connection->domain;
        event.subject = principal;
        event.took_us = tl_now_us() - start;
        event.text = reason == TL_REASON_OK ? "bound with GSSAPI, signed and sealed"
                     : out != NULL          ? out->detail
                                            : "failed";
        tl_trace_event(trace, &event);
    }
    if (reason != TL_REASON_OK)
        talloc_free(connection);
    else
        *connection_out = connection;
    return reason;
}
