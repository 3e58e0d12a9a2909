/* SPDX-License-Identifier: MIT
 *
 * stream.c - messages, and the sealing layer below them [RFC 4752 3.1]: each sealed
 * buffer is a length in four bytes and a GSSAPI token.
 *
 * The socket does not block; an incomplete token waits here for the rest, so that a slow
 * server cannot hold a caller beyond the deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream.h"

/* No message of a directory that we ask for is a tenth of this. */
#define MESSAGE_MAX ((size_t)32 * 1024 * 1024)
/* What we announced (gssapi.c), and some for the token's own header. */
#define TOKEN_MAX ((size_t)0xFFFFFFU + 1024)
#define LENGTH_SIZE sizeof(uint32_t)
#define READ_SIZE ((size_t)64 * 1024)

/* Bytes that have come and are not yet used: from `start` to `end`. */
struct buffer {
    uint8_t *data;
    size_t size, start, end;
};

struct tli_stream {
    int fd;
    tl_deadline deadline;
    int silence_ms; /* 0: until the deadline */
    bool was_silent;
    struct tli_gss *gss; /* NULL: not sealed */
    struct buffer raw;   /* of tokens */
    struct buffer plain; /* of messages */
};

static int stream_destroy(struct tli_stream *stream)
{
    close(stream->fd);
    return 0;
}

struct tli_stream *tli_stream_new(TALLOC_CTX *ctx, int fd, tl_deadline deadline)
{
    struct tli_stream *stream = talloc_zero(ctx, struct tli_stream);

    if (stream == NULL) {
        close(fd);
        return NULL;
    }
    stream->fd = fd;
    stream->deadline = deadline;
    talloc_set_destructor(stream, stream_destroy);
    return stream;
}

void tli_stream_set_deadline(struct tli_stream *stream, tl_deadline deadline,
                             int silence_ms)
{
    stream->deadline = deadline;
    stream->silence_ms = silence_ms;
}

bool tli_stream_was_silent(const struct tli_stream *stream)
{
    return stream->was_silent;
}

bool tli_stream_has_more(const struct tli_stream *stream)
{
    struct pollfd p = {.fd = stream->fd, .events = POLLIN};

    return stream->raw.start < stream->raw.end ||
           stream->plain.start < stream->plain.end || poll(&p, 1, 0) != 0;
}

int tli_stream_seal(struct tli_stream *stream, struct tli_gss *gss)
{
    if (stream->plain.start != stream->plain.end)
        return -EBADMSG;
    stream->gss = gss;
    return 0;
}

const char *tli_stream_error(int error)
{
    switch (error) {
    case -ETIMEDOUT:
        return "no answer in time";
    case -EPIPE:
    case -ECONNRESET:
        return "the server closed the connection";
    case -EBADMSG:
        return "a message that violates the protocol";
    case -ENOMEM:
        return "out of memory";
    default:
        return strerror(-error);
    }
}

/* --- buffers --- */

static size_t held(const struct buffer *buffer)
{
    return buffer->end - buffer->start;
}

/* Room for `more` bytes behind the last. */
static int make_room(struct tli_stream *stream, struct buffer *buffer, size_t more)
{
    size_t size = buffer->size;
    uint8_t *data;

    if (buffer->start > 0) {
        memmove(buffer->data, buffer->data + buffer->start, held(buffer));
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    if (size - buffer->end >= more)
        return 0;
    size = 2 * size > buffer->end + more ? 2 * size : buffer->end + more;
    data = talloc_realloc(stream, buffer->data, uint8_t, size);
    if (data == NULL)
        return -ENOMEM;
    buffer->data = data;
    buffer->size = size;
    return 0;
}

/* --- the socket --- */

static int wait_for(struct tli_stream *stream, short events)
{
    struct pollfd p = {.fd = stream->fd, .events = events};
    bool patient;
    int n;

    do {
        int left = tl_deadline_left_ms(stream->deadline);

        patient = stream->silence_ms > 0 && stream->silence_ms < left;
        n = poll(&p, 1, patient ? stream->silence_ms : left);
    } while (n < 0 && errno == EINTR);
    stream->was_silent = n == 0 && patient;
    return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

/* Read more of the bytes that have arrived. A server that always has some causes no wait,
 * so the deadline is checked here too. */
static int read_some(struct tli_stream *stream, struct buffer *buffer)
{
    ssize_t n;
    int ret = make_room(stream, buffer, READ_SIZE);

    while (ret == 0) {
        if (tl_deadline_left_ms(stream->deadline) == 0)
            return -ETIMEDOUT;
        n = recv(stream->fd, buffer->data + buffer->end, buffer->size - buffer->end, 0);
        if (n > 0) {
            buffer->end += (size_t)n;
            return 0;
        }
        if (n == 0)
            return -EPIPE;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            ret = wait_for(stream, POLLIN);
        else if (errno != EINTR)
            ret = -errno;
    }
    return ret;
}

static int write_all(struct tli_stream *stream, const uint8_t *data, size_t len)
{
    int ret = 0;

    while (ret == 0 && len > 0) {
        ssize_t n = send(stream->fd, data, len, MSG_NOSIGNAL);

        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            ret = wait_for(stream, POLLOUT);
        } else if (n == 0 || errno != EINTR) {
            ret = n == 0 ? -EPIPE : -errno;
        }
    }
    return ret;
}

/* --- sealing --- */

static int send_sealed(struct tli_stream *stream, const uint8_t *data, size_t len)
{
    gss_buffer_desc plain = {len, (void *)(uintptr_t)data}, token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;
    uint8_t *bytes = NULL;
    uint32_t length;
    int sealed = 0, ret = -EIO;

    major = gss_wrap(&minor, stream->gss->context, 1, GSS_C_QOP_DEFAULT, &plain, &sealed,
                     &token);
    if (!GSS_ERROR(major) && sealed && token.length <= UINT32_MAX) {
        ret = -ENOMEM;
        bytes = talloc_size(stream, LENGTH_SIZE + token.length);
    }
    if (bytes != NULL) {
        /* One write: a length sent alone would wait for the server's delayed ACK. */
        length = htonl((uint32_t)token.length);
        memcpy(bytes, &length, LENGTH_SIZE);
        memcpy(bytes + LENGTH_SIZE, token.value, token.length);
        ret = write_all(stream, bytes, LENGTH_SIZE + token.length);
        talloc_free(bytes);
    }
    gss_release_buffer(&minor, &token);
    return ret;
}

/* One whole token from `raw` to `plain`. 1: done, 0: more bytes are needed. */
static int unseal(struct tli_stream *stream)
{
    struct buffer *raw = &stream->raw;
    gss_buffer_desc token, plain = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor;
    uint32_t length;
    int sealed = 0, ret = -EBADMSG;

    if (held(raw) < LENGTH_SIZE)
        return 0;
    memcpy(&length, raw->data + raw->start, LENGTH_SIZE);
    token.length = ntohl(length);
    if (token.length == 0 || token.length > TOKEN_MAX)
        return -EBADMSG;
    if (held(raw) - LENGTH_SIZE < token.length)
        return 0;
    token.value = raw->data + raw->start + LENGTH_SIZE;
    major = gss_unwrap(&minor, stream->gss->context, &token, &plain, &sealed, NULL);
    raw->start += LENGTH_SIZE + token.length;
    if (!GSS_ERROR(major) && sealed)
        ret = make_room(stream, &stream->plain, plain.length);
    if (ret == 0 && plain.length > 0) {
        memcpy(stream->plain.data + stream->plain.end, plain.value, plain.length);
        stream->plain.end += plain.length;
    }
    gss_release_buffer(&minor, &plain);
    return ret == 0 ? 1 : ret;
}

/* --- messages --- */

static int more(struct tli_stream *stream)
{
    int ret;

    if (stream->gss == NULL)
        return read_some(stream, &stream->plain);
    while ((ret = unseal(stream)) == 0) {
        ret = read_some(stream, &stream->raw);
        if (ret != 0)
            return ret;
    }
    return ret > 0 ? 0 : ret;
}

int tli_stream_send(struct tli_stream *stream, const uint8_t *data, size_t len)
{
    int ret = 0;

    if (stream->gss == NULL)
        return write_all(stream, data, len);
    while (ret == 0 && len > 0) {
        size_t part = len < stream->gss->send_max ? len : stream->gss->send_max;

        ret = send_sealed(stream, data, part);
        data += part;
        len -= part;
    }
    return ret;
}

int tli_stream_receive(struct tli_stream *stream, struct tli_ber *message)
{
    struct buffer *plain = &stream->plain;
    size_t size;
    int ret;

    *message = (struct tli_ber){NULL, 0};
    for (;;) {
        ret = held(plain) == 0 ? 0
                               : tli_ber_size(plain->data + plain->start, held(plain),
                                              TL_BER_SEQUENCE, &size);
        if (ret < 0 || (ret > 0 && size > MESSAGE_MAX))
            return -EBADMSG;
        if (ret > 0 && size <= held(plain))
            break;
        ret = more(stream);
        if (ret != 0)
            return ret;
    }
    *message = (struct tli_ber){plain->data + plain->start, size};
    plain->start += size;
    return 0;
}
