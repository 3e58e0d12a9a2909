/* SPDX-License-Identifier: MIT
 *
 * fuzz_same_name.c - the localauth module's comparison of names, held to the library's
 * folding: two names, with a NUL between them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <trustlogon/name.h>

#include "krb5_module/same_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 2);
    const char *second;
    char *folded;
    bool equal;

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    second = text + strlen(text) + 1;
    folded = tl_fold(NULL, text);
    equal = folded != NULL && strcmp(folded, second) == 0;
    if (localauth_same_name(text, second) != equal)
        abort();
    if (folded != NULL && !localauth_same_name(text, folded))
        abort();
    talloc_free(folded);
    free(text);
    return 0;
}
