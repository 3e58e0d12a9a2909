/* SPDX-License-Identifier: MIT
 *
 * fuzz_lsa_line.c - peer and request lines of trustlogon-lsa.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/lsa/lsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lsa_request request;
    struct lsa_peer peer;
    char *line = malloc(size + 1);

    if (line == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    /* A name that is let through goes out whole: nothing may be cut off behind it. */
    if (lsa_line_parse(line, size, &request) == NULL && !request.by_sid &&
        strlen(request.name) != size - 5)
        abort();
    /* What is let through becomes lines of krb5's settings. */
    if (lsa_peer_parse(line, size, &peer) == NULL &&
        (strpbrk(peer.dc, " \n={}") != NULL || strpbrk(peer.realm, " \n={}") != NULL ||
         strpbrk(peer.address, " \n={}") != NULL))
        abort();
    free(line);
    return 0;
}
