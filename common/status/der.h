/* SPDX-License-Identifier: MIT
 *
 * der.h - just enough DER (X.690) to read e-data and the clear parts of replies.
 *
 * A reader is a window on bytes that stay where they are. Only what DER allows is taken:
 * tags of one byte, definite lengths in their shortest form, integers in their shortest
 * form. Each function returns 0 and moves the window past what it read, or -EBADMSG and
 * leaves the window as it was.
 */
#ifndef TL_STATUS_DER_H
#define TL_STATUS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TL_DER_INTEGER 0x02
#define TL_DER_OCTET_STRING 0x04
#define TL_DER_SEQUENCE 0x30
#define TL_DER_CONTEXT(n) (0xa0 | (n)) /* explicit tag [n], n < 31 */

struct tli_der {
    const uint8_t *data;
    size_t len;
};

/* Is the next element one of this tag? False at the end. */
bool tli_der_is(const struct tli_der *in, uint8_t tag);
/* Take one element of this tag; *content becomes a window on its content. */
int tli_der_take(struct tli_der *in, uint8_t tag, struct tli_der *content);
/* Take an INTEGER that fits 32 bits. */
int tli_der_int32(struct tli_der *in, int32_t *value);

#endif
