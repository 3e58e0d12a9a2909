/* SPDX-License-Identifier: MIT
 *
 * io.h - packets against an absolute limit, in a buffer of the caller's size, for
 * conversations whose limit covers more than one packet.
 */
#ifndef TL_WIRE_IO_H
#define TL_WIRE_IO_H

#include "wire.h"

#define TL_WIRE_FOREVER INT64_MAX

/* Milliseconds of the monotonic clock. */
int64_t tli_wire_now(void);
/* An absolute limit: signals that interrupt a wait do not prolong it. < 0: none. */
int64_t tli_wire_deadline(int timeout_ms);

/* As tli_wire_send() and tli_wire_recv(); a packet that is larger than `cap` is
 * -EMSGSIZE. */
int tli_wire_send_by(int fd, const struct tli_wire_msg *msg, uint8_t *buf, size_t cap,
                     int64_t deadline);
int tli_wire_recv_by(int fd, struct tli_wire_msg *msg, uint8_t *buf, size_t cap,
                     int64_t deadline);

#endif
