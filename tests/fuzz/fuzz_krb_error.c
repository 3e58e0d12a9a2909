/* SPDX-License-Identifier: MIT
 *
 * fuzz_krb_error.c - a KDC's KRB-ERROR: code, time, status and the realm to go on in.
 */
#include <stdlib.h>

#include "kerberos/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static krb5_context k5;
    TALLOC_CTX *ctx = talloc_new(NULL);
    /* A copy of its own, so that a read past the end is seen. */
    krb5_data reply = {.data = talloc_memdup(ctx, data, size), .length = (unsigned)size};
    struct tli_krb_error err;

    if (k5 == NULL && krb5_init_context(&k5) != 0)
        abort();
    if (size > 0)
        tli_krb_error_read(ctx, k5, &reply, &err);
    if (size > 0 && err.code == TL_KRB_NONE &&
        (err.edata_ntstatus != 0 || err.crealm != NULL || err.stime != 0))
        abort();
    talloc_free(ctx);
    return 0;
}
