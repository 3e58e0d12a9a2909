/* SPDX-License-Identifier: MIT
 *
 * fuzz_lsa_answer.c - answer lines of trustlogon-lsa.
 */
#include <stdlib.h>
#include <string.h>

#include "lookup/lsa_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_lsa_answer *answer;
    int ret = tli_lsa_answer_decode(NULL, (const char *)data, size, &answer);

    if ((ret == 0) != (answer != NULL))
        abort();
    /* A name in the answer splits from its domain again. */
    if (answer != NULL && answer->name != NULL &&
        (strpbrk(answer->name, "\\:/\n") != NULL || strchr(answer->domain, '\\') != NULL))
        abort();
    talloc_free(answer);
    return 0;
}
