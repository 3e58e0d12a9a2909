/* SPDX-License-Identifier: MIT
 *
 * fuzz_tgs_req.c - leaving PA-FX-FAST out of a TGS-REQ: never a byte read or written
 * outside, and what comes out has nothing left to leave out.
 */
#include <stdlib.h>

#include "kerberos/exchange/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len, again_len;
    uint8_t *plain = tli_tgs_req_plain(NULL, data, size, &len);
    uint8_t *again;

    if (plain == NULL)
        return 0;
    if (len >= size)
        abort();
    again = tli_tgs_req_plain(NULL, plain, len, &again_len);
    if (again != NULL)
        abort();
    talloc_free(plain);
    return 0;
}
