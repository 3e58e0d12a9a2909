/* SPDX-License-Identifier: MIT
 *
 * resolv_conf.c - the name servers that resolv.conf(5) names. Pure, but for the number
 * of an interface that a link-local address is of.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local_files.h"

static bool set_ipv4(struct tli_resolver *server, const char *text)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&server->addr;

    in->sin_family = AF_INET;
    server->addr_len = sizeof(*in);
    return inet_pton(AF_INET, text, &in->sin_addr) == 1;
}

/* fe80::1%eth0, or %2 */
static bool set_ipv6(struct tli_resolver *server, const char *text)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&server->addr;
    char address[INET6_ADDRSTRLEN] = "";
    size_t len = strcspn(text, "%");

    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    in6->sin6_family = AF_INET6;
    server->addr_len = sizeof(*in6);
    if (inet_pton(AF_INET6, address, &in6->sin6_addr) != 1)
        return false;
    if (text[len] == '%') {
        in6->sin6_scope_id = if_nametoindex(text + len + 1);
        if (in6->sin6_scope_id == 0)
            in6->sin6_scope_id = (uint32_t)strtoul(text + len + 1, NULL, 10);
    }
    return true;
}

static void add(struct tli_resolv_conf *conf, const char *text)
{
    struct tli_resolver server = {0};

    if (strlen(text) >= sizeof(server.text) ||
        (!set_ipv4(&server, text) && !set_ipv6(&server, text))) {
        conf->bad++;
        return;
    }
    snprintf(server.text, sizeof(server.text), "%s", text);
    if (conf->count < TL_RESOLVERS_MAX)
        conf->servers[conf->count++] = server;
}

void tli_resolv_conf_parse(char *text, struct tli_resolv_conf *conf)
{
    char *line;

    memset(conf, 0, sizeof(*conf));
    while ((line = tli_text_line(&text)) != NULL) {
        char *rest = line, *word = tli_text_word(&rest), *address;

        if (word == NULL || strcmp(word, "nameserver") != 0)
            continue;
        address = tli_text_word(&rest);
        if (address == NULL)
            conf->bad++;
        else
            add(conf, address);
    }
    conf->by_default = conf->count == 0;
    if (conf->by_default) {
        size_t bad = conf->bad;

        add(conf, "127.0.0.1");
        conf->bad = bad;
    }
}
