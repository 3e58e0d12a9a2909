/* SPDX-License-Identifier: MIT
 *
 * pac.c - PACTYPE [MS-PAC 2.3, 2.4]: the table of buffers, and the decoder of each.
 */
#include "pac_buffers.h"

#include <errno.h>

#define PACTYPE_LEN 8
#define BUFFER_ENTRY_LEN 16
/* [MS-PAC] 2.4 knows 16 types, none of which may come twice. */
#define MAX_BUFFERS 64

#define TYPE_LOGON_INFO 1

static const struct {
    uint32_t type;
    void (*decode)(struct tl_pac *pac, struct tli_ndr *r);
} decoders[] = {
    {TYPE_LOGON_INFO, tli_pac_logon_info},
    {10, tli_pac_client_info},
    {12, tli_pac_upn_dns_info},
    {17, tli_pac_attributes},
    {18, tli_pac_requestor},
};
#define NUM_DECODERS (sizeof(decoders) / sizeof(decoders[0]))

struct entry {
    uint32_t type, len;
    uint64_t offset;
};

static struct entry read_entry(const uint8_t *p)
{
    struct entry e = {.type = tli_ndr_le32(p), .len = tli_ndr_le32(p + 4)};

    e.offset = (uint64_t)tli_ndr_le32(p + 12) << 32 | tli_ndr_le32(p + 8);
    return e;
}

/*
 * The rules of a buffer's place are libkrb5's, which has parsed the same bytes
 * to verify the signatures: what it would refuse is refused here too, so that
 * both see the same buffers.
 */
static const char *check_entry(const struct entry *e, size_t headers, size_t len)
{
    if (e->offset % 8 != 0)
        return "a buffer that is not aligned to 8 bytes";
    if (e->offset < headers)
        return "a buffer inside the headers";
    if (e->offset > len || e->len > len - e->offset)
        return "a buffer reaches beyond the PAC";
    return NULL;
}

static void decode_entry(struct tl_pac *pac, const struct entry *e, struct tli_ndr *r,
                         unsigned *seen)
{
    struct tli_ndr sub;

    for (size_t i = 0; i < NUM_DECODERS; i++) {
        if (decoders[i].type != e->type)
            continue;
        /* Which of two duplicates counts must not depend on the reader. */
        if (*seen & (1U << i)) {
            tli_ndr_fail(r, "two buffers of one type");
            return;
        }
        *seen |= 1U << i;
        tli_ndr_init(&sub, r->data + e->offset, e->len);
        decoders[i].decode(pac, &sub);
        r->ret = sub.ret;
        r->where = sub.where;
    }
}

static void decode_buffers(struct tl_pac *pac, struct tli_ndr *r)
{
    uint32_t count = tli_ndr_u32(r), version = tli_ndr_u32(r);
    const uint8_t *table;
    unsigned seen = 0;

    if (version != 0)
        tli_ndr_fail(r, "a PAC of an unknown version");
    if (count > MAX_BUFFERS)
        tli_ndr_fail(r, "too many buffers");
    table = tli_ndr_bytes(r, (size_t)count * BUFFER_ENTRY_LEN);
    for (size_t i = 0; r->ret == 0 && i < count; i++) {
        struct entry e = read_entry(table + i * BUFFER_ENTRY_LEN);
        const char *wrong =
            check_entry(&e, PACTYPE_LEN + count * BUFFER_ENTRY_LEN, r->len);

        if (wrong != NULL)
            tli_ndr_fail(r, wrong);
        else
            decode_entry(pac, &e, r, &seen);
    }
    /* decoders[0]; a PAC in good order without it is a Kerberos realm's */
    if (r->ret == 0 && !(seen & 1U)) {
        tli_ndr_fail(r, "no LOGON_INFO");
        r->ret = -ENODATA;
    }
}

int tl_pac_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len, struct tl_pac **pac,
                  const char **where)
{
    struct tli_ndr r;
    struct tl_pac *p;

    *pac = NULL;
    *where = NULL;
    tli_ndr_init(&r, data, len);
    p = talloc_zero(ctx, struct tl_pac);
    if (p == NULL)
        tli_ndr_no_memory(&r);
    else
        decode_buffers(p, &r);
    if (r.ret != 0) {
        talloc_free(p);
        *where = r.where;
        return r.ret;
    }
    *pac = p;
    return 0;
}
