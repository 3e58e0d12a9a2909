/* SPDX-License-Identifier: MIT
 *
 * pac_buffers.c - the flat buffers of a PAC: no NDR, offsets from the start of
 * the buffer, lengths in bytes.
 */
#include "pac_buffers.h"

#define UPN_FLAG_CONSTRUCTED 0x1U
#define UPN_FLAG_EXTENDED 0x2U

void tli_pac_client_info(struct tl_pac *pac, struct tli_ndr *r)
{
    pac->client_time = tli_ndr_filetime(r);
    pac->client_name = tli_ndr_utf16(r, pac, tli_ndr_u16(r));
}

/* A reader over the part of the buffer that a length and an offset name; NULL if the
 * offset is 0, which means absent. */
static struct tli_ndr *part(struct tli_ndr *r, struct tli_ndr *sub)
{
    size_t len = tli_ndr_u16(r), offset = tli_ndr_u16(r);

    if (r->ret != 0 || offset == 0)
        return NULL;
    if (offset > r->len || len > r->len - offset) {
        tli_ndr_fail(r, "a part of UPN_DNS_INFO reaches beyond it");
        return NULL;
    }
    tli_ndr_init(sub, r->data + offset, len);
    return sub;
}

static void adopt(struct tli_ndr *r, const struct tli_ndr *sub)
{
    if (r->ret == 0) {
        r->ret = sub->ret;
        r->where = sub->where;
    }
}

static const char *string_part(struct tl_pac *pac, struct tli_ndr *r)
{
    struct tli_ndr sub;
    const char *string;

    if (part(r, &sub) == NULL)
        return NULL;
    string = tli_ndr_utf16(&sub, pac, sub.len);
    adopt(r, &sub);
    return string;
}

/* Two buffers tell the requestor's SID; they must not tell two SIDs. */
static void set_requestor(struct tl_pac *pac, struct tli_ndr *r, struct tli_ndr *from)
{
    struct tl_sid sid;

    tli_ndr_sid(from, &sid);
    if (from != r)
        adopt(r, from);
    if (r->ret != 0)
        return;
    if (pac->has_requestor_sid && !tl_sid_equal(&pac->requestor_sid, &sid)) {
        tli_ndr_fail(r, "UPN_DNS_INFO and PAC_REQUESTOR name different SIDs");
        return;
    }
    pac->requestor_sid = sid;
    pac->has_requestor_sid = true;
}

void tli_pac_upn_dns_info(struct tl_pac *pac, struct tli_ndr *r)
{
    struct tli_ndr sub;
    uint32_t flags;

    pac->upn = string_part(pac, r);
    pac->dns_domain = string_part(pac, r);
    flags = tli_ndr_u32(r);
    pac->upn_constructed = (flags & UPN_FLAG_CONSTRUCTED) != 0;
    if (!(flags & UPN_FLAG_EXTENDED))
        return;
    pac->sam_name = string_part(pac, r);
    if (part(r, &sub) != NULL)
        set_requestor(pac, r, &sub);
}

void tli_pac_attributes(struct tl_pac *pac, struct tli_ndr *r)
{
    tli_ndr_u32(r); /* length in bits: 2 today; all defined flags are in one word */
    pac->attribute_flags = tli_ndr_u32(r);
    pac->has_attributes = true;
}

void tli_pac_requestor(struct tl_pac *pac, struct tli_ndr *r)
{
    set_requestor(pac, r, r);
}
