/* SPDX-License-Identifier: MIT
 *
 * layer.c - the sealing layer between libldap and its socket [RFC 4752 3.1]:
 * each buffer is a length in four bytes and a GSSAPI token.
 *
 * The socket does not block; half a token waits here for its other half, so
 * that a slow server cannot hold anybody beyond the deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "directory/gssapi.h"

/* What we announced (RECEIVE_MAX), and some for the token's own header. */
#define TOKEN_MAX (0xFFFFFFU + 1024)

struct layer {
    struct tl_gss *gss;
    int fd;
    tl_deadline deadline;
    uint8_t header[4];
    size_t have; /* of header and token together */
    size_t token_len;
    uint8_t *token;        /* while it is being read */
    gss_buffer_desc plain; /* the last one unsealed */
    size_t taken;          /* of it */
};

static int layer_setup(Sockbuf_IO_Desc *io, void *arg)
{
    io->sbiod_pvt = arg;
    return 0;
}

static int layer_remove(Sockbuf_IO_Desc *io)
{
    io->sbiod_pvt = NULL;
    return 0;
}

static int layer_close(Sockbuf_IO_Desc *io)
{
    return 0;
}

static int layer_ctrl(Sockbuf_IO_Desc *io, int option, void *arg)
{
    const struct layer *layer = io->sbiod_pvt;

    /* libldap must not wait for the socket while there is something here. */
    if (option == LBER_SB_OPT_DATA_READY && layer->taken < layer->plain.length)
        return 1;
    return (int)LBER_SBIOD_CTRL_NEXT(io, option, arg);
}

/* Read up to `len` bytes in all (counted from the header's first). */
static ber_slen_t fill(Sockbuf_IO_Desc *io, struct layer *layer, uint8_t *at, size_t len)
{
    ber_slen_t n = 1;

    while (n > 0 && len > 0) {
        n = LBER_SBIOD_READ_NEXT(io, at, len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
            layer->have += (size_t)n;
        }
    }
    return n;
}

static int unseal(struct layer *layer)
{
    gss_buffer_desc token = {layer->token_len, layer->token};
    OM_uint32 major, minor;
    int sealed = 0;

    gss_release_buffer(&minor, &layer->plain);
    layer->taken = 0;
    major = gss_unwrap(&minor, layer->gss->context, &token, &layer->plain, &sealed, NULL);
    TALLOC_FREE(layer->token);
    layer->have = 0;
    if (GSS_ERROR(major) || !sealed) {
        layer->gss->fault = "a message that is not sealed as agreed";
        return -EBADMSG;
    }
    return 0;
}

/* One more token, or what there is of it: > 0 whole, else as a read(2). */
static ber_slen_t next_token(Sockbuf_IO_Desc *io, struct layer *layer)
{
    uint32_t length;
    ber_slen_t n;

    if (layer->have < sizeof(layer->header)) {
        n = fill(io, layer, layer->header + layer->have,
                 sizeof(layer->header) - layer->have);
        if (n <= 0)
            return n;
        memcpy(&length, layer->header, sizeof(length));
        layer->token_len = ntohl(length);
        if (layer->token_len == 0 || layer->token_len > TOKEN_MAX) {
            layer->gss->fault = "a message that is not sealed as agreed";
            errno = EBADMSG;
            return -1;
        }
        layer->token = talloc_size(layer, layer->token_len);
        if (layer->token == NULL) {
            errno = ENOMEM;
            return -1;
        }
    }
    n = fill(io, layer, layer->token + (layer->have - sizeof(layer->header)),
             layer->token_len + sizeof(layer->header) - layer->have);
    if (n <= 0)
        return n;
    if (unseal(layer) != 0) {
        errno = EBADMSG;
        return -1;
    }
    return 1;
}

static ber_slen_t layer_read(Sockbuf_IO_Desc *io, void *buf, ber_len_t len)
{
    struct layer *layer = io->sbiod_pvt;
    size_t left;

    while (layer->taken == layer->plain.length) {
        ber_slen_t n = next_token(io, layer);

        if (n <= 0)
            return n;
    }
    left = layer->plain.length - layer->taken;
    if (len > left)
        len = left;
    memcpy(buf, (const uint8_t *)layer->plain.value + layer->taken, len);
    layer->taken += len;
    return (ber_slen_t)len;
}

static bool write_all(Sockbuf_IO_Desc *io, const struct layer *layer, uint8_t *bytes,
                      size_t len)
{
    while (len > 0) {
        struct pollfd p = {.fd = layer->fd, .events = POLLOUT};
        ber_slen_t n = LBER_SBIOD_WRITE_NEXT(io, bytes, len);

        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
            continue;
        }
        if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
            return false;
        if (poll(&p, 1, tl_deadline_left_ms(layer->deadline)) == 0) {
            errno = ETIMEDOUT;
            return false;
        }
    }
    return true;
}

static ber_slen_t layer_write(Sockbuf_IO_Desc *io, void *buf, ber_len_t len)
{
    struct layer *layer = io->sbiod_pvt;
    gss_buffer_desc plain, token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;
    uint32_t length;
    uint8_t *bytes;
    int sealed = 0;
    bool done = false;

    plain.length = len < layer->gss->send_max ? len : layer->gss->send_max;
    plain.value = buf;
    major = gss_wrap(&minor, layer->gss->context, 1, GSS_C_QOP_DEFAULT, &plain, &sealed,
                     &token);
    if (GSS_ERROR(major) || !sealed || token.length > UINT32_MAX) {
        gss_release_buffer(&minor, &token);
        errno = EIO;
        return -1;
    }
    /* One write: a length alone would wait for the server's delayed ACK. */
    bytes = talloc_size(layer, sizeof(length) + token.length);
    if (bytes != NULL) {
        length = htonl((uint32_t)token.length);
        memcpy(bytes, &length, sizeof(length));
        memcpy(bytes + sizeof(length), token.value, token.length);
        done = write_all(io, layer, bytes, sizeof(length) + token.length);
        talloc_free(bytes);
    } else {
        errno = ENOMEM;
    }
    gss_release_buffer(&minor, &token);
    return done ? (ber_slen_t)plain.length : -1;
}

static Sockbuf_IO layer_io = {
    .sbi_setup = layer_setup,
    .sbi_remove = layer_remove,
    .sbi_ctrl = layer_ctrl,
    .sbi_read = layer_read,
    .sbi_write = layer_write,
    .sbi_close = layer_close,
};

static int layer_destroy(struct layer *layer)
{
    OM_uint32 ignored;

    gss_release_buffer(&ignored, &layer->plain);
    return 0;
}

int tl_gss_install(struct tl_gss *gss, Sockbuf *sb, int fd, tl_deadline deadline)
{
    struct layer *layer = talloc_zero(gss, struct layer);

    if (layer == NULL)
        return -ENOMEM;
    layer->gss = gss;
    layer->fd = fd;
    layer->deadline = deadline;
    talloc_set_destructor(layer, layer_destroy);
    return ber_sockbuf_add_io(sb, &layer_io, LBER_SBIOD_LEVEL_APPLICATION, layer) == 0
               ? 0
               : -ENOMEM;
}
