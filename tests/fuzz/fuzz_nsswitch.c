/* SPDX-License-Identifier: MIT
 *
 * fuzz_nsswitch.c - any text as /etc/nsswitch.conf: what is reported of a line is in it.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/local_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = talloc_strndup(NULL, (const char *)data, size);
    struct tli_nss_line line;

    tli_nsswitch_judge(text, text, "passwd", &line);
    if (!line.present && (line.ours || line.ended_by != NULL || line.before != NULL))
        abort();
    if (line.ours && strstr(text, "trustlogon") == NULL)
        abort();
    if (line.ended_by != NULL && strstr(text, line.ended_by) == NULL)
        abort();
    talloc_free(text);
    return 0;
}
