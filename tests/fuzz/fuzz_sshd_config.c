/* SPDX-License-Identifier: MIT
 *
 * fuzz_sshd_config.c - any text as sshd_config, which may include itself; then its lists
 * against a name.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/local_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *load(void *arg, const char *pattern, size_t nth, bool *unreadable)
{
    *unreadable = false;
    return nth == 0 && (pattern == NULL || strcmp(pattern, "x") == 0) ? arg : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    char *text = talloc_strndup(ctx, (const char *)data, size > 2048 ? 2048 : size);
    struct tli_sshd sshd;
    const char *pattern;

    if (tli_sshd_read(ctx, load, text, &sshd) != 0)
        abort();
    if (tli_sshd_match(&sshd.allow_users, "alice@contoso.test", &pattern) != TL_SSHD_NO &&
        pattern == NULL)
        abort();
    (void)tli_sshd_match(&sshd.deny_users, "alice@contoso.test", &pattern);
    talloc_free(ctx);
    return 0;
}
