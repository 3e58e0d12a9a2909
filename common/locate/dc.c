/* SPDX-License-Identifier: MIT
 *
 * locate/dc.c - one DC: a copy of it, and its address as bytes and as text.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "internal.h"

int tli_dc_copy(TALLOC_CTX *ctx, struct tl_dc *to, const struct tl_dc *from)
{
    const char **strings[] = {&to->domain,      &to->host,        &to->address,
                              &to->forest,      &to->flat_domain, &to->dc_site,
                              &to->client_site, &to->next_site,   &to->why};

    *to = *from;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (!*strings[i])
            continue;
        *strings[i] = talloc_strdup(ctx, *strings[i]);
        if (!*strings[i])
            return -ENOMEM;
    }
    return 0;
}

int tli_dc_set_address(TALLOC_CTX *ctx, struct tl_dc *dc, const struct sockaddr *addr)
{
    char text[INET6_ADDRSTRLEN] = "";

    memset(&dc->addr, 0, sizeof dc->addr);
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, addr, sizeof in);
        in.sin_port = 0;
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        memcpy(&dc->addr, &in, sizeof in);
        dc->addr_len = sizeof in;
    } else if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, addr, sizeof in6);
        in6.sin6_port = 0;
        inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
        memcpy(&dc->addr, &in6, sizeof in6);
        dc->addr_len = sizeof in6;
    } else {
        return -EINVAL;
    }
    dc->address = talloc_strdup(ctx, text);
    return dc->address ? 0 : -ENOMEM;
}
