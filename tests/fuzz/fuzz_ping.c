/* SPDX-License-Identifier: MIT
 *
 * fuzz_ping.c - the answer to an LDAP ping. The first byte of the input chooses the
 * decoder: even for the attribute's bytes, odd for a whole UDP packet.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <trustlogon/locate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a good answer promises: terminated names of bounded length. */
static void check(const struct tl_ping_reply *r)
{
    const char *names[] = {r->forest,      r->domain,      r->host,
                           r->flat_domain, r->flat_host,   r->user,
                           r->dc_site,     r->client_site, r->next_site};

    if (r->opcode < 23 || r->opcode > 25)
        abort();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i] && (strlen(names[i]) == 0 || strlen(names[i]) > 255))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_ping_reply *reply = NULL;
    int id = -1, rc;
    uint8_t *copy;

    if (size == 0)
        return 0;
    /* A copy of the exact size, so that reading past it is noticed. */
    copy = malloc(size - 1);
    if (!copy && size > 1)
        return 0;
    if (size > 1)
        memcpy(copy, data + 1, size - 1);
    if (data[0] & 1)
        rc = tl_ping_packet_decode(NULL, copy, size - 1, &id, &reply);
    else
        rc = tl_ping_reply_decode(NULL, copy, size - 1, &reply);
    if ((rc == 0) != (reply != NULL) || (rc && rc != -EBADMSG && rc != -ENOENT))
        abort();
    if (reply)
        check(reply);
    talloc_free(reply);
    free(copy);
    return 0;
}
