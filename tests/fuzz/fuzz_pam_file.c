/* SPDX-License-Identifier: MIT
 *
 * fuzz_pam_file.c - any text as the files of a PAM service, parted by NUL bytes and named
 * "a", "b" and so on: reading ends, a stack is within its limits, and so is its run.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/local_files.h"

#define FILES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *load(void *arg, const char *name)
{
    char **files = arg;
    size_t i = (size_t)(name[0] - 'a');

    return name[0] >= 'a' && i < FILES && name[1] == '\0' ? files[i] : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *files[FILES] = {NULL};
    struct tli_pam_stack *stack;
    struct tli_pam_line line;

    /* What files include can grow like a power of their number, as can a reader's time.
     */
    if (size > 4096)
        size = 4096;
    for (size_t i = 0; i < FILES; i++) {
        const uint8_t *end = memchr(data, 0, size);
        size_t len = end != NULL ? (size_t)(end - data) : size;

        files[i] = talloc_strndup(ctx, (const char *)data, len);
        len += end != NULL;
        data += len;
        size -= len;
    }
    stack = tli_pam_stack_read(ctx, "a", load, files);
    if (stack->count > TL_PAM_ENTRIES_MAX)
        abort();
    for (int kind = 0; kind < TL_PAM_KINDS; kind++) {
        const struct tli_pam_entry *culprit;
        enum tli_pam_fault fault =
            tli_pam_judge(stack, (enum tli_pam_kind)kind, &culprit);

        if (culprit != NULL &&
            (culprit < stack->entries || culprit >= stack->entries + stack->count))
            abort();
        if (fault != TL_PAM_ABSENT && stack->count == 0)
            abort();
    }
    (void)tli_pam_line_read(ctx, stack, &line);
    if (line.count > TL_PAM_LINE_OPTIONS)
        abort();
    talloc_free(ctx);
    return 0;
}
