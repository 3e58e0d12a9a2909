/* SPDX-License-Identifier: MIT
 *
 * line.c - parse and check peer lines and request lines. Pure.
 */
#include "lsa.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <trustlogon/name.h>

static const char *parse_sid(const char *text, struct lsa_request *request)
{
    if (tl_sid_parse(text, &request->sid) != 0)
        return "not a SID";
    request->by_sid = true;
    return NULL;
}

/* The DC would look for an isolated name in every domain it knows, and return the first
 * account of that name. */
static const char *parse_name(const char *text, size_t len, struct lsa_request *request)
{
    enum tl_name_error error = TL_NAME_OK;
    struct tl_name *name = NULL;
    int ret = tl_name_parse(NULL, text, len, &name, &error);
    bool bare = ret == 0 && name->form == TL_NAME_BARE;
    bool local = ret == 0 && !bare && strcmp(name->domain, ".") == 0;

    talloc_free(name);
    if (ret == -ENOMEM)
        return "out of memory";
    if (ret != 0)
        return tl_name_error_text(error);
    if (bare)
        return "a name needs its domain";
    if (local)
        return "a local name cannot be looked up at a DC";
    request->name = text;
    return NULL;
}

const char *lsa_line_parse(const char *line, size_t len, struct lsa_request *request)
{
    *request = (struct lsa_request){0};
    if (len > LSA_LINE_MAX)
        return "the line is too long";
    if (memchr(line, '\0', len) != NULL)
        return "the line holds a NUL";
    if (strncmp(line, "sid ", 4) == 0)
        return parse_sid(line + 4, request);
    if (strncmp(line, "name ", 5) == 0)
        return parse_name(line + 5, len - 5, request);
    return "neither name nor sid";
}

static bool is_address(const char *text)
{
    struct in6_addr any;

    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static bool all_of(const char *text, const char *more)
{
    for (; *text != '\0'; text++) {
        bool alnum = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');

        if (!alnum && strchr(more, *text) == NULL)
            return false;
    }
    return true;
}

const char *lsa_peer_check(const struct lsa_peer *peer)
{
    size_t account = strlen(peer->account);

    if (!tl_dns_valid(peer->dc) || !all_of(peer->dc, "-._"))
        return "DC is not a host name";
    if (!is_address(peer->address))
        return "ADDRESS is not numeric";
    if (!tl_dns_valid(peer->realm) || !all_of(peer->realm, "-._"))
        return "REALM is not a realm";
    if (account < 2 || account > 64 || peer->account[account - 1] != '$' ||
        !all_of(peer->account, "-_.$"))
        return "ACCOUNT is not a machine account";
    return NULL;
}

const char *lsa_peer_parse(char *line, size_t len, struct lsa_peer *peer)
{
    const char *fields[6];
    char *rest = line;
    size_t count = 0;

    *peer = (struct lsa_peer){0};
    if (len > LSA_LINE_MAX || memchr(line, '\0', len) != NULL)
        return "not a peer line";
    /* A seventh field stays with the sixth, and is refused there. */
    while (rest != NULL && count < 6) {
        fields[count++] = rest;
        rest = count < 6 ? strchr(rest, ' ') : NULL;
        if (rest != NULL)
            *rest++ = '\0';
    }
    if (count != 6 || strcmp(fields[0], "peer") != 0)
        return "the first line is not a peer line";
    if (strcmp(fields[1], "aes") != 0 && strcmp(fields[1], "rc4") != 0)
        return "neither aes nor rc4";
    *peer = (struct lsa_peer){.dc = fields[2],
                              .address = fields[3],
                              .realm = fields[4],
                              .account = fields[5],
                              .rc4 = strcmp(fields[1], "rc4") == 0};
    return lsa_peer_check(peer);
}

bool lsa_peer_equal(const struct lsa_peer *a, const struct lsa_peer *b)
{
    return strcmp(a->dc, b->dc) == 0 && strcmp(a->address, b->address) == 0 &&
           strcmp(a->realm, b->realm) == 0 && strcmp(a->account, b->account) == 0 &&
           a->rc4 == b->rc4;
}
