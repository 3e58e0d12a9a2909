/* SPDX-License-Identifier: MIT
 *
 * fuzz_resolv_conf.c - any text as /etc/resolv.conf: a bounded number of addresses, and
 * one of this machine where there is none.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/local_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = talloc_strndup(NULL, (const char *)data, size);
    struct tli_resolv_conf conf;

    tli_resolv_conf_parse(text, &conf);
    if (conf.count == 0 || conf.count > TL_RESOLVERS_MAX)
        abort();
    for (size_t i = 0; i < conf.count; i++) {
        const struct tli_resolver *server = &conf.servers[i];

        if (server->addr_len == 0 || server->addr_len > sizeof(server->addr) ||
            strnlen(server->text, sizeof(server->text)) == sizeof(server->text))
            abort();
    }
    talloc_free(text);
    return 0;
}
