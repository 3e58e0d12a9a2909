/* SPDX-License-Identifier: MIT
 *
 * fuzz_plain.c - any bytes as text for a log or a terminal.
 */
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "wire/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

/* It is UTF-8 then, has no controls but those kept, never grows, and stays as it is. */
static void check(const uint8_t *data, size_t size, const char *keep)
{
    char *text = malloc(size + 1), *again;
    size_t len;

    if (text == NULL)
        return;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    len = strlen(text);
    tli_plain(text, keep);
    must(strlen(text) <= len && u8_check((const uint8_t *)text, strlen(text)) == NULL);
    for (const char *p = text; *p != '\0'; p++)
        must(((unsigned char)*p >= 0x20 && *p != 0x7f) ||
             (keep != NULL && strchr(keep, *p) != NULL));
    again = strdup(text);
    if (again != NULL) {
        tli_plain(again, keep);
        must(strcmp(again, text) == 0);
    }
    free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size, NULL);
    check(data, size, "\n");
    return 0;
}
