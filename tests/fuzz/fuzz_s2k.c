/* SPDX-License-Identifier: MIT
 *
 * fuzz_s2k.c - the iteration counts in an answer to an AS-REQ.
 */
#include <stdlib.h>

#include "status/s2k.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_s2k_hints hints;

    if (tli_s2k_affordable(data, size, &hints))
        for (size_t i = 0; i < hints.count; i++)
            if ((hints.each[i].salt != NULL &&
                 (hints.each[i].salt < data ||
                  hints.each[i].salt_len > (size_t)(data + size - hints.each[i].salt))) ||
                hints.each[i].rounds == 0 || hints.each[i].rounds > TL_S2K_ROUNDS_MAX)
                abort();
    return 0;
}
