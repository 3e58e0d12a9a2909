/* SPDX-License-Identifier: MIT
 *
 * locate/ping.c - the bytes of the LDAP ping: the request (through liblber) and the
 * answer (by a reader of our own). Any host can send the answer, so nothing here may
 * trust a length; liblber asserts in places, and an assertion would end the agent, hence
 * the reader.
 */
#include <errno.h>
#include <lber.h>
#include <string.h>
#include <strings.h>
#include <trustlogon/name.h>
#include <unistr.h>

#include "internal.h"
#include "status/ber.h"

/* Bits of NtVer, in the request and at the end of the answer [ADTS 6.3.1.1]. */
#define NT_VERSION_ADDRESS 0x08U
#define NT_VERSION_NEXT_SITE 0x10U

/* ---- request */

#define FILTER_AND 0xa0U
#define FILTER_EQUAL 0xa3U
#define SEARCH_REQUEST 0x63U

static int put_equal(BerElement *ber, const char *name, const void *value, size_t len)
{
    struct berval bv = {.bv_len = len, .bv_val = (void *)(uintptr_t)value};

    return ber_printf(ber, "t{sO}", (ber_tag_t)FILTER_EQUAL, name, &bv);
}

/* An LDAP search of the root DSE for `Netlogon`, with an AND of the filter's items
 * [ADTS 6.3.3]. */
int tli_ping_request(TALLOC_CTX *ctx, int message_id, const struct tli_ping_request *in,
                     uint8_t **data, size_t *len)
{
    /* V5 | V5EX [ADTS 6.3.1.1]: the answer that names domain, forest and sites. */
    const uint8_t nt_version[4] = {
        (uint8_t)(0x06U | (in->next_site ? NT_VERSION_NEXT_SITE : 0))};
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval bv = {0};
    int rc = -1;

    *data = NULL;
    *len = 0;
    if (!ber)
        return -ENOMEM;
    /* rootDSE, scope base, no limits, with values [RFC 4511 4.5.1]. */
    if (ber_printf(ber, "{it{seeiib", message_id, (ber_tag_t)SEARCH_REQUEST, "", 0, 0, 0,
                   0, 0) < 0 ||
        ber_printf(ber, "t{", (ber_tag_t)FILTER_AND) < 0)
        goto done;
    if (put_equal(ber, "DnsDomain", in->domain, strlen(in->domain)) < 0)
        goto done;
    if (in->host && put_equal(ber, "Host", in->host, strlen(in->host)) < 0)
        goto done;
    if (in->fqdn && put_equal(ber, "DnsHostName", in->fqdn, strlen(in->fqdn)) < 0)
        goto done;
    if (put_equal(ber, "NtVer", nt_version, sizeof nt_version) < 0 ||
        ber_printf(ber, "}{s}}}", "Netlogon") < 0)
        goto done;
    if (ber_flatten2(ber, &bv, 0) < 0)
        goto done;
    *data = talloc_memdup(ctx, bv.bv_val, bv.bv_len);
    if (*data) {
        *len = bv.bv_len;
        rc = 0;
    }
done:
    ber_free(ber, 1);
    return rc ? -ENOMEM : 0;
}

/* ---- NETLOGON_SAM_LOGON_RESPONSE_EX */

#define REPLY_HEADER 24 /* opcode, Sbz, flags, GUID */
#define REPLY_TAIL 8    /* NtVersion, LmNtToken, Lm20Token */

static uint16_t get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get_le32(const uint8_t *p)
{
    return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

/* One label's bytes: UTF-8 without control characters; a dot inside a label of a
 * DNS name would make two different names look the same. */
static bool label_valid(const uint8_t *label, size_t len, bool dns)
{
    for (size_t i = 0; i < len; i++) {
        if (label[i] < 0x20 || label[i] == 0x7f || (dns && label[i] == '.'))
            return false;
    }
    return u8_check(label, len) == NULL;
}

/*
 * Read one RFC 1035 name at *pos. A pointer must lead to a place before the part
 * that holds it and behind the header: so every jump goes down, and a loop is impossible.
 * NULL for a bad name or no memory; "" stands for an absent name.
 */
static char *read_name(TALLOC_CTX *ctx, const uint8_t *data, size_t len, size_t *pos,
                       bool dns)
{
    char name[TL_DNS_MAX + 1];
    size_t used = 0, at = *pos, part = at;
    bool jumped = false;

    for (;;) {
        uint8_t n;

        if (at >= len)
            return NULL;
        n = data[at++];
        if ((n & 0xc0U) == 0xc0U) {
            size_t target;

            if (at >= len)
                return NULL;
            target = (size_t)(n & 0x3fU) << 8 | data[at++];
            if (target < REPLY_HEADER || target >= part)
                return NULL;
            if (!jumped)
                *pos = at;
            jumped = true;
            at = part = target;
            continue;
        }
        if (n > 63 || n > len - at)
            return NULL;
        if (n == 0)
            break;
        if (used + (used > 0) + n > TL_DNS_MAX || !label_valid(data + at, n, dns))
            return NULL;
        if (used)
            name[used++] = '.';
        memcpy(name + used, data + at, n);
        used += n;
        at += n;
    }
    if (!jumped)
        *pos = at;
    return talloc_strndup(ctx, name, used);
}

/* Between the names and the tail, whose NtVersion shows what is present: the DC's socket
 * address, which is not used here, and the next closest site. False: malformed. */
static bool read_next_site(struct tl_ping_reply *r, const uint8_t *data, size_t end,
                           size_t pos)
{
    uint32_t version = get_le32(data + end);
    char *name;

    if (!(version & NT_VERSION_NEXT_SITE))
        return true;
    if (version & NT_VERSION_ADDRESS) {
        if (pos == end || data[pos] >= end - pos)
            return false;
        pos += 1U + data[pos];
    }
    name = read_name(r, data, end, &pos, false);
    if (name && name[0])
        r->next_site = name;
    return name != NULL;
}

/* Eight names in a fixed order, compressed as in DNS; an empty one becomes NULL. A ninth,
 * the next closest site, is present only if it was asked for. */
int tl_ping_reply_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                         struct tl_ping_reply **reply)
{
    struct tl_ping_reply *r;
    size_t pos = REPLY_HEADER;
    int rc = -EBADMSG;

    *reply = NULL;
    r = talloc_zero(ctx, struct tl_ping_reply);
    if (!r)
        return -ENOMEM;
    if (len < REPLY_HEADER + REPLY_TAIL)
        goto done;
    r->opcode = get_le16(data);
    /* The older forms (19 to 21) are not what was asked for, and name no site. */
    if (r->opcode < 23 || r->opcode > 25)
        goto done;
    r->flags = get_le32(data + 4);
    memcpy(r->guid, data + 8, sizeof r->guid);

    struct {
        const char **name;
        bool dns;
    } names[] = {
        {&r->forest, true},       {&r->domain, true},       {&r->host, true},
        {&r->flat_domain, false}, {&r->flat_host, false},   {&r->user, false},
        {&r->dc_site, false},     {&r->client_site, false},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *name = read_name(r, data, len, &pos, names[i].dns);

        if (!name)
            goto done;
        if (name[0])
            *names[i].name = name;
    }
    if (len - pos < REPLY_TAIL || get_le32(data + len - 4) != 0xffffffffU ||
        !read_next_site(r, data, len - REPLY_TAIL, pos))
        goto done;
    *reply = r;
    return 0;
done:
    talloc_free(r);
    return rc;
}

/* ---- LDAPMessage [RFC 4511 4.1.1] */

#define TAG_SEARCH_ENTRY 0x64
#define TAG_SEARCH_DONE 0x65

/* The first value of the attribute `Netlogon`. -ENOENT: not among the attributes. */
static int find_netlogon(struct tli_ber entry, struct tli_ber *value)
{
    struct tli_ber dn, attributes, attribute, name, values;

    if (!tli_ber_take(&entry, TL_BER_OCTETS, &dn) ||
        !tli_ber_take(&entry, TL_BER_SEQUENCE, &attributes))
        return -EBADMSG;
    while (attributes.len) {
        if (!tli_ber_take(&attributes, TL_BER_SEQUENCE, &attribute) ||
            !tli_ber_take(&attribute, TL_BER_OCTETS, &name) ||
            !tli_ber_take(&attribute, TL_BER_SET, &values))
            return -EBADMSG;
        if (name.len != 8 || strncasecmp((const char *)name.data, "netlogon", 8) != 0)
            continue;
        return tli_ber_take(&values, TL_BER_OCTETS, value) ? 0 : -EBADMSG;
    }
    return -ENOENT;
}

/* All LDAP messages of the datagram must have the same id. Any other message in it
 * makes the answer invalid. */
int tl_ping_packet_decode(TALLOC_CTX *ctx, const uint8_t *data, size_t len,
                          int *message_id, struct tl_ping_reply **reply)
{
    struct tli_ber packet = {data, len}, message, body, value;
    int id, first_id = -1, rc;

    *reply = NULL;
    *message_id = 0;
    /* Entry and result usually share one datagram, in this order; without an entry
     * the server has nothing to say about the domain [ADTS 6.3.3.3]. */
    while (packet.len) {
        if (!tli_ber_take(&packet, TL_BER_SEQUENCE, &message) ||
            !tli_ber_number(&message, TL_BER_INTEGER, &id))
            return -EBADMSG;
        if (first_id >= 0 && id != first_id)
            return -EBADMSG;
        first_id = id;
        if (tli_ber_take(&message, TAG_SEARCH_ENTRY, &body)) {
            rc = find_netlogon(body, &value);
            if (rc == 0)
                rc = tl_ping_reply_decode(ctx, value.data, value.len, reply);
            if (rc == -ENOENT)
                continue;
            if (rc == 0)
                *message_id = id;
            return rc;
        }
        if (tli_ber_take(&message, TAG_SEARCH_DONE, &body)) {
            *message_id = id;
            return -ENOENT;
        }
        return -EBADMSG;
    }
    return -EBADMSG;
}
