/* SPDX-License-Identifier: MIT
 *
 * connection.c - connect, bind, close.
 */
#include <errno.h>
#include <openldap.h>
#include <poll.h>
#include <string.h>
#include <trustlogon/name.h>
#include <unistd.h>

#include "directory/connection.h"

/* No message of a directory that we ask for is a tenth of this. */
#define MESSAGE_MAX ((ber_len_t)32 * 1024 * 1024)
/* Context in two steps, offer, end: a server that wants more wants no end. */
#define BIND_STEPS_MAX 8

enum tl_reason tl_connection_fail(const struct tl_connection *connection,
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

/* A server that a firewall hides must leave time for the next one. */
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

static int destroy(struct tl_connection *connection)
{
    if (connection->ld != NULL)
        ldap_unbind_ext(connection->ld, NULL, NULL);
    return 0;
}

/* A handle over the socket that follows no referral and looks nothing up. */
static int make_handle(struct tl_connection *connection, int fd)
{
    ber_len_t max = MESSAGE_MAX;
    int version = LDAP_VERSION3, none = 0;
    Sockbuf *sb = NULL;

    if (ldap_init_fd(fd, LDAP_PROTO_TCP, "ldap://", &connection->ld) != LDAP_SUCCESS) {
        close(fd);
        return -ENOMEM;
    }
    ldap_set_option(connection->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(connection->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    /* A signal that comes to nothing must not end a search. */
    ldap_set_option(connection->ld, LDAP_OPT_RESTART, LDAP_OPT_ON);
    ldap_set_option(connection->ld, LDAP_OPT_DEREF, &none);
    ldap_set_option(connection->ld, LDAP_OPT_SIZELIMIT, &none);
    ldap_set_option(connection->ld, LDAP_OPT_TIMELIMIT, &none);
    if (ldap_get_option(connection->ld, LDAP_OPT_SOCKBUF, &sb) != LDAP_OPT_SUCCESS ||
        sb == NULL || ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &max) != 1)
        return -ENOMEM;
    return 0;
}

LDAPMessage *tl_connection_result(struct tl_connection *connection, int id,
                                  const char **why)
{
    int left = tl_deadline_left_ms(connection->deadline), error = LDAP_OTHER, type;
    struct timeval tv = {left / 1000, (left % 1000) * 1000};
    LDAPMessage *message = NULL;

    *why = NULL;
    type = ldap_result(connection->ld, id, LDAP_MSG_ONE, &tv, &message);
    if (type > 0)
        return message;
    connection->broken = true;
    ldap_get_option(connection->ld, LDAP_OPT_RESULT_CODE, &error);
    if (type == 0)
        *why = "no answer in time";
    else if (connection->gss->fault != NULL)
        *why = connection->gss->fault;
    else if (error == LDAP_SERVER_DOWN)
        *why = "the server closed the connection";
    else
        *why = ldap_err2string(error);
    return NULL;
}

/* Send one step of the bind and take the server's answer. */
static enum tl_reason bind_step(struct tl_connection *connection, struct berval *token,
                                struct berval **server, int *result,
                                struct tl_outcome *out)
{
    const char *why = NULL;
    LDAPMessage *message;
    char *text = NULL;
    int id = 0, error;

    *server = NULL;
    error = ldap_sasl_bind(connection->ld, "", "GSSAPI", token, NULL, NULL, &id);
    if (error != LDAP_SUCCESS)
        return tl_connection_fail(connection, out, "bind: %s", ldap_err2string(error));
    message = tl_connection_result(connection, id, &why);
    if (message == NULL)
        return tl_connection_fail(connection, out, "bind: %s", why);
    error =
        ldap_parse_result(connection->ld, message, result, NULL, &text, NULL, NULL, 0);
    if (error == LDAP_SUCCESS && *result != LDAP_SUCCESS &&
        *result != LDAP_SASL_BIND_IN_PROGRESS)
        error = *result;
    else if (error == LDAP_SUCCESS)
        ldap_parse_sasl_bind_result(connection->ld, message, server, 0);
    ldap_msgfree(message);
    if (error != LDAP_SUCCESS)
        tl_connection_fail(
            connection, out, "bind refused: %s%s%.200s", ldap_err2string(error),
            text != NULL && *text != '\0' ? ": " : "", text != NULL ? text : "");
    ldap_memfree(text);
    return error == LDAP_SUCCESS ? TL_REASON_OK : TL_REASON_DIRECTORY_UNREADABLE;
}

static enum tl_reason bind_gssapi(struct tl_connection *connection,
                                  struct tl_outcome *out)
{
    struct berval in = {0, NULL}, token, *server = NULL;
    int result = LDAP_SASL_BIND_IN_PROGRESS;
    enum tl_reason reason = TL_REASON_OK;
    char *why = NULL;

    for (int i = 0; i < BIND_STEPS_MAX && result == LDAP_SASL_BIND_IN_PROGRESS; i++) {
        int ret = tl_gss_step(connection->gss, &in, &token, &why);

        ber_bvfree(server);
        server = NULL;
        if (ret == -ENOMEM)
            return no_memory(out);
        if (ret != 0)
            return tl_connection_fail(connection, out, "bind: %s", why);
        reason = bind_step(connection, &token, &server, &result, out);
        if (reason != TL_REASON_OK)
            return reason;
        in = server != NULL ? *server : (struct berval){0, NULL};
    }
    ber_bvfree(server);
    /* "Success" before the layer is agreed on would be a server in the clear. */
    if (result != LDAP_SUCCESS || connection->gss->state != TL_GSS_DONE)
        return tl_connection_fail(connection, out,
                                  "bind: the exchange has no proper end");
    return TL_REASON_OK;
}

static enum tl_reason seal(struct tl_connection *connection, int fd,
                           struct tl_outcome *out)
{
    Sockbuf *sb = NULL;

    if (ldap_get_option(connection->ld, LDAP_OPT_SOCKBUF, &sb) != LDAP_OPT_SUCCESS ||
        sb == NULL || tl_gss_install(connection->gss, sb, fd, connection->deadline) != 0)
        return no_memory(out);
    return TL_REASON_OK;
}

char *tl_directory_service(TALLOC_CTX *ctx, const struct tl_dc *dc)
{
    return talloc_asprintf(ctx, "ldap/%s/%s", dc->host, dc->domain);
}

enum tl_reason tl_connection_open(TALLOC_CTX *ctx, const struct tl_dc *dc, uint16_t port,
                                  const char *ccache, tl_deadline deadline,
                                  const struct tl_trace *trace,
                                  struct tl_connection **connection_out,
                                  struct tl_outcome *out)
{
    struct tl_connection *connection = talloc_zero(ctx, struct tl_connection);
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
    ret = tl_gss_new(connection, ccache, principal, &connection->gss, &why);
    if (ret != 0) {
        reason = ret == -ENOMEM ? no_memory(out)
                                : tl_connection_fail(connection, out, "%s", why);
        goto cleanup;
    }
    fd = connect_to(dc, port, deadline);
    if (fd < 0) {
        reason = tl_connection_fail(connection, out, "%s", strerror(-fd));
        goto cleanup;
    }
    reason =
        make_handle(connection, fd) == 0 ? bind_gssapi(connection, out) : no_memory(out);
    if (reason == TL_REASON_OK)
        reason = seal(connection, fd, out);

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
