/* SPDX-License-Identifier: MIT
 *
 * fuzz_dns_reply.c - any bytes as the answer of one name server: records are counted
 * only where the answer says that they were found.
 */
#include <stdlib.h>

#include "diagnose/local_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t records;
    enum tli_dns_says says = tli_dns_reply_judge(data, size, 0x1234, &records);

    if ((says == TL_DNS_SAYS_FOUND) != (records > 0))
        abort();
    return 0;
}
