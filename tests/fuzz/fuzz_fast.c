/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: the parts of FAST in requests, replies, and what is inside them.
 */
#include <stdlib.h>

#include "kerberos/fast_message.h"
#include "status/s2k.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte of a window is one of the input's. */
static void within(const uint8_t *data, size_t size, struct tl_der window)
{
    if (window.data < data || window.len > size ||
        (size_t)(window.data - data) > size - window.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_der in = {data, size}, list, value;
    struct tl_encrypted enc;
    int32_t etype;

    if (tl_reply_padata(in, &list) == 0) {
        within(data, size, list);
        if (tl_padata_find(list, TL_PA_FX_FAST, &value) == 0) {
            within(data, size, value);
            if (tl_fast_reply(value, &enc) == 0)
                within(data, size, enc.cipher);
        }
    }
    if (tl_fast_authenticator(in, &enc) == 0)
        within(data, size, enc.cipher);
    if (tl_authenticator_subkey(in, &etype, &value) == 0)
        within(data, size, value);
    if (tl_fast_response_padata(in, &list) == 0) {
        within(data, size, list);
        (void)tl_s2k_padata_affordable(list.data, list.len);
        if (tl_padata_find(list, TL_PA_FX_ERROR, &value) == 0)
            within(data, size, value);
    }
    return 0;
}
