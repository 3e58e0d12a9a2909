/* SPDX-License-Identifier: MIT
 *
 * fuzz_saved_tickets.c - a file of tickets, in the run folder.
 */
#include <stdlib.h>
#include <string.h>

#include "kerberos/tickets/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken is written as it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TALLOC_CTX *ctx = talloc_new(NULL);
    struct tl_tickets *tickets = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;

    if (tli_tickets_parse(ctx, data, size, &tickets) == 0) {
        (void)tl_tickets_lasting(tickets, tickets->client);
        if (tli_tickets_format(ctx, tickets, &bytes, &len) != 0 || len != size ||
            memcmp(bytes, data, len) != 0)
            abort();
    }
    talloc_free(ctx);
    return 0;
}
