/* SPDX-License-Identifier: MIT
 *
 * stream.h - LDAP messages over a socket, sealed once that is agreed on [RFC 4752 3.1].
 */
#ifndef TL_DIRECTORY_STREAM_H
#define TL_DIRECTORY_STREAM_H

#include "gssapi.h"
#include "status/ber.h"

struct tli_stream;
/* Takes the socket, which must not block; it is closed with the stream. NULL: no memory,
 * and the socket is closed. */
struct tli_stream *tli_stream_new(TALLOC_CTX *ctx, int fd, tl_deadline deadline);
/* `silence_ms`: how long nothing may come; 0: until the deadline. */
void tli_stream_set_deadline(struct tli_stream *stream, tl_deadline deadline,
                             int silence_ms);
/* Nothing came for that long. */
bool tli_stream_was_silent(const struct tli_stream *stream);
/* Whether bytes, or the end, have come that nobody has read. */
bool tli_stream_has_more(const struct tli_stream *stream);
/* Seal and unseal from now on. -EBADMSG: something has come already that is not sealed.
 */
int tli_stream_seal(struct tli_stream *stream, struct tli_gss *gss);
int tli_stream_send(struct tli_stream *stream, const uint8_t *data, size_t len);
/* One whole message; it stays until the next call. */
int tli_stream_receive(struct tli_stream *stream, struct tli_ber *message);
/* The errors of those two: -ETIMEDOUT, -EPIPE (the server has closed), -EBADMSG (not as
 * negotiated), -ENOMEM, or the socket's error. */
const char *tli_stream_error(int error);

#endif
