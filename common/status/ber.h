/* SPDX-License-Identifier: MIT
 *
 * ber.h - just enough BER to read LDAP messages [RFC 4511 5.1]. Unlike DER (der.h),
 * lengths need not be in their shortest form: Active Directory writes four bytes.
 *
 * A reader is a window on bytes that stay where they are.
 */
#ifndef TL_STATUS_BER_H
#define TL_STATUS_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TL_BER_BOOLEAN 0x01
#define TL_BER_INTEGER 0x02
#define TL_BER_OCTETS 0x04
#define TL_BER_ENUMERATED 0x0a
#define TL_BER_SEQUENCE 0x30
#define TL_BER_SET 0x31

/* A window on bytes that belong to the caller. */
struct tli_ber {
    const uint8_t *data;
    size_t len;
};

/* Is the next element one of this tag? False at the end. */
bool tli_ber_is(const struct tli_ber *in, uint8_t tag);
/* Take one element of this tag; *content becomes a window on its content. False, and `in`
 * as it was, for another tag, a length of the indefinite form or of more than four bytes,
 * or one that leads beyond the end. */
bool tli_ber_take(struct tli_ber *in, uint8_t tag, struct tli_ber *content);
/* The same for an INTEGER or ENUMERATED of 0 to 2^31-1. */
bool tli_ber_number(struct tli_ber *in, uint8_t tag, int *value);
/* 1 and the size of the element that begins here, 0: its head is not whole yet, or
 * -EBADMSG: none that tli_ber_take() would take. */
int tli_ber_size(const uint8_t *data, size_t len, uint8_t tag, size_t *size);

#endif
