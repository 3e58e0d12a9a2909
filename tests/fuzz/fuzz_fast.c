/* SPDX-License-Identifier: MIT
 *
 * fuzz_fast.c - the parts of FAST in requests, replies, and what is inside them.
 */
#include <stdlib.h>

#include "kerberos/exchange/fast_message.h"
#include "status/s2k.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte of a window is one of the input's. */
static void within(const uint8_t *data, size_t size, struct tli_der window)
{
    if (window.data < data || window.len > size ||
        (size_t)(window.data - data) > size - window.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_der in = {data, size}, list, value;
    struct tli_encrypted enc;
    int32_t etype;

    if (tli_reply_padata(in, &list) == 0) {
        within(data, size, list);
        if (tli_padata_find(list, TL_PA_FX_FAST, &value) == 0) {
            within(data, size, value);
            if (tli_fast_reply(value, &enc) == 0)
                within(data, size, enc.cipher);
        }
    }
    if (tli_fast_authenticator(in, &enc) == 0)
        within(data, size, enc.cipher);
    if (tli_authenticator_subkey(in, &etype, &value) == 0)
        within(data, size, value);
    if (tli_fast_response_padata(in, &list) == 0) {
        within(data, size, list);
        (void)tli_s2k_padata_affordable(list.data, list.len);
        if (tli_padata_find(list, TL_PA_FX_ERROR, &value) == 0)
            within(data, size, value);
    }
    return 0;
}
