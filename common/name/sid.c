/* SPDX-License-Identifier: MIT
 *
 * sid.c - security identifiers: text, packed form, domain and RID.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <trustlogon/sid.h>

#define PACKED_HEADER 8 /* revision, count, authority */

/* Read a decimal number of at most `max` that ends at '-' or at the end. Only
 * the shortest form is taken: equal SIDs must have equal strings. */
static int take_decimal(const char **p, uint64_t max, uint64_t *value)
{
    const char *s = *p;
    uint64_t v = 0;

    if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
        return -EINVAL;
    for (; *s >= '0' && *s <= '9'; s++) {
        v = v * 10 + (uint64_t)(*s - '0');
        if (v > max)
            return -EINVAL;
    }
    if (*s != '-' && *s != '\0')
        return -EINVAL;
    *p = s;
    *value = v;
    return 0;
}

/* The authority is decimal below 2^32, else "0x" and twelve hexadecimal digits
 * [MS-DTYP 2.4.2.1]. */
static int take_authority(const char **p, uint64_t *value)
{
    const char *s = *p;
    uint64_t v = 0;

    if (s[0] != '0' || (s[1] != 'x' && s[1] != 'X'))
        return take_decimal(p, UINT32_MAX, value);
    s += 2;
    for (int i = 0; i < 12; i++, s++) {
        unsigned int digit;

        if (*s >= '0' && *s <= '9')
            digit = (unsigned int)(*s - '0');
        else if ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'f')
            digit = (unsigned int)((*s | 0x20) - 'a') + 10;
        else
            return -EINVAL;
        v = v << 4 | digit;
    }
    if (v <= UINT32_MAX || (*s != '-' && *s != '\0'))
        return -EINVAL;
    *p = s;
    *value = v;
    return 0;
}

int tl_sid_parse(const char *string, struct tl_sid *sid)
{
    struct tl_sid result = {.revision = 1};
    const char *p = string;
    uint64_t value;

    memset(sid, 0, sizeof(*sid));
    if (p == NULL || (p[0] != 'S' && p[0] != 's') || strncmp(p + 1, "-1-", 3) != 0)
        return -EINVAL;
    p += 4;
    if (take_authority(&p, &value) < 0)
        return -EINVAL;
    for (int i = 0; i < 6; i++)
        result.authority[i] = (uint8_t)(value >> (8 * (5 - i)));
    while (*p == '-') {
        p++;
        if (result.num_subs == TL_SID_MAX_SUBS ||
            take_decimal(&p, UINT32_MAX, &value) < 0)
            return -EINVAL;
        result.subs[result.num_subs++] = (uint32_t)value;
    }
    if (result.num_subs == 0)
        return -EINVAL;
    *sid = result;
    return 0;
}

static uint64_t authority_of(const struct tl_sid *sid)
{
    uint64_t value = 0;

    for (int i = 0; i < 6; i++)
        value = value << 8 | sid->authority[i];
    return value;
}

/* A structure filled by hand may hold any count; the array holds 15. */
static size_t count_of(const struct tl_sid *sid)
{
    return sid->num_subs <= TL_SID_MAX_SUBS ? sid->num_subs : TL_SID_MAX_SUBS;
}

const char *tl_sid_format(const struct tl_sid *sid, char buf[TL_SID_STRING_MAX])
{
    uint64_t authority = authority_of(sid);
    size_t used;
    int n;

    n = snprintf(buf, TL_SID_STRING_MAX,
                 authority <= UINT32_MAX ? "S-%u-%" PRIu64 : "S-%u-0x%012" PRIx64,
                 (unsigned int)sid->revision, authority);
    used = n < 0 ? 0 : (size_t)n;
    for (size_t i = 0; i < count_of(sid) && used < TL_SID_STRING_MAX; i++) {
        n = snprintf(buf + used, TL_SID_STRING_MAX - used, "-%" PRIu32, sid->subs[i]);
        used += n < 0 ? 0 : (size_t)n;
    }
    return buf;
}

int tl_sid_decode(const uint8_t *data, size_t len, struct tl_sid *sid)
{
    struct tl_sid result = {0};

    memset(sid, 0, sizeof(*sid));
    if (len < PACKED_HEADER)
        return -EBADMSG;
    result.revision = data[0];
    result.num_subs = data[1];
    if (result.revision != 1 || result.num_subs == 0 || result.num_subs > TL_SID_MAX_SUBS)
        return -EBADMSG;
    if (len != PACKED_HEADER + 4 * (size_t)result.num_subs)
        return -EBADMSG;
    memcpy(result.authority, data + 2, sizeof(result.authority));
    for (size_t i = 0; i < result.num_subs; i++) {
        const uint8_t *p = data + PACKED_HEADER + 4 * i;

        result.subs[i] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                         (uint32_t)p[3] << 24;
    }
    *sid = result;
    return 0;
}

size_t tl_sid_encode(const struct tl_sid *sid, uint8_t out[8 + 4 * TL_SID_MAX_SUBS])
{
    size_t count = count_of(sid);

    out[0] = sid->revision;
    out[1] = (uint8_t)count;
    memcpy(out + 2, sid->authority, sizeof(sid->authority));
    for (size_t i = 0; i < count; i++) {
        uint8_t *p = out + PACKED_HEADER + 4 * i;

        for (unsigned int byte = 0; byte < 4; byte++)
            p[byte] = (uint8_t)(sid->subs[i] >> (8 * byte));
    }
    return PACKED_HEADER + 4 * count;
}

/* The first `count` sub-authorities and everything before them agree. */
static bool same_start(const struct tl_sid *a, const struct tl_sid *b, size_t count)
{
    return a->revision == b->revision &&
           memcmp(a->authority, b->authority, sizeof(a->authority)) == 0 &&
           memcmp(a->subs, b->subs, count * sizeof(a->subs[0])) == 0;
}

bool tl_sid_equal(const struct tl_sid *a, const struct tl_sid *b)
{
    return a->num_subs == b->num_subs && same_start(a, b, count_of(a));
}

bool tl_sid_in_domain(const struct tl_sid *sid, const struct tl_sid *domain)
{
    return sid->num_subs <= TL_SID_MAX_SUBS && sid->num_subs == domain->num_subs + 1 &&
           same_start(sid, domain, domain->num_subs);
}

int tl_sid_append(const struct tl_sid *domain, uint32_t rid, struct tl_sid *sid)
{
    struct tl_sid result = *domain;

    memset(sid, 0, sizeof(*sid));
    if (result.num_subs >= TL_SID_MAX_SUBS)
        return -EINVAL;
    result.subs[result.num_subs++] = rid;
    *sid = result;
    return 0;
}

int tl_sid_split(const struct tl_sid *sid, struct tl_sid *domain, uint32_t *rid)
{
    struct tl_sid result = *sid;

    memset(domain, 0, sizeof(*domain));
    *rid = 0;
    if (result.num_subs == 0 || result.num_subs > TL_SID_MAX_SUBS)
        return -EINVAL;
    result.num_subs--;
    *rid = result.subs[result.num_subs];
    result.subs[result.num_subs] = 0;
    *domain = result;
    return 0;
}
