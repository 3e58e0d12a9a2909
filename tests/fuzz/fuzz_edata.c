/* SPDX-License-Identifier: MIT
 *
 * fuzz_edata.c - the e-data of a KRB-ERROR.
 */
#include <errno.h>
#include <stdlib.h>

#include <trustlogon/status.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t status = 1;
    int ret = tl_edata_ntstatus(data, size, &status);

    /* Exactly the three documented results, and a status only with success. */
    if (ret != 0 && ret != -ENOENT && ret != -EBADMSG)
        abort();
    if ((ret == 0) != (status != 0))
        abort();
    /* A reason that is recognised has its words. */
    if (tl_status_from_krb(TL_STAGE_AS, TL_KRB_GENERIC, status) == 0)
        abort();
    return 0;
}
