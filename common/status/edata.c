/* SPDX-License-Identifier: MIT
 *
 * edata.c - the NTSTATUS inside the e-data of a KRB-ERROR.
 *
 * Two encodings are met. Both are a SEQUENCE, and differ by its first element: [1] for
 * KERB-ERROR-DATA ([MS-KILE] 2.2.2), a SEQUENCE for METHOD-DATA (RFC 4120 5.9.1).
 */
#include <errno.h>

#include <trustlogon/status.h>

#include "der.h"

#define KERB_ERR_TYPE_EXTENDED 3
#define PA_PW_SALT 3
#define EXT_ERROR_LEN 12 /* KERB-EXT-ERROR: status, reserved, flags; little-endian */

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* { [1] INTEGER, [2] OCTET STRING }: the shape of KERB-ERROR-DATA as well as of
 * PA-DATA. `in` holds the fields; *value.data is NULL where [2] is absent. */
static int typed_value(struct tli_der *in, int32_t *type, struct tli_der *value)
{
    struct tli_der field;

    *value = (struct tli_der){NULL, 0};
    if (tli_der_take(in, TL_DER_CONTEXT(1), &field) < 0 ||
        tli_der_int32(&field, type) < 0 || field.len != 0)
        return -EBADMSG;
    if (in->len == 0)
        return 0;
    if (tli_der_take(in, TL_DER_CONTEXT(2), &field) < 0 ||
        tli_der_take(&field, TL_DER_OCTET_STRING, value) < 0 || field.len != 0)
        return -EBADMSG;
    return in->len == 0 ? 0 : -EBADMSG;
}

static int from_error_data(struct tli_der *fields, uint32_t *status)
{
    struct tli_der value;
    int32_t type;

    if (typed_value(fields, &type, &value) < 0)
        return -EBADMSG;
    if (type != KERB_ERR_TYPE_EXTENDED)
        return 0;
    if (value.len != EXT_ERROR_LEN)
        return -EBADMSG;
    *status = le32(value.data);
    return 0;
}

static int from_method_data(struct tli_der *list, uint32_t *status)
{
    struct tli_der fields, value;
    int32_t type;

    while (list->len > 0) {
        if (tli_der_take(list, TL_DER_SEQUENCE, &fields) < 0 ||
            typed_value(&fields, &type, &value) < 0 || value.data == NULL)
            return -EBADMSG;
        /* A salt may be 12 bytes long by chance, "EXAMPLE.TEST": text never has
         * the zeroes of the reserved field. */
        if (*status == 0 && type == PA_PW_SALT && value.len == EXT_ERROR_LEN &&
            le32(value.data + 4) == 0)
            *status = le32(value.data);
    }
    return 0;
}

int tl_edata_ntstatus(const uint8_t *data, size_t len, uint32_t *ntstatus)
{
    struct tli_der in = {data, len}, content;
    uint32_t status = 0;
    int ret;

    *ntstatus = 0;
    if (len == 0)
        return -ENOENT;
    if (tli_der_take(&in, TL_DER_SEQUENCE, &content) < 0 || in.len != 0)
        return -EBADMSG;
    if (tli_der_is(&content, TL_DER_CONTEXT(1)))
        ret = from_error_data(&content, &status);
    else
        ret = from_method_data(&content, &status);
    if (ret < 0)
        return ret;
    if (status == 0)
        return -ENOENT;
    *ntstatus = status;
    return 0;
}
