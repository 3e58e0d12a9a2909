/* SPDX-License-Identifier: MIT
 *
 * fuzz_s2k.c - the iteration counts in an answer to an AS-REQ.
 */
#include "status/s2k.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)tli_s2k_affordable(data, size);
    return 0;
}
