/* SPDX-License-Identifier: MIT
 *
 * fuzz_tgs_rep.c - the realm that a TGS-REP refers to, read from a message before it is
 * verified.
 */
#include <stdlib.h>
#include <string.h>

#include "kerberos/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    krb5_data reply = {.data = (char *)(uintptr_t)data, .length = (unsigned int)size};
    char *realm = tli_krb_referred_to(NULL, &reply);

    if (realm != NULL && (*realm == '\0' || strlen(realm) >= size))
        abort();
    talloc_free(realm);
    return 0;
}
