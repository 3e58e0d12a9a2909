/* SPDX-License-Identifier: MIT
 *
 * fuzz_config.c - any bytes as trustlogon.conf: refused with one line, or every
 * value shown is one that would be taken again.
 */
#include <stdlib.h>
#include <string.h>

#include "config/options.h"
#include "config/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_config *config = tl_config_defaults(ctx);
    struct tl_config_error *error = NULL;
    char *why = NULL;

    if (size > TL_CONFIG_TEXT_MAX)
        goto cleanup;
    if (tli_config_text(ctx, config, "f", (const char *)data, size, &error) != 0) {
        if (error == NULL || strchr(error->text, '\n') != NULL)
            abort();
        goto cleanup;
    }
    for (size_t i = 0; i < tli_num_options; i++) {
        char *value = tli_option_show(ctx, config, &tli_options[i]);

        if (value[0] != '\0' &&
            tli_option_store(ctx, config, &tli_options[i], value, &why) != 0)
            abort();
    }

cleanup:
    talloc_free(ctx);
    return 0;
}
