/* SPDX-License-Identifier: MIT
 *
 * dns_reply.c - the answer of one name server to a question for SRV records. Pure.
 *
 * c-ares asks one server after the other and reports the last; here each is judged
 * by itself, so only the decoding of records is left to it.
 */
#include <ares.h>
#include <arpa/nameser.h>
#include <limits.h>

#include "local_files.h"

#define HEADER 12 /* [RFC 1035 4.1.1] */
#define QR 0x80
#define TC 0x02

static size_t count_records(const uint8_t *reply, size_t len)
{
    struct ares_srv_reply *first = NULL;
    size_t count = 0;

    if (len <= INT_MAX && ares_parse_srv_reply(reply, (int)len, &first) == ARES_SUCCESS)
        for (const struct ares_srv_reply *r = first; r != NULL; r = r->next)
            count++;
    ares_free_data(first);
    return count;
}

enum tli_dns_says tli_dns_reply_judge(const uint8_t *reply, size_t len, uint16_t id,
                                      size_t *records)
{
    *records = 0;
    if (len < HEADER || reply[0] != id >> 8 || reply[1] != (id & 0xff) ||
        (reply[2] & QR) == 0)
        return TL_DNS_SAYS_ODD;
    switch (reply[3] & 0x0f) {
    case ns_r_noerror:
        break;
    case ns_r_nxdomain:
        return TL_DNS_SAYS_NOTHING;
    case ns_r_servfail:
        return TL_DNS_SAYS_SERVFAIL;
    case ns_r_refused:
        return TL_DNS_SAYS_REFUSED;
    default:
        return TL_DNS_SAYS_ODD;
    }
    if ((reply[2] & TC) != 0)
        return TL_DNS_SAYS_CUT;
    *records = count_records(reply, len);
    return *records > 0 ? TL_DNS_SAYS_FOUND : TL_DNS_SAYS_NOTHING;
}
