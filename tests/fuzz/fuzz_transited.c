/* SPDX-License-Identifier: MIT
 *
 * fuzz_transited.c - the realms that a ticket came through.
 */
#include <stdlib.h>
#include <string.h>

#include "proof/transited.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    krb5_transited transited = {.tr_type = 1};
    TALLOC_CTX *mem = talloc_new(NULL);
    struct tli_realms realms;
    int ret;

    transited.tr_contents.data = (char *)(uintptr_t)data;
    transited.tr_contents.length = (unsigned int)size;
    ret = tli_transited_decode(mem, &transited, "ATHENA.MIT.EDU", "WS.FABRIKAM.TEST",
                               &realms);
    if ((ret != 0 && (realms.count != 0 || realms.names != NULL)) || realms.count > 64)
        abort();
    for (size_t i = 0; i < realms.count; i++) {
        size_t len = strlen(realms.names[i]);

        if (len == 0 || len > 255)
            abort();
        for (size_t k = 0; k < len; k++)
            if ((unsigned char)realms.names[i][k] < 0x20)
                abort();
    }
    talloc_free(mem);
    return 0;
}
