/* SPDX-License-Identifier: MIT
 *
 * worker_message.h - messages between the process of a conversation, the monitor, and a
 * worker: four bytes of length, little-endian, and one JSON object.
 */
#ifndef TLA_WORKER_MESSAGE_H
#define TLA_WORKER_MESSAGE_H

#include <jansson.h>
#include <trustlogon/trace.h>

/* Tickets with 8,000 groups each, in hexadecimal digits; trusts of a large forest. */
#define TLA_MESSAGE_MAX (16U * 1024 * 1024)

/* Send an object; its memory is the caller's. 0; -EPIPE: the other side has ended;
 * -ETIMEDOUT: it does not read; -E2BIG or another -errno. */
int tla_message_send(int fd, const json_t *message, tl_deadline deadline);
/* *message is a new reference. 0; -EPIPE; -ETIMEDOUT; -EBADMSG: it is not one. */
int tla_message_receive(int fd, tl_deadline deadline, json_t **message);
/* The same of at most so many bytes. */
int tla_message_receive_most(int fd, tl_deadline deadline, size_t most, json_t **message);
/* The object in these bytes; NULL: there is none. Pure. */
json_t *tla_message_parse(const char *bytes, size_t len);

#endif
