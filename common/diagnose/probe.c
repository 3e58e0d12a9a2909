/* SPDX-License-Identifier: MIT
 *
 * probe.c - is a port open, refused or filtered? All probes run at once. An
 * open UDP port shows only by an answer, so those send a real first request.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <krb5.h>

#include "internal.h"
#include "kerberos/internal.h"

/* RFC 3244: length 14, version 0xff80, an AP-REQ of 4 bytes and a KRB-PRIV, both
 * empty SEQUENCEs: well-framed, so that a server answers, and worthless, so that
 * it answers with an error and changes nothing. */
const uint8_t tli_probe_kpasswd[] = {0x00, 0x0e, 0xff, 0x80, 0x00, 0x04, 0x6e,
                                     0x02, 0x30, 0x00, 0x75, 0x02, 0x30, 0x00};
const size_t tli_probe_kpasswd_len = sizeof(tli_probe_kpasswd);

static void finish(struct probe *probe, enum probe_result result, int64_t start)
{
    probe->result = result;
    probe->took_us = tl_now_us() - start;
    if (probe->fd >= 0)
        close(probe->fd);
    probe->fd = -1;
}

static enum probe_result result_of_errno(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
        return PROBE_REFUSED;
    case ETIMEDOUT:
        return PROBE_FILTERED;
    case EHOSTUNREACH: /* a router says so, or nobody has the address */
    case EHOSTDOWN:
        return PROBE_UNREACHABLE;
    default:
        return PROBE_ERROR;
    }
}

static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
    if (addr->ss_family == AF_INET)
        ((struct sockaddr_in *)addr)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

static void begin(struct probe *probe, int64_t start)
{
    struct sockaddr_storage addr = probe->dc->addr;
    int type = probe->udp ? SOCK_DGRAM : SOCK_STREAM;

    probe->sent = false;
    probe->reply_len = 0;
    set_port(&addr, probe->port);
    probe->fd = socket(addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe->fd < 0) {
        finish(probe, PROBE_ERROR, start);
        return;
    }
    if (connect(probe->fd, (struct sockaddr *)&addr, probe->dc->addr_len) != 0 &&
        errno != EINPROGRESS)
        finish(probe, result_of_errno(errno), start);
}

/* TCP: the length goes before the message, in one write. */
static bool send_request(struct probe *probe)
{
    uint8_t buf[4096];
    size_t len = probe->request_len, off = probe->udp ? 0 : 4;

    if (len + off > sizeof(buf))
        return false;
    buf[0] = (uint8_t)(len >> 24);
    buf[1] = (uint8_t)(len >> 16);
    buf[2] = (uint8_t)(len >> 8);
    buf[3] = (uint8_t)len;
    memcpy(buf + off, probe->request, len);
    probe->sent = true;
    return send(probe->fd, buf, len + off, MSG_NOSIGNAL) == (ssize_t)(len + off);
}

static void on_ready(struct probe *probe, short events, int64_t start)
{
    int error = 0;
    socklen_t size = sizeof(error);
    ssize_t got;

    if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0) {
        finish(probe, result_of_errno(error), start);
        return;
    }
    if (!probe->sent) {
        if (probe->request == NULL)
            finish(probe, PROBE_OPEN, start);
        else if (!send_request(probe))
            finish(probe, result_of_errno(errno), start);
        return;
    }
    if (!(events & (POLLIN | POLLHUP | POLLERR)))
        return;
    got = recv(probe->fd, probe->reply + probe->reply_len,
               sizeof(probe->reply) - probe->reply_len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        finish(probe, result_of_errno(errno), start);
        return;
    }
    probe->reply_len += (size_t)got;
    if (got == 0)
        finish(probe, PROBE_ODD, start); /* closed without an answer */
    else if (probe->udp || probe->reply_len > 4)
        finish(probe, PROBE_OPEN, start);
}

/* A TCP connection that opened but did not answer is SILENT; one that did not open, and a
 * datagram without an answer, is FILTERED. */
void tli_probe_run(struct probe *probes, size_t count, int timeout_ms)
{
    struct pollfd fds[DCS_PER_DOMAIN * 8];
    tl_deadline deadline = tl_deadline_in_ms(timeout_ms);
    int64_t start = tl_now_us();
    size_t open = 0, i;
    int left;

    if (count > sizeof(fds) / sizeof(fds[0]))
        count = sizeof(fds) / sizeof(fds[0]);
    for (i = 0; i < count; i++)
        begin(&probes[i], start);
    do {
        open = 0;
        for (i = 0; i < count; i++) {
            fds[i].fd = probes[i].fd;
            fds[i].events = probes[i].sent ? POLLIN : POLLOUT;
            fds[i].revents = 0;
            open += probes[i].fd >= 0;
        }
        left = tl_deadline_left_ms(deadline);
        if (open == 0 || left == 0)
            break;
        if (poll(fds, count, left) < 0 && errno != EINTR)
            break;
        for (i = 0; i < count; i++)
            if (probes[i].fd >= 0 && fds[i].revents != 0)
                on_ready(&probes[i], fds[i].revents, start);
    } while (open > 0);
    for (i = 0; i < count; i++)
        if (probes[i].fd >= 0)
            finish(&probes[i],
                   probes[i].sent && !probes[i].udp ? PROBE_SILENT : PROBE_FILTERED,
                   start);
}

/* libkrb5 makes the first message of an AS exchange without sending it; the context is
 * freed afterwards. */
int tli_probe_as_req(TALLOC_CTX *ctx, const char *principal, const char *realm,
                     uint8_t **req, size_t *len)
{
    krb5_context krb = NULL;
    krb5_principal client = NULL;
    krb5_init_creds_context icc = NULL;
    krb5_data in = {0}, out = {0}, out_realm = {0};
    unsigned int flags = 0;
    int ret = -ENOMEM;

    *req = NULL;
    *len = 0;
    if (tli_k5_context(TL_RC4_NO, &krb) != 0)
        return -ENOMEM;
    if (krb5_build_principal(krb, &client, (unsigned int)strlen(realm), realm, principal,
                             (char *)NULL) != 0 ||
        krb5_init_creds_init(krb, client, NULL, NULL, 0, NULL, &icc) != 0 ||
        krb5_init_creds_step(krb, icc, &in, &out, &out_realm, &flags) != 0)
        goto cleanup;
    *req = talloc_memdup(ctx, out.data, out.length);
    if (*req == NULL)
        goto cleanup;
    *len = out.length;
    ret = 0;

cleanup:
    krb5_free_data_contents(krb, &out);
    krb5_free_data_contents(krb, &out_realm);
    krb5_init_creds_free(krb, icc);
    krb5_free_principal(krb, client);
    krb5_free_context(krb);
    return ret;
}

bool tli_probe_kdc_time(const uint8_t *reply, size_t len, int64_t *kdc_time)
{
    krb5_data message = {.length = (unsigned int)len, .data = (char *)(uintptr_t)reply};
    krb5_context krb = NULL;
    krb5_error *error = NULL;
    bool kerberos =
        len > 0 && (reply[0] == 0x6b || reply[0] == 0x7e); /* AS-REP, KRB-ERROR */

    *kdc_time = 0;
    if (!kerberos || reply[0] == 0x6b || tli_k5_context(TL_RC4_NO, &krb) != 0)
        return kerberos;
    kerberos = krb5_rd_error(krb, &message, &error) == 0;
    if (kerberos) {
        /* krb5_timestamp is 32 bits; past 2038 it is meant unsigned. */
        *kdc_time = (int64_t)(uint32_t)error->stime;
        krb5_free_error(krb, error);
    }
    krb5_free_context(krb);
    return kerberos;
}
