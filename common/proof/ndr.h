/* SPDX-License-Identifier: MIT
 *
 * ndr.h - a reader for the little part of NDR ([MS-RPCE] 2.2.5, 2.2.6) and for
 * the flat structures that a PAC is made of. Internal to identity/.
 *
 * The first failure sticks: after it every getter returns 0, NULL or false and
 * moves nothing, so a decoder reads a whole structure and asks once, at its
 * end, whether `ret` is 0. Only loops and allocations whose size was read must
 * check before.
 */
#ifndef TL_NDR_H
#define TL_NDR_H

#include <trustlogon/sid.h>

struct tli_ndr {
    const uint8_t *data;
    size_t len, pos;
    int ret;           /* 0, -EBADMSG or -ENOMEM */
    const char *where; /* constant phrase: what was wrong */
};

void tli_ndr_init(struct tli_ndr *r, const uint8_t *data, size_t len);
void tli_ndr_fail(struct tli_ndr *r, const char *where);
void tli_ndr_no_memory(struct tli_ndr *r);

/* Little-endian numbers, aligned to their size from the start of the data; a
 * FILETIME is two u32 and so aligned to 4. */
uint16_t tli_ndr_u16(struct tli_ndr *r);
uint32_t tli_ndr_u32(struct tli_ndr *r);
int64_t tli_ndr_filetime(struct tli_ndr *r);
/* A unique pointer: false is NULL. Its referent comes later, in order. */
bool tli_ndr_pointer(struct tli_ndr *r);
/* `len` bytes that stay where they are; NULL if there are not so many. */
const uint8_t *tli_ndr_bytes(struct tli_ndr *r, size_t len);
void tli_ndr_align(struct tli_ndr *r, size_t to);

/* The type serialization headers of version 1; narrows the reader to the object
 * and restarts alignment there. */
void tli_ndr_type_headers(struct tli_ndr *r);
/* The elements of a conformant array, whose maximum count must be `count`: the
 * caller has limited that, so that `count` * `element` is a size. */
const uint8_t *tli_ndr_array(struct tli_ndr *r, uint32_t count, size_t element);
/* A packed SID ([MS-DTYP] 2.4.2.2); bytes after it are left. */
void tli_ndr_sid(struct tli_ndr *r, struct tl_sid *sid);
/* The same as an RPC_SID: its conformance first. */
void tli_ndr_rpc_sid(struct tli_ndr *r, struct tl_sid *sid);
/*
 * The next `len` bytes as UTF-8. An odd length, surrogates that do not pair and
 * NUL are refused: such a name means different things to different readers.
 */
const char *tli_ndr_utf16(struct tli_ndr *r, TALLOC_CTX *ctx, size_t len);

/* From bytes that are known to be there. */
uint32_t tli_ndr_le32(const uint8_t *p);

#endif
