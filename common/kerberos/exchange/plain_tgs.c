/* SPDX-License-Identifier: MIT
 *
 * plain_tgs.c - a TGS-REQ without PA-FX-FAST (RFC 6113 5.4.2). libkrb5 armours every one
 * with the TGT's own key. A KDC that understands wraps its errors then, e-data and all,
 * in a key that only libkrb5 has, and the NTSTATUS that tells selective authentication
 * from other policies (KB2959395) never reaches us. Windows does not armour either unless
 * its domain's policy says so. The padata is not part of what the authenticator's
 * checksum covers (RFC 4120 7.2.2), so it may go.
 */
#include "exchange.h"

#include <string.h>

#include "status/der.h"

#define TGS_REQ 0x6c
#define PA_FX_FAST 136

/* Bytes of a DER header: the tag and the shortest form of the length. */
static size_t put_header(uint8_t *out, uint8_t tag, size_t len)
{
    size_t n = 0, bytes = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;

    out[n++] = tag;
    out[n++] = bytes == 0 ? (uint8_t)len : (uint8_t)(0x80 | bytes);
    while (bytes-- > 0)
        out[n++] = (uint8_t)(len >> (8 * bytes));
    return n;
}

/* Is this PA-DATA { [1] type, [2] value } the one to leave out? */
static bool is_fast(struct tli_der fields)
{
    struct tli_der type;
    int32_t value;

    return tli_der_take(&fields, TL_DER_CONTEXT(1), &type) == 0 &&
           tli_der_int32(&type, &value) == 0 && value == PA_FX_FAST;
}

/* Copy the elements of SEQUENCE OF PA-DATA but that one; bytes written. */
static int copy_padata(struct tli_der list, uint8_t *out, size_t *len, bool *dropped)
{
    *len = 0;
    while (list.len > 0) {
        const uint8_t *start = list.data;
        struct tli_der fields;

        if (tli_der_take(&list, TL_DER_SEQUENCE, &fields) != 0)
            return -1;
        if (is_fast(fields)) {
            *dropped = true;
            continue;
        }
        memcpy(out + *len, start, (size_t)(list.data - start));
        *len += (size_t)(list.data - start);
    }
    return 0;
}

/* The request's parts: what comes before and after [3], and its list. */
static int split(const uint8_t *data, size_t size, struct tli_der *before,
                 struct tli_der *list, struct tli_der *after)
{
    struct tli_der in = {data, size}, body, fields, skip, padata;

    if (tli_der_take(&in, TGS_REQ, &body) != 0 || in.len != 0 ||
        tli_der_take(&body, TL_DER_SEQUENCE, &fields) != 0 || body.len != 0)
        return -1;
    *before = fields;
    if (tli_der_take(&fields, TL_DER_CONTEXT(1), &skip) != 0 ||
        tli_der_take(&fields, TL_DER_CONTEXT(2), &skip) != 0)
        return -1;
    before->len = (size_t)(fields.data - before->data);
    if (tli_der_take(&fields, TL_DER_CONTEXT(3), &padata) != 0 ||
        tli_der_take(&padata, TL_DER_SEQUENCE, list) != 0 || padata.len != 0)
        return -1;
    *after = fields;
    return 0;
}

/* Leaving an element out changes the lengths of everything around it, so the headers
 * of all four levels are written again. */
uint8_t *tli_tgs_req_plain(TALLOC_CTX *ctx, const uint8_t *data, size_t size, size_t *len)
{
    struct tli_der before, list, after;
    uint8_t head[4][8], *kept, *out = NULL, *p;
    size_t n[4], kept_len;
    bool dropped = false;

    *len = 0;
    if (size > TL_KDC_REPLY_MAX || split(data, size, &before, &list, &after) != 0)
        return NULL;
    kept = talloc_array(ctx, uint8_t, list.len + 1);
    if (kept == NULL || copy_padata(list, kept, &kept_len, &dropped) != 0 || !dropped)
        goto done;
    /* from the inside out: SEQUENCE OF, [3], SEQUENCE, TGS-REQ */
    n[0] = put_header(head[0], TL_DER_SEQUENCE, kept_len);
    n[1] = put_header(head[1], TL_DER_CONTEXT(3), n[0] + kept_len);
    n[2] = put_header(head[2], TL_DER_SEQUENCE,
                      before.len + n[1] + n[0] + kept_len + after.len);
    n[3] = put_header(head[3], TGS_REQ,
                      n[2] + before.len + n[1] + n[0] + kept_len + after.len);
    *len = n[3] + n[2] + before.len + n[1] + n[0] + kept_len + after.len;
    out = p = talloc_array(ctx, uint8_t, *len);
    if (out == NULL)
        goto done;
    p = (uint8_t *)mempcpy(p, head[3], n[3]);
    p = (uint8_t *)mempcpy(p, head[2], n[2]);
    p = (uint8_t *)mempcpy(p, before.data, before.len);
    p = (uint8_t *)mempcpy(p, head[1], n[1]);
    p = (uint8_t *)mempcpy(p, head[0], n[0]);
    p = (uint8_t *)mempcpy(p, kept, kept_len);
    if (after.len > 0)
        memcpy(p, after.data, after.len);
done:
    talloc_free(kept);
    return out;
}
